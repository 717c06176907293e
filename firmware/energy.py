"""Watts over time into watt-hours, in integers: mWh, and a remainder that is carried."""

from struct import calcsize, pack_into, unpack_from

from micropython import const

from .retained import METERS

_GAP_MAX_MS, _GAP_CYCLES = const(300_000), const(3)  # energy is not counted over a longer gap
_MWH = const(72_000)  # 1 mWh in half (0.1 W x ms): the trapezoid's sum of two powers is not halved
_LAST = b">BiQII"  # of a meter: is there a last reading, its power, its ticks; remainders of charged and discharged
_LAST_SIZE = calcsize(_LAST)


class Meters:
    """The meters of the rack (index 0) and its packs (their numbers), in Retained; none ever falls. A cycle takes
    `cycle_ms`.
    """

    def __init__(self, retained, clock, cycle_ms):
        self._retained, self._clock, self.cycle_ms = retained, clock, cycle_ms
        self._last = bytearray(METERS * _LAST_SIZE)

    def add(self, index, power):
        """Counts the power of this moment in 0.1 W, charge positive -> (charged, discharged) in mWh, already stored.
        Trapezoid; a gap of more than 5 minutes or three cycles is left out, but never what a slow cycle itself needs.
        """
        at = index * _LAST_SIZE
        known, before, then, charged_rest, discharged_rest = unpack_from(_LAST, self._last, at)
        now = self._clock.ticks_ms()
        elapsed_ms = self._clock.ticks_diff(now, then)
        charged, discharged = self._retained.meter(index)
        gap_max_ms = max(min(_GAP_MAX_MS, _GAP_CYCLES * self.cycle_ms), self.cycle_ms * 3 // 2)
        if known and 0 < elapsed_ms <= gap_max_ms:
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
