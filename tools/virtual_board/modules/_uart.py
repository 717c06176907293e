"""`machine.UART` of the ESP32 over a tty or pty of the PC, as far as the firmware uses it. Runs on MicroPython.

The rate is really set (termios), so the owner of a pty's master side sees it. Without a port the wire is simply open:
what is written is lost, and nothing arrives. A port that disappears (USB) is the same, and is opened again.
"""

import select
import termios

import _host
import _memory
from time import ticks_diff, ticks_ms

_SPEEDS = {1200: 9, 2400: 11, 4800: 12, 9600: 13, 19200: 14, 38400: 15, 57600: 4097, 115200: 4098}  # Linux's numbers
_TCSAFLUSH = 2
_REOPEN_MS = 1000
_KEEP = -1  # "parameter was left out"
_NO_PINS = (24, 28, 29, 30, 31)


def check_pin(number):
    """ValueError where the ESP32 has no such pin."""
    if not 0 <= number < 40 or number in _NO_PINS:
        raise ValueError("invalid pin")


def drives(number):
    """-> can it be an output? One that the flash hangs on ends all: the chip cannot read its program any more."""
    if 6 <= number <= 11:
        _host.reset(2)
    return number < 34


class UART:
    def __init__(self, id, *args, **settings):
        if not 0 <= id <= 2:
            raise ValueError("UART(%d) does not exist" % id)
        self._id = id
        self._file = None
        self._rate = 115200
        self._rxbuf, self._txbuf = 256, 0
        self._path = _host.setting("UART") if id else ""
        self._tried = ticks_ms()
        if self._path:
            self._open()
        self.init(*args, **settings)

    def init(self, baudrate=0, bits=8, parity=None, stop=1, *, tx=32, rx=33, txbuf=_KEEP, rxbuf=_KEEP, timeout=0,
             timeout_char=0):  # fmt: skip
        """Change what is given, keep the rest; waits for transmission and drops all that was received."""
        if (bits, parity, stop, timeout, timeout_char) != (8, None, 1, 0, 0):
            raise ValueError("the virtual board speaks 8N1 only, and waits for nothing")
        check_pin(tx)
        check_pin(rx)
        self._rate = baudrate or self._rate
        rxbuf, txbuf = self._rxbuf if rxbuf == _KEEP else rxbuf, self._txbuf if txbuf == _KEEP else txbuf
        if max(rxbuf, txbuf) > 65_535:  # the chip takes the rest of the division by 65536
            raise ValueError("buffer too long")
        if not drives(tx) or not _memory.take("uart%d" % self._id, rxbuf + txbuf):
            raise OSError(1, "ESP_FAIL")
        self._rxbuf, self._txbuf = rxbuf, txbuf
        if self._file:
            self._apply()

    def _open(self):
        self._file = _host.files.open(self._path, "r+b")
        fd = self._file.fileno()
        termios.setraw(fd)
        self._attributes = termios.tcgetattr(fd)
        self._attributes[0] = 0  # a break is read as 00H, nothing is translated
        # VMIN and VTIME are the two that come as numbers
        self._attributes[6] = [0 if isinstance(one, int) else one for one in self._attributes[6]]
        self._room = select.poll()
        self._room.register(self._file, select.POLLOUT)
        self._apply()

    def _apply(self):
        self._attributes[4] = self._attributes[5] = _SPEEDS[self._rate]
        try:
            termios.tcsetattr(self._file.fileno(), _TCSAFLUSH, self._attributes)
        except OSError:
            self._gone()

    def _gone(self):
        print("serial port", self._path, "is gone; waiting for it to come back")
        self._file.close()
        self._file = None

    def _is_open(self):
        """Is the port there? One that is gone is tried again each second."""
        now = ticks_ms()
        if not self._file and self._path and ticks_diff(now, self._tried) >= _REOPEN_MS:
            self._tried = now
            try:
                self._open()
                print("serial port", self._path, "is open")
            except OSError:
                self._file = None
        return bool(self._file)

    def readinto(self, buffer):
        """Bytes that are there into `buffer` -> their number, or None."""
        if not self._file and not self._is_open():
            return None
        try:
            return self._file.readinto(buffer) or None
        except OSError:
            self._gone()
            return None

    def write(self, data):
        """Send `data` -> number of bytes. With nobody at the other end they are lost, as on a wire."""
        if self._is_open():
            try:
                for _ in self._room.ipoll(0):
                    self._file.write(data)
            except OSError:
                self._gone()
        return len(data)
