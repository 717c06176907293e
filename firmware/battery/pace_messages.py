"""All layouts of INFO in the replies of PACE batteries, to the last byte. Bytes in, values out."""

from collections import namedtuple

from .frame import DataError, take, take_counted

ALL_PACKS = 0xFF
_MAX_PACKS = 16
_UNIT = 10  # mA, mAh
_ZERO_CELSIUS = 2731  # 0.1 K
_SERIAL_CHARACTERS = 20  # padding included; a date follows

# cells [mV], temperatures [0.1 °C], current mA, voltage mV, remaining, capacity, design mAh, soh % or None
Analog = namedtuple("Analog", "cells temperatures current voltage remaining capacity cycles design soh")
# cells, temperatures: states; status: protect1, protect2, system, control, fault; balancing: a bit a cell
Alarm = namedtuple("Alarm", "cells temperatures charge_current voltage discharge_current status balancing warn")


def analog_values(info):
    """Reply to 42H, INFOFLAG included -> (pack, or pack count for all, [Analog, ...]). DataError."""
    return _packs(info, _analog)


def alarms(info):
    """Reply to 44H, DATAFLAG included -> (pack, or pack count for all, [Alarm, ...]). DataError."""
    return _packs(info, _alarm)


def text(info):
    """Reply to C1H, or a part of one to C2H -> printable ASCII without its padding. DataError."""
    raw = bytes(info).rstrip(b"\0 ")
    for byte in raw:
        if not 32 <= byte < 127:
            raise DataError("a text has the byte %02XH in it" % byte)
    if not raw:
        raise DataError("an empty text")
    return raw.decode()


def serial_number(info):
    """Reply to C2H -> the serial number, without the date behind it. DataError."""
    if len(info) < _SERIAL_CHARACTERS:
        raise DataError("INFO of %d bytes ends too early" % len(info))
    return text(info[:_SERIAL_CHARACTERS])


def pack_count(info):
    """Reply to 90H -> (FFH, how many packs there are). DataError."""
    if len(info) != 1 or not 1 <= info[0] <= _MAX_PACKS:
        raise DataError("no pack count: %d bytes, %d" % (len(info), info[0] if info else 0))
    return ALL_PACKS, info[0]


def _packs(info, parse):
    """Each pack's block may end in a byte more: it does in all of them, or in none."""
    try:
        return _blocks(info, parse, 0)
    except DataError:
        return _blocks(info, parse, 1)


def _blocks(info, parse, more):
    (_, command), at = take(info, 0, ">BB")
    packs = []
    while at < len(info) or not packs:
        pack, at = parse(info, at, more)
        packs.append(pack)
        if (at < len(info) and len(packs) >= command and command <= _MAX_PACKS) or len(info) == at + 1:
            raise DataError("INFO of %d bytes: %02XH is left over behind its layout" % (len(info), info[at]))
    if len(packs) not in (1, command):
        raise DataError("INFO holds %d packs and says %d" % (len(packs), command))
    return command, packs


def _analog(info, at, more):
    cells, at = take_counted(info, at, ">%dH", 1)
    temperatures, at = take_counted(info, at, ">%dH")
    # the count of user-defined values, 2, 3 or 9, does not tell whether SOH is there
    (current, voltage, remaining, _, capacity, cycles, design), at = take(info, at, ">hHHBHHH")
    soh = None
    if more:
        (soh,), at = take(info, at, ">B")
        if soh > 100:
            raise DataError("%02XH behind the design capacity is no SOH" % soh)
    celsius = tuple([raw - _ZERO_CELSIUS for raw in temperatures])
    remaining, capacity, design = remaining * _UNIT, capacity * _UNIT, design * _UNIT
    return Analog(cells, celsius, current * _UNIT, voltage, remaining, capacity, cycles, design, soh), at


def _alarm(info, at, more):
    cells, at = take_counted(info, at, ">%dB", 1)
    temperatures, at = take_counted(info, at, ">%dB")
    (charge, voltage, discharge, status, balancing, warn), at = take(info, at, ">BBB5sH2s")
    _, at = take(info, at, ">%ds" % more)  # of unknown meaning
    return Alarm(cells, temperatures, charge, voltage, discharge, status, balancing, warn), at
