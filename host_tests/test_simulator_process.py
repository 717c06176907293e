"""The simulated battery on a real pty, and as a process."""

import json
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


def ask_fd(fd, line):
    os.write(fd, line + b"\r")
    out = b""
    while not out.endswith(b"\r"):
        assert select.select([fd], [], [], LONG_S)[0], f"no answer, only {out!r}"
        out += os.read(fd, 4096)
    return decode(out)[2:]


def open_fds():
    return set(os.listdir("/dev/fd"))


def test_pty_from_first_reply_to_close_and_nothing_stays():
    fds, threads = open_fds(), threading.active_count()
    with Simulator(packs=2, paced=False) as sim:
        for _ in range(2):  # closed and opened again
            fd = opened(sim.path, 1200)
            assert ask_fd(fd, COUNT) == (0, b"\x02")
            os.close(fd)
        fd = opened(sim.path, 1200)
        assert ask_fd(fd, request(0x91, b"\x03")) == (0, b"")
        set_rate(fd, 4800)
        assert ask_fd(fd, COUNT) == (0, b"\x02")
        assert sim.baud == 4800
        sim.add_pack()
        sim.set(3, current=-4200)
        sim.alarm(3, "cell_over_voltage", cell=7)
        assert ask_fd(fd, COUNT) == (0, b"\x03")
        assert ask_fd(fd, request(0x42, b"\x03"))[0] == 0
        record, now = sim.truth[-1], sim.snapshot(3)
        assert record.values["current"] == now["current"] == -4200
        assert now["alarm"]["cells"][6] == 2 and now["serial"] and now["management"]
        os.close(fd)
    sim.close()
    assert (open_fds(), threading.active_count()) == (fds, threads)


def test_a_fault_that_is_switched_on_while_nothing_is_asked():
    with Simulator(paced=False) as sim:
        fd = opened(sim.path, 1200)
        sim.fault("babble")
        assert select.select([fd], [], [], LONG_S)[0]
        sim.clear()
        os.close(fd)


@pytest.mark.parametrize("how", [["tools/simulator"], ["-m", "tools.simulator"]])
def test_as_a_process(how, tmp_path):
    link, truth = tmp_path / "battery", tmp_path / "truth.jsonl"
    options = ["--packs", "3", "--unpaced", "--wide", "--verbose", "--absent", "2", "--alarm", "3:cell_over_voltage:7"]
    command = [sys.executable, *how, *options, "--link", str(link), "--truth", str(truth)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        path = re.match(r"battery at (\S+) \(3 packs of 15 cells, 1200 baud, unpaced\)$", process.stdout.readline())[1]
        assert os.readlink(link) == path
        fd = opened(link, 1200)
        assert ask_fd(fd, request(0x44, b"\x03"))[1][2 + 7] == 2
        assert ask_fd(fd, request(0x42, b"\x02")) == (6, b"")
        os.close(fd)
        (record,) = map(json.loads, truth.read_text().splitlines())
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=LONG_S)
    assert process.returncode == 0 and not os.path.lexists(link)
    assert "alarm data 03H -> RTN 00H" in said and "analog values 02H -> RTN 06H" in said
    assert (record["kind"], record["pack"], record["values"]["cells"][6]) == ("alarm", 3, 2)


WRONG = [
    "--packs 17", "--alarm 3:buzzer", "--alarm smoke", "--fault smoke", "--fault rtn", "--fault noise:2",
    "--fault lacks:x", "--baud 1201", "--absent 9", "--truth /nowhere/at/all", "--link /nowhere/at/all",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_options_that_make_no_battery_end_with_2_and_words(wrong):
    done = subprocess.run([sys.executable, "tools/simulator", *wrong.split()], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "simulator: " in done.stderr and "Traceback" not in done.stderr


# -- as text


def test_wrong_firmware_is_refused_in_words():
    with pytest.raises(ValueError, match="us5000-v2"):
        Simulator(dialect="console", console={"firmware": "us9000"})


def read_until(fd, end):
    out = b""
    while not out.endswith(end):
        assert select.select([fd], [], [], LONG_S)[0], f"only {out!r}"
        out += os.read(fd, 4096)
    return out


@pytest.mark.parametrize("options", [["--dialect", "console"], ["--update-after", "0"]])
def test_a_console_as_a_process(options, tmp_path):
    command = [sys.executable, "tools/simulator", "--firmware", "pytes", "--unpaced", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        path = re.match(r"battery at (\S+) \(2 packs of 15 cells, \d+ baud, unpaced\)$", process.stdout.readline())[1]
        fd = opened(path, 1200)
        set_rate(fd, 115200)
        os.write(fd, b"\n")
        while not select.select([fd], [], [], 0.1)[0]:  # the update may still have to come
            os.write(fd, b"\n")
        read_until(fd, b"PYTES>")
        os.write(fd, b"pwr 2\n")
        assert b"\n Power  2\r" in read_until(fd, b"$$\r\n\rPYTES>")
        os.close(fd)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LONG_S)
    assert process.returncode == 0
