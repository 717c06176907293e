"""The simulated battery on a real pty, and as a process."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from serial import Serial
from simulator_by_hand import COUNT, decode, request

from tools.simulator import Simulator

ROOT = Path(__file__).resolve().parent.parent
LONG_S = 10.0  # when a test waits longer than this for an event, it failed


def ask(port, line, end=b"\r"):
    port.write(line + b"\r")
    return port.read_until(end)


def test_pty_from_first_reply_to_close_and_nothing_stays():
    fds, threads = set(os.listdir("/dev/fd")), threading.active_count()
    with Simulator(packs=3, paced=False) as sim:
        for _ in range(2):  # closed and opened again
            with Serial(sim.path, 1200, timeout=LONG_S) as port:
                assert decode(ask(port, COUNT))[2:] == (0, b"\x03")
        with Serial(sim.path, 1200, timeout=LONG_S) as port:
            assert decode(ask(port, request(0x91, b"\x03")))[2:] == (0, b"")
            port.baudrate = 4800
            sim.set(3, current=-4200)
            assert decode(ask(port, request(0x42, b"\x03")))[2] == 0
            assert sim.truth[-1].values["current"] == sim.snapshot(3)["current"] == -4200
            sim.fault("babble")  # while nothing is asked
            assert port.read(1)
    sim.close()
    assert (set(os.listdir("/dev/fd")), threading.active_count()) == (fds, threads)


def test_speed():
    """An answer of 128 characters takes 1.07 s at 1200 baud; what is told is in the time of this PC."""
    with Simulator(speed=100) as sim, Serial(sim.path, 1200, timeout=LONG_S) as port:
        began = sim.clock()
        ask(port, request(0x42, b"\x01"))
        assert sim.clock() - began >= 1.06
        sim.fault("noise", 1, 100)
        assert began / 100 <= sim.truth[-1].time <= sim.fault_log[-1].start <= sim.clock() / 100


@pytest.mark.parametrize("how", [["tools/simulator"], ["-m", "tools.simulator"]])
def test_as_a_process(how, tmp_path):
    link = tmp_path / "battery"
    options = ["--dialect", "console", "--firmware", "pytes", "--packs", "3", "--link", str(link),
               "--alarm", "2:pack_over_voltage", "--fault", "noise"]  # fmt: skip
    with subprocess.Popen([sys.executable, *how, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        said = re.match(r"battery at (\S+) \(3 packs, 115200 baud\)$", process.stdout.readline())
        assert said[1] == os.readlink(link)
        with Serial(str(link), 115200, timeout=LONG_S) as port:
            assert re.search(rb"\n Volt Status +: High ", ask(port, b"pwr 2", b"PYTES>"))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LONG_S)
    assert process.returncode == 0 and not os.path.lexists(link)


@pytest.mark.parametrize("wrong", ["--packs 17", "--alarm 3:buzzer", "--alarm smoke", "--fault smoke", "--baud 1201"])
def test_options_that_make_no_battery_end_with_2_and_words(wrong):
    done = subprocess.run([sys.executable, "tools/simulator", *wrong.split()], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "simulator: " in done.stderr and "Traceback" not in done.stderr
