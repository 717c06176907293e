"""The rack as a whole: sums, means and extremes over the packs of one cycle (mqtt.md, "The rack")."""

from . import reading as r

_MISSING_MS = 60_000  # then the rack goes on without the pack
_BUCKET_MS, _BUCKETS = 30_000, 10  # the 5 minutes that times to full and empty come from
_TIME_MIN_MA = 1_000


class Rack:
    """Takes the readings of a cycle one by one, and sums them up at its end."""

    def __init__(self, clock):
        self._clock = clock
        self._buckets = []  # of current: [ticks of its begin, sum in mA, count]
        self._missing = {}  # pack -> ticks since when
        self.expected = 0  # packs in the group
        self._begin()

    def _begin(self):
        self._values = {}
        self._states = set()
        self._texts = []
        self._voltage = 0

    def add(self, reading):
        """Counts one pack in."""
        values = self._values
        self._voltage += reading.voltage
        for key, value in (
            ("Packs", 1),
            ("PackCurrent", reading.current),
            ("Power", r.power(reading.voltage, reading.current)),
            ("RemainingCapacity", reading.remaining),
            ("FullCapacity", reading.capacity),
        ):
            values[key] = values.get(key, 0) + value
        low, low_at, high, high_at = r.extremes(reading.cells)
        if low < values.get("CellMin", low + 1):
            values["CellMin"], values["CellMinAt"] = low, "Pack %d cell %d" % (reading.pack, low_at)
        if high > values.get("CellMax", high - 1):
            values["CellMax"], values["CellMaxAt"] = high, "Pack %d cell %d" % (reading.pack, high_at)
        for temperature in reading.temperatures:
            values["TempMin"] = min(temperature, values.get("TempMin", temperature))
            values["TempMax"] = max(temperature, values.get("TempMax", temperature))
        self._states.add(r.battery_state(reading))
        if reading.alarms is not None:
            self._alarms(reading.pack, reading.alarms)

    def _alarms(self, pack, alarms):
        values = self._values
        problem, warning, text = r.health(alarms)
        values["Problem"] = problem or values.get("Problem", False)
        values["Warning"] = warning or values.get("Warning", False)
        if text != r.OK:
            self._texts.append("Pack %d: %s" % (pack, text))

    def cycle(self, missed):
        """The end of a cycle -> totals as {key of mqtt.md: raw integer, text or bool}, or None: one of the packs
        `missed` has not been missing for 60 s.
        """
        clock = self._clock
        now = clock.ticks_ms()
        values, states, texts, voltage = self._values, self._states, self._texts, self._voltage
        self._begin()
        self._missing = {pack: self._missing.get(pack, now) for pack in missed}
        for since in self._missing.values():
            if clock.ticks_diff(now, since) < _MISSING_MS:
                return None
        if not values:
            return None
        if missed:
            values["Problem"] = True
            values["Warning"] = values.get("Warning", False)
            texts = ["Pack %d missing" % pack for pack in missed] + texts
        if "Problem" in values:
            values["ProblemText"] = r.shortened("; ".join(texts)) or r.OK
        values["PacksExpected"] = self.expected
        values["PackVoltage"] = r.rounded(voltage, values["Packs"])
        values["CellDelta"] = values["CellMax"] - values["CellMin"]
        values["BatteryState"] = _common_state(states, values["PackCurrent"])
        self._soc_and_times(values, self._mean(values["PackCurrent"], now))
        return values

    def _mean(self, current, now):
        """Mean current over the last 5 minutes, in mA; from buckets of half a minute."""
        buckets, diff = self._buckets, self._clock.ticks_diff
        if not buckets or diff(now, buckets[-1][0]) >= _BUCKET_MS:
            buckets.append([now, 0, 0])
        buckets[-1][1] += current
        buckets[-1][2] += 1
        while diff(now, buckets[0][0]) >= _BUCKET_MS * _BUCKETS:
            buckets.pop(0)
        total = count = 0
        for _, some, n in buckets:
            total += some
            count += n
        return r.rounded(total, count)

    def _soc_and_times(self, values, mean):
        """State of charge, and minutes to full or empty, from the mean current in mA."""
        remaining, capacity = values["RemainingCapacity"], values["FullCapacity"]
        values["SOC"] = r.soc(remaining, capacity)
        if mean >= _TIME_MIN_MA:
            values["TimeToFull"] = r.rounded(max(0, capacity - remaining) * 60, mean)
        elif mean <= -_TIME_MIN_MA:
            values["TimeToEmpty"] = r.rounded(remaining * 60, -mean)


def _common_state(states, current):
    """The state that all packs share, the direction that only some have, else what the current's sign says."""
    directions = [state for state in ("charging", "discharging") if state in states]
    if len(states) == 1:
        return list(states)[0]
    return directions[0] if len(directions) == 1 else r.state_of_current(current)
