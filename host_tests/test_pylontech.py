"""The RS232 dialect over a link, in simulated time: what a battery says becomes a Reading, or what is lacking None."""

import pytest
from battery_line import ALARM, ANALOG, COUNT, LIMITS, MANUFACTURER, PARAMETERS, PROBE, SERIAL, BatteryUart
from fakes import Clock

from firmware.battery import NoReply, Refusal, frame
from firmware.battery.link import Link
from firmware.battery.pylontech import Pylontech
from tools import truth
from tools.simulator import framed
from tools.simulator.commands import Reply


class Asking:
    """A dialect at a battery that listens at 4800 baud."""

    def __init__(self, lacks=None, **options):
        self.uart = BatteryUart(Clock(), **options)
        self.battery = self.uart.battery
        self.link = Link(self.uart, self.uart._clock, self.battery.baud)
        self.dialect = Pylontech(self.link)
        if lacks:
            self.battery.fault(f"lacks:{lacks:02X}")

    def at(self, cid2, code=None):
        """The battery answers these commands with a return code, or keeps silent."""
        self.battery.fault(f"rtn:{code:02X}" if code else "silent", rate=1)
        hit = self.battery.faults.hit
        self.battery.faults.hit = lambda name: self.uart.asked()[-1] in cid2 and hit(name)
        return self

    def made(self, what, **values):
        """Pack 1 says these values, in its `alarm` or `management`."""
        pack = self.battery.group.pack(1)
        usual = getattr(pack, what)()
        setattr(pack, what, lambda: usual | values)
        return self.dialect

    def says(self, cid2, info):
        """The battery's reply to a command has this INFO."""
        real, said = self.battery.commands.reply, Reply(frame.NORMAL, info)
        self.battery.commands.reply = lambda request, code: said if request.cid2 == cid2 else real(request, code)
        return self.dialect

    def said(self, kind, pack=None):
        """What the battery's last reply of a kind was made of."""
        return [record.values for record in self.battery.truth if (record.kind, record.pack) == (kind, pack)][-1]


@pytest.mark.parametrize("options", [{}, {"wide": True, "cells": 16, "temperatures": 6},
                                     {"cells": 8, "packs": 16, "extra_alarm_byte": True}], ids=str)  # fmt: skip
def test_a_reading_is_what_the_battery_said(options):
    it = Asking(**options)
    for pack in (1, 2):
        it.battery.group.pack(pack).override(cell_states={3: 2})
        reading = it.dialect.read(pack)
        said = it.said("analog", pack)
        assert reading.pack == pack and reading.soh is None
        for name in ("cells", "temperatures", "current", "voltage", "remaining", "capacity", "cycles"):
            value = getattr(reading, name)
            assert (list(value) if isinstance(value, tuple) else value) == said[name]
        assert list(reading.alarms.cell_states) == it.said("alarm", pack)["cells"]
        assert it.uart.asked()[-2:] == [ANALOG, ALARM]


STATES = [{"voltage": 2}, {"voltage": 1}, {"charge_current": 1}, {"charge_current": 0xF0, "discharge_current": 2},
          {"discharge_current": 1}, {"cells": [1] + [0] * 14}, {"cells": [0] * 14 + [2]},
          {"temperatures": [1, 0, 0, 0, 2]}, {"temperatures": [0xF0] * 5}]  # fmt: skip
BITS = [{"status": [1 << bit if byte == place else 0 for place in range(5)]} for byte in range(5) for bit in range(8)]


@pytest.mark.parametrize("values", [*STATES, *BITS, {"status": [0, 0, 0, 0xC1, 0x81]}], ids=str)
def test_every_state_and_status_bit_has_its_flag(values):
    it = Asking()
    alarms = it.made("alarm", **values).read(1).alarms
    expected = truth.alarm(it.said("alarm", 1))
    flags = {key.partition(" ")[2]: value for key, value in expected.items() if key.partition(" ")[0][-7:] == "_Status"}
    assert list(alarms.faulty_cells) == flags.pop("Faulty_Cells")
    assert {key: key in alarms.on for key in alarms.keys} == flags and len(flags) == 26
    assert (alarms.charge_state or alarms.discharge_state) == expected["PackCurrent State"]
    assert alarms.voltage_state == expected["PackVoltage State"]


def test_states_that_nobody_knows():
    alarms = Asking().made("alarm", cells=[0, 1, 2, 3, 0x80, 0xF0, 0xFF] + [0] * 8, voltage=7).read(1).alarms
    assert list(alarms.cell_states[:7]) == [0, 1, 2, 240, 240, 240, 240] and alarms.voltage_state == 240
    assert "Other" in alarms.on
    for other in ({"cells": [0] * 14}, {"temperatures": [0] * 6}):  # counts that are not those of the values
        assert Asking().made("alarm", **other).read(1).alarms is None


def test_rtn_04_is_remembered():
    it = Asking(ALARM)
    for _ in range(3):
        assert it.dialect.read(1).alarms is it.dialect.read(2).alarms is None
    assert it.uart.asked() == [ANALOG, ALARM] * 2 + [ANALOG] * 4
    assert it.link.return_codes == 2 and it.link.failures == 0
    it.battery.clear()
    it.dialect.packs()  # now and then it is tried anew
    assert it.dialect.read(1).alarms is not None
    for kind, cid2, pack in (("limits", LIMITS, 1), ("parameters", PARAMETERS, 0)):
        it = Asking(cid2)
        assert [getattr(it.dialect, kind)(pack) for _ in range(3)] == [None] * 3 and it.uart.asked() == [cid2]


