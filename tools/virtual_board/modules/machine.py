"""`machine` as on the ESP32, as far as the firmware uses it. Runs on MicroPython.

What happens outside the interpreter (watchdog, reset, power) is done by the runner, which is told by a line each.
"""

import time
from binascii import unhexlify

import _host
import _pins
from _uart import UART  # noqa: F401
from umachine import idle  # noqa: F401

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_RTC_MEMORY_BYTES = 2048


def reset():
    """Start anew, as by the reset button. Does not return: the runner ends this process from outside."""
    _host.tell("R")
    while True:
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            pass


def soft_reset():
    """A new interpreter; watchdog and RTC memory stay."""
    raise SystemExit


def reset_cause():
    """One of the *_RESET constants."""
    return int(_host.setting("RESET_CAUSE", "1"))


def unique_id():
    """6 bytes, as the ESP32's."""
    return unhexlify(_host.setting("UNIQUE_ID", "24a160000001"))


def freq(hz=None):
    """Clock in Hz; what is set is ignored."""
    return None if hz else 160_000_000


class WDT:
    """The task watchdog: there is one, it cannot be stopped, a second WDT() sets its timeout anew."""

    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        _host.tell("W%d" % timeout)

    def feed(self):
        _host.line.write(b"F\n")


class RTC:
    """RTC memory: a file that opens with 2 bytes of length. Survives all but a power cut."""

    _file = None

    def __init__(self):
        if RTC._file is None:
            RTC._file = _host.files.open(_host.setting("RTC", "/dev/null"), "r+b")

    def datetime(self, fields=None):
        """Without argument (year, month, day, weekday, hour, minute, second, subseconds); else sets the clock."""
        if fields is not None:
            time.set_clock(fields)
            return None
        year, month, day, hour, minute, second, weekday, _ = time.gmtime()
        return year, month, day, weekday + 1, hour, minute, second, 0

    def memory(self, data=None):
        """Without argument the bytes kept; else keep `data`; ValueError over 2048 bytes."""
        file = RTC._file
        if data is None:
            file.seek(0)
            head = file.read(2)
            return file.read(head[0] << 8 | head[1]) if len(head) == 2 else b""
        if len(data) > _RTC_MEMORY_BYTES:
            raise ValueError("buffer too long")
        file.seek(2)
        file.write(data)
        file.seek(0)
        file.write(bytes((len(data) >> 8, len(data) & 0xFF)))


class Pin:
    """A pin that holds its level; every change is told to the runner."""

    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None):
        _pins.check(id)
        self.number = id
        self._value = 0
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None):
        if mode in (Pin.OUT, Pin.OPEN_DRAIN) and not _pins.drives(self.number):
            raise ValueError("pin can only be input")
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            return self._value
        level = 1 if level else 0
        if level != self._value:
            self._value = level
            _host.tell("P%d %d" % (self.number, level))

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)
