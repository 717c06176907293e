"""The socket under umqtt.simple: every wait has an end, every buffer a bound.

umqtt.simple takes its sockets from a module `socket`; a Transport is put there before it connects. So it works with
1.3.4 and with later ones, which set, forget or remove timeouts each in their own way.
"""

from micropython import const

_WAIT_S = const(5)  # for the TCP connection, for a packet to come, for one to go
_BUFFER = const(256)  # what is written is collected to this size: one TCP segment instead of many
_PAYLOAD_MAX = const(257)  # of what comes in: one byte more than a command may have, so that it shows
_WOULD_BLOCK = (11, 140)  # EAGAIN, of the PC and of lwIP
_ETIMEDOUT = const(110)
_ECONNRESET = const(104)


class Transport:
    """Stands for the module `socket`, and for its only socket.

    `module` is the real one, `secure` None or secure.Secure, for TLS.
    `stage` says how far the last connection came: clock, resolve, connect, tls, mqtt. `heard` counts bytes received,
    `heard_at` is when the last one came (ticks, ms), `first` the first byte of the packet that is being read.
    """

    def __init__(self, module, clock, secure=None):
        self._module = module
        self._clock = clock
        self._secure = secure
        self._addresses = None
        self._raw = self._stream = None
        self._out = bytearray(_BUFFER)
        self._filled = 0
        self._blocking = True
        self._last = b""
        self._deadline = self.heard_at = clock.ticks_ms()
        self.heard = self.first = 0
        self.stage = "resolve"

    # as a module

    def getaddrinfo(self, host, port, *_):
        """Asks the DNS once (it knows no timeout), and keeps the answer until forget_address()."""
        self.stage = "resolve"
        if self._addresses is None:
            self._addresses = self._module.getaddrinfo(host, port, 0, self._module.SOCK_STREAM)
        return self._addresses

    def forget_address(self):
        """The next connection resolves the name anew."""
        self._addresses = None

    def socket(self, *_):
        self.close()
        if self._secure:
            self.stage = "clock"
            self._secure.set_clock()
        self._raw = self._stream = self._module.socket()
        self.setblocking(True)
        self.heard_at = self._clock.ticks_ms()
        return self

    # as a socket

    def connect(self, address):
        self.stage = "connect"
        self._raw.connect(address)
        if self._secure:
            self.stage = "tls"
            self._stream = self._secure.wrap(self._raw)
        self.stage = "mqtt"
        self._restart()

    def settimeout(self, seconds):
        """umqtt sets None, which would be for ever: ours stands."""

    def setblocking(self, blocking):
        """umqtt calls this with False before it looks for a packet, and with True behind its first byte."""
        if blocking and self._last:
            self.first = self._last[0]
        self._blocking = blocking
        self._raw.settimeout(_WAIT_S if blocking else 0)
        self._restart()

    def _restart(self):
        self._deadline = self._clock.ticks_add(self._clock.ticks_ms(), _WAIT_S * 1000)

    def _check(self):
        if self._clock.ticks_diff(self._deadline, self._clock.ticks_ms()) <= 0:
            raise OSError(_ETIMEDOUT)

    def read(self, count):
        """Exactly `count` bytes, of more than 257 the first 257; None when not blocking and nothing is there.

        OSError when the peer has closed or is too slow.
        """
        if self._filled:
            self.flush()
        data = b""
        left = count
        while left:
            try:
                # a TLS stream has only read(), which waits for all it was asked for
                some = self._raw.recv(min(left, _PAYLOAD_MAX)) if self._stream is self._raw else self._stream.read(1)
            except OSError as error:
                if error.errno not in _WOULD_BLOCK:
                    raise
                some = None
            if some is None:
                if not self._blocking and left == count:
                    return None
            elif not some:
                raise OSError(_ECONNRESET)
            else:
                self.heard += len(some)
                self.heard_at = self._clock.ticks_ms()
                left -= len(some)
                data += some[: _PAYLOAD_MAX - len(data)]
            if left:
                self._check()
        self._last = data
        return data

    def write(self, data, count=None):
        """Takes bytes, or an object that has a length and yields bytes. OSError when the peer does not take them."""
        if not self._filled:
            self._restart()
        if isinstance(data, (bytes, bytearray)):
            data = (data if count is None else data[:count],)
        for part in data:
            at = 0
            while at < len(part):
                some = part[at : at + _BUFFER - self._filled]
                self._out[self._filled : self._filled + len(some)] = some
                self._filled += len(some)
                at += len(some)
                if self._filled == _BUFFER:
                    self.flush()

    def flush(self):
        """Sends what write() has collected."""
        view = memoryview(self._out)[: self._filled]
        self._filled = 0
        self._raw.settimeout(_WAIT_S)
        while len(view):
            sent = self._raw.send(view) if self._stream is self._raw else self._stream.write(view)
            view = view[sent or 0 :]
            if len(view):
                self._check()
        if not self._blocking:
            self._raw.settimeout(0)

    def close(self):
        """Gives the socket back, connected or not; a last word in the buffer still goes out, if it can."""
        try:
            if self._filled:
                self.flush()
        except OSError:
            pass
        self._last = b""
        for stream in (self._stream, self._raw):
            if stream:
                try:
                    stream.close()
                except OSError:
                    pass  # a broken TLS connection cannot say goodbye; the socket below is closed all the same
        self._raw = self._stream = None
