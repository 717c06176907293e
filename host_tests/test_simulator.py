"""The simulated battery, its answers taken apart by hand, so that no error hides in both it and the firmware; and as a
process.
"""

from __future__ import annotations

import os
import re
import signal
import struct
import subprocess
import sys

import pytest
from codec_cases import ANALOG
from fakes import Clock
from serial import Serial

from firmware.battery import frame
from tools.simulator import Simulator, framed
from tools.simulator.battery import MIXTURE, Battery
from tools.simulator.faults import DAMAGE, FAULTS

SAID = {
    "cells": [3397, 3396, 3397, 3396, 3397, 3396, 3390, 3397, 3402, 3402, 3403, 3402, 3402, 3402, 3402],
    "temperatures": [280, 280, 280, 290, 290], "current": 0, "voltage": 50981, "remaining": 49000, "capacity": 50000,
    "cycles": 2, "wide": False,
}  # fmt: skip
LONG_S = 10.0  # when a test waits longer than this for an event, it failed


def make(clock=lambda: 1000.0, **options):
    return Battery(clock, **{"paced": False, **options})


def ask(battery, line):
    """What comes back at once."""
    battery.receive(battery.clock(), line + b"\r", battery.baud)
    return battery.take(battery.clock(), battery.baud)


def reply(battery, cid2, info=b"", address=1, version=0x20):
    """-> (RTN, INFO)."""
    answer = frame.decode(ask(battery, framed.encode(cid2, info, address, version)[:-1]))
    return answer.code, answer.info


@pytest.mark.parametrize(("cid2", "info", "address", "rtn"), [
    (0x42, b"", 1, 0x05), (0x60, b"", 1, 0x04), (0x42, b"\x03", 1, 0x06), (0x91, b"\x04", 1, 0x06),
    (0x42, b"\x01", 2, 0x90),
])  # fmt: skip
def test_return_codes(cid2, info, address, rtn):
    battery = make()
    assert reply(battery, cid2, info, address) == (rtn, b"") and not battery.truth


def test_frames_by_hand():
    assert framed.encode(0, b"\x11\x01" + framed.analog_block(SAID)) == ANALOG
    battery = make(extra_alarm_byte=True)
    pack = battery.group.pack(2)
    values = {name: SAID[name] for name in ("cells", "temperatures", "remaining", "cycles")}
    pack.override(**values, current=-12300, cell_states={7: 2}, temperature_states={2: 2},
                  status={1: 0x04, 3: 0x01, 5: 0x01}, request=0x20)  # fmt: skip
    assert reply(battery, 0x42, b"\x02")[1] == struct.pack(
        ">3B15HB5HhHHBHH", 0x11, 2, 15, *SAID["cells"], 5, *(t + 2731 for t in SAID["temperatures"]), -123, 50981,
        49000, 2, 50000, 2)  # fmt: skip
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
    wide.group.pack(1).override(remaining=80000, cycles=7)
    assert reply(wide, 0x42, b"\x01")[1][-13:] == bytes.fromhex("FFFF04FFFF 0007 013880 015F90")


def test_relatives_by_hand():
    battery = make(dialect="rs485", group_number=1)
    assert reply(battery, 0x93, b"\x13", 0x13) == (0, b"\x13" + battery.group.pack(2).serial.encode())
    assert ask(battery, framed.encode(0x93, b"\x14", 0x14)[:-1]) == b""  # there are two
    battery = make(dialect="pace", cells=8, temperatures=6)
    battery.group.pack(2).override(cells=[3300] * 8, temperatures=[250] * 6, current=-12300, remaining=40000, cycles=7)
    battery.commands.flags[2], battery.commands.balancing[2] = {"SCP", "MOS_OT"}, [1, 9]
    assert reply(battery, 0x42, b"\x02", 2, 0x25)[1] == struct.pack(
        ">3B8HB6HhHHBHHHB", 0, 2, 8, *[3300] * 8, 6, *[2981] * 6, -1230, 26400, 4000, 2, 5000, 7, 5102, 99)
    assert reply(battery, 0x44, b"\x02", 2, 0x25)[1] == bytes([
        0, 2, 8, *[0] * 8, 6, *[0] * 6, 0, 0, 0, 0x40, 0, 0x06, 0, 0, 0x01, 0x01, 0, 0x40, 0])  # fmt: skip
    assert reply(battery, 0x90, b"\xff", 255, 0x25) == (0, b"\x02") and reply(battery, 0x90, b"\xff", 255) == (1, b"")


