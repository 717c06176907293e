"""Layouts of INFO that is seldom asked for (§3, §4), to the last byte. Bytes in, tuples out; their names are
in messages.py. Loaded for the moment.
"""

from .blocks import MILLIAMPERES, ZERO_CELSIUS, DataError, take

_PARAMETERS_ARE = "VVVTTAVVVTTA"  # §3.6: voltages, temperatures, amperes, in the order of the wire


def _whole(info, layout):
    """The values of an INFO that is `layout` and nothing else."""
    values, end = take(info, 0, layout)
    if end != len(info):
        raise DataError("INFO has %d bytes, its layout %d" % (len(info), end))
    return values


def system_parameters(info):
    """Reply to 47H (§3.6, §4.3), INFOFLAG included -> the fields of messages.SystemParameters, in mV, 0.1 °C and
    mA. DataError.
    """
    values = []
    for unit, raw in zip(_PARAMETERS_ARE, _whole(info, ">BHHHHHhHHHHHh")[1:]):
        values.append(raw - ZERO_CELSIUS if unit == "T" else raw * MILLIAMPERES if unit == "A" else raw)
    return tuple(values)


def management(info):
    """Reply to 92H (§3.9, §4.5) -> pack, voltages of charge and discharge in mV, currents in mA, status byte.
    DataError.
    """
    pack, charge_voltage, discharge_voltage, charge, discharge, status = _whole(info, ">BHHhhB")
    return pack, charge_voltage, discharge_voltage, charge * MILLIAMPERES, discharge * MILLIAMPERES, status


def manufacturer(info):
    """Reply to 51H (§3.3, §4.4) -> device, version "2.3", maker. DataError."""
    device, major, minor, maker = _whole(info, ">10sBB20s")
    return _text(device), "%d.%d" % (major, minor), _text(maker)


def serial_number(info):
    """Reply to 93H (§3.10) -> (pack, text of at most 16 characters). DataError."""
    pack, serial = _whole(info, ">B16s")
    return pack, _text(serial)


def pack_count(info):
    """Reply to 90H -> how many packs the group has. DataError."""
    return _whole(info, ">B")[0]


def _text(raw):
    """Printable ASCII without its padding: NUL and space, and the hyphens that some makers fill up with."""
    raw = raw.rstrip(b"\0 ").rstrip(b"-").rstrip(b"\0 ")
    for byte in raw:
        if not 32 <= byte < 127:
            raise DataError("a text has the byte %02XH in it" % byte)
    return raw.decode()
