"""All layouts of INFO in replies (§3, §4), with names: the cycle's of blocks.py, and those of layouts.py. Not on the
board's way: names take memory.
"""

from collections import namedtuple

from . import blocks, layouts
from .blocks import DataError  # noqa: F401
from .layouts import pack_count, serial_number  # noqa: F401

Analog = namedtuple("Analog", "cells temperatures current voltage remaining capacity cycles")
Alarm = namedtuple("Alarm", "cells temperatures charge_current voltage discharge_current status")
Management = namedtuple("Management", "pack charge_voltage discharge_voltage charge_current discharge_current status")
Manufacturer = namedtuple("Manufacturer", "device version maker")
SystemParameters = namedtuple(
    "SystemParameters",
    "cell_high_voltage cell_low_voltage cell_under_voltage "
    "charge_high_temperature charge_low_temperature charge_current "
    "pack_high_voltage pack_low_voltage pack_under_voltage "
    "discharge_high_temperature discharge_low_temperature discharge_current",
)


def analog_values(info):
    """Reply to 42H, as blocks.analog_values() -> (command, [Analog, …]). DataError."""
    command, found = blocks.analog_values(info)
    return command, [Analog(*block) for block in found]


def alarms(info):
    """Reply to 44H, as blocks.alarms() -> (command, [Alarm, …]). DataError."""
    command, found = blocks.alarms(info)
    return command, [Alarm(*block) for block in found]


def system_parameters(info):
    """Reply to 47H, as layouts.system_parameters() -> SystemParameters. DataError."""
    return SystemParameters(*layouts.system_parameters(info))


def management(info):
    """Reply to 92H, as layouts.management() -> Management. DataError."""
    return Management(*layouts.management(info))


def manufacturer(info):
    """Reply to 51H, as layouts.manufacturer() -> Manufacturer. DataError."""
    return Manufacturer(*layouts.manufacturer(info))
