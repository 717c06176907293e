"""Is a reading what the battery can have said? CHKSUM is a plain sum, so damaged replies pass it (§6)."""

_MAX_CELL_MV = 5000
_MIN_TEMPERATURE, _MAX_TEMPERATURE = -400, 1250  # 0.1 °C
_EXACT_RUN = 3  # readings whose cells summed to the pack voltage exactly, before this is asked of every one
_REFUSALS = 3  # in a row, then the pack's history is forgotten: it may be another pack
# how far a value may be from the last accepted one (§6, jump)
_JUMP_CELL_MV = 100
_JUMP_TEMPERATURE = 30  # 0.1 °C
_JUMP_REMAINING = 50  # 1/50 of the capacity: 2 %
_JUMP_CURRENT_MA = 5000


class Confirmed:
    """Takes a value only when it was said twice in a row: for what changes seldom and has no range to check."""

    def __init__(self):
        self.value = None
        self._candidate = None

    def see(self, value):
        """True when `value` is the accepted one, or was also the last one seen and so is accepted now."""
        if value != self.value and value == self._candidate:
            self.value = value
        self._candidate = value
        return value == self.value


class Judge:
    """Judges the readings of one pack, one after the other."""

    def __init__(self):
        self._last = self._candidate = None
        self._alarms = Confirmed()
        self._exact = self._refused = 0
        self._trusting = False
        self.waiting = False  # the last reading may be right: a second one decides

    def refusal(self, reading):
        """None: `reading` is accepted. Else a text why it is not; then the pack is asked again.

        The first reading after a start is, like one that jumped, accepted when a second one agrees with it.
        """
        why = out_of_range(reading) or self._unlike(reading)
        self.waiting = not why
        why = why or self._unconfirmed(reading)
        if why:
            self._refused += 1
            if self._refused >= _REFUSALS:
                self._last, self._exact, self._refused, self._trusting = None, 0, 0, True
            return why
        self._exact = self._exact + 1 if sum(reading.cells) == reading.voltage else 0
        self._last, self._candidate, self._refused, self._trusting = reading, None, 0, False
        return None

    def _unlike(self, reading):
        """What no second reading makes true."""
        if self._last and _counts(self._last) != _counts(reading):
            return "count of cells or temperatures changed"
        total = sum(reading.cells)
        off = abs(total - reading.voltage)
        if off and (self._exact >= _EXACT_RUN or off * 100 > reading.voltage):
            return "cells sum to %d mV, the pack has %d mV" % (total, reading.voltage)
        return None

    def _unconfirmed(self, reading):
        """What is taken when it is said twice."""
        if self._trusting:  # the history was just forgotten: begin with what comes
            self._alarms.value = reading.alarms
            return None
        earlier, self._candidate = self._candidate, reading
        same_alarms = reading.alarms is None or self._alarms.see(reading.alarms)
        jump = distance(self._last, reading) if self._last else "first reading"
        if jump and (earlier is None or distance(earlier, reading)):
            return jump
        return None if same_alarms else "alarms changed"


def out_of_range(reading):
    """What in a reading cannot be (§6, ranges), as a text; None when all can."""
    if not reading.cells or not 0 <= min(reading.cells) <= max(reading.cells) <= _MAX_CELL_MV:
        return "a cell voltage out of range"
    for temperature in reading.temperatures:
        if not _MIN_TEMPERATURE <= temperature <= _MAX_TEMPERATURE:
            return "temperature %d out of range" % temperature
    if reading.remaining * 10 > reading.capacity * 11:
        return "remaining %d of %d mAh" % (reading.remaining, reading.capacity)
    return None


def _counts(reading):
    return len(reading.cells), len(reading.temperatures)


def distance(last, reading):
    """What jumped between two readings of a pack (§6), as a text; None when they can follow each other."""
    if _counts(last) != _counts(reading):
        return "count of cells or temperatures changed"
    if (last.capacity, last.cycles) != (reading.capacity, reading.cycles):
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


def _furthest(these, those):
    return max([abs(this - that) for this, that in zip(these, those)] or (0,))
