"""The simulated packs: alarms on request, charge and discharge, values that a test fixes, packs that come and go."""

import pytest
from simulator_by_hand import make, reply

from tools.simulator.group import Group
from tools.simulator.model import Pack

# alarms: name, cell or sensor, where in the block of 8 cells and 2 sensors it shows, what it shows there

ALARMS = [
    ("cell_under_voltage", 1, 1, 0x01), ("cell_over_voltage", 7, 7, 0x02), ("cell_other", 8, 8, 0xF0),
    ("under_temperature", 1, 10, 0x01), ("over_temperature", 2, 11, 0x02), ("temperature_other", 2, 11, 0xF0),
    ("charge_under_current", None, 12, 0x01), ("charge_over_current", None, 12, 0x02),
    ("charge_current_other", None, 12, 0xF0),
    ("pack_under_voltage", None, 13, 0x01), ("pack_over_voltage", None, 13, 0x02),
    ("pack_voltage_other", None, 13, 0xF0),
    ("discharge_under_current", None, 14, 0x01), ("discharge_over_current", None, 14, 0x02),
    ("discharge_current_other", None, 14, 0xF0),
    ("pack_under_voltage_protection", None, 15, 0x80), ("charge_temperature_protection", None, 15, 0x40),
    ("discharge_temperature_protection", None, 15, 0x20), ("discharge_over_current_protection", None, 15, 0x10),
    ("charge_over_current_protection", None, 15, 0x04), ("cell_under_voltage_protection", None, 15, 0x02),
    ("over_voltage_protection", None, 15, 0x01),
    ("precharge_fet", None, 16, 0x0F), ("charging", None, 17, 0x80), ("discharging", None, 17, 0x40),
    ("heater", None, 17, 0x20),
    ("fully_charged", None, 17, 0x08), ("buzzer", None, 17, 0x01),
    ("cell_fault", 1, 18, 0x01), ("cell_fault", 8, 18, 0x80), ("cell_fault", 9, 19, 0x01), ("cell_fault", 16, 19, 0x80),
]


@pytest.mark.parametrize(("name", "place", "where", "byte"), ALARMS)
def test_alarm_shows_where_it_should(name, place, where, byte):
    battery = make(packs=1, cells=8, temperatures=2)
    battery.group.pack(1).alarms.ask(name, cell=place, sensor=place)
    _, info = reply(battery, 0x44, b"\x01")
    block = info[2:]
    assert (len(block), block[0], block[9], block[where]) == (20, 8, 2, byte)
    quiet = reply(make(packs=1, cells=8, temperatures=2), 0x44, b"\x01")[1][2:]
    fet = 16 if name.endswith("protection") else where
    assert [n for n in range(20) if block[n] != quiet[n]] in ([where], sorted({where, fet}))


@pytest.mark.parametrize(("name", "bit"), [("using_pack_power", 3), ("discharge_fet", 2), ("charge_fet", 1)])
def test_bits_that_are_on_by_themselves_can_be_switched_off(name, bit):
    battery = make(packs=1)
    assert battery.group.pack(1).alarm()["status"] == [0, 0x0E, 0, 0, 0]
    battery.group.pack(1).alarms.ask(name, on=False)
    assert battery.group.pack(1).alarm()["status"][1] == 0x0E & ~(1 << bit)


@pytest.mark.parametrize(("name", "bit"), [("charge_enabled", 7), ("discharge_enabled", 6), ("charge_immediately", 5),
                                           ("charge_immediately_2", 4), ("full_charge_request", 3)])
def test_bits_of_management(name, bit):
    pack = make().group.pack(1)
    before = pack.management()["status"]
    pack.alarms.ask(name, on=not before >> bit & 1)
    assert pack.management()["status"] == before ^ 1 << bit


