"""The rack as a whole: sums and extremes over the packs of one cycle (mqtt.md, "The rack")."""

from . import problems
from .reading import rounded, soc, state_of_current

_MISSING_MS = 60_000  # then the rack goes on without the pack
_BUCKET_MS, _BUCKETS = 30_000, 10  # the 5 minutes that times to full and empty come from
_TIME_MIN_MA = 1_000


class Rack:
    """Takes the readings of a cycle one by one, and sums them up at its end."""

    def __init__(self, clock):
        self._clock = clock
        self._buckets = []  # of current: [ticks of its begin, sum in mA, count]
        self._missing = {}  # pack -> ticks since when; None: for more than a minute
        self._group = ()  # as the battery counts it now,
        self._packs = ()  # and with those that it counted before
        self._begin()

    def _begin(self):
        self._values = {}
        self._states = set()
        self._texts = []
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
        if reading.extra and summary.soc:
            self._charge += summary.soc * reading.capacity
            self._full += rounded(1000 * reading.remaining, summary.soc)
        else:
            self._charge += 1000 * reading.remaining
            self._full += reading.capacity
        for key, value in (
            ("Packs", 1),
            ("PackCurrent", reading.current),
            ("Power", summary.power),
            ("RemainingCapacity", reading.remaining),
            ("FullCapacity", reading.capacity),
        ):
            values[key] = values.get(key, 0) + value
        if summary.low < values.get("CellMin", summary.low + 1):
            values["CellMin"], values["CellMinAt"] = summary.low, "Pack %d cell %d" % (pack, summary.low_at)
        if summary.high > values.get("CellMax", summary.high - 1):
            values["CellMax"], values["CellMaxAt"] = summary.high, "Pack %d cell %d" % (pack, summary.high_at)
        if summary.temperature_low is not None:
            values["TempMin"] = min(summary.temperature_low, values.get("TempMin", summary.temperature_low))
            values["TempMax"] = max(summary.temperature_high, values.get("TempMax", summary.temperature_high))
        self._states.add(summary.state)
        if summary.problem is not None:
            values["Problem"] = summary.problem or values.get("Problem", False)
            values["Warning"] = summary.warning or values.get("Warning", False)
            if summary.text != problems.OK:
                self._texts.append("Pack %d: %s" % (pack, summary.text))

    def cycle(self, missed):
        """The end of a cycle -> totals as {key of mqtt.md: raw integer, text or bool}, or None: one of the packs
        `missed`, or of those that left the group, has not been missing for 60 s; or the cycle was cut short (`missed`
        is None).
        """
        values, states, texts, voltage = self._values, self._states, self._texts, self._voltage
        charge, full = self._charge, self._full
        self._begin()
        if missed is None:  # how long a pack is missing counts only while the others are there
            self._missing = {}
            return None
        missed = sorted(set(missed) | (set(self._packs) - set(self._group)))
        waits = self._note_missing(missed)
        if waits or not values:
            return None
        if missed:
            values["Problem"] = True
            values["Warning"] = values.get("Warning", False)
            texts = ["Pack %d missing" % pack for pack in missed] + texts
        if "Problem" in values:
            values["ProblemText"] = problems.shortened("; ".join(texts)) or problems.OK
        values["PacksExpected"] = len(self._packs)
        values["PackVoltage"] = rounded(voltage, values["Packs"])
        values["CellDelta"] = values["CellMax"] - values["CellMin"]
        values["BatteryState"] = _common_state(states, values["PackCurrent"])
        self._soc_and_times(values, charge, full)
        return values

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

    def _soc_and_times(self, values, charge, full):
        """State of charge, and minutes to full or empty from the mean current."""
        remaining, capacity = values["RemainingCapacity"], values["FullCapacity"]
        mean = self._mean(values["PackCurrent"])
        values["SOC"] = soc(rounded(charge, 1000), capacity) if capacity else None
        if mean >= _TIME_MIN_MA:
            values["TimeToFull"] = rounded(max(0, full - remaining) * 60, mean)
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
