"""Packs that are missing, line by line of mqtt.md ("The rack"). Runs on CPython and on MicroPython."""

from fakes import PERIOD, made_alarms, made_reading
from rack_cases import CYCLE_MS, cells, rack_of, totals


def run(rack, clock, cycles):
    """Cycles of CYCLE_MS; each is the packs that are read; -> how many packs each published, None for no Rack."""
    published = []
    for packs in cycles:
        clock.advance(CYCLE_MS)
        for pack in packs:
            rack.add(made_reading(pack=pack))
        values = rack.cycle([pack for pack in rack.group if pack not in packs])
        published.append(values and values["Packs"])
    return published


def check_cycle_that_misses_a_pack_publishes_no_rack():
    rack, clock = rack_of(2)
    assert run(rack, clock, [(1, 2), (1,), (1, 2), (2,), (), (1, 2)]) == [2, None, 2, None, None, 2]


def check_after_60_seconds_it_goes_on_without():
    for ticks in (0, PERIOD - 30_000):
        rack, clock = rack_of(2, ticks)
        assert run(rack, clock, [(1, 2)] + [(1,)] * 8) == [2] + [None] * 6 + [1, 1], ticks


def check_what_is_said_of_a_missing_pack():
    rack, clock = rack_of(3)
    run(rack, clock, [(1, 3)] * 6)
    clock.advance(CYCLE_MS)
    for pack in (1, 3):
        rack.add(made_reading(pack=pack, current=5000, remaining=25000))
    values = rack.cycle([2])
    assert (values["Packs"], values["PacksExpected"], values["PackCurrent"], values["SOC"]) == (2, 3, 10000, 500)
    assert (values["Problem"], values["Warning"], values["ProblemText"]) == (True, False, "Pack 2 missing")


def check_missing_pack_comes_before_other_problems():
    rack, clock = rack_of(2)
    run(rack, clock, [(1,)] * 6)
    clock.advance(CYCLE_MS)
    rack.add(made_reading(alarms=made_alarms(on=("UT",))))
    values = rack.cycle([2])
    assert values["ProblemText"] == "Pack 2 missing; Pack 1: Under-temperature"
    assert (values["Problem"], values["Warning"]) == (True, True)


def check_pack_that_comes_back_begins_its_60_seconds_anew():
    rack, clock = rack_of(2)
    assert run(rack, clock, [(1,)] * 5 + [(1, 2)] + [(1,)] * 7) == [None] * 5 + [2] + [None] * 6 + [1]
    assert run(rack, clock, [(1, 2), (1,)]) == [2, None]


def check_each_pack_has_its_own_60_seconds():
    rack, clock = rack_of(3)
    assert run(rack, clock, [(1, 3)] * 7 + [(1,)] * 7) == [None] * 6 + [2] + [None] * 6 + [1]


def check_nothing_of_a_rack_without_packs():
    rack, clock = rack_of(2)
    assert run(rack, clock, [()] * 10) == [None] * 10
    assert totals() is None


def check_a_cycle_keeps_nothing_of_the_one_before():
    rack, clock = rack_of(1)
    for current in (-9000, 5000):
        clock.advance(CYCLE_MS)
        rack.add(made_reading(current=current, cells=cells(3300 + current // 1000), alarms=made_alarms(on=("UT",))))
        values = rack.cycle([])
    assert (values["Packs"], values["PackCurrent"], values["CellMin"], values["CellMax"]) == (1, 5000, 3300, 3305)
    clock.advance(CYCLE_MS)
    rack.add(made_reading())
    assert "ProblemText" not in rack.cycle([])


def check_pack_that_left_the_group_is_missing():
    rack, clock = rack_of(2)
    run(rack, clock, [(1, 2)])
    rack.expect((1,))
    assert run(rack, clock, [(1,)] * 8) == [None] * 6 + [1, 1]
    rack.add(made_reading())
    values = rack.cycle([])
    assert (values["PacksExpected"], values["Problem"], values["ProblemText"]) == (2, True, "Pack 2 missing")
    rack.expect((1, 2))
    assert run(rack, clock, [(1, 2)] * 2) == [2, 2]


def check_missing_for_days_stays_missing():
    """Ticks cannot tell six days from minus six."""
    rack, clock = rack_of(2)
    run(rack, clock, [(1,)] * 8)
    for _ in range(30):
        clock.advance(24 * 3600 * 1000 // 2)
        assert run(rack, clock, [(1,)]) == [1]


def check_minute_counts_only_while_cycles_run():
    rack, clock = rack_of(2)
    assert run(rack, clock, [(1, 2), (1,)]) == [2, None]
    assert rack.cycle(None) is None  # the battery is away, or polling is paused
    clock.advance(3_600_000)
    assert run(rack, clock, [(1,), (1, 2)]) == [None, 2]
