"""The rack as a whole: sums and extremes over the packs of one cycle (mqtt.md, "The rack")."""

from micropython import const

from . import problems
from .modules import Temporary
from .reading import TROUBLES_MAX, rounded, soc, state_of_current

_MISSING_MS = const(60_000)  # then the rack goes on without the pack
_BUCKET_MS, _BUCKETS = const(30_000), const(10)  # the 5 minutes that times to full and empty come from
_TIME_MIN_MA = const(1_000)
# another cell is the lowest or highest: by so much more at once, else after so long
_CLEAR_MV, _LASTS_MS = const(3), const(60_000)


class _Extreme:
    """The lowest cell of the rack (`sign` 1), or the highest (-1). Which one that is does not change to and fro."""

    def __init__(self, sign):
        self._sign = sign
        self._shown = self._other = None  # cells, as 32 x pack + number: the one told, one that may take its place
        self._since = 0  # ticks, of _other
        self._text = ""
        self.begin()

    def begin(self):
        """A new cycle."""
        self.mv = self._cell = self._shown_mv = None

    def add(self, pack, mv, number, cells):
        """The lowest or highest of a pack's `cells` (mV) is `number`."""
        if self.mv is None or self._sign * (mv - self.mv) < 0:
            self.mv = mv
            self._cell = 32 * pack + number
        if self._shown and self._shown >> 5 == pack and self._shown & 31 <= len(cells):
            self._shown_mv = cells[(self._shown & 31) - 1]

    def where(self, clock):
        """The end of a cycle -> "Pack 1 cell 4"."""
        now = clock.ticks_ms()
        if self.mv == self._shown_mv:
            self._other = None
            return self._text
        if self._other != self._cell:
            self._other, self._since = self._cell, now
        lasts = not 0 <= clock.ticks_diff(now, self._since) < _LASTS_MS  # negative: more than six days
        if lasts or self._shown_mv is None or self._sign * (self._shown_mv - self.mv) > _CLEAR_MV:
            self._shown = self._cell
            self._text = "Pack %d cell %d" % (self._shown >> 5, self._shown & 31)
        return self._text


