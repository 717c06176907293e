"""Watts over time into mWh, and the RTC memory that keeps them. Runs on CPython and on MicroPython."""

from codec_cases import Dice
from fakes import PERIOD, Clock, Memory

from firmware.energy import Meters
from firmware.retained import Retained

METERS = Retained.METERS
RATE_MS = 10_000
W = 10  # power is in 0.1 W
MWH = 36_000  # 0.1 W x ms in a mWh


def meters(rate_ms=RATE_MS, ticks=0, memory=None):
    clock = Clock(ticks)
    return Meters(Retained(memory or Memory()), clock, rate_ms), clock


def counted(powers, step_ms=RATE_MS, rate_ms=RATE_MS, ticks=0):
    """(charged, discharged) in mWh after `powers`, one each `step_ms`."""
    them, clock = meters(rate_ms, ticks)
    result = None
    for power in powers:
        result = them.add(1, power)
        clock.advance(step_ms)
    return result


def check_trapezoid():
    for powers, result in (
        ([5000 * W], (0, 0)),
        ([3600 * W] * 2, (10_000, 0)), ([-3600 * W] * 2, (0, 10_000)), ([0, 7200 * W], (10_000, 0)),
        ([-7200 * W, 0], (0, 10_000)), ([0, 0], (0, 0)), ([0, 7200 * W, 0], (20_000, 0)),
        ([3600 * W] * 361, (3_600_000, 0)), ([1000 * W, 2000 * W], (4166, 0)), ([1, 1], (0, 0)),
        ([1, 1, 2, 2], (1, 0)), ([-3, -3, -2, -2, -3], (0, 2)),
    ):  # fmt: skip
        assert counted(powers) == result, powers[:4]


def check_change_of_sign_is_split():
    """At the time at which a straight line crosses zero."""
    for powers, step_ms, result in (
        ([3600 * W, -3600 * W], 20_000, (5000, 5000)), ([-3600 * W, 3600 * W], 20_000, (5000, 5000)),
        ([7200 * W, -3600 * W], 30_000, (20_000, 5000)), ([-3600 * W, 7200 * W], 30_000, (20_000, 5000)),
        ([3600 * W, 0, -3600 * W], 10_000, (5000, 5000)),
    ):  # fmt: skip
        assert counted(powers, step_ms) == result, powers


def check_many_small_steps_equal_a_big_one():
    """0.1 W for a day are 2.4 Wh, though no step is a whole mWh. The remainder is carried: a constant power, and one
    that rises evenly, in steps from 10 ms to 30 s.
    """
    assert (counted([1] * 8641), counted([-1] * 8641)) == ((2400, 0), (0, 2400))
    for first, last in ((7, 7), (-7, -7), (1234, 1234), (0, 3000), (-3000, 0), (6000, 3000)):
        big = counted([first, last], 30_000)
        for steps in (3, 10, 300, 3000):
            powers = [first + (last - first) * n // steps for n in range(steps + 1)]
            exact = sum([powers[n] + powers[n + 1] for n in range(steps)]) * (30_000 // steps) / 2 / MWH
            small = counted(powers, 30_000 // steps)
            assert abs(small[0] - small[1] - exact) < 1, (first, last, steps)
            if (last - first) % steps == 0:
                assert max(abs(small[0] - big[0]), abs(small[1] - big[1])) <= 1, (first, last, steps)


def check_against_exact_sum():
    """Whatever the powers: the difference of both counters is the exact area to within 2 mWh, and neither falls."""
    dice = Dice(5)
    them, clock = meters()
    before, area, then = (0, 0), 0, None
    for _ in range(2000):
        power = dice.below(200_000) - 100_000
        step_ms = 100 + dice.below(29_900)
        now = them.add(1, power)
        if then is not None:
            area += (then[0] + power) * then[1]
        assert now[0] >= before[0] and now[1] >= before[1]
        before, then = now, (power, step_ms)
        clock.advance(step_ms)
    # where the line crosses zero is rounded to a millisecond: at most 10 kW x 1 ms, 2000 times
    assert abs((before[0] - before[1]) - area / 2 / MWH) < 2 + 2000 * 100_000 / MWH


def check_gaps_count_nothing():
    """Longer than 5 minutes or three cycles."""
    for rate_s, gap_ms, counts in (
        (10, 30_000, True), (10, 30_001, False), (10, 300_001, False), (1, 3_000, True), (1, 3_001, False),
        (60, 180_000, True), (60, 180_001, False), (100, 300_000, True), (100, 300_001, False), (150, 300_001, False),
        (300, 300_000, True), (300, 303_000, True), (300, 600_000, False), (10, 86_400_000, False),
    ):  # fmt: skip
        got = counted([3600 * W] * 2, gap_ms, rate_s * 1000)
        assert got == ((gap_ms, 0) if counts else (0, 0)), (rate_s, gap_ms, got)


def check_after_a_gap_it_goes_on_and_the_rate_can_change():
    them, clock = meters()
    for pause_ms, charged in (
        (10_000, 0), (10_000, 10_000), (60_000, 20_000), (10_000, 20_000), (0, 30_000), (0, 30_000),
    ):  # fmt: skip
        assert them.add(1, 3600 * W) == (charged, 0)
        clock.advance(pause_ms)
    them.set_cycle(60_000)
    clock.advance(60_000)
    assert them.add(1, 3600 * W) == (90_000, 0)


def check_ticks_may_wrap():
    for before_ms in range(0, 40_001, 5_000):
        assert counted([3600 * W] * 4, ticks=PERIOD - before_ms) == (30_000, 0), before_ms
        assert counted([3600 * W, -3600 * W], 20_000, ticks=PERIOD - before_ms) == (5000, 5000), before_ms


def check_each_has_its_own():
    them, clock = meters()
    for _ in range(2):
        for index in range(METERS):
            got = them.add(index, (index + 1) * 360 * W)
        clock.advance(RATE_MS)
    assert got == (METERS * 1000, 0)
    assert [them.add(index, 0)[0] for index in range(METERS)] == [(index + 1) * 1500 for index in range(METERS)]


def check_goes_on_after_a_restart():
    """No counter falls; what is lost is less than one mWh and what passed while it was down."""
    memory, told, clock = Memory(), (0, 0), Clock()
    for _ in range(4):
        them = Meters(Retained(memory), clock, RATE_MS)
        for _ in range(3):
            now = them.add(0, 3599 * W)
            assert tuple(Retained(memory).meter(0)) == tuple(now), "stored before it is told"
            assert now[0] >= told[0] and now[1] >= told[1]
            told = now
            clock.advance(RATE_MS)
    assert told == (4 * 19_994, 0)


def check_years_of_energy_fit():
    memory = Memory()
    kept = Retained(memory)
    kept.set_meter(3, 10**13, 2**40)  # 10 GWh
    kept.save()
    them, clock = meters(memory=memory)
    them.add(3, -3600 * W)
    clock.advance(RATE_MS)
    assert them.add(3, -3600 * W) == (10**13, 2**40 + 10_000)
