"""Watts over time into watt-hours, in integers: mWh, and a remainder that is carried."""

_GAP_MAX_MS = 300_000
_GAP_CYCLES = 3
_MWH = 72_000  # 1 mWh in half (0.1 W x ms): the trapezoid's sum of two powers is not halved


def longest_gap(publish_rate_ms):
    """Over how long a gap between two readings energy is summed (ms): 5 minutes or three cycles, whichever is
    less, but never less than what a slow cycle itself needs.
    """
    return max(min(_GAP_MAX_MS, _GAP_CYCLES * publish_rate_ms), publish_rate_ms * 3 // 2)


class Meters:
    """The meters of the rack (index 0) and its packs (their numbers), kept in RTC memory; none ever falls."""

    def __init__(self, retained, clock, publish_rate_ms):
        """`retained` is retained.Retained: meter(), set_meter() and save()."""
        self._retained = retained
        self._clock = clock
        self.publish_rate_ms = publish_rate_ms
        self._last = {}  # index -> power, ticks, remainders of charged and discharged

    def add(self, index, power):
        """Counts the power of this moment in 0.1 W, charge positive -> (charged, discharged) in mWh, already stored.

        Trapezoid, split where the power changes its sign.
        """
        now = self._clock.ticks_ms()
        before, then, charged_rest, discharged_rest = self._last.get(index, (power, now, 0, 0))
        elapsed_ms = self._clock.ticks_diff(now, then)
        charged, discharged = self._retained.meter(index)
        if 0 < elapsed_ms <= longest_gap(self.publish_rate_ms):
            plus, minus = _areas(before, power, elapsed_ms)
            charged, charged_rest = charged + (charged_rest + plus) // _MWH, (charged_rest + plus) % _MWH
            discharged, discharged_rest = discharged + (discharged_rest + minus) // _MWH, (discharged_rest + minus) % _MWH
        self._last[index] = power, now, charged_rest, discharged_rest
        self._retained.set_meter(index, charged, discharged)
        self._retained.save()
        return charged, discharged


def _areas(before, after, elapsed_ms):
    """What lies above and below zero between two powers, in half (0.1 W x ms), neither negative."""
    if before * after >= 0:
        area = (before + after) * elapsed_ms
        return (area, 0) if area >= 0 else (0, -area)
    crossing_ms = elapsed_ms * abs(before) // abs(before - after)
    first, second = abs(before) * crossing_ms, abs(after) * (elapsed_ms - crossing_ms)
    return (first, second) if before > 0 else (second, first)