@pytest.mark.parametrize(("speed", "hours"), [(1.0, 12), (10.0, 12)])
def test_packs_charge_and_discharge_within_the_distances(speed, hours):
    group = Group(2, seed=5, speed=speed, wide=[False, True])
    before, seen, full, still = None, set(), set(), [0]
    for second in range(0, int(hours * 3600 / speed), 10):
        group.advance(second)
        now = [pack.analog() for pack in group.packs]
        for pack, values in zip(group.packs, now, strict=True):
            assert values["voltage"] == sum(values["cells"])
            assert values["current"] % 100 == 0 and 0 <= values["remaining"] <= values["capacity"]
            still.append(0 if values["current"] else still[-1] + 1)
            seen.add((values["current"] > 0) - (values["current"] < 0))
            full.add(pack.alarm()["status"][2] >> 3 & 1)
        for old, new in zip(before or now, now, strict=True):
            assert max(abs(a - b) for a, b in zip(old["cells"], new["cells"], strict=True)) <= 100
            assert max(abs(a - b) for a, b in zip(old["temperatures"], new["temperatures"], strict=True)) <= 30
            assert abs(old["remaining"] - new["remaining"]) * 100 <= 2 * new["capacity"]
            assert abs(old["current"] - new["current"]) <= 5000
        before = now
    assert seen == {-1, 0, 1} and full == {0, 1}
    assert max(still) >= 10  # both packs at rest for most of a minute


def test_the_same_seed_and_time_give_the_same_packs():
    one, same, other = Group(3, 7), Group(3, 7), Group(3, 8)
    for second in range(500):
        one.advance(second)  # however often it is asked
        one.pack(1).analog()
    same.advance(499)
    other.advance(499)
    values = [[(pack.analog(), pack.serial) for pack in group.packs] for group in (one, same, other)]
    assert values[0] == values[1] != values[2]
    assert len({pack.serial for pack in one.packs}) == 3


def test_override_fixes_and_lets_go():
    pack = Pack(1, 0, wide=True)
    free = pack.analog()
    fixed = {"current": -12300, "cells": [3300] * 14 + [3000], "remaining": 75480, "capacity": 74000, "cycles": 999,
             "temperatures": [-100, 0, 1, 2, 3]}
    pack.override(**fixed, serial="ABCDEFGH12345678")
    for _ in range(5):
        pack.step(10000, 1.0)
    assert pack.analog() == {**fixed, "voltage": 49200, "wide": True}
    assert pack.serial == "ABCDEFGH12345678"
    assert pack.alarm()["status"][2] == 0x48  # discharging, full
    pack.override(cells=None, temperatures=None, cycles=None, voltage=50000)
    now = pack.analog()
    assert now["cycles"] == free["cycles"] and now["voltage"] == 50000 != sum(now["cells"])


def test_packs_come_and_go():
    battery = make(packs=3)
    serials = [pack.serial for pack in battery.group.packs]
    battery.group.remove(2)
    assert reply(battery, 0x90)[1] == b"\x02"
    assert reply(battery, 0x93, b"\x02")[1][1:].decode() == serials[2]
    assert reply(battery, 0x42, b"\x03")[0] == 6
    battery.group.add(cells=16)
    assert reply(battery, 0x93, b"\x03")[1][1:].decode() not in serials
    assert reply(battery, 0x42, b"\x03")[1][2] == 16


@pytest.mark.parametrize(("how", "rtn"), [("rtn", 6), ("empty", 0), ("unreachable", 0x91)])
def test_a_pack_that_is_counted_but_missing(how, rtn):
    battery = make()
    battery.group.pack(2).missing = how
    for cid2 in (0x42, 0x44, 0x92, 0x93):
        assert reply(battery, cid2, b"\x02") == (rtn, b"")
        assert reply(battery, cid2, b"\x01")[1]
    assert reply(battery, 0x90)[1] == b"\x02"
    battery.group.pack(2).missing = None
    assert reply(battery, 0x42, b"\x02")[1]
