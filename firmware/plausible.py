"""Is a reading what the battery can have said? CHKSUM is a plain sum, so damaged replies pass it (§6)."""

from binascii import crc32
from struct import calcsize, pack, unpack

_MAX_CELL_MV = 5000
_MIN_TEMPERATURE, _MAX_TEMPERATURE = -400, 1250  # 0.1 °C
_EXACT_RUN = 3  # readings whose cells summed to the pack voltage exactly, before this is asked of every one
_REFUSALS = 3  # in a row, then the pack's history is forgotten: it may be another pack
# how far a value may be from the last accepted one (§6, jump)
_JUMP_CELL_MV = 100
_JUMP_TEMPERATURE = 30  # 0.1 °C
_JUMP_REMAINING = 50  # 1/50 of the capacity: 2 %
_JUMP_CURRENT_MA = 5000
_PACKED = ">BBiiii%dh"  # counts of cells and temperatures, capacity, cycles, remaining, current, cells, temperatures


_LAST, _ALARMS, _EXACT, _REFUSED, _TRUSTING = 0, 1, 2, 3, 4  # of a pack's history


class Judge:
    """Judges the readings of all packs, each against its own history."""

    def __init__(self):
        self._packs = {}  # pack -> last accepted reading, packed; CRC of its alarms; counts; take the next as it comes
        self._candidate = None  # the reading judged last

    def forget(self, pack):
        """The pack has left the group."""
        self._packs.pop(pack, None)

    def refusal(self, reading, again=False):
        """None: `reading` is accepted. Else a text why it is not; then the pack is to be asked again.

        `again`: it was, and the reading before this was refused. One that jumped is accepted when it agrees with that
        one, and so is the first after a start, and a change of the alarms.
        """
        values = _flat(reading)
        digest = reading.alarms and _digest(reading.alarms)
        earlier, self._candidate = self._candidate if again else None, (values, digest)
        history = self._packs.setdefault(reading.pack, [None, None, 0, 0, False])
        why = out_of_range(reading) or _unlike(reading, history) or _unconfirmed(values, digest, history, earlier)
        if why:
            history[_REFUSED] += 1
            if history[_REFUSED] >= _REFUSALS:
                history[:] = None, None, 0, 0, True
            return why
        history[_EXACT] = history[_EXACT] + 1 if sum(reading.cells) == reading.voltage else 0
        history[_LAST] = pack(_PACKED % (values[0] + values[1]), *values)
        if digest is not None:
            history[_ALARMS] = digest
        history[_REFUSED] = 0
        history[_TRUSTING] = False
        return None


def _flat(reading):
    """All that is compared with the last reading, in one tuple."""
    counts = len(reading.cells), len(reading.temperatures), reading.capacity, reading.cycles
    return counts + (reading.remaining, reading.current) + tuple(reading.cells) + tuple(reading.temperatures)


def _unpacked(data):
    return unpack(_PACKED % ((len(data) - calcsize(_PACKED % 0)) // 2), data)


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
    if history[_LAST] and _unpacked(history[_LAST])[:2] != _flat(reading)[:2]:
        return "count of cells or temperatures changed"
    off = abs(sum(reading.cells) - reading.voltage)
    if off and (history[_EXACT] >= _EXACT_RUN or off * 100 > reading.voltage):
        return "the cells do not sum to the pack voltage"
    return None


def _unconfirmed(values, digest, history, earlier):
    """What is taken when it is said twice."""
    if history[_TRUSTING]:  # the history was just forgotten: begin with what comes
        return None
    why = _distance(_unpacked(history[_LAST]), values) if history[_LAST] else "first reading"
    if why and (earlier is None or _distance(earlier[0], values)):
        return why
    if digest is None or digest == history[_ALARMS] or earlier and digest == earlier[1]:
        return None
    return "alarms changed"


def _distance(last, values):
    """What jumped between two readings of a pack (§6), as a text; None when they can follow each other."""
    if last[:4] != values[:4]:
        return "capacity or cycles changed"
    if abs(last[4] - values[4]) * _JUMP_REMAINING > values[2]:
        return "remaining jumped"
    if abs(last[5] - values[5]) > _JUMP_CURRENT_MA:
        return "current jumped"
    for index in range(6, len(values)):
        is_cell = index < 6 + values[0]
        if abs(last[index] - values[index]) > (_JUMP_CELL_MV if is_cell else _JUMP_TEMPERATURE):
            return "a cell voltage jumped" if is_cell else "a temperature jumped"
    return None


def _digest(alarms):
    """All that an alarm reply said, as one number."""
    states = bytes((alarms.charge_state, alarms.voltage_state, alarms.discharge_state))
    flags = bytes([is_set for _, is_set in alarms.flags])
    return crc32(alarms.cell_states + alarms.temperature_states + states + flags + bytes(alarms.faulty_cells))
