"""`machine.UART` of the ESP32 over a tty or pty of the PC, as far as the firmware uses it. Runs on MicroPython.

The rate is really set (termios), so the owner of a pty's master side sees it. Without a port the wire is simply open:
what is written is lost, and nothing arrives. A port that disappears (USB) is the same, and is opened again.
"""

import select
import termios

import _host
import _memory
import _pins
from time import ticks_add, ticks_diff, ticks_ms

_RATES = (300, 7, 600, 8, 1200, 9, 2400, 11, 4800, 12, 9600, 13, 19200, 14, 38400, 15, 57600, 4097, 115200, 4098)
_LINUX_B9600 = 13  # elsewhere a speed is its own number
_TCSAFLUSH = 2
_CHUNK_BYTES = 256
_BUFFER_MAX = 65_535
_REOPEN_MS = 1000
_ESP_FAIL = 1
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
            earlier._release()
        UART._all[id] = self
        self._id = id
        self._file = None
        self._rate = 115200
        self._rxbuf, self._txbuf = 256, 0
        self._path = _host.setting("UART") if id else ""
        self._tried = self._idle_since = ticks_ms()
        if self._path:
            try:
                self._open()
            except OSError as error:
                raise OSError(error.errno, "cannot open the serial port " + self._path)
        self.init(*args, **settings)

    def init(self, baudrate=0, bits=0, parity=_KEEP, stop=0, *, tx=None, rx=None, txbuf=_KEEP, rxbuf=_KEEP, timeout=0,
             timeout_char=0):  # fmt: skip
        """Change what is given, keep the rest; waits for transmission and drops all that was received."""
        if bits not in (0, 8) or parity not in (None, _KEEP) or stop not in (0, 1) or timeout or timeout_char:
            raise ValueError("the virtual board speaks 8N1 only, and waits for nothing")
        for pin in (tx, rx):
            if pin is not None:
                _pins.check(pin)
        if tx is not None and not _pins.drives(tx):
            raise OSError(_ESP_FAIL, "ESP_FAIL")
        if baudrate:
            _speed(baudrate)
            self._rate = baudrate
        self._buffers(self._rxbuf if rxbuf == _KEEP else rxbuf, self._txbuf if txbuf == _KEEP else txbuf)
        if self._file is None:
            self._tried = ticks_add(ticks_ms(), -_REOPEN_MS)
            self._reopen()
        self._full_ms = self._rxbuf * 10_000 // self._rate  # after so long the line could have sent more than rxbuf
        self._left = _KEEP
        self._apply()

    def _buffers(self, rxbuf, txbuf):
        if max(rxbuf, txbuf) > _BUFFER_MAX:  # the chip takes the rest of the division by 65536
            raise ValueError("buffer too long")
        _memory.grow()
        if not _memory.take("uart%d" % self._id, rxbuf + txbuf):
            raise OSError(_ESP_FAIL, "ESP_FAIL")
        self._rxbuf, self._txbuf = rxbuf, txbuf

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
        self._room = select.poll()
        self._room.register(self._file, select.POLLOUT)
        self._apply()

    def _reopen(self):
        now = ticks_ms()
        if not self._path or ticks_diff(now, self._tried) < _REOPEN_MS:
            return False
        self._tried = now
        try:
            self._open()
        except OSError:
            self._release()
            return False
        print("serial port", self._path, "is open")
        return True

    def _release(self):
        if self._file:
            self._file.close()
            self._file = None

    def _gone(self):
        print("serial port", self._path, "is gone; waiting for it to come back")
        self._room = None
        self._release()

    def _apply(self):
        if self._file:
            self._attributes[4] = self._attributes[5] = _speed(self._rate)
            try:
                termios.tcsetattr(self._file.fileno(), _TCSAFLUSH, self._attributes)
            except OSError:
                self._gone()

    def _take(self, view):
        """What is there, but no more than rxbuf of what came in a long pause -> number of bytes. OSError."""
        if self._left == _KEEP:
            self._left = self._rxbuf
        count = self._file.readinto(view[: self._left])
        self._left -= count
        if not self._left:  # the ring buffer was full: what came after it is lost
            while self._file.readinto(bytearray(_CHUNK_BYTES)):
                pass
        if not self._left or count < len(view):
            self._left = _KEEP
        return count

    # -- what the firmware calls ---------------------------------------------------------------------------------

    def readinto(self, buffer, size=_KEEP):
        """Bytes that are there into `buffer`, at most `size` -> their number, or None."""
        if size != _KEEP:
            buffer = memoryview(buffer)[:size]
        if not self._file and not self._reopen():
            return None
        now = ticks_ms()
        paused = ticks_diff(now, self._idle_since) > self._full_ms
        self._idle_since = now
        try:
            if paused or self._left != _KEEP:
                return self._take(memoryview(buffer)) or None
            return self._file.readinto(buffer) or None
        except OSError:
            self._gone()
            return None

    def write(self, data):
        """Send `data` -> number of bytes. With nobody at the other end they are lost, as on a wire."""
        if self._file or self._reopen():
            try:
                for _ in self._room.ipoll(0):
                    self._file.write(data)
            except OSError:
                self._gone()
        return len(data)
