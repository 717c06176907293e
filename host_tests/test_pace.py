"""The PACE dialect, in simulated time: what a battery says becomes a Reading; its layouts, to the byte."""

import pytest
from battery_line import BatteryUart
from codec_cases import is_encoded
from fakes import Clock

from firmware.battery import NoReply, Refusal, link_search, pace, pace_details
from firmware.battery.pace import Pace, PaceLink
from firmware.battery.pace_details import DataError
from firmware.mqtt.payloads import Payloads
from firmware.reading import summarize
from tools.simulator import framed
from tools.simulator.commands import Reply
from tools.simulator.pace import BITS
from tools.truth import Truth

ANALOG, ALARM = 0x42, 0x44


def asking(**options):
    """-> (the dialect, the battery)."""
    clock = Clock()
    uart = BatteryUart(clock, 9600, **{"dialect": "pace", "cells": 16, "temperatures": 6, **options})
    link = PaceLink(uart, clock, 9600)
    link_search.reaches_pace(link)
    return Pace(link), uart.battery


def published(reading):
    return bytes(Payloads().pack(reading, summarize(reading), 0, 0))


@pytest.mark.parametrize("options", [
    {}, {"cells": 15, "temperatures": 3, "soh": False, "version": 0x20}, {"cells": 8, "temperatures": 4},
    {"extra_alarm_byte": False, "reply_address": 0}, {"reply_address": None},
], ids=str)  # fmt: skip
def test_what_the_battery_says_is_read_and_published(options):
    judge = Truth()
    it, battery = asking(packs=3, on_truth=judge.note, **options)
    assert it.packs() == (1, 2, 3)
    for pack in (1, 3):
        battery.group.pack(pack).override(cell_states={2: 2, 3: 1}, temperature_states={1: 1, 2: 2})
        battery.commands.balancing[pack] = [1, options.get("cells", 16)]
        reading = it.read(pack)
        assert judge.check(pack, published(reading), battery.clock()) is None
        assert len(reading.cells) == options.get("cells", 16) and reading.design > reading.capacity
        protocol = "2.0" if "version" in options else "2.5"
        serial = battery.group.pack(pack).serial
        assert it.identity(pack) == ((serial, protocol, "P16S100A-SIM-1.04", None, None, "pace", 9600, None), None)
        assert it.limits(pack) is None and it.parameters() is None
    for key, *_ in BITS:
        battery.commands.flags[2] = {key}
        assert judge.check(2, published(it.read(2)), battery.clock()) is None, key
    battery.commands.flags[2] = {"SCP", "NTC_Fault", "MOS_OT"}
    assert b'"ProblemText":"Short-circuit protection; Temperature sensor fault' in published(it.read(2))
    for current, *states in ((5000, "charging", "full"), (0, "idle", "full"), (-5000, "discharging", "discharging")):
        battery.group.pack(2).override(current=current)
        for flags, state in zip(((), ("Fully_Charged",)), states, strict=True):
            battery.commands.flags[2] = set(flags)
            assert it.read(2).state == state, (flags, current)
    assert not it.exact and not battery.forbidden and it.link.frame_errors == 0


def test_what_does_not_come_or_does_not_fit():
    it, battery = asking(packs=2)
    battery.fault("lacks:44")
    assert it.read(1).alarms is None and it.read(1).balancing is None
    battery.clear()
    usual = battery.group.pack(1).alarm
    for change in ({"cells": [0] * 14}, {"temperatures": [0] * 5}):
        battery.group.pack(1).alarm = lambda change=change: usual() | change
        assert it.read(1).alarms is None
    battery.fault("lacks:90")
    assert it.packs() == (1, 2) and it.link.failures == 0
    timeouts = it.link.timeouts
    with pytest.raises(NoReply):
        it.read(3)
    assert it.link.timeouts == timeouts + 3
    for lacks, missing in (("C2", 0), ("C1", 2)):
        battery.clear()
        battery.fault("lacks:" + lacks)
        identity, error = it.identity(1)
        assert [n for n in range(3) if identity[n] is None] == [missing] and isinstance(error, Refusal)
    real = battery.commands.reply
    battery.commands.reply = lambda request, code: real(request._replace(address=1, info=b"\x01"), code)
    with pytest.raises(NoReply, match="reply of pack 1"):
        it.read(2)
    battery.commands.reply = real
    battery.fault("rtn:06", rate=1)
    assert link_search.reaches_pace(it.link, 1)  # a refusal is an answer
    with pytest.raises(Refusal):
        it.read(1)
    battery.clear()
    battery.commands.reply = lambda request, code: Reply(framed.VER_ERROR)
    assert not link_search.reaches_pace(it.link, 1) and it.link.version == 0x25


def test_only_its_read_commands_can_be_sent():
    sent = {cid2 for cid2 in range(-256, 512) if is_encoded(cid2, commands=pace.COMMANDS)}
    assert sent == {0x42, 0x44, 0x90, 0xC1, 0xC2}
    for cid2 in (ANALOG, ALARM):  # a timeout is made from the longest reply
        assert pace.COMMANDS[cid2] == len(info_of(cid2, temperatures=8))


def info_of(cid2, **options):
    found = []
    asking(packs=1, **options)[0].link.request(cid2, lambda info: found.append(bytes(info)) or info[1:], 1)
    return found[0]


@pytest.mark.parametrize("cells", [8, 16])
@pytest.mark.parametrize(("cid2", "options", "more"), [
    (ANALOG, {"soh": False}, 1), (ANALOG, {}, 0), (ALARM, {"extra_alarm_byte": False}, 1), (ALARM, {}, 0),
])  # fmt: skip
def test_each_layout_too_short_and_too_long(cid2, options, more, cells):
    """A byte `more` is the SOH, or one of unknown meaning."""
    parse = {ANALOG: pace.analog_values, ALARM: pace.alarms}[cid2]
    info = info_of(cid2, cells=cells, **options)
    assert parse(info)[0] == 1
    for other in (*(info[:size] for size in range(len(info) - 1 + more)), info + b"\x63" * (1 + more)):
        with pytest.raises(DataError):
            parse(other)
    two = info[:1] + b"\2" + 2 * info[2:]
    assert len(parse(two)[1]) == 2
    for said in (0, 1, 3):
        with pytest.raises(DataError):
            parse(two[:1] + bytes([said]) + two[2:])
    if (cid2, more) == (ANALOG, 0):
        assert parse(info[:-1] + b"\x64")[1][0].soh == 100
        for wrong, why in ((info[:-1] + b"\x65", "65H behind the design capacity is no SOH"),
                           (info[:-2], "ends too early, 1 short"), (info + b"\x77", "77H is left over")):  # fmt: skip
            with pytest.raises(DataError, match=why):
                parse(wrong)


@pytest.mark.parametrize(("parse", "good", "value", "bad"), [
    (pace_details.pack_count, b"\x10", (255, 16), (b"", b"\x00", b"\x11", b"\x05\x00")),
    (pace_details.pack_count, b"\x01", (255, 1), ()),
    (pace_details.serial_number, b"1B470102170999D     Mar 30 2022,18:18:16", "1B470102170999D",
     (b"1B470102170999D    ", bytes(40), b"\xff" * 40)),
    (pace_details.serial_number, b"1B470102170999D12345", "1B470102170999D12345", ()),
    (pace_details.text, b"P 16~\0", "P 16~", (b"", b"\0\0", b"\x1fP", b"P16\x7f")),
])  # fmt: skip
def test_other_layouts(parse, good, value, bad):
    assert parse(good) == value
    for info in bad:
        with pytest.raises(DataError):
            parse(info)