@pytest.mark.parametrize("name", [name for name, _ in DAMAGE])
def test_damage(name):
    battery, clean = make(), ask(make(), ANALOG_1)
    battery.fault(name, 1)
    seen = {ask(battery, ANALOG_1) for _ in range(100)}
    assert clean not in seen and len(seen) > 2  # not always the same place
    for got in seen:
        try:
            frame.decode(got)
            is_frame = True
        except frame.FrameError:
            is_frame = False
        assert is_frame == (name == "cancel")
    assert battery.counts[name] == 100 and battery.truth[-1].values == make().group.pack(1).analog()


ANALOG_1 = b"~20014642E00201FD35"


def test_pace_rate_and_faults_in_time():
    clock = Clock()
    battery = make(lambda: clock.passed_ms / 1000, paced=True)

    def answered(line, within_ms):
        battery.receive(battery.clock(), line, battery.baud)
        clock.advance(within_ms)
        return battery.take(battery.clock(), battery.baud)

    switch = framed.encode(0x91, b"\x03")
    wire_ms = (20 + 18) * 10_000 // 1200 + 10
    assert answered(switch, wire_ms - 30)[-1:] != b"\r" and answered(b"", 40)[-1:] == b"\r" and battery.baud == 4800
    battery.power_cycle(3)
    assert battery.baud == 1200 and not answered(ANALOG_1 + b"\r", 2990) and not answered(b"", 20)
    assert answered(ANALOG_1 + b"\r", 2000)
    battery.fault("silent", 1, seconds=5)
    assert not answered(ANALOG_1 + b"\r", 5000) and answered(ANALOG_1 + b"\r", 2000)
    battery.misbehave()
    names = set()
    for _ in range(3600):
        answered(b"", 1000)
        names |= {fault.name for fault in battery.faults.active}
    assert names == {name.partition(":")[0] for name in MIXTURE} == FAULTS.keys() - {"lacks", "cancel"}


@pytest.mark.parametrize("rate", [1200, 9600])
def test_a_command_off_the_read_list_is_noticed_at_any_rate_and_in_any_cuts(rate):
    battery, line = make(), framed.encode(0x99, b"\x01")
    for part in (b"~20014682C0048520FCC3\r", ANALOG_1 + b"\r", line[:8], line[8:]):  # only the last is none
        battery.receive(battery.clock(), part, rate)
    assert battery.forbidden == [("99", line[:-1])]
    battery = make(dialect="console")
    ask(battery, b"shut 1")
    assert [one.cid2 for one in battery.forbidden] == ["shut"]


def test_speed():
    """An answer of 128 characters takes 1.07 s at 1200 baud; what is told is in the time of this PC."""
    with Simulator(speed=100) as sim, Serial(sim.path, 1200, timeout=LONG_S) as port:
        began = sim.clock()
        port.write(ANALOG_1 + b"\r")
        port.read_until(b"\r")
        assert sim.clock() - began >= 1.06 and began / 100 <= sim.truth[-1].time <= sim.clock() / 100


def test_as_a_process(tmp_path, project):
    link = tmp_path / "battery"
    options = ["--dialect", "console", "--firmware", "pytes", "--packs", "3", "--link", str(link)]
    command = [sys.executable, "tools/simulator", *options]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        said = re.match(r"battery at (\S+) \(3 packs, 115200 baud\)$", process.stdout.readline())
        assert said[1] == os.readlink(link)
        with Serial(str(link), 115200, timeout=LONG_S) as port:
            port.write(b"pwr 2\r")
            assert re.search(rb"\n Volt Status +: Normal ", port.read_until(b"PYTES>"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LONG_S)
    assert process.returncode == 0 and not os.path.lexists(link)
