"""The RS485 dialect, in simulated time: each pack at its own address, counted by asking; echoes, wrong packs."""

from __future__ import annotations

import pytest
from battery_line import ANALOG, COUNT, SWITCH, BatteryUart, House, Log
from fakes import Clock
from simulator_by_hand import decode

from firmware.battery import NoReply
from firmware.battery.pylontech import Pylontech
from firmware.battery.rs485 import Rs485Link
from firmware.battery.search import Search
from tools.simulator import framed
from tools.simulator.commands import Reply


def asking(group=0, battery_group=None, baud=9600, **options):
    """-> the dialect, at a battery of that group."""
    clock = Clock()
    number = group if battery_group is None else battery_group
    uart = BatteryUart(clock, baud, dialect="rs485", group_number=number, **options)
    return Pylontech(Rs485Link(uart, clock, baud, group), "rs485")


def addresses(uart):
    """ADR and INFO of all that was asked, by command."""
    return [(int(data[7:9], 16), int(data[3:5], 16), data[13:-5].decode()) for _, _, data in uart.written]


@pytest.mark.parametrize("echo", [False, True])
@pytest.mark.parametrize("group", [0, 1, 14])
def test_each_pack_is_asked_at_its_address(group, echo):
    it = asking(group, packs=3, echo=echo, cells=15, extra_alarm_byte=True, wide=True)
    uart, battery = it.link.uart, it.link.uart.battery
    assert it.packs() == (1, 2, 3)
    first = 16 * group + 2
    assert [adr for _, adr, _ in addresses(uart)][2:] == [first + 2, first + 3, first + 3]  # twice where nobody is
    assert {(cid2, info) for cid2, _, info in addresses(uart)} == {(ANALOG, f"{first + n:02X}") for n in range(4)}
    for pack in (1, 2, 3):
        reading = it.read(pack)
        said = {r.kind: r.values for r in battery.truth if r.pack == pack}
        assert reading.pack == pack and list(reading.cells) == said["analog"]["cells"]
        assert (reading.current, reading.capacity) == (said["analog"]["current"], 74000)
        assert list(reading.alarms.cell_states) == said["alarm"]["cells"]
        identity, error = it.identity(pack)
        assert (identity.serial, identity.dialect, error) == (battery.group.pack(pack).serial, "rs485", None)
        assert identity.device == ("US3000C" if pack == 1 else None)
        limits = it.limits(pack)
        assert limits[0] == battery.group.pack(pack).management()["charge_voltage"] and limits[4:6] == (True, True)
    assert it.parameters().cell_high_voltage == 3650
    assert not battery.forbidden and it.link.frame_errors == 0


def test_most_packs_of_a_group():
    it = asking(packs=16)
    assert it.packs() == tuple(range(1, 17)) and max(adr for _, adr, _ in addresses(it.link.uart)) == 0x11
    it = asking(15, packs=13)
    assert it.packs() == tuple(range(1, 14)) and max(adr for _, adr, _ in addresses(it.link.uart)) == 0xFE


def test_nobody_of_this_group():
    it = asking(0, battery_group=1)
    with pytest.raises(NoReply):
        it.packs()


def test_a_reply_of_another_pack_is_none():
    it = asking(packs=2)
    real = it.link.uart.battery.commands.reply
    it.link.uart.battery.commands.reply = lambda request, code: real(request._replace(address=2, info=b"\x02"), code)
    with pytest.raises(NoReply, match="reply of pack 2"):
        it.read(2)
    it.link.uart.battery.commands.reply = real
    it.link.uart.battery.commands.encode = lambda request, reply: framed.encode(0, reply.info, 2)
    with pytest.raises(NoReply, match="reply of ADR 02H"):
        it.read(2)


def test_an_echo_alone_is_no_reply():
    it = asking(packs=1, echo=True)
    it.link.uart.battery.fault("silent", rate=1)
    with pytest.raises(NoReply, match="no reply"):
        it.read(1)
    assert it.link.timeouts == 3 and it.link.frame_errors == 0


@pytest.mark.parametrize("baud", [9600, 115200])
@pytest.mark.parametrize("group", [0, 2])
def test_it_is_found_and_read(baud, group):
    it = House(packs=3, dialect="rs485", speaks="rs485", baud=baud, group_number=group, echo=True).settled()
    assert it.link.baud == baud and it.clock.passed_ms < 60_000
    assert it.poller.packs == (1, 2, 3) and it.sink.readings and it.poller.implausible == 0
    assert {answer.serial for kind, _, answer in it.sink.told if kind == "identity"} == {
        pack.serial for pack in it.battery.group.packs}  # fmt: skip
    assert not {COUNT, SWITCH} & {cid2 for _, cid2, _ in it.questions()} and not it.battery.forbidden
    it.battery.power_cycle(5)
    it.run(60, lambda: it.poller.searching)
    it.settled()
    assert it.link.baud == baud and not it.poller.searching


@pytest.mark.parametrize("info", [b"\x11\x02\x0f", b"\x11\x02\x10" + bytes(70)])
def test_a_reply_to_the_probe_that_fits_nothing_is_told_with_its_length_and_refused(info):
    uart = BatteryUart(Clock(), 9600, dialect="rs485")
    uart.battery.commands.reply = lambda request, code: Reply(0, info)
    log = Log()
    link = Rs485Link(uart, uart._clock, 4800, 0)
    search = Search(link, log, "framed", False, 4800, True)
    found = [search.step(0) for _ in range(len(search._own + search._others))]
    assert not any(found)
    assert any(f"refused, {len(info)} bytes" in text for text in log.texts("info"))


def test_request_is_a_right_frame():
    it = asking(3, battery_group=3)
    it.packs()
    assert decode(it.link.uart.written[0][2])[:2] == (0x20, 0x32)
