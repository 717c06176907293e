"""Pins that a chip certainly has not got free, and those of boards with Ethernet."""

import os

# What follows ESP32 in the chip's name; pins that are free, pins that are inputs only. The others are not there, or the
# flash hangs on them, or the REPL. A chip that is not here refuses by itself what it has not (board.py).
_CHIPS = (
    (("", "PI"), "0 2 4-5 12-23 25-27 32-33", " 34-39"),
    (("S2",), "0-21 26 33-45", " 46"),
    (("S3",), "0-21 26 33-48", ""),
    (("C3",), "0-10 18-21", ""),
)
_RMII = (19, 21, 22, 25, 26, 27)  # the ESP32's Ethernet has them nowhere else
# Boards with a LAN8720: its address, does the ESP32 drive its clock; pins of its clock, its power, MDC and MDIO
ETHERNET = {"wt32-eth01": (1, False, 0, 16, 23, 18), "olimex-poe": (0, True, 17, 12, 23, 18)}


def refused(settings, chosen):
    """What is wrong with the pins in `settings` on this chip and board: a list of lines that begin with the key.

    Only keys that have a value in `chosen` count: a default is no reason to refuse another setting.
    """
    errors = []
    network, chip = settings["network"], _chip()
    taken = _RMII + ETHERNET[network][2:] if network in ETHERNET else ()
    if taken and chip not in ("", "PI", None):
        errors.append("network: this chip has no Ethernet")
    found = [row[1:] for row in _CHIPS if chip in row[0]]
    for key in ("uart_tx", "uart_rx", "led"):
        if chosen.get(key) is None or settings[key] == "off":
            continue
        pin = abs(settings[key])
        for free, inputs in found:
            pins = free + inputs if key == "uart_rx" else free
            if not _among(pins, pin):
                errors.append("%s: must be one of the pins %s on this chip" % (key, pins))
        if pin in taken:
            errors.append("%s: pin %d is taken by the Ethernet of %s" % (key, pin, network))
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
