"""`machine.UART` of the ESP32 over a tty or pty of the PC. Runs on MicroPython.

The rate is really set (termios), so the owner of a pty's master side sees it. Without a port the wire is simply open:
what is written is lost, and nothing arrives. A port that disappears (USB) is the same, and is opened again.
"""

import select
import termios
import time

import _host
import _memory
import _pins
from time import ticks_diff as _ticks_diff
from time import ticks_ms as _ticks_ms

_RATES = (300, 7, 600, 8, 1200, 9, 2400, 11, 4800, 12, 9600, 13, 19200, 14, 38400, 15, 57600, 4097, 115200, 4098)
_LINUX_B9600 = 13  # elsewhere a speed is its own number
_TCSADRAIN = 1
_TCSAFLUSH = 2
_AHEAD_BYTES = 128
_CHUNK_BYTES = 256
_REOPEN_MS = 1000
_ESP_FAIL = 1
_BUFFER_MAX = 65_535
_KEEP = -1  # "parameter was left out"


def _speed(baudrate):
    for i in range(0, len(_RATES), 2):
        if _RATES[i] == baudrate:
            return _RATES[i + 1] if termios.B9600 == _LINUX_B9600 else baudrate
    raise ValueError("the virtual board cannot do %d baud" % baudrate)


class UART:
    _all = {}

    def __init__(self, id, *args, **settings):
        if not 0 <= id <= 2:
            raise ValueError("UART(%d) does not exist" % id)
        earlier = UART._all.get(id)
        if earlier:
            earlier.deinit()
        UART._all[id] = self
        self._id = id
        self._file = None
        self._rate = 115200
        self._quick = None
        self._rxbuf = 256
        self._txbuf = 0
        self._timeout = self._timeout_char = 0
        self._path = _host.setting("UART") if id else ""
        self._ahead = bytearray(_AHEAD_BYTES)
        self._tried = self._idle_since = _ticks_ms()
        if self._path:
            try:
                self._open()
            except OSError as error:
                raise OSError(error.errno, "cannot open the serial port " + self._path)
        self.init(*args, **settings)

    def init(self, baudrate=0, bits=0, parity=_KEEP, stop=0, *, tx=None, rx=None, rts=None, cts=None, txbuf=_KEEP,
             rxbuf=_KEEP, timeout=_KEEP, timeout_char=_KEEP, invert=0, flow=0):
        """Change what is given, keep the rest; waits for transmission and drops all that was received."""
        if bits not in (0, 8) or parity not in (None, _KEEP) or stop not in (0, 1):
            raise ValueError("the virtual board speaks 8N1 only")
        for pin in (tx, rx):
            if pin is not None:
                _pins.check(pin)
        if tx is not None and not _pins.drives(tx):
            raise OSError(_ESP_FAIL, "ESP_FAIL")
        if baudrate:
            _speed(baudrate)
            self._rate = baudrate
        self._buffers(self._rxbuf if rxbuf == _KEEP else rxbuf, self._txbuf if txbuf == _KEEP else txbuf)
        if timeout != _KEEP:
            self._timeout = timeout
        if timeout_char != _KEEP:
            self._timeout_char = timeout_char
        if self._file is None:
            self._tried = time.ticks_add(_ticks_ms(), -_REOPEN_MS)
            self._reopen()
        self._full_ms = self._rxbuf * 10_000 // self._rate  # after so long the line could have sent more than rxbuf
        self._apply(_TCSAFLUSH)
        self._ahead_start = self._ahead_end = 0
        self._left = _KEEP
        self._choose()

    def _choose(self):
        """What reads without any ado, where nothing has to be waited for or minded; else None."""
        plain = self._file and not self._timeout and not self._timeout_char and self._left == _KEEP
        self._quick = self._file.readinto if plain and self._ahead_start == self._ahead_end else None

    def _buffers(self, rxbuf, txbuf):
        if max(rxbuf, txbuf) > _BUFFER_MAX:  # the chip takes the rest of the division by 65536
            raise ValueError("buffer too long")
        _memory.grow()
        if not _memory.take("uart%d" % self._id, rxbuf + txbuf):
            raise OSError(_ESP_FAIL, "ESP_FAIL")
        self._rxbuf, self._txbuf = rxbuf, txbuf

    def deinit(self):
        """Let go of the port and the buffers; init() opens it again."""
        _memory.take("uart%d" % self._id, 0)
        self._release()

    def _release(self):
        self._quick = None
        if self._file:
            self._file.close()
            self._file = None

    # -- the port ------------------------------------------------------------------------------------------------

    def _open(self):
        self._file = _host.files.open(self._path, "r+b")
        fd = self._file.fileno()
        termios.setraw(fd)
        self._attributes = termios.tcgetattr(fd)
        self._attributes[0] = 0  # a break is read as 00H, nothing is translated
        control = self._attributes[6]
        for i in range(len(control)):
            if isinstance(control[i], int):  # VMIN and VTIME are the two that come as numbers
                control[i] = 0
        self._poll = select.poll()
        self._poll.register(self._file, select.POLLIN)
        self._room = select.poll()
        self._room.register(self._file, select.POLLOUT)
        self._apply(_TCSAFLUSH)

    def _reopen(self):
        now = _ticks_ms()
        if not self._path or _ticks_diff(now, self._tried) < _REOPEN_MS:
            return False
        self._tried = now
        try:
            self._open()
        except OSError:
            self._release()
            return False
        print("serial port", self._path, "is open")
        return True

    def _gone(self):
        print("serial port", self._path, "is gone; waiting for it to come back")
        self._poll = self._room = None
        self._release()

    def _apply(self, when):
        if self._file:
            self._attributes[4] = self._attributes[5] = _speed(self._rate)
            try:
                termios.tcsetattr(self._file.fileno(), when, self._attributes)
            except OSError:
                self._gone()

    def _take(self, view):
        """What is there, at most len(view) bytes, without waiting -> number of bytes."""
        if not self._file and not self._reopen():
            return 0
        self._bound()
        want = len(view)
        if 0 <= self._left < want:
            want = self._left
        try:
            count = self._file.readinto(view[:want]) if want else 0
            if self._left != _KEEP:
                self._left -= count
                if not self._left:  # the ring buffer was full: what came after it is lost
                    while self._file.readinto(self._ahead):
                        pass
        except OSError:
            self._gone()
            return 0
        if count < want:
            self._left = _KEEP
        return count

    def _bound(self):
        """After a pause in which the line could have sent more than rxbuf, no more than rxbuf is kept."""
        now = _ticks_ms()
        if _ticks_diff(now, self._idle_since) > self._full_ms:
            self._left = self._rxbuf
        self._idle_since = now

    def _wait(self, timeout_ms):
        return bool(self._file and self._poll.poll(-(-timeout_ms // time.speed)))

    # -- what the firmware calls ---------------------------------------------------------------------------------

    def any(self):
        """Number of bytes that are there; above 128 they are not counted."""
        if self._ahead_start == self._ahead_end:
            self._ahead_start = 0
            self._ahead_end = self._take(memoryview(self._ahead))
            self._choose()
        return self._ahead_end - self._ahead_start

    def readinto(self, buffer, size=_KEEP):
        """Bytes that are there into `buffer` -> their number, or None."""
        if self._quick and size == _KEEP:
            now = _ticks_ms()
            if _ticks_diff(now, self._idle_since) <= self._full_ms:
                self._idle_since = now
                try:
                    return self._quick(buffer) or None
                except OSError:
                    self._gone()
                    return None
        count = self._readinto(buffer, size)
        self._choose()
        return count

    def _readinto(self, buffer, size):
        view = memoryview(buffer)
        if size != _KEEP:
            view = view[:size]
        count = self._read(view)
        if not count and self._timeout and self._wait(self._timeout):
            count = self._read(view)
        while 0 < count < len(view) and self._timeout_char and self._wait(self._timeout_char):
            more = self._read(view[count:])
            if not more:
                break
            count += more
        return count or None

    def _read(self, view):
        count = min(self._ahead_end - self._ahead_start, len(view))
        if count:
            view[:count] = self._ahead[self._ahead_start : self._ahead_start + count]
            self._ahead_start += count
        if count < len(view):
            count += self._take(view[count:])
        return count

    def read(self, size=_KEEP):
        """At most `size` bytes (all, if left out), or None."""
        if size >= 0:
            part = bytearray(size)
            count = self.readinto(part)
            return bytes(part[:count]) if count else None
        whole = b""
        while True:
            part = self.read(_CHUNK_BYTES)
            whole += part or b""
            if not part or len(part) < _CHUNK_BYTES:
                return whole or None

    def readline(self):
        """Up to and with the next newline, or what there is, or None."""
        whole = b""
        while not whole.endswith(b"\n"):
            one = self.read(1)
            if not one:
                break
            whole += one
        return whole or None

    def write(self, data):
        """Send `data` -> number of bytes. With nobody at the other end they are lost, as on a wire."""
        if self._file or self._reopen():
            try:
                for _ in self._room.ipoll(0):
                    self._file.write(data)
            except OSError:
                self._gone()
        return len(data)

    def flush(self):
        """Wait until all is sent. On a pty that is at once: its owner gives the pace."""
        self._apply(_TCSADRAIN)

    def txdone(self):
        return True
