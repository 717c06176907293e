"""Time that runs faster: the virtual board's clock and watchdog, and the simulated battery."""

from __future__ import annotations

import os
import time

import pytest
from board_helpers import run
from simulator_by_hand import COUNT
from test_simulator_process import ask_fd, opened

from tools.simulator import Simulator
from tools.virtual_board.runner import WDT_RESET

SPEED = 100
CLOCK = """
import time, utime
began = time.ticks_ms(), time.ticks_us(), time.time()
{sleep}
ms, us = time.ticks_diff(time.ticks_ms(), began[0]), time.ticks_diff(time.ticks_us(), began[1])
print(ms, us // 1000, time.time() - began[2], int(time.ticks_ms is utime.ticks_ms))
"""


@pytest.mark.parametrize("sleep", ["time.sleep(100)", "time.sleep_ms(100000)", "time.sleep_us(100000000)"])
def test_the_boards_clock(board, sleep):
    began = time.monotonic()
    status, lines = run(board, CLOCK.format(sleep=sleep), speed=SPEED)
    ms, also_ms, s, is_real = map(int, lines[0].split())
    took_ms = (time.monotonic() - began) * 1000 * SPEED
    assert status == 0 and not is_real and 99_999 <= ms <= took_ms and 99_999 <= also_ms <= took_ms
    assert SPEED <= s <= took_ms / 1000 + SPEED
    assert run(board, CLOCK.format(sleep=""))[1][0].endswith("1"), "at speed 1 the ticks are the interpreter's own"


def test_the_watchdog(board):
    body = "import machine, time\nif machine.reset_cause() == 1:\n machine.WDT(timeout=100_000)\n time.sleep(1000)"
    one = board(files={"main.py": body}, speed=1000)
    assert one.wait(20) == 0 and one.resets == [WDT_RESET]


@pytest.mark.parametrize("paced", [True, False])
def test_the_battery(paced):
    """Its answer of 20 characters takes 167 ms at 1200 baud; what it tells is in the time of its clock."""
    with Simulator(speed=1000, paced=paced, turnaround_ms=0 if paced else 100_000) as sim:
        fd = opened(sim.path, 1200)
        began = sim.clock()
        ask_fd(fd, COUNT)
        assert sim.clock() - began >= (0.16 if paced else 100)
        sim.power_cycle(100)
        sim.fault("noise", 1, 100)
        os.close(fd)
        assert began / 1000 <= sim.truth[-1].time <= time.monotonic()
        noise = sim.fault_log[-1]
        assert began / 1000 <= noise.start <= time.monotonic() and noise.end is None
