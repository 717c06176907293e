"""The poller and a battery that declines, lacks, falls silent or lies, or whose packs are absent; in simulated time."""

from __future__ import annotations

import itertools

import pytest
from battery_line import ALARM, ANALOG, COUNT, LIMITS, MANUFACTURER, PARAMETERS, PROBE, SERIAL, House

from tools.simulator.commands import Reply

ALL = (ALARM, PARAMETERS, PROBE, MANUFACTURER, COUNT, LIMITS, SERIAL)
SILENT, LACKS = "silent", 0x04
NO_SUCH_PACK = "RTN 06H invalid data, or no such pack"
UNREACHABLE = "RTN 91H communication error: the master could not reach the pack"


def decline(it, code, *cid2, packs=range(17)):
    """The battery answers these commands, for some packs, with that return code, or not at all."""

    def concerns():
        _, asked, pack = it.questions()[-1]
        return asked in cid2 and (pack or 0) in packs

    real, hit = it.battery.commands.reply, it.battery.faults.hit
    if code == SILENT:
        it.battery.fault("silent", rate=1)
        it.battery.faults.hit = lambda name: concerns() and hit(name)
    else:
        it.battery.commands.reply = lambda request, said=0: Reply(code) if concerns() else real(request, said)
    return it


@pytest.mark.parametrize(
    ("cid2", "code"),
    [
        *itertools.product(ALL, [LACKS, 0x05, 0x06]),
        *itertools.product([cid2 for cid2 in ALL if cid2 != PROBE], [SILENT]),  # a probe finds it
    ],
)
def test_what_a_battery_declines_or_lacks_is_in_the_way_of_nothing_else(cid2, code):
    it = decline(House(packs=2), code, cid2)
    it.run(210)
    begun, kinds = it.clock.passed_ms, set(it.kinds())
    it.run(30)
    if code == LACKS:
        assert it.packs_read(begun) == [1, 2] * 3
        assert cid2 not in [asked for _, asked, _ in it.questions(begun)]
    assert all((reading.alarms is None) == (cid2 == ALARM) for _, reading in it.sink.readings)
    assert ("packs", 0) in kinds and (("parameters", 0) in kinds) == (cid2 != PARAMETERS)
    for pack in (1, 2):
        assert it.packs_read().count(pack) > 5
        assert ("identity", pack) in kinds and (("limits", pack) in kinds) == (cid2 != LIMITS)
    identity = [answer for kind, pack, answer in it.sink.told if (kind, pack) == ("identity", 1)][-1]
    lacks = {SERIAL: 0, PROBE: 1, MANUFACTURER: 2}.get(cid2)
    assert [n for n in range(3) if identity[n] is None] == ([] if lacks is None else [lacks])


def test_a_serial_number_that_was_read_is_not_forgotten_when_it_fails():
    it = House().settled()
    told = len(it.sink.told)
    decline(it, SILENT, SERIAL)
    for _ in range(5):
        it.poller.ask_everything()
        it.run(60)
    assert all(answer.serial for kind, _, answer in it.sink.told[told:] if kind == "identity")


def test_alarms_that_are_not_said_any_more_are_told_of():
    it = House(packs=2).settled()
    real = it.battery.commands.reply
    for seconds, told in ((50, 0), (90, 1), (600, 2)):
        decline(it, 0x06, ALARM, packs=(2,))
        it.run(seconds)
        it.battery.commands.reply = real
        it.run(30)
        assert it.log.texts("warning") == ["pack 2 does not say its alarms any more: are there problems?"] * told


def test_silent_slaves_are_no_silent_battery():
    it = House(packs=5, rate_s=60).settled()
    decline(it, SILENT, ANALOG, ALARM, packs=(2, 3, 4))
    begun = it.clock.passed_ms
    it.run(400)
    read = it.packs_read(begun)
    assert read.count(1) == read.count(5) >= 6 and set(read) == {1, 5}
    assert not it.log.texts("warning") and [2, 3, 4] in [missed for _, missed, _ in it.sink.cycles]


def test_a_battery_that_does_not_answer_seldom_questions_is_still_read():
    it = decline(House(packs=4, rate_s=60).settled(), SILENT, LIMITS, SERIAL)
    it.poller.ask_everything()
    begun = it.clock.passed_ms
    it.run(900)
    assert not it.log.texts("warning") and it.packs_read(begun).count(1) >= 12


