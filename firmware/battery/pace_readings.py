"""The layouts of INFO that a reading of a PACE battery is made of, to the last byte. Bytes in, values out."""

from collections import namedtuple

from .frame import MAX_PACKS, DataError, take, take_counted

VERSION, SERIAL_NUMBER = 0xC1, 0xC2  # CID2
_UNIT = 10  # mA, mAh
_ZERO_CELSIUS = 2731  # 0.1 K

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
        if (at < len(info) and len(packs) >= command and command <= MAX_PACKS) or len(info) == at + 1:
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
