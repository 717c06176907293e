"""The simulated battery, its answers taken apart by hand, so that no error hides in both it and the firmware; its
faults, rates, power cycles, and what it must never be sent.
"""

from __future__ import annotations

import re
import struct
from itertools import pairwise

import pytest
from fakes import Clock
from simulator_by_hand import COUNT, ask, decode, make, request

from tools.simulator import framed
from tools.simulator.faults import DAMAGE, FAULTS
from tools.simulator.group import Group

VECTOR = (
    b"~20014600C06E11010F0D450D440D450D440D450D440D3E0D450D4A0D4A0D4B0D4A0D4A0D4A0D4A050BC30BC30BC30BCD0BCD0000C725BF6802"
    b"C3500002E553\r"
)  # of the document
SAID = {
    "cells": [3397, 3396, 3397, 3396, 3397, 3396, 3390, 3397, 3402, 3402, 3403, 3402, 3402, 3402, 3402],
    "temperatures": [280, 280, 280, 290, 290], "current": 0, "voltage": 50981, "remaining": 49000, "capacity": 50000,
    "cycles": 2, "wide": False,
}  # fmt: skip
ANALOG = request(0x42, b"\x01")


def reply(battery, cid2, info=b"", address=1, version=0x20):
    """-> (RTN, INFO)."""
    return decode(ask(battery, framed.encode(cid2, info, address, version)[:-1]))[2:]


def timed(battery, clock, line, until_s):
    """All that leaves within `until_s` after `line` was asked: [(seconds, bytes)]."""
    battery.receive(battery.clock(), line + b"\r", battery.baud)
    start, out = clock.passed_ms, []
    while (now := (clock.passed_ms - start) / 1000) < until_s:
        data = battery.take(battery.clock(), battery.baud)
        out += [(now, data)] if data else []
        clock.advance(5)
    return out


def at(clock):
    return lambda: clock.passed_ms / 1000


# frames


@pytest.mark.parametrize(("line", "rtn"), [
    (b"~20014642E00201FD36", 0x02), (b"~20014642F00201FD34", 0x03), (b"~20014642D00301FD35", 0x05),
    (b"~2001464zE00201FD35", 0x05), (request(0x42), 0x05), (request(0x90, b"\x01"), 0x05), (request(0x60), 0x04),
    (request(0x42, b"\x00"), 0x06), (request(0x42, b"\x03"), 0x06), (request(0x92, b"\xff"), 0x06),
    (request(0x91, b"\x04"), 0x06), (request(0x42, b"\x01", address=2), 0x90),
])  # fmt: skip
def test_return_codes(line, rtn):
    battery = make()
    assert decode(ask(battery, line)) == (0x20, 1, rtn, b"") and not battery.truth
    assert ask(battery, line[1:]) == ask(battery, line[:9]) == b""  # no frame


def test_frames_by_hand():
    assert framed.encode(0, b"\x11\x01" + framed.analog_block(SAID)) == VECTOR
    battery = make(extra_alarm_byte=True)
    pack = battery.group.pack(2)
    values = {name: SAID[name] for name in ("cells", "temperatures", "remaining", "cycles")}
    pack.override(**values, current=-12300)
    for name, place in (("cell_over_voltage", 7), ("over_temperature", 2), ("cell_fault", 9), ("buzzer", None),
                        ("charge_over_current_protection", None), ("charge_immediately", None)):  # fmt: skip
        pack.alarms.ask(name, cell=place, sensor=place)
    _, info = reply(battery, 0x42, b"\x02")
    assert struct.unpack(">3B15HB5HhHHBHH", info) == (
        0x11, 2, 15, *SAID["cells"], 5, *(t + 2731 for t in SAID["temperatures"]), -123, 50981, 49000, 2, 50000, 2)
    assert battery.truth[-1].values == {**SAID, "current": -12300}
    assert reply(battery, 0x44, b"\x02")[1] == bytes([
        0x11, 2, 15, *[0] * 6, 2, *[0] * 8, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0x04, 0x0C, 0x41, 0, 0x01, 0])  # fmt: skip
    assert reply(battery, 0x92, b"\x02")[1] == struct.pack(">BHHhhB", 2, 53250, 46950, 250, -250, 0x60)
    assert reply(battery, 0x93, b"\x02")[1] == b"\x02" + pack.serial.encode()
    assert reply(battery, 0x51)[1] == b"US2KBPL\0\0\0\x02\x03Pylon" + bytes(15)
    assert reply(battery, 0x47)[1] == struct.pack(
        ">BHHHHHhHHHHHh", 0x11, 3650, 3050, 2800, 3331, 2681, 250, 54000, 46000, 44500, 3331, 2531, -250)
    assert (reply(battery, 0x90), reply(battery, 0x4F)) == ((0, b"\x02"), (0, b""))
    wide = make(packs=1, wide=True, cells=16, capacity=90000)
    wide.group.pack(1).override(remaining=80000)
    assert reply(wide, 0x42, b"\x01")[1][-13:] == bytes.fromhex("FFFF04FFFF") + struct.pack(
        ">H", wide.group.pack(1).analog()["cycles"]) + bytes.fromhex("013880 015F90")  # fmt: skip


