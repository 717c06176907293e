"""Watts over time into watt-hours, in integers: mWh, and a remainder that is carried."""

_GAP_MAX_MS = 300_000
_GAP_CYCLES = 3
_MWH = 72_000  # 1 mWh in half (0.1 W x ms): the trapezoid's sum of two powers is not halved


def longest_gap(publish_rate_ms):
    """Over how long a gap between two readings energy is summed (ms): 5 minutes or three cycles, whichever is
    less, but never less than what a slow cycle itself needs.
    """
    return max(min(_GAP_MAX_MS, _GAP_CYCLES * publish_rate_ms), publish_rate_ms * 3 // 2)


class Meter:
    """Energy charged and discharged, of one pack or of the rack; neither ever falls."""

    def __init__(self, charged=0, discharged=0):
        """Begins with what was counted before, in mWh."""
        self.charged = charged
        self.discharged = discharged
        self._charged_rest = self._discharged_rest = 0
        self._last = None  # (power, ticks)

    def add(self, power, now, ticks_diff, gap_ms):
        """Takes the power at the time `now`: 0.1 W, charge positive, and ticks in ms. Trapezoid, split where the
        power changes its sign; a gap longer than `gap_ms` counts as nothing.
        """
        last, self._last = self._last, (power, now)
        if last is None:
            return
        before, elapsed_ms = last[0], ticks_diff(now, last[1])
        if not 0 < elapsed_ms <= gap_ms:
            return
        if before * power >= 0:
            self._count((before + power) * elapsed_ms)
        else:
            crossing_ms = elapsed_ms * abs(before) // abs(before - power)
            self._count(before * crossing_ms)
            self._count(power * (elapsed_ms - crossing_ms))

    def _count(self, area):
        if area >= 0:
            area += self._charged_rest
            self.charged += area // _MWH
            self._charged_rest = area % _MWH
        else:
            area = self._discharged_rest - area
            self.discharged += area // _MWH
            self._discharged_rest = area % _MWH


class Meters:
    """The meters of the rack (index 0) and its packs (their numbers), kept in RTC memory."""

    def __init__(self, retained, clock, publish_rate_ms):
        """`retained` has `meters`, a list of (charged, discharged) in mWh, and save()."""
        self._retained = retained
        self._clock = clock
        self.publish_rate_ms = publish_rate_ms
        self._meters = [Meter(*counted) for counted in retained.meters]

    def add(self, index, power):
        """Counts the power of this moment in 0.1 W -> (charged, discharged) in mWh, already stored."""
        meter = self._meters[index]
        clock = self._clock
        meter.add(power, clock.ticks_ms(), clock.ticks_diff, longest_gap(self.publish_rate_ms))
        self._retained.meters[index] = meter.charged, meter.discharged
        self._retained.save()
        return self._retained.meters[index]
