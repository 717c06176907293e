"""Watts over time into mWh, and the RTC memory that keeps them. Runs on CPython and on MicroPython."""

from codec_cases import Dice
from fakes import PERIOD, Clock, Memory

from firmware.energy import Meters
from firmware.retained import Retained

RATE_MS = 10_000
W, MWH = 10, 36_000  # power is in 0.1 W; 0.1 W x ms in a mWh
# powers, ms between two, (charged, discharged)
SUMS = (
    ([-3600 * W] * 2, 10_000, (0, 10_000)), ([1000 * W, 2000 * W], 10_000, (4166, 0)), ([7200 * W] * 2, 1, (2, 0)),
    ([1] * 8641, 10_000, (2400, 0)), ([-1] * 8641, 10_000, (0, 2400)),  # 2.4 Wh, though no step is a whole mWh
    ([1, 1], 10_000, (0, 0)), ([1, 1, 2, 2], 10_000, (1, 0)), ([-3, -3, -2, -2, -3], 10_000, (0, 2)),
    ([-3] + [0] * 6, 23_999, (0, 0)), ([3, 0] + [-1] * 6, 23_999, (0, 3)),  # almost a mWh the other way
    # a change of the sign: split at the time at which a straight line crosses zero
    ([7200 * W, -3600 * W], 30_000, (20_000, 5000)), ([-3600 * W, 7200 * W], 30_000, (20_000, 5000)),
    ([3600 * W, 0, -3600 * W], 10_000, (5000, 5000)), ([1, -2] * 8, 24_000, (1, 6)),
)  # fmt: skip
# Seconds of a cycle, ms of a pause, does it count? Not when longer than 5 minutes or three cycles
GAPS = (
    (10, 30_000, True), (10, 30_001, False), (100, 300_000, True), (100, 300_001, False), (150, 300_001, False),
    (300, 450_000, True), (300, 450_001, False), (10, 86_400_000, False),
)  # fmt: skip


def counted(powers, step_ms, rate_ms=RATE_MS, ticks=0):
    clock = Clock(ticks)
    meters = Meters(Retained(Memory()), clock, rate_ms)
    for power in powers:
        result = meters.add(1, power)
        clock.advance(step_ms)
    return result


def check_sums_and_gaps():
    for powers, step_ms, result in SUMS:
        for ticks in (0, PERIOD - step_ms // 2):
            assert counted(powers, step_ms, ticks=ticks) == result, (powers[:4], step_ms)
    for rate_s, gap_ms, counts in GAPS:
        got = counted([3600 * W] * 2, gap_ms, rate_s * 1000)
        assert got == (gap_ms * counts, 0), (rate_s, gap_ms, got)


def check_against_exact_sum():
    dice, clock = Dice(5), Clock()
    meters = Meters(Retained(Memory()), clock, RATE_MS)
    before, area, then = (0, 0), 0, (0, 0)
    for _ in range(2000):
        power, step_ms = dice.below(200_000) - 100_000, 100 + dice.below(29_900)
        now = meters.add(1, power)
        area += (then[0] + power) * then[1]
        assert now[0] >= before[0] and now[1] >= before[1]
        before, then = now, (power, step_ms)
        clock.advance(step_ms)
    # where the line crosses zero is rounded to a millisecond: at most 10 kW x 1 ms, 2000 times
    assert abs((before[0] - before[1]) - area / 2 / MWH) < 2 + 2000 * 100_000 / MWH


def check_after_a_gap_it_goes_on_and_the_rate_can_change():
    clock = Clock()
    meters = Meters(Retained(Memory()), clock, RATE_MS)
    for pause_ms, charged in ((10_000, 0), (60_000, 10_000), (10_000, 10_000), (0, 20_000), (60_000, 20_000)):
        assert meters.add(1, 3600 * W) == (charged, 0)
        clock.advance(pause_ms)
    meters.cycle_ms = 60_000
    assert meters.add(1, 3600 * W) == (80_000, 0)


def check_each_has_its_own_and_goes_on_after_a_restart():
    """No counter falls; what is lost is less than one mWh and what passed while it was down; years of energy fit."""
    memory, clock = Memory(), Clock()
    kept = Retained(memory)
    kept.set_meter(16, 10**13, 2**40)  # 10 GWh
    kept.save()
    for start in range(3):
        meters = Meters(Retained(memory), clock, RATE_MS)
        for step in range(3):
            for index in range(16):
                now = tuple(meters.add(index, index * 3599))
                assert tuple(Retained(memory).meter(index)) == now, "stored before it is told"
                of_one_start, more = [index * 3599 * steps * RATE_MS // MWH for steps in (2, step)]
                assert now == (start * of_one_start + more, 0), (start, step, index)
            meters.add(16, -3600 * W)
            clock.advance(RATE_MS)
    assert tuple(Retained(memory).meter(16)) == (10**13, 2**40 + 3 * 20_000)
