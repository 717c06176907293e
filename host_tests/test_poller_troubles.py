"""The poller and a battery that declines, lacks, falls silent or lies, or whose packs are absent; in simulated time."""

import itertools

import pytest
from battery_line import ALARM, ANALOG, COUNT, LIMITS, MANUFACTURER, PARAMETERS, PROBE, SERIAL, House

from tools.simulator.commands import Reply

ALL = (ALARM, PARAMETERS, PROBE, MANUFACTURER, COUNT, LIMITS, SERIAL)
SILENT, LACKS, REFUSES = "silent", 0x04, 0x06
ABSENT = {
    "rtn": "RTN 06H invalid data, or no such pack", "empty": "a reply without data",
    "unreachable": "RTN 91H communication error: the master could not reach the pack",
}  # fmt: skip


def decline(it, code, *cid2, packs=range(17)):

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


@pytest.mark.parametrize(("cid2", "code"), [
    *itertools.product(ALL, [LACKS]), (ALARM, REFUSES), (COUNT, 0x05),
    *itertools.product([ALARM, MANUFACTURER, COUNT, LIMITS], [SILENT]),
])  # fmt: skip
def test_what_a_battery_declines_or_lacks_is_in_the_way_of_nothing_else(cid2, code):
    it = decline(House(packs=2), code, cid2)
    it.run(210)
    begun, kinds = it.clock.passed_ms, set(it.kinds())
    it.run(30)
    if code == LACKS:
        assert it.packs_read(begun) == [1, 2] * 3 and cid2 not in [asked for _, asked, _ in it.questions(begun)]
    assert all((reading.alarms is None) == (cid2 == ALARM) for _, reading in it.sink.readings)
    assert ("packs", 0) in kinds and (("parameters", 0) in kinds) == (cid2 != PARAMETERS)
    for pack in (1, 2):
        assert it.packs_read().count(pack) > 5
        assert ("identity", pack) in kinds and (("limits", pack) in kinds) == (cid2 != LIMITS)
    identity = [answer for kind, pack, answer in it.sink.told if (kind, pack) == ("identity", 1)][-1]
    lacks = {SERIAL: 0, PROBE: 1, MANUFACTURER: 2}.get(cid2)
    assert [n for n in range(3) if identity[n] is None] == ([] if lacks is None else [lacks])


def test_alarms_that_are_not_said_any_more_are_told_of():
    it = House(packs=2).settled()
    real = it.battery.commands.reply
    for seconds, told in ((50, 0), (90, 1), (600, 2)):
        decline(it, REFUSES, ALARM, packs=(2,)).run(seconds)
        it.battery.commands.reply = real
        it.run(30)
        assert it.log.texts("warning") == ["pack 2 does not say its alarms any more: are there problems?"] * told


@pytest.mark.parametrize(("packs", "cid2", "silent"), [(5, (ANALOG, ALARM), (2, 3, 4)), (4, (LIMITS, SERIAL), ())])
def test_silent_slaves_and_silence_to_seldom_questions_are_no_silent_battery(packs, cid2, silent):
    it = decline(House(packs=packs, rate_s=60).settled(), SILENT, *cid2, packs=silent or range(17))
    it.poller.ask_everything()
    begun = it.clock.passed_ms
    it.run(900)
    read = it.packs_read(begun)
    assert set(read) == set(range(1, packs + 1)) - set(silent) and read.count(1) >= 12
    assert not it.log.texts("warning") and (not silent or list(silent) in [one[1] for one in it.sink.cycles])


@pytest.mark.parametrize("how", ABSENT)
def test_others_go_on_when_a_pack_is_absent(how):
    it = House(packs=3)
    pack = it.battery.group.pack(2)
    pack.missing = how
    it.run(90)
    assert {("limits", 1), ("limits", 3), ("parameters", 0)} <= set(it.kinds())  # and are asked everything
    it.run(20, lambda: not it.poller.in_cycle)
    begun = it.clock.passed_ms
    it.run(60)
    assert it.packs_read(begun) == [1, 3] * 6 and it.link.return_codes >= 6
    assert [missed for ms, missed, _ in it.sink.cycles if ms > begun] == [[2]] * 6
    assert not it.poller.searching and f"pack 2: {ABSENT[how]}" in it.log.texts("info")
    pack.missing, begun = None, it.clock.passed_ms
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
    assert "pack 3: 42H at 4800 baud: no reply" in it.log.texts("info")
    it.poller.ask_everything()  # the broker came back
    begun = it.clock.passed_ms
    it.run(400)
    times = [ms for ms, cid2, _ in it.questions(begun) if cid2 == PROBE]
    assert len(times) == len(it.questions(begun))  # while it searches nothing else is asked
    pauses = [round((after - before - 1018) / 1000) for before, after in zip(times[4::5], times[5::5], strict=False)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert "MAX3232" in it.log.texts("warning")[-1]  # it is told once what to check
    it.battery.plugged, told = True, len(it.sink.told)
    it.run(120)
    assert len(it.sink.told[told:]) == 2 * 3 + 2  # everything is told again
    it = House(packs=1, rate_s=300).settled()
    it.run(300)
    it.battery.plugged = False
    it.run(330, lambda: it.link.failures)
    begun = it.clock.passed_ms
    it.run(30, lambda: it.poller.searching)
    assert it.poller.searching and it.clock.passed_ms - begun < 10_000  # one of one pack is missed as soon


@pytest.mark.parametrize(("wanted", "fast", "reached"), [(115200, "accepts", 115200), (9600, None, 4800)])
def test_after_a_power_cycle_it_is_brought_to_its_rate_again_but_not_to_one_that_was_refused(wanted, fast, reached):
    it = House(wanted=wanted, fast=fast).settled()
    it.battery.power_cycle(3)
    begun = it.clock.passed_ms
    it.run(60, lambda: it.packs_read(begun + 4000))
    assert it.clock.passed_ms - begun < 30_000 and it.link.baud == it.battery.baud == reached
    assert len([text for text in it.log.texts("warning") if "does not take" in text]) == (wanted != reached)
    it.battery.commands.address = 2  # refused: the search starts at once
    begun = it.clock.passed_ms
    it.run(35)
    assert it.link.address == 2 and set(it.packs_read(begun)) == {1, 2} and not it.battery.forbidden


def test_an_implausible_reading_is_asked_for_again_then_dropped_and_counted():
    it = House().settled()
    for pack, values, read, dropped in (
        (2, {"voltage": 60000}, [1, 1], 2), (2, {"voltage": None}, [1, 2, 1, 2], 2),
        (1, {"current": 30000}, [1, 2, 1, 2], 2),  # a jump that stays is taken
    ):  # fmt: skip
        it.battery.group.pack(pack).override(**values)
        begun = it.clock.passed_ms
        it.run(20)
        assert it.packs_read(begun) == read and it.poller.implausible == dropped
        assert [missed for ms, missed, _ in it.sink.cycles if ms > begun] == [[2] if len(read) == 2 else []] * 2
    assert any("pack 2: reading dropped" in text for text in it.log.texts("info"))
    it = House().settled()  # alarms that come and go are asked for three times
    pack, begun = it.battery.group.pack(1), it.clock.passed_ms
    one, other = (pack.alarm() | {"voltage": state} for state in (1, 2))
    said = iter([one, other])
    pack.alarm = lambda: next(said, one)
    it.run(10)
    assert it.packs_read(begun) == [1, 2] and it.poller.implausible == 0
    assert [(cid2, of) for _, cid2, of in it.questions(begun)][:6] == [(ANALOG, 1), (ALARM, 1)] * 3
