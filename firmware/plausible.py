"""Is a reading what the battery can have said? CHKSUM is a plain sum, so damaged replies pass it (§6)."""

from struct import calcsize, pack_into, unpack_from

from micropython import const

from .problems import crc as crc_of

_MAX_CELL_MV = const(5000)
_MAX_CURRENT_MA = const(3_276_800)  # what a frame can say (§3.5)
_MIN_TEMPERATURE, _MAX_TEMPERATURE = const(-400), const(1250)  # 0.1 °C
_EXACT_RUN = const(3)  # readings whose cells summed to the pack voltage exactly, before this is asked of every one
_REFUSALS = const(3)  # in a row, then the pack's history is forgotten: it may be another pack
# How far a value may be from the last accepted one (§6, jump)
_JUMP_CELL_MV, _JUMP_CURRENT_MA = const(100), const(5000)
_JUMP_TEMPERATURE = const(30)  # 0.1 °C
_JUMP_REMAINING = const(50)  # 1/50 of the capacity: 2 %
# A pack's history: readings refused in a row, exact sums in a row, CRC of its alarms; and the last accepted reading:
# counts of cells and temperatures, capacity, cycles, remaining, current, cells, temperatures, zeros.
_PACKS = const(16)
_VALUES_MAX = const(24)  # cells and temperatures
_HEAD = b">BBI"
_VALUES = b">BBiiii%dh" % _VALUES_MAX
_VALUES_AT = calcsize(_HEAD)
_SIZE = _VALUES_AT + calcsize(_VALUES)


class Judge:
    """Judges readings against each pack's history. `exact`: cells that once summed to the pack's voltage always do."""

    def __init__(self, exact=True):
        self._exact = exact
        self._history = bytearray(_SIZE * _PACKS)  # in one piece: records that come and go would split the memory
        self._last = None  # (values, CRCs of the alarms) of the reading judged last

    def forget(self, pack):
        """The pack, a number from 1, has left the group."""
        at = _SIZE * (pack - 1)
        pack_into(_HEAD, self._history, at, 0, 0, 0)
        self._history[at + _VALUES_AT] = 0

    def refusal(self, reading, again=False):
        """None: `reading` is accepted; else what is not plausible, and the pack is to be asked `again`. One that jumped
        is accepted when it agrees with the one before; changed alarms, when any of those before said the same.
        """
        why = out_of_range(reading)
        values = _flat(reading) if not why else None
        at = _SIZE * (reading.pack - 1)
        refused, exact, alarms = unpack_from(_HEAD, self._history, at)
        accepted = unpack_from(_VALUES, self._history, at + _VALUES_AT)
        said = crc_of(reading.alarms) if reading.alarms else alarms
        before = self._last if again else None
        self._last = values, (said,) + (before[1] if before else ())
        if not why:
            why = _hard_fault(reading, values, accepted, exact) or _needs_reread(values, accepted, before)
        if not why and said != alarms and (before is None or said not in before[1]):
            why = "alarms"
        if why:
            refused += why != "alarms"  # they do not tell that it is another pack
            if refused >= _REFUSALS:
                self.forget(reading.pack)
                refused = exact = alarms = 0
        else:
            pack_into(_VALUES, self._history, at + _VALUES_AT, *values)
            refused, alarms = 0, said
            exact = min(exact + 1, _EXACT_RUN) if self._exact and sum(reading.cells) == reading.voltage else 0
        pack_into(_HEAD, self._history, at, refused, exact, alarms)
        return why


def _flat(reading):
    """All that is compared with the last reading, in one tuple. Of the cells' temperatures only the lowest and the
    highest; an SOC that the battery says, which may jump by 3 %, as a temperature.
    """
    temperatures, of_cells = tuple(reading.temperatures), reading.cell_temperatures
    if of_cells:
        temperatures += min(of_cells), max(of_cells), 10 * reading.soc
    counts = len(reading.cells), len(temperatures), reading.capacity, reading.cycles or 0
    rest = (0,) * (_VALUES_MAX - counts[0] - counts[1])
    return counts + (reading.remaining, reading.current) + tuple(reading.cells) + temperatures + rest


def out_of_range(reading):
    """The name of what in a reading cannot be (§6, ranges); None when all can."""
    if len(reading.cells) + len(reading.temperatures) > _VALUES_MAX:
        return "cells"
    if abs(reading.current) > _MAX_CURRENT_MA:
        return "current"
    if not reading.cells or min(reading.cells) < 0 or max(reading.cells) > _MAX_CELL_MV:
        return "cells"
    for temperature in tuple(reading.temperatures) + tuple(reading.cell_temperatures or ()) + (reading.mos or 0,):
        if not _MIN_TEMPERATURE <= temperature <= _MAX_TEMPERATURE:
            return "temperatures"
    return "remaining" if reading.remaining * 10 > reading.capacity * 11 else None


def _hard_fault(reading, values, accepted, exact):
    """What no second reading makes true."""
    if accepted[0] and accepted[:2] != values[:2]:
        return "cells"
    off = abs(sum(reading.cells) - reading.voltage)
    return "voltage" if off and (exact == _EXACT_RUN or off * 100 > reading.voltage) else None


def _needs_reread(values, accepted, before):
    """The name of what is accepted when a second reading says it, too; None when that was this one, or it is near."""
    why = _distance(accepted, values) if accepted[0] else "first"
    return _distance(before[0], values) if why and before and before[0] else why


def _distance(one, other):
    """The name of what jumped between two readings of a pack (§6); None when they can follow each other."""
    if one[:4] != other[:4]:
        return "capacity"
    if abs(one[4] - other[4]) * _JUMP_REMAINING > other[2]:
        return "remaining"
    if abs(one[5] - other[5]) > _JUMP_CURRENT_MA:
        return "current"
    for index in range(6, len(other)):
        is_cell = index < 6 + other[0]
        if abs(one[index] - other[index]) > (_JUMP_CELL_MV if is_cell else _JUMP_TEMPERATURE):
            return "cells" if is_cell else "temperatures"
    return None
