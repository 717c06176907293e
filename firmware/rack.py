"""The rack as a whole: sums, means and extremes over the packs of one cycle (mqtt.md, "The rack")."""

from . import reading as r

_MISSING_MS = 60_000  # then the rack goes on without the pack
_BUCKET_MS, _BUCKETS = 30_000, 10  # the 5 minutes that times to full and empty come from
_TIME_MIN_MA = 1_000
_DIRECTIONS = ("charging", "discharging")


class MeanCurrent:
    """Mean over the last 5 minutes, from buckets of half a minute."""

    def __init__(self, ticks_diff):
        self._ticks_diff = ticks_diff
        self._buckets = []  # [ticks of its begin, sum, count]

    def add(self, current, now):
        """Takes the current in mA at the ticks `now` -> mean in mA."""
        buckets = self._buckets
        if not buckets or self._ticks_diff(now, buckets[-1][0]) >= _BUCKET_MS:
            buckets.append([now, 0, 0])
        buckets[-1][1] += current
        buckets[-1][2] += 1
        while self._ticks_diff(now, buckets[0][0]) >= _BUCKET_MS * _BUCKETS:
            buckets.pop(0)
        return r.rounded(sum([bucket[1] for bucket in buckets]), sum([bucket[2] for bucket in buckets]))


class Rack:
    """Collects the readings of a cycle and sums them up."""

    def __init__(self, clock):
        self._clock = clock
        self._expected = []
        self._missing = {}  # pack -> ticks since when
        self._readings = []
        self._mean = MeanCurrent(clock.ticks_diff)

    def expect(self, packs):
        """Numbers of the packs in the group."""
        self._expected = packs
        self._missing = {pack: since for pack, since in self._missing.items() if pack in packs}

    def add(self, reading):
        self._readings.append(reading)

    def cycle(self, missed):
        """The end of a cycle -> totals as {key of mqtt.md: raw integer, text or bool}, or None: a pack is missing,
        and has not been for 60 s.
        """
        now = self._clock.ticks_ms()
        readings, self._readings = self._readings, []
        self._missing = {pack: self._missing.get(pack, now) for pack in missed}
        for since in self._missing.values():
            if self._clock.ticks_diff(now, since) < _MISSING_MS:
                return None
        if not readings:
            return None
        return self._totals(readings, now)

    def _totals(self, readings, now):
        current = sum([one.current for one in readings])
        remaining = sum([one.remaining for one in readings])
        capacity = sum([one.capacity for one in readings])
        cells = []  # (mV, pack, cell): min() and max() of it name the place
        for one in readings:
            cells += [(value, one.pack, number) for number, value in enumerate(one.cells, 1)]
        lowest = min(cells)
        highest = max([(value, -pack, -number) for value, pack, number in cells])
        temperatures = [value for one in readings for value in one.temperatures]
        values = {
            "Packs": len(readings),
            "PacksExpected": len(self._expected),
            "PackVoltage": r.rounded(sum([one.voltage for one in readings]), len(readings)),
            "PackCurrent": current,
            "Power": sum([r.power(one.voltage, one.current) for one in readings]),
            "SOC": r.soc(remaining, capacity),
            "RemainingCapacity": remaining,
            "FullCapacity": capacity,
            "CellMin": lowest[0],
            "CellMinAt": "Pack %d cell %d" % lowest[1:],
            "CellMax": highest[0],
            "CellMaxAt": "Pack %d cell %d" % (-highest[1], -highest[2]),
            "CellDelta": highest[0] - lowest[0],
            "TempMin": min(temperatures) if temperatures else None,
            "TempMax": max(temperatures) if temperatures else None,
            "BatteryState": _common_state([r.battery_state(one) for one in readings], current),
        }
        self._times(values, self._mean.add(current, now), remaining, capacity)
        values.update(self._health(readings))
        return values

    def _times(self, values, mean, remaining, capacity):
        """Minutes to full or empty, from the mean current in mA."""
        if mean >= _TIME_MIN_MA:
            values["TimeToFull"] = r.rounded(max(0, capacity - remaining) * 60, mean)
        elif mean <= -_TIME_MIN_MA:
            values["TimeToEmpty"] = r.rounded(remaining * 60, -mean)

    def _health(self, readings):
        """Problem, Warning and ProblemText; {} when no pack told its alarms and none is missing."""
        told = [one for one in readings if one.alarms is not None]
        if not told and not self._missing:
            return {}
        texts = ["Pack %d missing" % pack for pack in sorted(self._missing)]
        for one in told:
            text = r.problem_text(one.alarms)
            if text != r.OK:
                texts.append("Pack %d: %s" % (one.pack, text))
        return {
            "Problem": bool(self._missing) or any([r.is_problem(one.alarms) for one in told]),
            "Warning": any([r.is_warning(one.alarms) for one in told]),
            "ProblemText": r.shortened("; ".join(texts)) or r.OK,
        }


def _common_state(states, current):
    """The state that all packs share, the direction that only some have, else what the current's sign says."""
    if len(set(states)) == 1:
        return states[0]
    directions = [state for state in _DIRECTIONS if state in states]
    if len(directions) == 1:
        return directions[0]
    return r.state_of_current(current)
