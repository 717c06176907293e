"""Watts over time into watt-hours, in integers: mWh, and a remainder that is carried."""

from struct import calcsize, pack_into, unpack_from

from micropython import const

_GAP_MAX_MS = const(300_000)
_GAP_CYCLES = const(3)
_MWH = const(72_000)  # 1 mWh in half (0.1 W x ms): the trapezoid's sum of two powers is not halved
_LAST = ">BiQII"  # of a meter: is there a last reading, its power, its ticks; remainders of charged and discharged
_LAST_SIZE = calcsize(_LAST)


def longest_gap(cycle_ms):
    """Over how long a gap between two readings energy is summed (ms): 5 minutes or three cycles, whichever is
    less, but never less than what a slow cycle itself needs.
    """
    return max(min(_GAP_MAX_MS, _GAP_CYCLES * cycle_ms), cycle_ms * 3 // 2)


class Meters:
    """The meters of the rack (index 0) and its packs (their numbers), kept in RTC memory; none ever falls."""

    def __init__(self, retained, clock, cycle_ms):
        """`retained` is retained.Retained: METERS of meter() and set_meter(), and save(). `cycle_ms` is how long a
        cycle takes.
        """
        self._retained = retained
        self._clock = clock
        self._cycle_ms = cycle_ms
        self._last = bytearray(retained.METERS * _LAST_SIZE)

    def set_cycle(self, ms):
        """How long a cycle takes now."""
        self._cycle_ms = ms

    def add(self, index, power):
        """Counts the power of this moment in 0.1 W, charge positive -> (charged, discharged) in mWh, already stored.

        Trapezoid, split where the power changes its sign.
        """
        at = index * _LAST_SIZE
        known, before, then, charged_rest, discharged_rest = unpack_from(_LAST, self._last, at)
        now = self._clock.ticks_ms()
        elapsed_ms = self._clock.ticks_diff(now, then)
        charged, discharged = self._retained.meter(index)
        if known and 0 < elapsed_ms <= longest_gap(self._cycle_ms):
            plus, minus = _areas(before, power, elapsed_ms)
            plus += charged_rest
            minus += discharged_rest
            charged, charged_rest = charged + plus // _MWH, plus % _MWH
            discharged, discharged_rest = discharged + minus // _MWH, minus % _MWH
        pack_into(_LAST, self._last, at, 1, power, now, charged_rest, discharged_rest)
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
