"""`machine` as on the ESP32, as far as the firmware uses it. Runs on MicroPython.

What happens outside the interpreter (watchdog, reset, power) is done by the runner, which is told by a line each.
"""

from binascii import unhexlify

import _host
from _uart import UART, check_pin, drives  # noqa: F401

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5

_RTC_MEMORY_BYTES = 2048


def reset():
    _host.reset(HARD_RESET)


def soft_reset():
    """A new interpreter; watchdog and RTC memory stay."""
    raise SystemExit


def reset_cause():
    return int(_host.setting("RESET_CAUSE"))


def unique_id():
    return unhexlify(_host.setting("UNIQUE_ID"))


class WDT:
    """The task watchdog: there is one, it cannot be stopped, a second WDT() sets its timeout anew."""

    def __init__(self, id=0, timeout=5000):
        _host.tell("W%d" % timeout)

    def feed(self):
        _host.line.write(b"F\n")


class RTC:
    """RTC memory: a file that opens with 2 bytes of length. Survives all but a power cut."""

    _file = _host.files.open(_host.setting("STATE") + "/rtc", "r+b")

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
    """A pin that holds its level, its argument when it is called; every change is told to the runner."""

    IN, OUT = 1, 3

    def __init__(self, id, mode=-1):
        check_pin(id)
        if mode == Pin.OUT and not drives(id):
            raise ValueError("pin can only be input")
        self._number = id
        self._level = 0

    def __call__(self, level):
        if level != self._level:
            self._level = level
            _host.tell("P%d %d" % (self._number, level))