@pytest.mark.parametrize(
    ("how", "words"), [("rtn", NO_SUCH_PACK), ("empty", "a reply without data"), ("unreachable", UNREACHABLE)]
)
def test_others_go_on_when_a_pack_is_absent(how, words):
    it = House(packs=3)
    it.battery.group.pack(2).missing = how
    it.run(90)
    assert {("limits", 1), ("limits", 3), ("parameters", 0)} <= set(it.kinds())  # and are asked everything
    it.run(20, lambda: not it.poller.in_cycle())
    begun, lost = it.clock.passed_ms, it.link.return_codes
    it.run(60)
    assert it.packs_read(begun) == [1, 3] * 6
    assert [missed for ms, missed, _ in it.sink.cycles if ms > begun] == [[2]] * 6
    assert it.link.return_codes - lost >= 6 and not it.poller.searching
    assert f"pack 2: {words}" in it.log.texts("info")
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


@pytest.mark.parametrize(("wanted", "fast", "reached"), [(115200, "accepts", 115200), (9600, None, 4800)])
def test_a_power_cycle_at_a_rate_that_is_not_documented(wanted, fast, reached):
    """It is brought there again; one that was refused is not tried again before the next start."""
    it = House(wanted=wanted, fast=fast).settled()
    assert it.link.baud == it.battery.baud == reached
    for _ in range(2):
        it.battery.power_cycle(3)
        begun = it.clock.passed_ms
        it.run(60, lambda: it.poller.searching)
        it.run(60, lambda begun=begun: it.packs_read(begun + 4000))
        assert it.link.baud == it.battery.baud == reached and not it.poller.searching
    assert len([text for text in it.log.texts("warning") if "does not take" in text]) == (fast is None)
    assert not it.battery.forbidden and it.poller.implausible == 0


def test_the_pauses_of_the_search_grow_to_a_minute_and_it_is_explained_once():
    it = House(baud=1200)
    for _ in range(2):
        it.battery.plugged = False
        it.run(60, lambda: it.poller.searching)
        begun = it.clock.passed_ms
        it.run(1500)
        probes = [ms for ms, cid2, _ in it.questions(begun) if cid2 == PROBE]
        rounds = [probes[n : n + 5] for n in range(0, len(probes) - 4, 5)]
        pauses = [round((after[0] - before[-1] - 1018) / 1000) for before, after in itertools.pairwise(rounds)]
        assert pauses[:8] == [1, 2, 4, 8, 16, 32, 60, 60] and set(pauses[8:]) == {60}
        warning = it.log.texts("warning")[-1]
        assert [text for text in it.log.texts("warning") if "1200 to 19200 baud" in text] == [warning]
        for word in ("cable", "TX and RX", "MAX3232", "auto tries all"):
            assert word in warning
        told = len(it.sink.told)
        it.battery.plugged = True
        it.run(90)
        assert not it.poller.searching and len(it.sink.told) > told
        it.log.lines.clear()


def test_while_it_searches_nothing_else_is_asked():
    it = House(packs=4).settled()
    it.battery.plugged = False
    it.run(40, lambda: it.poller.searching)
    it.poller.ask_everything()  # the broker came back
    begun = it.clock.passed_ms
    it.run(120)
    assert {cid2 for _, cid2, _ in it.questions(begun)} == {PROBE}
    it.battery.plugged = True
    told = len(it.sink.told)
    it.run(120)
    assert len(it.sink.told[told:]) == 2 * 4 + 2  # everything is told again


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


def test_alarms_that_come_and_go_are_asked_for_three_times():
    it = House().settled()
    pack, begun = it.battery.group.pack(1), it.clock.passed_ms
    one, other = (pack.alarm() | {"voltage": state} for state in (1, 2))
    said = iter([one, other])
    pack.alarm = lambda: next(said, one)
    it.run(10)
    assert it.packs_read(begun) == [1, 2] and it.poller.implausible == 0
    assert [(cid2, of) for _, cid2, of in it.questions(begun)][:6] == [(ANALOG, 1), (ALARM, 1)] * 3
