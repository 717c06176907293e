"""Is a reading what the battery can have said? CHKSUM is a plain sum, so damaged replies pass it (§6). Loaded for the
moment.
"""

from binascii import crc32
from struct import calcsize, pack_into, unpack_from

_MAX_CELL_MV = 5000
_MAX_CURRENT_MA = 3_276_800  # what a frame can say (§3.5)
_MIN_TEMPERATURE, _MAX_TEMPERATURE = -400, 1250  # 0.1 °C
_EXACT_RUN = 3  # readings whose cells summed to the pack voltage exactly, before this is asked of every one
_REFUSALS = 3  # in a row, then the pack's history is forgotten: it may be another pack
# how far a value may be from the last accepted one (§6, jump)
_JUMP_CELL_MV = 100
_JUMP_TEMPERATURE = 30  # 0.1 °C
_JUMP_REMAINING = 50  # 1/50 of the capacity: 2 %
_JUMP_CURRENT_MA = 5000
# A pack's history: refused in a row, exact sums in a row, CRC of its alarms; and the last accepted reading: counts of
# cells and temperatures, capacity, cycles, remaining, current, cells, temperatures, zeros. Of all packs together in one
# place, which stays where it is: records that come and go would leave the memory in small pieces.
_PACKS = 16
_MOST = 24  # cells and temperatures
_HEAD = ">BBI"
_VALUES = ">BBiiii%dh" % _MOST
_VALUES_AT = calcsize(_HEAD)
_SIZE = _VALUES_AT + calcsize(_VALUES)


class Judge:
    """Judges the readings of all packs, each against its own history. `state` is all that it has to remember: a list,
    at first empty. `exact`: the cells of a dialect's readings sum to the pack's voltage, where they do so all the time.
    """

    def __init__(self, state, exact=True):
        self._exact = exact
        self._state = state
        if not state:
            state += [bytearray(_SIZE * _PACKS), None]  # the histories; the reading judged last
        self._history = state[0]

    def forget(self, pack):
        """The pack, a number from 1, has left the group."""
        pack_into(_HEAD, self._history, _SIZE * (pack - 1), 0, 0, 0)
        self._history[_SIZE * (pack - 1) + _VALUES_AT] = 0

    def refusal(self, reading, again=False, extra=None):
        """None: `reading` is accepted. Else the name of what is not plausible; then the pack is to be asked again.

        `again`: it was, and the reading before this was refused. One that jumped is accepted when it agrees with that
        one, and so is the first one of a history; changed alarms, when any of those before said the same. `extra`: what
        the text console says beyond it (console.Extra), or None.
        """
        why = out_of_range(reading, extra)
        values = _flat(reading, extra) if not why else None
        at = _SIZE * (reading.pack - 1)
        refused, exact, alarms = unpack_from(_HEAD, self._history, at)
        last = unpack_from(_VALUES, self._history, at + _VALUES_AT)
        digest = _digest(reading.alarms) if reading.alarms else alarms
        earlier = self._state[1] if again else None
        self._state[1] = values, (digest,) + (earlier[1] if earlier else ())
        if not why:
            why = _unlike(reading, values, last, exact)
        if not why:
            why = _unconfirmed(values, last, earlier)
            if not why and digest != alarms and (earlier is None or digest not in earlier[1]):
                why = "alarms"
        if why:
            refused += why != "alarms"  # they say nothing of who it is
            if refused >= _REFUSALS:
                self.forget(reading.pack)
                refused = exact = alarms = 0
        else:
            pack_into(_VALUES, self._history, at + _VALUES_AT, *values)
            refused, alarms = 0, digest
            exact = min(exact + 1, _EXACT_RUN) if self._exact and sum(reading.cells) == reading.voltage else 0
        pack_into(_HEAD, self._history, at, refused, exact, alarms)
        return why


def _flat(reading, extra):
    """All that is compared with the last reading, in one tuple. Of the text console's temperatures of cells the lowest
    and the highest; its SOC, which may jump by 3 %, as a temperature.
    """
    temperatures = tuple(reading.temperatures)
    if extra:
        temperatures += min(extra.temperatures), max(extra.temperatures), 10 * extra.soc
    counts = len(reading.cells), len(temperatures), reading.capacity, reading.cycles or 0
    rest = (0,) * (_MOST - counts[0] - counts[1])
    return counts + (reading.remaining, reading.current) + tuple(reading.cells) + temperatures + rest


def out_of_range(reading, extra=None):
    """The name of what in a reading cannot be (§6, ranges); None when all can. `extra` as in Judge.refusal()."""
    temperatures = tuple(reading.temperatures)
    if extra:
        temperatures += tuple(extra.temperatures) + (extra.mos or 0,)
    elif len(reading.cells) + len(temperatures) > _MOST:
        return "cells"
    if abs(reading.current) > _MAX_CURRENT_MA:
        return "current"
    if not reading.cells or min(reading.cells) < 0 or max(reading.cells) > _MAX_CELL_MV:
        return "cells"
    for temperature in temperatures:
        if not _MIN_TEMPERATURE <= temperature <= _MAX_TEMPERATURE:
            return "temperatures"
    if reading.remaining * 10 > reading.capacity * 11:
        return "remaining"
    return None


def _unlike(reading, values, last, exact):
    """What no second reading makes true."""
    if last[0] and last[:2] != values[:2]:
        return "cells"
    off = abs(sum(reading.cells) - reading.voltage)
    if off and (exact == _EXACT_RUN or off * 100 > reading.voltage):
        return "voltage"
    return None


def _unconfirmed(values, last, earlier):
    """What is taken when it is said twice."""
    why = _distance(last, values) if last[0] else "first"
    if why and earlier and earlier[0]:
        return _distance(earlier[0], values)
    return why


def _distance(last, values):
    """The name of what jumped between two readings of a pack (§6); None when they can follow each other."""
    if last[:4] != values[:4]:
        return "capacity"
    if abs(last[4] - values[4]) * _JUMP_REMAINING > values[2]:
        return "remaining"
    if abs(last[5] - values[5]) > _JUMP_CURRENT_MA:
        return "current"
    for index in range(6, len(values)):
        is_cell = index < 6 + values[0]
        if abs(last[index] - values[index]) > (_JUMP_CELL_MV if is_cell else _JUMP_TEMPERATURE):
            return "cells" if is_cell else "temperatures"
    return None


def _digest(alarms):
    """All that an alarm reply said, as one number."""
    states = bytes((alarms.charge_state, alarms.voltage_state, alarms.discharge_state))
    flags = bytes([is_set for _, is_set in alarms.flags])
    return crc32(alarms.cell_states + alarms.temperature_states + states + flags + bytes(alarms.faulty_cells))
