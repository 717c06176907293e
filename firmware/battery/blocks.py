"""Layouts of INFO that come with every cycle: a block a pack, to the last byte (§3.5, §3.7). Bytes in, values out."""

from struct import calcsize, unpack_from

ZERO_CELSIUS = 2731  # 0.1 K
MILLIAMPERES = 100  # in a unit of current


class DataError(ValueError):
    """INFO that does not fit its layout to the last byte."""


def take(info, at, layout):
    """The values of struct `layout` at offset `at` -> (values, offset behind them). DataError: there is less."""
    end = at + calcsize(layout)
    if end > len(info):
        raise DataError("INFO of %d bytes ends too early" % len(info))
    return unpack_from(layout, info, at), end


def _blocks(info, walk, more=0):
    """Command or pack count, then pack blocks up to the last byte (§3.5, §3.7) -> (command, [block, …])."""
    (_, command), at = take(info, 0, ">BB")
    blocks = []
    while at < len(info) or not blocks:
        block, at = walk(info, at)
        blocks.append(block)
        _, at = take(info, at, ">%ds" % more)
    if len(blocks) not in (1, command):
        raise DataError("INFO holds %d packs and says %d" % (len(blocks), command))
    return command, blocks


def _cells(info, at, layout):
    """The count of cells, and a value for each."""
    (count,), at = take(info, at, ">B")
    if not count:
        raise DataError("a pack without cells")
    return take(info, at, layout % count)


def _analog(info, at):
    cells, at = _cells(info, at, ">%dh")
    (count,), at = take(info, at, ">B")
    temperatures, at = take(info, at, ">%dH" % count)
    (current, voltage, remaining, user_defined, capacity, cycles), at = take(info, at, ">hHHBHH")
    if user_defined == 4:  # packs over 65.535 Ah: the 2-byte fields are full, 3-byte ones follow
        (high, low, capacity_high, capacity_low), at = take(info, at, ">BHBH")
        remaining = high << 16 | low
        capacity = capacity_high << 16 | capacity_low
    elif user_defined != 2:
        raise DataError("user-defined count is %d, 2 or 4 are known" % user_defined)
    celsius = tuple([raw - ZERO_CELSIUS for raw in temperatures])
    return (cells, celsius, current * MILLIAMPERES, voltage, remaining, capacity, cycles), at


def _alarm(info, at):
    cells, at = _cells(info, at, ">%dB")
    (count,), at = take(info, at, ">B")
    temperatures, at = take(info, at, ">%dB" % count)
    (charge, voltage, discharge, status), at = take(info, at, ">BBB5s")
    return (cells, temperatures, charge, voltage, discharge, status), at


def analog_values(info):
    """Reply to 42H (§3.5, §4.1), INFOFLAG included -> (command, [(cells [mV], temperatures [0.1 °C], current mA with
    charge positive, voltage mV, remaining mAh, capacity mAh, cycles), …]), one for each pack.

    `command` is the pack number, or the pack count when all packs were asked for. DataError.
    """
    return _blocks(info, _analog)


def alarms(info):
    """Reply to 44H (§3.7, §4.2), DATAFLAG included -> (command, [(cells, temperatures, charge current, pack voltage,
    discharge current, 5 bytes of status), …]), one for each pack; all but the last are states: 00H normal, 01H below,
    02H above, F0H other. `command` as for analog_values. DataError.
    """
    try:
        return _blocks(info, _alarm)
    except DataError:
        return _blocks(info, _alarm, more=1)  # as newer packs send it: a byte of unknown meaning behind status5