class Rack:
    """Takes the readings of a cycle one by one, and sums them up at its end."""

    def __init__(self, clock):
        self._clock = clock
        self._buckets = []  # of current: [ticks of its begin, sum in mA, count]
        self._missing = {}  # pack -> ticks since when; None: for more than a minute
        self._group = ()  # as the battery counts it now,
        self._packs = ()  # and with those that it counted before
        self._known = self._text = None  # troubles and missing packs, in words
        self._low, self._high = _Extreme(1), _Extreme(-1)
        self._begin()

    def _begin(self):
        self._low.begin()
        self._high.begin()
        self._values = {}
        self._states = set()
        self._troubles = []  # (rank, pack, text): the worst
        self._more = 0  # others
        self._voltage = 0
        self._charge = 0  # of the cells, as the packs' own SOC tells it: 0.1 % x mAh
        self._full = 0  # mAh that the packs hold when they are full: less than is printed on worn ones

    def expect(self, packs):
        """The group is these now. A pack that left counts as missing until the next restart."""
        self._group = packs
        self._packs = sorted(set(self._packs) | set(packs))

    def add(self, reading, summary):
        """Counts one pack in: its Reading and the reading.Summary of it."""
        values = self._values
        pack = reading.pack
        self._voltage += reading.voltage
        if reading.soc:
            self._charge += summary.soc * reading.capacity
            self._full += rounded(1000 * reading.remaining, summary.soc)
        else:
            self._charge += 1000 * reading.remaining
            self._full += reading.capacity
        for key, value in (("Packs", 1), ("PackCurrent", reading.current), ("Power", summary.power),
                           ("RemainingCapacity", reading.remaining), ("StoredEnergy", summary.energy),
                           ("FullCapacity", reading.capacity)):  # fmt: skip
            values[key] = values.get(key, 0) + value
        self._low.add(pack, summary.low, summary.low_at, reading.cells)
        self._high.add(pack, summary.high, summary.high_at, reading.cells)
        if summary.temperature_low is not None:
            values["TempMin"] = min(summary.temperature_low, values.get("TempMin", summary.temperature_low))
            values["TempMax"] = max(summary.temperature_high, values.get("TempMax", summary.temperature_high))
        self._states.add(summary.state)
        if summary.problem is not None:
            values["Problem"] = summary.problem or values.get("Problem", False)
            values["Warning"] = summary.warning or values.get("Warning", False)
            troubles, more = summary.troubles
            found = self._troubles + [(rank, pack, text) for rank, text in troubles]
            self._troubles = sorted(found)[:TROUBLES_MAX]
            self._more += more + len(found) - len(self._troubles)

    def cycle(self, missed):
        """End of a cycle -> {key of mqtt.md: raw value}; None: cut short, or a pack lacks for less than 60 s."""
        values = self._values
        if missed is None:  # how long a pack is missing counts only while the others are there
            self._missing, values = {}, None
        else:
            missed = sorted(set(missed) | (set(self._packs) - set(self._group)))
            if self._note_missing(missed):
                values = None
        if values:
            self._sum_up(values, missed)
        self._begin()
        return values or None

    def _sum_up(self, values, missed):
        if missed:
            values["Problem"] = True
            values["Warning"] = values.get("Warning", False)
        if "Problem" in values:
            values["ProblemText"] = self._in_words(missed)
        low, high = self._low, self._high
        values["CellMin"], values["CellMinAt"] = low.mv, low.where(self._clock)
        values["CellMax"], values["CellMaxAt"] = high.mv, high.where(self._clock)
        values["CellDelta"] = high.mv - low.mv
        values["PacksExpected"] = len(self._packs)
        values["PackVoltage"] = rounded(self._voltage, values["Packs"])
        values["BatteryState"] = _common_state(self._states, values["PackCurrent"])
        self._soc_and_times(values)

    def _in_words(self, missed):
        if not missed and not self._troubles:
            return problems.OK
        known = self._troubles, self._more, missed
        if known != self._known:
            with Temporary():
                from .problem_text import of_the_rack
            self._known, self._text = known, of_the_rack(self._troubles, self._more, missed)
        return self._text

    def _note_missing(self, missed):
        """-> True while one of them has not been missing for 60 s."""
        now = self._clock.ticks_ms()
        before, self._missing = self._missing, {}
        waits = False
        for pack in missed:
            since = before.get(pack, now)
            if since is not None and self._clock.ticks_diff(now, since) >= _MISSING_MS:
                since = None  # for good: ticks tell no more than six days
            self._missing[pack] = since
            waits = waits or since is not None
        return waits

    def _soc_and_times(self, values):
        remaining, capacity = values["RemainingCapacity"], values["FullCapacity"]
        mean = self._mean(values["PackCurrent"])
        values["SOC"] = soc(rounded(self._charge, 1000), capacity) if capacity else None
        if mean >= _TIME_MIN_MA:
            values["TimeToFull"] = rounded(max(0, self._full - remaining) * 60, mean)
        elif mean <= -_TIME_MIN_MA:
            values["TimeToEmpty"] = rounded(remaining * 60, -mean)

    def _mean(self, current):
        """Mean current over the last 5 minutes, in mA, with `current` added."""
        buckets, diff, now = self._buckets, self._clock.ticks_diff, self._clock.ticks_ms()
        # a negative difference means more than six days ago
        while buckets and not 0 <= diff(now, buckets[0][0]) < _BUCKET_MS * _BUCKETS:
            buckets.pop(0)
        if not buckets or diff(now, buckets[-1][0]) >= _BUCKET_MS:
            buckets.append([now, 0, 0])
        buckets[-1][1] += current
        buckets[-1][2] += 1
        total = count = 0
        for _, some, n in buckets:
            total += some
            count += n
        return rounded(total, count)


def _common_state(states, current):
    """The state that all packs share, the direction that only some have, else what the current's sign says."""
    directions = [state for state in ("charging", "discharging") if state in states]
    if len(states) == 1:
        return list(states)[0]
    return directions[0] if len(directions) == 1 else state_of_current(current)
