"""The firmware for a long time, with troubles of all kinds: it ends with the memory that it began with."""

from __future__ import annotations

import re

import pytest
from mqtt_helpers import Recorder
from system_helpers import Way, now

SPEED = 20  # of board and battery
HEAP = "400k"  # not the point here; in a small one it would collect all the time
LEAK_BYTES = 512
LOOKS = 60  # at the memory in use, of which the least counts: it is between two cycles
BACK_S = 60
# Says with every tenth feed of the watchdog how much memory is in use.
BOOT = """
import gc, machine
class Watched(machine.WDT):
    rounds = 0
    def feed(self):
        super().feed()
        Watched.rounds += 1
        if Watched.rounds % 10 == 0:
            gc.collect()
            print("in use:", gc.mem_alloc())
machine.WDT = Watched
"""


def in_use(board):
    """-> bytes, the least of LOOKS looks from now on."""
    seen, found = board.line_count, []
    while len(found) < LOOKS:
        line = board.wait_for(re.compile("^in use:"), BACK_S, after=seen)
        seen += list(board.lines)[seen - board.line_count + len(board.lines):].index(line) + 1
        found.append(int(line.split()[-1]))
    return min(found)


def trouble(it, broker):
    """One round of all that can happen."""
    with Recorder(broker.host, broker.port) as recorder:  # the other one may not be back yet
        recorder.publish(it.prefix + "cmnd/soak", '{"status": 1, "publishRate": 5}')
    it.sim.fault("changed", 0.3, 30)
    it.wait("stat/readings/Rack", BACK_S, since=now(), count=4)
    for begin, end in (
        (it.sim.unplug, it.sim.plug), (lambda: it.board.wifi("down"), lambda: it.board.wifi("up")),
        (broker.restart, lambda: None),
    ):  # fmt: skip
        seen = it.board.line_count
        begin()
        it.board.wait_for("warning: ", BACK_S, after=seen)
        end()
        with Recorder(broker.host, broker.port) as recorder:
            recorder.wait_topic("stat/readings/Rack", BACK_S)


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [4, pytest.param(200, marks=pytest.mark.long)])
def test_no_memory_is_lost(board, broker, mqtt_client, rounds):
    with Way(board, broker, mqtt_client, heap=HEAP, speed=SPEED, settings={"publish_rate": 5, "discovery": True}) as it:
        it.start(files={"boot.py": BOOT}).wait("stat/limits/Pack2", BACK_S)
        for _ in range(2):
            trouble(it, broker)
        before = in_use(it.board)
        for _ in range(rounds):
            trouble(it, broker)
        assert in_use(it.board) - before <= LEAK_BYTES
        assert it.judged().wrong == [] and it.complaints() == [] and it.board.resets == []
