"""The socket under umqtt.simple: every wait has an end, every buffer a bound.

umqtt.simple takes its sockets from a module `socket`; an object of Sockets is put there before it connects. So it
works with 1.3.4 and with later ones, which set, forget or remove timeouts each in their own way.
"""

from micropython import const

WAIT_S = 5  # for the TCP connection, for a packet to come, for one to go
_BUFFER = const(512)  # what is written is collected to this size: one TCP segment instead of many
_PAYLOAD_MAX = const(257)  # of what comes in: one byte more than a command may have, so that it shows
_WOULD_BLOCK = (11, 140, -26880, -26752)  # EAGAIN; and mbedtls' "want read", "want write"
ETIMEDOUT = 110
ECONNRESET = 104


class Sockets:
    """Stands for the module `socket`; makes one Socket at a time.

    `module` is the real one, `secure` None or a function that wraps a connected socket in TLS.
    `stage` says how far the last connection came: resolve, connect, tls, mqtt.
    """

    def __init__(self, module, clock, secure=None):
        self._module = module
        self._clock = clock
        self._secure = secure
        self._addresses = None
        self.stage = "resolve"
        self.current = None

    def getaddrinfo(self, host, port, *more):
        """Asks the DNS once (it knows no timeout), and keeps the answer until forget_address()."""
        self.stage = "resolve"
        if self._addresses is None:
            self._addresses = self._module.getaddrinfo(host, port, 0, self._module.SOCK_STREAM)
        return self._addresses

    def forget_address(self):
        """The next connection resolves the name anew."""
        self._addresses = None

    def socket(self, *more):
        self.close()
        self.current = Socket(self, self._module.socket(*more), self._clock)
        return self.current

    def close(self):
        """Gives the socket back, connected or not."""
        if self.current:
            self.current.close()
            self.current = None

    def connected(self, raw):
        """A Socket's TCP connection stands -> the stream to talk over, plain or TLS."""
        self.stage = "tls" if self._secure else "mqtt"
        stream = self._secure(raw) if self._secure else raw
        self.stage = "mqtt"
        return stream


class Socket:
    """What umqtt.simple sees. `heard` counts bytes received, `heard_at` is when the last one came (ticks, ms);
    `first` is the first byte of the packet that is being read.
    """

    def __init__(self, owner, raw, clock):
        self._owner = owner
        self._raw = raw
        self._stream = raw
        self._clock = clock
        self._blocking = True
        self._out = bytearray(_BUFFER)
        self._filled = 0
        self._deadline = self.heard_at = clock.ticks_ms()
        self.heard = self.first = 0
        self._read_last = b"\0"
        raw.settimeout(WAIT_S)

    def connect(self, address):
        self._owner.stage = "connect"
        self._raw.connect(address)
        self._stream = self._owner.connected(self._raw)
        self._restart()

    def settimeout(self, seconds):
        """umqtt sets None, which would be for ever: ours stands."""

    def setblocking(self, blocking):
        """umqtt calls this behind the first byte of a packet, and with False before it looks for one."""
        self._blocking = blocking
        if blocking:
            self.first = self._read_last[0] if self._read_last else 0
        self._raw.settimeout(WAIT_S if blocking else 0)
        self._restart()

    def _restart(self):
        self._deadline = self._clock.ticks_add(self._clock.ticks_ms(), WAIT_S * 1000)

    def _check(self):
        if self._clock.ticks_diff(self._deadline, self._clock.ticks_ms()) <= 0:
            raise OSError(ETIMEDOUT)

    def _some(self, count):
        """Up to `count` bytes; None: nothing there yet (not blocking)."""
        plain = self._stream is self._raw
        try:
            # a TLS stream has only read(), which waits for all it was asked for
            data = self._stream.recv(count) if plain else self._stream.read(1)
        except OSError as error:
            if error.errno not in _WOULD_BLOCK:
                raise
            data = None
        if data is None:
            return None
        if not data:
            raise OSError(ECONNRESET)
        self.heard += len(data)
        self.heard_at = self._clock.ticks_ms()
        return data

    def read(self, count):
        """Exactly `count` bytes, of more than 257 the first 257; None when not blocking and nothing is there.

        OSError when the peer has closed or is too slow.
        """
        if self._filled:
            self.flush()
        data = b""
        left = count
        while left:
            chunk = self._some(min(left, _PAYLOAD_MAX))
            if chunk is None:
                if not self._blocking and left == count:
                    return None
            else:
                left -= len(chunk)
                data += chunk[: _PAYLOAD_MAX - len(data)]
            if left:
                self._check()
        self._read_last = data
        return data

    def write(self, data, count=None):
        """Sends bytes, or an object that has a length and yields bytes. OSError when the peer does not take them."""
        if not self._filled:
            self._restart()
        if isinstance(data, (bytes, bytearray)):
            self._collect(memoryview(data)[: len(data) if count is None else count])
        else:
            for part in data:
                self._collect(memoryview(part))

    def _collect(self, data):
        while len(data):
            room = _BUFFER - self._filled
            part = data[:room]
            self._out[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            data = data[room:]
            if self._filled == _BUFFER:
                self.flush()

    def flush(self):
        """Sends what write() has collected."""
        view = memoryview(self._out)[: self._filled]
        self._filled = 0
        self._raw.settimeout(WAIT_S)
        send = self._stream.send if self._stream is self._raw else self._stream.write
        while len(view):
            view = view[send(view) or 0 :]
            if len(view):
                self._check()
        if not self._blocking:
            self._raw.settimeout(0)

    def close(self):
        self._filled = 0
        for stream in (self._stream, self._raw):
            try:
                stream.close()
            except OSError:
                pass  # a broken TLS connection cannot say goodbye; the socket below is closed all the same
