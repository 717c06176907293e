"""Is a reading what the battery can have said? CHKSUM is a plain sum, so damaged replies pass it (§6)."""

from binascii import crc32

from .reading import Reading

_MAX_CELL_MV = 5000
_MIN_TEMPERATURE, _MAX_TEMPERATURE = -400, 1250  # 0.1 °C
_EXACT_RUN = 3  # readings whose cells summed to the pack voltage exactly, before this is asked of every one
_REFUSALS = 3  # in a row, then the pack's history is forgotten: it may be another pack
# how far a value may be from the last accepted one (§6, jump)
_JUMP_CELL_MV = 100
_JUMP_TEMPERATURE = 30  # 0.1 °C
_JUMP_REMAINING = 50  # 1/50 of the capacity: 2 %
_JUMP_CURRENT_MA = 5000


class _History:
    """Of one pack: `last` accepted reading, CRC of its alarms, and what to make of the next."""

    def __init__(self):
        self.last = self.alarms = None
        self.exact = self.refused = 0
        self.trusting = False


class Judge:
    """Judges the readings of all packs, each against its own history."""

    def __init__(self):
        self._packs = {}

    def forget(self, pack):
        """The pack has left the group."""
        self._packs.pop(pack, None)

    def refusal(self, reading, earlier=None):
        """None: `reading` is accepted. Else a text why it is not; then the pack is to be asked again.

        `earlier` is the reading of this pack that was refused just before. One that jumped is accepted when it agrees
        with that, and so is the first one after a start, and a change of the alarms.
        """
        history = self._packs.setdefault(reading.pack, _History())
        why = out_of_range(reading) or _unlike(reading, history) or _unconfirmed(reading, history, earlier)
        if why:
            history.refused += 1
            if history.refused >= _REFUSALS:
                self._packs[reading.pack] = history = _History()
                history.trusting = True
            return why
        history.exact = history.exact + 1 if sum(reading.cells) == reading.voltage else 0
        history.last = Reading(*(reading[:-1] + (None,)))  # alarms are large, and only their change matters
        if reading.alarms is not None:
            history.alarms = _digest(reading.alarms)
        history.refused = 0
        history.trusting = False
        return None


def out_of_range(reading):
    """What in a reading cannot be (§6, ranges), as a text; None when all can."""
    if not reading.cells or min(reading.cells) < 0 or max(reading.cells) > _MAX_CELL_MV:
        return "a cell voltage is out of range"
    for temperature in reading.temperatures:
        if not _MIN_TEMPERATURE <= temperature <= _MAX_TEMPERATURE:
            return "a temperature is out of range"
    if reading.remaining * 10 > reading.capacity * 11:
        return "remaining is more than the capacity"
    return None


def _unlike(reading, history):
    """What no second reading makes true."""
    if history.last and _counts(history.last) != _counts(reading):
        return "count of cells or temperatures changed"
    off = abs(sum(reading.cells) - reading.voltage)
    if off and (history.exact >= _EXACT_RUN or off * 100 > reading.voltage):
        return "the cells do not sum to the pack voltage"
    return None


def _unconfirmed(reading, history, earlier):
    """What is taken when it is said twice."""
    if history.trusting:  # the history was just forgotten: begin with what comes
        return None
    why = distance(history.last, reading) if history.last else "first reading"
    if why and (earlier is None or distance(earlier, reading)):
        return why
    if reading.alarms is None:
        return None
    digest = _digest(reading.alarms)
    if digest == history.alarms or earlier is not None and earlier.alarms and digest == _digest(earlier.alarms):
        return None
    return "alarms changed"


def distance(last, reading):
    """What jumped between two readings of a pack (§6), as a text; None when they can follow each other."""
    if _counts(last) != _counts(reading) or (last.capacity, last.cycles) != (reading.capacity, reading.cycles):
        return "capacity or cycles changed"
    if _furthest(last.cells, reading.cells) > _JUMP_CELL_MV:
        return "a cell voltage jumped"
    if _furthest(last.temperatures, reading.temperatures) > _JUMP_TEMPERATURE:
        return "a temperature jumped"
    if abs(last.remaining - reading.remaining) * _JUMP_REMAINING > reading.capacity:
        return "remaining jumped"
    if abs(last.current - reading.current) > _JUMP_CURRENT_MA:
        return "current jumped"
    return None


def _counts(reading):
    return len(reading.cells), len(reading.temperatures)


def _furthest(these, those):
    return max([abs(this - that) for this, that in zip(these, those)] or (0,))


def _digest(alarms):
    """All that an alarm reply said, as one number."""
    states = bytes((alarms.charge_state, alarms.voltage_state, alarms.discharge_state))
    flags = bytes([is_set for _, is_set in alarms.flags])
    return crc32(alarms.cell_states + alarms.temperature_states + states + flags + bytes(alarms.faulty_cells))
