"""All layouts of INFO in replies (§3, §4): the cycle's of blocks.py, with names, and those of layouts.py."""

from collections import namedtuple

from . import blocks
from .blocks import DataError  # noqa: F401
from .layouts import management, manufacturer, pack_count, serial_number, system_parameters  # noqa: F401

Analog = namedtuple("Analog", "cells temperatures current voltage remaining capacity cycles")
Alarm = namedtuple("Alarm", "cells temperatures charge_current voltage discharge_current status")


def analog_values(info):
    """Reply to 42H, as blocks.analog_values() -> (command, [Analog, …]). DataError."""
    command, found = blocks.analog_values(info)
    return command, [Analog(*block) for block in found]


def alarms(info):
    """Reply to 44H, as blocks.alarms() -> (command, [Alarm, …]). DataError."""
    command, found = blocks.alarms(info)
    return command, [Alarm(*block) for block in found]
