"""The poller and packs that leave, come back, are exchanged, or decline to say something; in simulated time."""

from __future__ import annotations

import itertools

import pytest
from battery_line import ALARM, ANALOG, COUNT, LIMITS, MANUFACTURER, PARAMETERS, PROBE, SERIAL, House

from tools.simulator.commands import Reply

WEEK_S = 7 * 24 * 3600  # longer than ticks can tell
SILENT = "silent"


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
        *itertools.product([ALARM, PARAMETERS, PROBE, MANUFACTURER, COUNT, LIMITS, SERIAL], [0x05, 0x06]),
        *itertools.product([ALARM, PARAMETERS, MANUFACTURER, COUNT, LIMITS, SERIAL], [SILENT]),  # a probe finds it
    ],
)
def test_what_a_battery_declines_is_in_the_way_of_nothing_else(cid2, code):
    it = decline(House(packs=2), code, cid2)
    it.run(180)
    kinds = set(it.kinds())
    declined = {LIMITS: "limits", PARAMETERS: "parameters"}.get(cid2)
    for pack in (1, 2):
        assert it.packs_read().count(pack) > 5
        assert ("identity", pack) in kinds
        assert (("limits", pack) in kinds) == (declined != "limits")
    assert (("parameters", None) in kinds) == (declined != "parameters")
    identity = [answer for kind, pack, answer in it.sink.told if (kind, pack) == ("identity", 1)][-1]
    lacks = {SERIAL: 0, PROBE: 1, MANUFACTURER: 2}.get(cid2)
    assert [n for n in range(3) if identity[n] is None] == ([] if lacks is None else [lacks])


def test_a_serial_number_that_was_read_is_not_forgotten_when_it_fails():
    it = House().settled()
    told = len(it.sink.told)
    decline(it, SILENT, SERIAL)
    for _ in range(5):
        it.poller.tell_again()
        it.run(60)
    assert all(answer[0] for kind, _, answer in it.sink.told[told:] if kind == "identity")


def test_alarms_that_are_not_said_any_more_are_told_of():
    it = House(packs=2).settled()
    real = it.battery.commands.reply
    for seconds, told in ((50, 0), (90, 1), (600, 2)):
        decline(it, 0x06, ALARM, packs=(2,))
        it.run(seconds)
        it.battery.commands.reply = real
        it.run(30)
        assert it.log.texts("warning") == ["pack 2 does not say its alarms any more: are there problems?"] * told


def test_others_are_asked_everything_while_a_pack_is_missing():
    it = House(packs=3, rate_s=1)
    it.battery.group.pack(3).missing = "unreachable"
    it.run(90)
    assert {("limits", 1), ("limits", 2), ("parameters", None)} <= set(it.kinds())


def test_a_pack_that_left_the_group_is_looked_for():
    it = House(packs=2).settled()
    counted = it.battery.group.pack(2)
    it.battery.group.packs.remove(counted)
    it.run(60, lambda: it.poller.packs == (1,))
    begun = it.clock.passed_ms
    it.run(60)
    assert it.packs_read(begun).count(1) >= 5 and 2 not in it.packs_read(begun)
    it.battery.group.packs.append(counted)
    begun = it.clock.passed_ms
    it.run(60, lambda: 2 in it.packs_read(begun))
    assert it.clock.passed_ms - begun <= 45_000


def test_a_pack_that_comes_back_is_asked_who_it_is():
    it = House(packs=2).settled()
    it.battery.group.pack(2).missing = "rtn"
    it.run(60)
    it.battery.group.pack(2).missing = None
    it.battery.group.pack(2).override(serial="EXCHANGED0000001")
    begun = it.clock.passed_ms
    it.run(60)
    kind, pack, answer = it.sink.told[-1]
    assert (kind, pack, answer[0]) == ("identity", 2, "EXCHANGED0000001")
    assert [pack for _, cid2, pack in it.questions(begun) if cid2 == SERIAL] == [2, 2]


def test_silent_slaves_are_no_silent_battery():
    it = House(packs=5, rate_s=60).settled()
    decline(it, SILENT, ANALOG, ALARM, packs=(2, 3, 4))
    begun = it.clock.passed_ms
    it.run(400)
    read = it.packs_read(begun)
    assert read.count(1) == read.count(5) >= 6 and set(read) == {1, 5}
    assert not it.log.texts("warning") and [2, 3, 4] in [missed for _, missed, _ in it.sink.cycles]


def test_after_a_pause_of_a_week_everything_is_asked_as_ever():
    it = House(packs=2).settled()
    it.poller.paused = True
    it.poller.stop_cycle()
    it.clock.advance(1000 * WEEK_S)
    it.poller.paused = False
    it.poller.due = it.clock.ticks_ms()
    begun = it.clock.passed_ms
    it.run(700)
    asked = [cid2 for _, cid2, _ in it.questions(begun)]
    assert asked.count(COUNT) >= 3 and asked.count(LIMITS) >= 2 * 2