def test_relatives_by_hand():
    battery = make(dialect="rs485", group_number=1)
    answer = ask(battery, request(0x93, b"\x13", 0x13))
    assert decode(answer) == (0x20, 0x13, 0, b"\x13" + battery.group.pack(2).serial.encode())
    assert ask(battery, request(0x93, b"\x14", 0x14)) == b""  # there are two
    battery = make(dialect="pace", cells=8, temperatures=6)
    battery.group.pack(2).override(cells=[3300] * 8, temperatures=[250] * 6, current=-12300, remaining=40000, cycles=7)
    battery.commands.flags[2], battery.commands.balancing[2] = {"SCP", "MOS_OT"}, [1, 9]
    assert reply(battery, 0x42, b"\x02", 2, 0x25)[1] == struct.pack(
        ">3B8HB6HhHHBHHHB", 0, 2, 8, *[3300] * 8, 6, *[2981] * 6, -1230, 26400, 4000, 2, 5000, 7, 5102, 99)
    assert reply(battery, 0x44, b"\x02", 2, 0x25)[1] == bytes([
        0, 2, 8, *[0] * 8, 6, *[0] * 6, 0, 0, 0, 0x40, 0, 0x06, 0, 0, 0x01, 0x01, 0, 0x40, 0])  # fmt: skip
    assert reply(battery, 0x90, b"\xff", 255, 0x25) == (0, b"\x02") and reply(battery, 0x90, b"\xff", 255) == (1, b"")


# text

TEXTS = {
    "us5000": (r"Power Volt .* MosTempr M\.T\.St", r"Battery Volt Curr .* SOC Coulomb BAL", 16, "mAH", "pylon>"),
    "us3000d": (r"Power .* Tlow\.Id .* M\.T\.St", r"Battery .* DTemp\. State CTemp\. State SOC .*", 2, "mAH", "pylon>"),
    "pytes-v5": (r"Power .* Barcode DevType", r"Battery Volt Tempr .* Coulomb", 16, "mAS", "PYTES>"),
}  # fmt: skip


@pytest.mark.parametrize("firmware", TEXTS)
def test_text_by_hand(firmware):
    def typed(line):
        return ask(battery, line).decode().split("\n")

    battery = make(dialect="console", console={"firmware": firmware})
    table, cells, rows, unit, prompt = TEXTS[firmware]
    said = battery.group.pack(1).analog()
    echo, mark, head, first, *lines = typed(b"pwr")
    assert (echo, mark.strip()) == ("pwr", "@") and re.fullmatch(table, " ".join(head.split()))
    assert first.split()[:2] == ["1", str(said["voltage"])] and len(lines) == rows - 1 + 3
    assert [line.strip() for line in lines[-3:]] == ["Command completed successfully", "$$", prompt]
    assert sum("Absent" in line for line in lines) == max(rows - 2, 0)
    head, *lines = typed(b"bat 1")[2:-3]
    assert re.fullmatch(cells, " ".join(head.split())) and [int(line.split()[1]) for line in lines] == said["cells"]
    assert [line for line in typed(b"pwr 1") if re.search(rf"^ Total Coulomb +: \d+ +{unit}\r", line)]
    assert "Invalid command or fail to excute." in typed(b"pwr 9")[2]
    typed(b"shut 1")
    assert [one.cid2 for one in battery.forbidden] == ["shut"]


# faults


def is_frame(line):
    try:
        return bool(decode(line))
    except (AssertionError, ValueError):
        return False


@pytest.mark.parametrize("name", [name for name, _ in DAMAGE])
def test_damage(name):
    battery, clean = make(), ask(make(), ANALOG)
    battery.fault(name, 1)
    seen = {ask(battery, ANALOG) for _ in range(100)}
    assert clean not in seen and len(seen) > 2  # not always the same place
    assert {is_frame(got) for got in seen} == {name in ("swapped", "cancel")}  # their sum is right
    assert battery.counts[name] == 100 and battery.truth[-1].values == make().group.pack(1).analog()


