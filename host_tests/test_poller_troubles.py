"""The poller and a battery that falls silent, refuses, lacks or lies; in simulated time."""

from __future__ import annotations

import itertools

import pytest
from battery_line import ALARM, ANALOG, COUNT, LIMITS, MANUFACTURER, PARAMETERS, PROBE, SERIAL, House

NO_SUCH_PACK = "RTN 06H invalid data, or no such pack"
UNREACHABLE = "RTN 91H communication error: the master could not reach the pack"


@pytest.mark.parametrize(
    ("how", "words"), [("rtn", NO_SUCH_PACK), ("empty", NO_SUCH_PACK), ("unreachable", UNREACHABLE)]
)
def test_others_go_on_when_a_pack_is_absent(how, words):
    it = House(packs=3).settled()
    it.battery.group.pack(2).missing = how
    begun, lost = it.clock.passed_ms, it.link.return_codes
    it.run(60)
    assert it.packs_read(begun) == [1, 3] * 6
    assert [missed for ms, missed, _ in it.sink.cycles if ms > begun] == [[2]] * 6
    assert it.link.return_codes - lost == 6 and not it.poller.searching
    assert it.log.texts("info")[-6:] == [f"pack 2: {words}"] * 6
    it.battery.group.pack(2).missing = None
    begun = it.clock.passed_ms
    it.run(20)
    assert it.packs_read(begun) == [1, 2, 3] * 2


def test_after_three_failed_requests_it_looks_for_the_battery():
    it = House(packs=3).settled()
    it.battery.plugged = False
    begun = it.clock.passed_ms
    it.run(30, lambda: it.poller.searching)
    asked = [(cid2, pack) for ms, cid2, pack in it.questions(begun)]
    assert asked == [(ANALOG, 1)] * 3 + [(ANALOG, 2)] * 3 + [(ANALOG, 3)] * 3 + [(COUNT, None)] * 3
    assert it.clock.passed_ms - begun < 25_000
    assert [missed for ms, missed, _ in it.sink.cycles if ms > begun] == [None]
    assert it.log.texts("warning") == ["battery does not answer any more, looking for it"]
    unanswered = [f"pack {pack}: 42H at 4800 baud: no reply" for pack in (1, 2, 3)]
    assert [text for text in it.log.texts("info") if text.startswith("pack ")] == unanswered


def test_a_battery_of_one_pack_is_missed_as_soon():
    it = House(packs=1, rate_s=300).settled()
    it.run(300)
    it.battery.plugged = False
    it.run(330, lambda: it.link.failures)
    begun = it.clock.passed_ms
    it.run(30, lambda: it.poller.searching)
    assert it.poller.searching and it.clock.passed_ms - begun < 10_000


def test_the_pauses_of_the_search_grow_to_a_minute_and_it_is_explained_once():
    it = House(baud=1200)
    it.battery.plugged = False
    it.run(1500)
    probes = [ms for ms, cid2, _ in it.questions() if cid2 == PROBE]
    rounds = [probes[n : n + 5] for n in range(0, len(probes) - 4, 5)]
    pauses = [round((after[0] - before[-1] - 1018) / 1000) for before, after in itertools.pairwise(rounds)]
    assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60] and set(pauses[8:]) == {60}
    (warning,) = it.log.texts("warning")
    for word in ("1200 to 19200 baud", "cable", "TX and RX", "MAX3232", "auto tries both"):
        assert word in warning
    assert it.poller.searching and it.sink.told == []
    it.battery.plugged = True
    it.run(90)
    assert not it.poller.searching and it.sink.readings
    assert it.poller.pause_ms == 0


def test_while_it_searches_nothing_else_is_asked():
    it = House(packs=4).settled()
    it.battery.plugged = False
    it.run(40, lambda: it.poller.searching)
    it.poller.tell_again()  # the broker came back
    begun = it.clock.passed_ms
    it.run(120)
    assert {cid2 for _, cid2, _ in it.questions(begun)} == {PROBE}
    it.battery.plugged = True
    told = len(it.sink.told)
    it.run(120)
    assert len(it.sink.told[told:]) == 2 * 4 + 2  # everything anew


def test_after_each_power_cycle_it_is_found_at_1200_and_brought_back():
    it = House().settled()
    for _ in range(5):
        it.battery.power_cycle(3)
        begun = it.clock.passed_ms + 1
        it.run(60, lambda begun=begun: it.packs_read(begun))
        assert it.packs_read(begun) and it.clock.passed_ms - begun < 30_000
        assert it.battery.baud == 4800
    assert not [text for text in it.log.texts("warning") if "stays" in text]


def test_a_refused_address_starts_the_search_at_once():
    it = House().settled()
    it.battery.commands.address = 2
    begun = it.clock.passed_ms
    it.run(25)
    assert it.link.address == 2 and it.packs_read(begun)[:2] == [1, 2]


def test_a_battery_that_does_not_answer_slow_questions_is_still_read():
    it = House(packs=4, rate_s=60).settled()
    hit = it.battery.faults.hit
    it.battery.fault("silent", rate=1)
    it.battery.faults.hit = lambda name: it.uart.asked()[-1] in (LIMITS, SERIAL) and hit(name)
    it.poller.tell_again()
    begun = it.clock.passed_ms
    it.run(900)
    assert not it.log.texts("warning") and it.packs_read(begun).count(1) >= 12


@pytest.mark.parametrize("cid2", [ALARM, PARAMETERS, PROBE, MANUFACTURER, COUNT, LIMITS, SERIAL])
def test_a_battery_that_lacks_a_command_is_read_without_it(cid2):
    it = House(packs=2)
    it.battery.fault(f"lacks:{cid2:02X}")
    it.settled()
    begun = it.clock.passed_ms
    it.run(30)
    assert it.packs_read(begun) == [1, 2] * 3
    assert all((reading.alarms is None) == (cid2 == ALARM) for _, reading in it.sink.readings)
    lacking = {LIMITS: ("limits", 1), PARAMETERS: ("parameters", None)}.get(cid2)
    assert (lacking in it.kinds()) is False
    assert {("identity", 1), ("packs", None)} <= set(it.kinds())
    assert it.questions(begun) and cid2 not in [asked for _, asked, _ in it.questions(begun)]


def test_an_implausible_reading_is_dropped_and_counted_and_others_go_on():
    it = House().settled()
    it.battery.group.pack(2).override(voltage=60000)
    begun = it.clock.passed_ms
    it.run(20)
    assert it.packs_read(begun) == [1, 1] and it.poller.implausible == 2
    assert [missed for ms, missed, _ in it.sink.cycles if ms > begun] == [[2], [2]]
    analog = [pack for _, cid2, pack in it.questions(begun) if cid2 == ANALOG]
    assert analog[:3] == [1, 2, 2]
    it.battery.group.pack(2).override(voltage=None)
    begun = it.clock.passed_ms
    it.run(20)
    assert it.packs_read(begun) == [1, 2, 1, 2]
    assert any("pack 2: reading dropped" in text for text in it.log.texts("info"))


def test_a_jump_that_stays_is_taken():
    it = House().settled()
    begun = it.clock.passed_ms
    it.battery.group.pack(1).override(current=30000)
    it.run(20)
    assert it.packs_read(begun) == [1, 2, 1, 2] and it.poller.implausible == 0
