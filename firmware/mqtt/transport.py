"""The socket under umqtt.simple, which takes it from a module `socket`: a Transport is put there. Every wait has an
end, every buffer a bound, whatever its version does with timeouts: once connected the real socket never waits.
"""

from micropython import const

_WAIT_S = const(5)  # for the TCP connection; for all that is read and written from start() on
_POLL_MS = const(5)
_BUFFER = const(256)  # bytes; what is written is collected to this size: one TCP segment instead of many
_PAYLOAD_MAX = const(257)  # of what comes in: one byte more than a command may have, so that it shows
_CONTINUED_MAX = const(3)  # bytes of a packet's length that say that one more follows
_DISCONNECT, _ETIMEDOUT, _ECONNRESET = const(0xE0), const(110), const(104)


class Transport:
    """Stands for the module `socket` (`module`), and for its only socket; `tls`: None or tls.Tls. `stage`: clock,
    socket, resolve, connect, tls, mqtt. `stale`: the next connection asks the DNS, since the broker may have another
    address now. A byte came: `heard`, last at `heard_at` (ticks, ms); `first` one of the packet being read.
    """

    def __init__(self, module, clock, tls=None):
        self._module, self._clock, self._tls = module, clock, tls
        self._addresses = self._raw = self._stream = None
        self._out = bytearray(_BUFFER)
        self._filled = self._byte = self._continued = self.first = 0
        self._blocking = self.stale = True
        self.heard = False
        self.stage = "resolve"
        self.heard_at = clock.ticks_ms()
        self.start()

    def getaddrinfo(self, host, port, *_):
        """Asks the DNS (which knows no timeout) when the answer that it has is stale, or there is none."""
        self.stage = "resolve"
        if self.stale:
            try:
                self._addresses = self._module.getaddrinfo(host, port, 0, self._module.SOCK_STREAM)
            except OSError:
                if not self._addresses:
                    raise
            self.stale = False
        return self._addresses

    def socket(self, *_):
        """As socket.socket(): the one connection; another that was open is closed."""
        self.close()
        if self._tls:
            self.stage = "clock"
            self._tls.set_clock()
        self.stage = "socket"
        self._raw = self._stream = self._module.socket()
        self._filled = 0
        self.setblocking(True)
        return self

    def connect(self, address):
        """As socket.connect(), within 5 s. OSError."""
        self.stage = "connect"
        self._raw.settimeout(_WAIT_S)
        self._raw.connect(address)
        if self._tls:
            self.stage = "tls"
            self._stream = self._tls.wrap(self._raw)
        self._raw.settimeout(0)
        self.stage = "mqtt"
        self.start()

    def start(self):
        """What is read and written from now on may take 5 s together."""
        self._deadline = self._clock.ticks_add(self._clock.ticks_ms(), _WAIT_S * 1000)

    def settimeout(self, _):
        """umqtt sets None, which would be for ever: ours stands."""

    def setblocking(self, blocking):
        """umqtt calls this with `blocking` False before it looks for a packet, and with True behind its first byte."""
        self._blocking = blocking
        self.first = self._byte
        self._continued = 0

    def _wait(self, ms):
        if self._clock.ticks_diff(self._deadline, self._clock.ticks_ms()) <= 0:
            raise OSError(_ETIMEDOUT)
        self._clock.sleep_ms(ms)

    def read(self, count):
        """`count` bytes, 257 at most; None: there are none yet. OSError: closed, slow; ValueError: no packet."""
        if self._filled:
            self.flush()
        data, left = b"", count
        if left < 0:
            raise ValueError
        while left:
            if some := self._stream.read(min(left, _PAYLOAD_MAX)):
                self.heard = True
                self.heard_at = self._clock.ticks_ms()
                left -= len(some)
                data += some[: _PAYLOAD_MAX - len(data)]
            elif some is not None:
                raise OSError(_ECONNRESET)
            elif left == count and not self._blocking:
                return None
            if left:
                self._wait(0 if some else _POLL_MS)
        if count == 1:
            self._byte = data[0]
            if self._byte & 0x80:
                self._continued += 1
                if self._continued > _CONTINUED_MAX:
                    raise ValueError
        return data

    def write(self, data, count=None):
        """Takes bytes, a memoryview, or an object that has a length and yields bytes. OSError: the peer does not."""
        if not isinstance(data, (bytes, bytearray, memoryview)):
            for part in data:
                self.write(part)
            return
        if count is None:
            count = len(data)
        if self._filled + count > _BUFFER:
            self.flush()
        if count > _BUFFER:
            self._send(memoryview(data)[:count])
            return
        filled = self._filled
        self._filled = filled + count
        self._out[filled : self._filled] = data if count == len(data) else data[:count]

    def flush(self):
        """Sends what write() has collected."""
        filled, self._filled = self._filled, 0
        if filled:
            self._send(memoryview(self._out)[:filled])

    def _send(self, view):
        while len(view):
            if sent := self._stream.write(view):
                view = view[sent:]
            else:
                self._wait(_POLL_MS)

    def close(self):
        """Gives the socket back, connected or not. Behind umqtt's goodbye it waits until the broker hangs up."""
        try:
            if self._filled and self._out[0] == _DISCONNECT:
                self.flush()
                while self._stream.read(_PAYLOAD_MAX) != b"":
                    self._wait(_POLL_MS)
        except OSError:
            pass
        for stream in (self._stream, self._raw):
            if stream:
                try:
                    stream.close()
                except OSError:
                    pass  # a broken TLS connection cannot say goodbye; the socket below is closed all the same
        self._stream = self._raw  # closed: it says so to whoever still reads or writes
