"""The RS485 dialect, in simulated time: each pack at its own address, counted by asking; echoes, wrong packs."""

import pytest
from battery_line import ANALOG, BatteryUart, House, Log
from fakes import Clock

from firmware.battery import NoReply, frame
from firmware.battery.link import Rs485Link
from firmware.battery.pylontech import Pylontech
from firmware.battery.search import Search
from tools.simulator import framed
from tools.simulator.commands import Reply


def asking(group=0, **options):
    """-> the dialect, at a battery of that group."""
    clock = Clock()
    uart = BatteryUart(clock, 9600, dialect="rs485", **{"group_number": group, **options})
    return Pylontech(Rs485Link(uart, clock, 9600, group), "rs485")


def addresses(uart):
    """CID2, ADR and INFO of all that was asked."""
    return [(int(data[7:9], 16), int(data[3:5], 16), data[13:-5].decode()) for _, _, data in uart.written]


@pytest.mark.parametrize(("group", "echo"), [(0, False), (1, True)])
def test_each_pack_is_asked_at_its_address(group, echo):
    it = asking(group, packs=3, echo=echo, extra_alarm_byte=True, wide=True)
    uart, battery = it.link.uart, it.link.uart.battery
    assert it.packs() == (1, 2, 3)
    first = 16 * group + 2
    assert frame.decode(uart.written[0][2])[:2] == (0x20, first)
    assert [adr for _, adr, _ in addresses(uart)][2:] == [first + 2, first + 3, first + 3]  # twice where nobody is
    assert {(cid2, info) for cid2, _, info in addresses(uart)} == {(ANALOG, f"{first + n:02X}") for n in range(4)}
    for pack in (1, 2, 3):
        reading = it.read(pack)
        said = {record.kind: record.values for record in battery.truth if record.pack == pack}
        assert reading.pack == pack and list(reading.cells) == said["analog"]["cells"]
        assert list(reading.alarms.cell_states) == said["alarm"]["cells"]
        identity, error = it.identity(pack)
        assert (identity.serial, identity.dialect, error) == (battery.group.pack(pack).serial, "rs485", None)
        assert identity.device == ("US3000C" if pack == 1 else None)
        assert it.limits(pack)[0] == battery.group.pack(pack).management()["charge_voltage"]
    assert it.parameters()[0] == 3650 and addresses(uart)[-1][1] == first
    assert not battery.forbidden and it.link.frame_errors == 0


@pytest.mark.parametrize(("group", "packs", "last"), [(0, 16, 0x11), (15, 13, 0xFE)])
def test_most_packs_of_a_group(group, packs, last):
    it = asking(group, packs=packs)
    assert it.packs() == tuple(range(1, packs + 1)) and max(adr for _, adr, _ in addresses(it.link.uart)) == last
    with pytest.raises(NoReply):
        asking(group, group_number=(group + 1) % 2).packs()


def test_a_pack_that_is_off_does_not_hide_those_behind_it():
    it = House(packs=5, baud=9600, dialect="rs485", speaks="rs485").settled()
    for off in (3, 4):
        it.battery.group.pack(off).missing = "rtn"
        it.run(120)
        assert set(it.packs_read(it.clock.passed_ms - 60_000)) == {1, 2, 3, 4, 5} - set(range(3, off + 1))
    assert it.poller.packs == (1, 2, 5) and not it.poller.searching
    it.battery.group.pack(1).missing = "rtn"
    with pytest.raises(NoReply):
        it.poller.dialect.packs()


def test_what_is_no_reply():
    it = asking(packs=2)
    commands = it.link.uart.battery.commands
    real = commands.reply
    commands.reply = lambda request, code: real(request._replace(address=2, info=b"\x02"), code)
    with pytest.raises(NoReply, match="reply of pack 2"):
        it.read(2)
    commands.reply = real
    commands.encode = lambda request, reply: framed.encode(0, reply.info, 2)
    with pytest.raises(NoReply, match="reply of ADR 02H"):
        it.read(2)
    it = asking(packs=1, echo=True)
    it.link.uart.battery.fault("silent", rate=1)
    with pytest.raises(NoReply, match="no reply"):
        it.read(1)
    assert it.link.timeouts == 3 and it.link.frame_errors == 0


@pytest.mark.parametrize("info", [b"\x11\x02\x0f", b"\x11\x02\x10" + bytes(70)])
def test_a_reply_to_the_probe_that_fits_nothing_is_told_with_its_length_and_refused(info):
    uart = BatteryUart(Clock(), 9600, dialect="rs485")
    uart.battery.commands.reply = lambda request, code: Reply(0, info)
    log = Log()
    search = Search(Rs485Link(uart, uart._clock, 4800, 0), log, "framed", False, 4800, True)
    assert not any(search.step(0) for _ in range(len(search._own + search._others)))
    assert any(f"refused, {len(info)} bytes" in text for text in log.texts("info"))
