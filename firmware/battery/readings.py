"""The layouts of INFO that a reading is made of (§4.1, §4.2), to the last byte. Bytes in, values out."""

from collections import namedtuple

from .frame import DataError, take, take_counted, take_packs

ZERO_CELSIUS = 2731  # 0.1 K
MILLIAMPERES = 100  # in a unit of current

Analog = namedtuple("Analog", "cells temperatures current voltage remaining capacity cycles")
Alarm = namedtuple("Alarm", "cells temperatures charge_current voltage discharge_current status")


def analog_values(info):
    """Reply to 42H (§3.5, §4.1), INFOFLAG included -> (command, [Analog, …]), one for each pack: cells [mV],
    temperatures [0.1 °C], current mA with charge positive, voltage mV, remaining mAh, capacity mAh, cycles. `command`
    is the pack number, or the pack count when all packs were asked for. DataError.
    """
    return take_packs(info, _analog)


def alarms(info):
    """Reply to 44H (§3.7, §4.2), DATAFLAG included -> (command, [Alarm, …]) as of analog_values(). All but the 5 bytes
    of status are states: 00H normal, 01H below, 02H above, F0H other. DataError.
    """
    return take_packs(info, _alarm, 1)


def _analog(info, at, _):
    cells, at = take_counted(info, at, b">%dh", 1)
    temperatures, at = take_counted(info, at, b">%dH")
    (current, voltage, remaining, user_defined, capacity, cycles), at = take(info, at, b">hHHBHH")
    if user_defined == 4:  # packs over 65.535 Ah: the 2-byte fields are full, 3-byte ones follow
        (high, low, capacity_high, capacity_low), at = take(info, at, b">BHBH")
        remaining = high << 16 | low
        capacity = capacity_high << 16 | capacity_low
    elif user_defined != 2:
        raise DataError("user-defined count is %d, 2 or 4 are known" % user_defined)
    celsius = tuple([raw - ZERO_CELSIUS for raw in temperatures])
    return Analog(cells, celsius, current * MILLIAMPERES, voltage, remaining, capacity, cycles), at


def _alarm(info, at, more):
    cells, at = take_counted(info, at, b">%dB", 1)
    temperatures, at = take_counted(info, at, b">%dB")
    (charge, voltage, discharge, status), at = take(info, at, b">BBB5s")
    _, at = take(info, at, b">%ds" % more)  # newer packs send a byte of unknown meaning behind status5
    return Alarm(cells, temperatures, charge, voltage, discharge, status), at
