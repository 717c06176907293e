"""Pins that a chip certainly has not got free."""

import os

# What follows ESP32 in the chip's name; pins that are free, pins that are inputs only. The others are not there, or the
# flash hangs on them, or the REPL. A chip that is not here refuses by itself what it has not (board.py).
_CHIPS = (
    (("", "PI"), "0 2 4-5 12-23 25-27 32-33", " 34-39"),
    (("S2",), "0-21 26 33-45", " 46"),
    (("S3",), "0-21 26 33-48", ""),
    (("C3",), "0-10 18-21", ""),
)


def refused(settings, chosen):
    """What is wrong with the pins in `settings` on this chip: a list of lines that begin with the key.

    Only keys that have a value in `chosen` count: a default is no reason to refuse another setting.
    """
    errors = []
    for kinds, free, inputs in _CHIPS:
        if _chip() in kinds:
            for key in ("uart_tx", "uart_rx", "led"):
                pins = free + inputs if key == "uart_rx" else free
                if chosen.get(key) is not None and settings[key] != "off" and not _among(pins, abs(settings[key])):
                    errors.append("%s: must be one of the pins %s on this chip" % (key, pins))
    return errors


def _chip():
    """What follows ESP32 in the chip's name, two letters at most: "", "PI" (PICO), "S3" …; None: it is no ESP32."""
    uname = getattr(os, "uname", None)  # MicroPython's unix port has none
    _, name, after = uname()[4].upper().replace("-", "").rpartition("ESP32") if uname else ("", "", "")
    return after[:2] if name else None


def _among(pins, number):
    for span in pins.split():
        low, _, high = span.partition("-")
        if int(low) <= number <= int(high or low):
            return True
    return False
