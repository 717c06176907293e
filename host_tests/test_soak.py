"""The firmware for a long time, with troubles of all kinds: it ends with the memory that it began with."""

import pytest
from mqtt_helpers import Recorder
from system_helpers import Way, now

SPEED = 20  # of board and battery
HEAP = "400k"  # not the point here; in a small one it would collect all the time
LEAK_BYTES = 512
BACK_S = 60
# Looks at the memory in use with every tenth feed of the watchdog, and says the least of 60: between two cycles.
BOOT = """
import gc, machine
class Watched(machine.WDT):
    rounds, least = 0, 1 << 30
    def feed(self):
        super().feed()
        Watched.rounds += 1
        if Watched.rounds % 10 == 0:
            gc.collect()
            Watched.least = min(Watched.least, gc.mem_alloc())
        if Watched.rounds % 600 == 0:
            print("in use:", Watched.least)
            Watched.least = 1 << 30
machine.WDT = Watched
"""


def in_use(board):
    """-> bytes, the least of 60 looks from now on."""
    for _ in range(2):  # the first may have begun before
        line = board.wait_for("in use: ", BACK_S, after=board.line_count)
    return int(line.split()[-1])


def trouble(it, broker):
    """One round of all that can happen."""
    with Recorder(broker.host, broker.port) as recorder:  # the other one may not be back yet
        recorder.publish(it.prefix + "cmnd/soak", '{"status": 1, "publishRate": 5}')
    it.sim.fault("changed", 0.3, 30)
    it.wait("stat/readings/Rack", BACK_S, since=now(), count=4)
    for begin, end in (
        (lambda: it.sim.fault("unplugged"), it.sim.clear), (lambda: it.board.wifi("down"), lambda: it.board.wifi("up")),
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
