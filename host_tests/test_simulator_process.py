"""The simulated battery on a real pty, and as a process."""

import os
import re
import select
import signal
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest
from simulator_by_hand import COUNT, decode, request

from tools.simulator import Simulator

ROOT = Path(__file__).resolve().parent.parent
LONG_S = 10.0  # when a test waits longer than this for an event, it failed


def opened(path, baud):
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    set_rate(fd, baud)
    return fd


def set_rate(fd, baud):
    attributes = termios.tcgetattr(fd)
    attributes[4] = attributes[5] = getattr(termios, f"B{baud}")
    termios.tcsetattr(fd, termios.TCSANOW, attributes)


def ask_fd(fd, line, end=b"\r"):
    os.write(fd, line + b"\r")
    out = b""
    while not out.endswith(end):
        assert select.select([fd], [], [], LONG_S)[0], f"no answer, only {out!r}"
        out += os.read(fd, 4096)
    return decode(out)[2:] if end == b"\r" else out


def test_pty_from_first_reply_to_close_and_nothing_stays():
    fds, threads = set(os.listdir("/dev/fd")), threading.active_count()
    with Simulator(packs=3, paced=False) as sim:
        for _ in range(2):  # closed and opened again
            fd = opened(sim.path, 1200)
            assert ask_fd(fd, COUNT) == (0, b"\x03")
            os.close(fd)
        fd = opened(sim.path, 1200)
        assert ask_fd(fd, request(0x91, b"\x03")) == (0, b"")
        set_rate(fd, 4800)
        sim.set(3, current=-4200)
        assert ask_fd(fd, request(0x42, b"\x03"))[0] == 0
        assert sim.truth[-1].values["current"] == sim.snapshot(3)["current"] == -4200
        sim.fault("babble")  # while nothing is asked
        assert select.select([fd], [], [], LONG_S)[0]
        os.close(fd)
    sim.close()
    assert (set(os.listdir("/dev/fd")), threading.active_count()) == (fds, threads)


@pytest.mark.parametrize("how", [["tools/simulator"], ["-m", "tools.simulator"]])
def test_as_a_process(how, tmp_path):
    link = tmp_path / "battery"
    options = ["--dialect", "console", "--firmware", "pytes", "--packs", "3", "--link", str(link),
               "--alarm", "2:pack_over_voltage", "--fault", "noise"]  # fmt: skip
    with subprocess.Popen([sys.executable, *how, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        said = re.match(r"battery at (\S+) \(3 packs, 115200 baud\)$", process.stdout.readline())
        assert said[1] == os.readlink(link)
        fd = opened(link, 115200)
        assert re.search(rb"\n Volt Status +: High ", ask_fd(fd, b"pwr 2", b"PYTES>"))
        os.close(fd)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LONG_S)
    assert process.returncode == 0 and not os.path.lexists(link)


@pytest.mark.parametrize("wrong", ["--packs 17", "--alarm 3:buzzer", "--alarm smoke", "--fault smoke", "--baud 1201"])
def test_options_that_make_no_battery_end_with_2_and_words(wrong):
    done = subprocess.run([sys.executable, "tools/simulator", *wrong.split()], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "simulator: " in done.stderr and "Traceback" not in done.stderr
