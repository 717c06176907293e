"""All layouts of INFO in replies (§3, §4), to the last byte. Bytes in, values out."""

from collections import namedtuple

from .frame import DataError, take, take_counted

_ZERO_CELSIUS = 2731  # 0.1 K
_MILLIAMPERES = 100  # in a unit of current
_PARAMETER_UNITS = "VVVTTAVVVTTA"  # §3.6: voltages, temperatures, amperes, in the order of the wire

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
    """Reply to 42H (§3.5, §4.1), INFOFLAG included -> (command, [Analog, …]), one for each pack: cells [mV],
    temperatures [0.1 °C], current mA with charge positive, voltage mV, remaining mAh, capacity mAh, cycles.

    `command` is the pack number, or the pack count when all packs were asked for. DataError.
    """
    return _packs(info, _analog)


def alarms(info):
    """Reply to 44H (§3.7, §4.2), DATAFLAG included -> (command, [Alarm, …]), one for each pack: cells, temperatures,
    charge current, pack voltage, discharge current, 5 bytes of status; all but the last are states: 00H normal, 01H
    below, 02H above, F0H other. `command` as for analog_values(). DataError.
    """
    try:
        return _packs(info, _alarm)
    except DataError:
        return _packs(info, _alarm, more=1)  # newer packs send a byte of unknown meaning behind status5


def system_parameters(info):
    """Reply to 47H (§3.6, §4.3), INFOFLAG included -> SystemParameters in mV, 0.1 °C and mA. DataError."""
    values = []
    for unit, raw in zip(_PARAMETER_UNITS, _whole(info, ">BHHHHHhHHHHHh")[1:]):
        values.append(raw - _ZERO_CELSIUS if unit == "T" else raw * _MILLIAMPERES if unit == "A" else raw)
    return SystemParameters(*values)


def management(info):
    """Reply to 92H (§3.9, §4.5) -> Management: voltages in mV, currents in mA, status byte. DataError."""
    pack, charge_voltage, discharge_voltage, charge, discharge, status = _whole(info, ">BHHhhB")
    return Management(
        pack, charge_voltage, discharge_voltage, charge * _MILLIAMPERES, discharge * _MILLIAMPERES, status
    )


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


def _packs(info, parse, more=0):
    """Command or pack count, then the packs up to the last byte -> (command, [what `parse` makes of each, …]). `more`:
    bytes behind each pack.
    """
    (_, command), at = take(info, 0, ">BB")
    packs = []
    while at < len(info) or not packs:
        pack, at = parse(info, at)
        packs.append(pack)
        _, at = take(info, at, ">%ds" % more)
    if len(packs) not in (1, command):
        raise DataError("INFO holds %d packs and says %d" % (len(packs), command))
    return command, packs


def _analog(info, at):
    cells, at = take_counted(info, at, ">%dh", 1)
    temperatures, at = take_counted(info, at, ">%dH")
    (current, voltage, remaining, user_defined, capacity, cycles), at = take(info, at, ">hHHBHH")
    if user_defined == 4:  # packs over 65.535 Ah: the 2-byte fields are full, 3-byte ones follow
        (high, low, capacity_high, capacity_low), at = take(info, at, ">BHBH")
        remaining = high << 16 | low
        capacity = capacity_high << 16 | capacity_low
    elif user_defined != 2:
        raise DataError("user-defined count is %d, 2 or 4 are known" % user_defined)
    celsius = tuple([raw - _ZERO_CELSIUS for raw in temperatures])
    return Analog(cells, celsius, current * _MILLIAMPERES, voltage, remaining, capacity, cycles), at


def _alarm(info, at):
    cells, at = take_counted(info, at, ">%dB", 1)
    temperatures, at = take_counted(info, at, ">%dB")
    (charge, voltage, discharge, status), at = take(info, at, ">BBB5s")
    return Alarm(cells, temperatures, charge, voltage, discharge, status), at


def _text(raw):
    """Printable ASCII without its padding: NUL and space, and the hyphens that some makers fill up with."""
    raw = raw.rstrip(b"\0 ").rstrip(b"-").rstrip(b"\0 ")
    for byte in raw:
        if not 32 <= byte < 127:
            raise DataError("a text has the byte %02XH in it" % byte)
    return raw.decode()