def test_rate_and_seconds_of_a_fault():
    clock = Clock()
    battery = make(at(clock))
    clean = ask(battery, COUNT)
    battery.fault("changed", seconds=5)
    assert 250 < sum(ask(battery, COUNT) != clean for _ in range(1000)) < 350
    clock.advance(5000)
    assert all(ask(battery, COUNT) == clean for _ in range(20))
    assert [(span.name, span.end - span.start) for span in battery.faults.log] == [("changed", 5)]
    for wrong in ("smoke", "rtn", "lacks", "rtn:xyz", "noise:0.5"):
        with pytest.raises(ValueError):
            battery.fault(wrong)


def test_wrong_answers():
    for name, info in (("rtn:90", (0x90, b"")), ("empty", (0, b"")), ("lacks:42", (4, b""))):
        battery = make()
        battery.fault(name, 1)
        assert reply(battery, 0x42, b"\x01") == info
    battery = make(packs=3)
    battery.fault("wrong_pack", 1)
    assert {reply(battery, 0x93, b"\x01")[1][0] for _ in range(40)} == {2, 3}


def test_babble_is_as_much_as_the_line_carries_and_never_a_frame():
    clock = Clock()
    battery = make(at(clock), paced=True)
    battery.fault("babble", seconds=30)
    sent = b"".join(data for _, data in timed(battery, clock, COUNT, 40))
    assert 0.9 < len(sent) / (30 * 120) < 1.1 and b"~2001" in sent
    assert not any(is_frame(line[line.find(b"~") :] + b"\r") for line in sent.split(b"\r"))
    assert timed(battery, clock, COUNT, 1)  # and then it is well again


def test_the_mixture_holds_all_faults():
    clock = Clock()
    battery = make(at(clock))
    battery.misbehave()
    for _ in range(10 * 60):
        clock.advance(1000)
        battery.tend(battery.clock())
    assert {span.name for span in battery.faults.log} == set(FAULTS) - {"lacks"}
    assert all(sooner.end <= later.start for sooner, later in pairwise(battery.faults.log))


# the line


def test_pace_and_rate():
    clock = Clock()
    battery = make(at(clock), paced=True)
    found = timed(battery, clock, request(0x91, b"\x03"), 1)
    assert found[-1][0] == pytest.approx((20 + 18) * 10 / 1200 + 0.01, abs=0.02) and battery.baud == 4800
    battery.receive(battery.clock(), COUNT + b"\r", 1200)
    assert battery.counts["deaf"] == len(COUNT) + 1 and not timed(battery, clock, b"", 1)
    battery.power_cycle(3)
    assert battery.baud == 1200 and not timed(battery, clock, COUNT, 2.9)
    clock.advance(200)
    assert timed(battery, clock, COUNT, 1)


@pytest.mark.parametrize("cid2", [0x94, 0x95, 0x99, 0x45, 0xFF])
@pytest.mark.parametrize("rate", [1200, 9600])
def test_a_command_off_the_read_list_is_noticed_at_any_rate_and_in_any_cuts(cid2, rate):
    battery, line = make(), request(cid2, b"\x01")
    for part in (b"~20014682C0048520FCC3\r", ANALOG + b"\r", line[:8], line[8:] + b"\r"):  # only the last is none
        battery.receive(battery.clock(), part, rate)
    assert battery.forbidden == [(f"{cid2:02X}", line)]


def test_packs_charge_rest_and_discharge_within_the_distances():
    group = Group(2, seed=5)
    before, seen = None, set()
    for second in range(0, 12 * 3600, 10):
        group.advance(second)
        now = [pack.analog() for pack in group.packs]
        for pack, old, new in zip(group.packs, before or now, now, strict=True):
            seen |= {(new["current"] > 0) - (new["current"] < 0), "full" if pack.full else None}
            assert new["voltage"] == sum(new["cells"]) and 0 <= new["remaining"] <= new["capacity"]
            for name, most in (("cells", 100), ("temperatures", 30)):
                assert max(abs(a - b) for a, b in zip(old[name], new[name], strict=True)) <= most
            assert abs(old["remaining"] - new["remaining"]) * 100 <= 2 * new["capacity"]
            assert abs(old["current"] - new["current"]) <= 5000
        before = now
    assert seen == {-1, 0, 1, "full", None}
