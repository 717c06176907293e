"""All layouts of INFO in replies (§3, §4), to the last byte: those of what is asked seldom, beside those of `readings`.
Bytes in, values out. Loaded for a question.
"""

from collections import namedtuple

from .frame import DataError, take
from .readings import MILLIAMPERES, ZERO_CELSIUS, Alarm, Analog, alarms, analog_values  # noqa: F401

_PARAMETER_UNITS = "VVVTTAVVVTTA"  # §3.6: voltages, temperatures, amperes, in the order of the wire

Management = namedtuple("Management", "pack charge_voltage discharge_voltage charge_current discharge_current status")
Manufacturer = namedtuple("Manufacturer", "device version maker")
SystemParameters = namedtuple(
    "SystemParameters",
    "cell_high_voltage cell_low_voltage cell_under_voltage "
    "charge_high_temperature charge_low_temperature charge_current "
    "pack_high_voltage pack_low_voltage pack_under_voltage "
    "discharge_high_temperature discharge_low_temperature discharge_current",
)


def system_parameters(info):
    """Reply to 47H (§3.6, §4.3), INFOFLAG included -> SystemParameters in mV, 0.1 °C and mA. DataError."""
    values = []
    for unit, raw in zip(_PARAMETER_UNITS, _whole(info, ">BHHHHHhHHHHHh")[1:]):
        values.append(raw - ZERO_CELSIUS if unit == "T" else raw * MILLIAMPERES if unit == "A" else raw)
    return SystemParameters(*values)


def management(info):
    """Reply to 92H (§3.9, §4.5) -> Management: voltages in mV, currents in mA, status byte. DataError."""
    pack, charge_voltage, discharge_voltage, charge, discharge, status = _whole(info, ">BHHhhB")
    return Management(pack, charge_voltage, discharge_voltage, charge * MILLIAMPERES, discharge * MILLIAMPERES, status)


def manufacturer(info):
    """Reply to 51H (§3.3, §4.4) -> Manufacturer: device, version "2.3", maker. DataError."""
    device, major, minor, maker = _whole(info, ">10sBB20s")
    return Manufacturer(_text(device), "%d.%d" % (major, minor), _text(maker))


def serial_number(info):
    """Reply to 93H (§3.10) -> (pack, text of at most 16 characters). DataError."""
    pack, serial = _whole(info, ">B16s")
    return pack, _text(serial)


def pack_count(info):
    """Reply to 90H -> how many packs the group has. DataError."""
    return _whole(info, ">B")[0]


def _whole(info, layout):
    """The values of an INFO that is `layout` and nothing else."""
    values, end = take(info, 0, layout)
    if end != len(info):
        raise DataError("INFO has %d bytes, its layout %d" % (len(info), end))
    return values


def _text(raw):
    """Printable ASCII without its padding: NUL and space, and the hyphens that some makers fill up with."""
    raw = raw.rstrip(b"\0 ").rstrip(b"-").rstrip(b"\0 ")
    for byte in raw:
        if not 32 <= byte < 127:
            raise DataError("a text has the byte %02XH in it" % byte)
    return raw.decode()
