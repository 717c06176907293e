"""Which pins an ESP32 has. Runs on MicroPython."""

import _host
import time

_NONE = (24, 28, 29, 30, 31)
_INPUT_ONLY = 34
_FLASH = range(6, 12)


def check(number):
    """ValueError where there is no such pin."""
    if not 0 <= number < 40 or number in _NONE:
        raise ValueError("invalid pin")


def drives(number):
    """-> can it be an output? One that the flash hangs on ends all: the chip cannot read its program any more."""
    if number in _FLASH:
        _host.tell("R")
        time.sleep(60)
    return number < _INPUT_ONLY
