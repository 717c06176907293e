"""The simulated battery: layouts by hand where no vector of a document holds them, faults, rates; as a process."""

import os
import re
import signal
import struct
import subprocess
import sys

import pytest
from fakes import Clock
from serial import Serial

from firmware.battery import frame
from tools.simulator import framed
from tools.simulator.battery import MIXTURE, Battery
from tools.simulator.faults import CANCELLING, DAMAGE, FAULTS

ANALOG_1 = b"~20014642E00201FD35\r"


def ask(battery, line=ANALOG_1):
    """What comes back at once."""
    battery.receive(battery.clock(), line, battery.baud)
    return battery.take(battery.clock(), battery.baud)


def test_pace_by_hand():
    battery = Battery(lambda: 0.0, paced=False, dialect="pace", cells=8, temperatures=6)
    battery.group.pack(2).override(cells=[3300] * 8, temperatures=[250] * 6, current=-12300, remaining=40000, cycles=7)
    battery.commands.flags[2], battery.commands.balancing[2] = {"SCP", "MOS_OT"}, [1, 9]
    analog, alarm = (frame.decode(ask(battery, framed.encode(cid2, b"\x02", 2, 0x25))).info for cid2 in (0x42, 0x44))
    assert analog == struct.pack(
        ">3B8HB6HhHHBHHHB", 0, 2, 8, *[3300] * 8, 6, *[2981] * 6, -1230, 26400, 4000, 2, 5000, 7, 5102, 99)
    assert alarm == bytes([
        0, 2, 8, *[0] * 8, 6, *[0] * 6, 0, 0, 0, 0x40, 0, 0x06, 0, 0, 0x01, 0x01, 0, 0x40, 0])  # fmt: skip


@pytest.mark.parametrize("name", [name for name, _ in DAMAGE])
def test_damage(name):
    battery = Battery(lambda: 0.0, paced=False)
    clean = ask(battery)
    battery.fault(name, 1)
    seen = {ask(battery) for _ in range(100)}
    assert clean not in seen and len(seen) > 2 and battery.counts[name] == 100  # not always the same place
    for got in () if name in CANCELLING else seen:
        with pytest.raises(frame.FrameError):
            frame.decode(got)


def test_pace_rate_and_faults_in_time():
    clock = Clock()
    battery = Battery(lambda: clock.passed_ms / 1000)

    def answered(line, within_ms):
        battery.receive(battery.clock(), line, battery.baud)
        clock.advance(within_ms)
        return battery.take(battery.clock(), battery.baud)

    switch = framed.encode(0x91, b"\x03")
    wire_ms = (20 + 18) * 10_000 // 1200 + 10
    assert answered(switch, wire_ms - 30)[-1:] != b"\r" and answered(b"", 40)[-1:] == b"\r" and battery.baud == 4800
    battery.power_cycle(3)
    assert battery.baud == 1200 and not answered(ANALOG_1, 2990) and not answered(b"", 20) and answered(ANALOG_1, 2000)
    battery.fault("silent", 1, seconds=5)
    assert not answered(ANALOG_1, 5000) and answered(ANALOG_1, 2000)
    battery.misbehave()
    names = set()
    for _ in range(3600):
        answered(b"", 1000)
        names |= {fault.name for fault in battery.faults.active}
    assert names == {name.partition(":")[0] for name in MIXTURE} == FAULTS.keys() - {"lacks", *CANCELLING}


@pytest.mark.parametrize("rate", [1200, 9600])
def test_a_command_off_the_read_list_is_noticed_at_any_rate_and_in_any_cuts(rate):
    battery, line = Battery(lambda: 0.0), framed.encode(0x99, b"\x01")
    for part in (b"~20014682C0048520FCC3\r", ANALOG_1, line[:8], line[8:]):  # only the last is none
        battery.receive(0.0, part, rate)
    assert battery.forbidden == [("99", line[:-1])]
    ask(battery := Battery(lambda: 0.0, dialect="console"), b"shut 1\r")
    assert [one.cid2 for one in battery.forbidden] == ["shut"]


def test_as_a_process(tmp_path, project):
    link = tmp_path / "battery"
    options = ["--dialect", "console", "--firmware", "pytes", "--packs", "3", "--link", str(link), "--fault", "nul"]
    command = [sys.executable, "tools/simulator", *options]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) as process:
        said = re.match(r"battery at (\S+) \(3 packs, 115200 baud\)$", process.stdout.readline())
        assert said[1] == os.readlink(link)
        with Serial(str(link), 115200, timeout=10) as port:
            port.write(b"pwr 2\r")
            assert re.search(rb"\n Volt Status +: Normal ", port.read_until(b"PYTES>"))
            port.write(20 * b"\r")
            assert b"PYTES>\0" in b"".join(port.read_until(b"PYTES>") for _ in range(20))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0 and not os.path.lexists(link)
    refused = subprocess.run([*command, "--fault", "rtn"], cwd=project, capture_output=True, text=True)
    assert refused.returncode == 2 and "'rtn' is no fault" in refused.stderr