@pytest.mark.parametrize("code", [0x02, 0x06, None])
def test_when_44h_brings_nothing_the_values_are_good_without(code):
    it = Asking().at((ALARM,), code)
    assert it.dialect.read(1).alarms is None and it.link.failures == (code is None)
    it.battery.clear()
    assert it.dialect.read(1).alarms is not None and it.link.failures == 0


@pytest.mark.parametrize(("how", "code"), [("rtn", 0x06), ("empty", 0x06), ("unreachable", 0x91)])
def test_a_pack_that_is_absent(how, code):
    it = Asking()
    it.battery.group.pack(2).missing = how
    with pytest.raises(Refusal) as raised:
        it.dialect.read(2)
    assert raised.value.code == code and it.dialect.read(1).pack == 1
    two = b"\x11\x02" + 2 * framed.analog_block(it.battery.group.pack(1).analog())
    with pytest.raises(NoReply, match="a reply of 2 packs"):
        it.says(ANALOG, two).read(2)


@pytest.mark.parametrize("packs", [1, 3, 16])
def test_packs_are_what_90h_says_else_they_are_counted(packs):
    numbers = tuple(range(1, packs + 1))
    it = Asking(packs=packs)
    assert it.dialect.packs() == numbers and it.uart.asked() == [COUNT]
    it = Asking(COUNT, packs=packs)
    assert it.dialect.packs() == numbers
    assert it.uart.asked() == [COUNT] + [ANALOG] * (packs + 1 if packs < 16 else 16)
    assert Asking(packs=packs).at((COUNT,)).dialect.packs() == numbers  # only this command is lost
    for impossible in (0, 17):
        assert Asking(packs=packs).says(COUNT, bytes([impossible])).packs() == numbers


def test_packs_are_not_counted_where_nobody_answers_anything():
    it = Asking().at((COUNT, ANALOG))
    for ask in (lambda: it.dialect.read(1), lambda: it.dialect.read(1), it.dialect.packs):
        with pytest.raises(NoReply):
            ask()
    assert it.uart.asked() == [ANALOG] * 6 + [COUNT] * 3
    with pytest.raises(NoReply):
        Asking(COUNT).at((ANALOG,)).dialect.packs()


@pytest.mark.parametrize(("lost", "least", "most_s"), [(0, 16, 35), (1, 5, 30)])
def test_counting_packs_by_asking_ends_long_before_the_watchdog(lost, least, most_s):
    """At 1200 baud; with every first reply lost it ends early, and is asked again later."""
    it = Asking(lacks=COUNT, packs=16, baud=1200)
    hit = it.battery.faults.hit
    it.battery.faults.hit = lambda name: hit(name) or (name == "silent" and it.uart.asked().count(ANALOG) % 2 & lost)
    packs = it.dialect.packs()
    assert packs == tuple(range(1, len(packs) + 1)) and len(packs) >= least and it.uart.seconds() <= most_s


def test_identity():
    it = Asking(protocol=0x21)
    for pack, master in ((1, ("2.3", "Pylon", "US2KBPL")), (2, (None, None, None))):
        serial = it.battery.group.pack(pack).serial
        assert it.dialect.identity(pack) == ((serial, "2.1", *master, "framed", 4800, None), None)
    it = Asking()
    it.battery.plugged = False
    said, error = it.dialect.identity(1)
    assert said[:5] == (None,) * 5 and isinstance(error, NoReply)
    assert it.uart.asked() == [PROBE] * 3 + [SERIAL] * 3  # no more than two questions


@pytest.mark.parametrize("lacks", [True, False])
@pytest.mark.parametrize(("cid2", "lacking"), [(SERIAL, {0}), (PROBE, {1}), (MANUFACTURER, {2, 3, 4})])
def test_identity_where_a_part_of_it_does_not_come(cid2, lacking, lacks):
    it = Asking(cid2) if lacks else Asking().at((cid2,))
    for _ in range(2):
        said, error = it.dialect.identity(1)
        assert {place for place in range(5) if said[place] is None} == lacking
        assert isinstance(error, Refusal if lacks else NoReply)
    assert it.uart.asked().count(cid2) == (1 if lacks else 6)


def test_limits_and_parameters():
    it = Asking()
    assert it.dialect.limits(2)[:4] == tuple(it.said("management", 2).values())[:4] and it.dialect.exact
    assert it.dialect.parameters() == tuple(it.said("parameters").values()) and it.dialect.counters(1) is None
    for status, flags in ((0x80, (1, 0, 0, 0)), (0x40, (0, 1, 0, 0)), (0x20, (0, 0, 1, 0)), (0x10, (0, 0, 1, 0)),
                          (0x08, (0, 0, 0, 1)), (0x07, (0, 0, 0, 0))):  # fmt: skip
        assert Asking().made("management", status=status).limits(1)[4:] == flags
