"""The poller in simulated time, at a simulated battery on a paced line: who is asked when, what the sink is told."""

from __future__ import annotations

import itertools

import pytest
from battery_line import ALARM, ANALOG, COUNT, LIMITS, SERIAL, TICK_MS, House
from fakes import PERIOD

WEEK_S = 7 * 24 * 3600  # longer than ticks can tell


def test_first_all_is_asked_and_then_pack_after_pack():
    it = House(packs=2, baud=1200).settled()
    assert it.kinds()[:3] == [("packs", 0), ("identity", 1), ("identity", 2)]
    assert set(it.kinds()[3:]) == {("limits", 1), ("limits", 2), ("parameters", 0)} and len(it.kinds()) == 6
    begun = it.clock.passed_ms
    it.run(30)
    assert [one[1:] for one in it.questions(begun)] == [(ANALOG, 1), (ALARM, 1), (ANALOG, 2), (ALARM, 2)] * 3
    assert it.packs_read(begun) == [1, 2] * 3
    assert not it.battery.forbidden and not it.log.texts("warning")
    it.uart.readinto = lambda view: it.clock.advance(70_000)  # a step that does not come to its end
    it.poller.start_cycle()
    while it.clock.passed_ms < 10_000_000 and it.poller.alive():
        it.poller.step()
    assert not it.poller.alive()


@pytest.mark.parametrize(("rate_s", "ticks"), [(2, 0), (5, PERIOD - 60_000)])
def test_a_cycle_begins_publish_rate_after_the_last_began(rate_s, ticks):
    it = House(rate_s=rate_s, ticks=ticks).settled()
    begun = it.clock.passed_ms
    it.run(20 * rate_s)
    starts = it.starts(begun)
    steps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert len(steps) == 19 and all(1000 * rate_s <= step <= 1000 * rate_s + TICK_MS for step in steps)
    it.poller.set_publish_rate(300_000)
    it.run(10)
    begun = it.clock.passed_ms
    it.poller.start_cycle()
    it.run(10)
    assert it.packs_read(begun) == [1, 2]
    begun = it.clock.passed_ms
    it.poller.set_publish_rate(5_000)
    it.run(50)
    assert len(it.starts(begun)) == 10 and it.starts(begun)[0] - begun <= TICK_MS


@pytest.mark.parametrize(("packs", "rate_s", "baud"), [(2, 1, 4800), (2, 10, 1200), (16, 1, 4800)])
def test_seldom_questions_are_spread_and_stretch_no_cycle_by_more_than_one(packs, rate_s, baud):
    """A cycle that is late is followed by the next at once."""
    it = House(packs=packs, rate_s=rate_s, baud=baud, wanted=baud, wide=True)
    it.run(60 + 3 * packs * 4800 // baud)
    it.poller.ask_everything()
    begun, told = it.clock.passed_ms, len(it.sink.told)
    it.run(300 if baud == 4800 else 3000)
    starts = it.starts(begun)
    usual_ms = max(1000 * rate_s, it.wire_ms())
    for start, after in itertools.pairwise(starts):
        assert after - start <= usual_ms + it.slow_ms() + 2 * TICK_MS
    assert len(starts) > 5 and len(it.sink.told) > told + 2
    if usual_ms > 1000 * rate_s:
        for end in [ms for ms, _, _ in it.sink.cycles if begun < ms < starts[-1]]:
            assert 0 <= min(start - end for start in starts if start >= end) <= it.slow_ms()
    assert all(cycle_ms >= 1000 * rate_s for _, _, cycle_ms in it.sink.cycles)


def test_packs_are_added_and_removed_and_come_back():
    it = House().settled()
    third = it.battery.group.add()
    begun, told = it.clock.passed_ms, len(it.sink.told)
    it.run(240)
    assert ("packs", 0, (1, 2, 3)) in it.sink.told[told:]
    assert {("identity", 3), ("limits", 3)} <= set(it.kinds(told)) and it.packs_read(begun).count(3) > 2
    assert not [missed for _, missed, _ in it.sink.cycles if missed]
    third = it.battery.group.packs.pop()
    told = len(it.sink.told)
    it.run(25)  # noticed at once
    assert ("packs", 0, (1, 2)) in it.sink.told[told:]
    begun = it.clock.passed_ms
    it.run(700)
    assert not [pack for _, _, pack in it.questions(begun) if pack == 3] and it.packs_read(begun) == [1, 2] * 70
    third.override(temperatures=[220] * 4)  # it is another one, with a history of its own
    it.battery.group.packs.append(third)
    begun = it.clock.passed_ms
    it.run(60, lambda: 3 in it.packs_read(begun))  # it is looked for
    assert it.clock.passed_ms - begun <= 45_000 and it.poller.implausible == 0


def test_a_pack_that_answers_again_is_asked_who_it_is():
    it = House(packs=2).settled()
    pack = it.battery.group.pack(2)
    pack.missing = "rtn"
    it.run(60)
    pack.missing = None
    pack.override(serial="EXCHANGED0000001")
    begun = it.clock.passed_ms
    it.run(60)
    kind, pack, answer = it.sink.told[-1]
    assert (kind, pack, answer.serial) == ("identity", 2, "EXCHANGED0000001")
    assert [pack for _, cid2, pack in it.questions(begun) if cid2 == SERIAL] == [2, 2]


@pytest.mark.parametrize("pause_s", [100, WEEK_S])
def test_paused(pause_s):
    it = House().settled()
    it.poller.pause(True)
    begun = it.clock.passed_ms
    it.run(100)
    assert it.questions(begun) == [] and it.poller.alive() and it.sink.cycles[-1][1] is None
    it.clock.advance(1000 * (pause_s - 100))
    it.poller.pause(False)
    begun = it.clock.passed_ms
    it.run(700)
    asked = [cid2 for _, cid2, _ in it.questions(begun)]
    assert it.packs_read(begun)[:2] == [1, 2] and asked.count(COUNT) >= 3 and asked.count(LIMITS) >= 2 * 2
