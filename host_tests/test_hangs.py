"""A side that hangs ends in a reset by the watchdog; a side that only waits for somebody does not."""

import contextlib

import pytest
from mqtt_helpers import Recorder
from system_helpers import START_S, Way, now, parsed

from tools.virtual_board.runner import WDT_RESET

pytestmark = pytest.mark.slow

SPEED = 10  # of board and battery; the watchdog's seconds are theirs
WATCHDOG_S = 4 * SPEED  # instead of 90; longer than any step on a PC
AWAY_S = 2 * WATCHDOG_S / SPEED

# Put before everything else on the flash: a watchdog with less patience; and a method that hangs, in the first life, as
# soon as there is a file of this name
HANG = "hang"
BOOT = f"""
import machine, os, socket, time
class Impatient(machine.WDT):
    def __init__(self, id=0, timeout=5000):
        super().__init__(id, min(timeout, {WATCHDOG_S * 1000}))
machine.WDT = Impatient
class Stuck({{0}}.{{1}}):
    def {{2}}(self, *arguments):
        while "{HANG}" in os.listdir() and machine.reset_cause() != machine.WDT_RESET:
            time.sleep(1)
        return super().{{2}}(*arguments)
{{0}}.{{1}} = Stuck
"""
METHODS = (("machine", "UART", "readinto"), ("socket", "socket", "read"), ("socket", "socket", "write"))
HANGS = {f"{module}-{method}": BOOT.format(module, kind, method) for module, kind, method in METHODS}


def test_a_hang_ends_in_a_reset_after_which_it_goes_on(board, broker, mqtt_client):
    with contextlib.ExitStack() as stack:  # side by side, since they all wait
        ways = [stack.enter_context(Way(board, broker, mqtt_client, what, heap="1M", speed=SPEED)) for what in HANGS]
        for it in ways:
            it.start(files={"boot.py": HANGS[it.rack]})
        for it in ways:
            it.wait("stat/readings/Rack")
            (it.board.flash / HANG).touch()
        for it in ways:
            it.wait("tele/LWT", WATCHDOG_S + 2 * START_S, count=3)
            assert [m.payload for m in it.heard("tele/LWT")] == [b"Online", b"Offline", b"Online"], it.rack
        patient = now() + AWAY_S
        for it in ways:
            it.wait("stat/readings/Rack", 4 * WATCHDOG_S, since=patient)
            assert it.board.resets == [WDT_RESET], it.rack
            assert parsed(it.heard("tele/STATE")[-1].payload)["ResetCause"] == "watchdog"
            assert it.judged().wrong == []


def test_who_waits_for_battery_and_broker_is_not_reset(board, broker, mqtt_client):
    with Way(board, broker, mqtt_client, heap="1M", speed=SPEED) as it:
        it.start(files={"boot.py": HANGS["machine-readinto"]}).wait("stat/readings/Rack")
        it.sim.battery.plugged = False
        lost = it.board.line_count
        it.board.wait_for("battery does not answer", START_S, after=lost)
        assert it.health()["Link"] == "searching"
        broker.stop()
        it.board.wait_for("broker lost", START_S, after=lost)
        with pytest.raises(TimeoutError):
            it.board.wait_for("Ctrl-C for the REPL", AWAY_S, after=lost)
        broker.restart()
        it.sim.battery.plugged = True
        with Recorder(broker.host, broker.port) as recorder:
            recorder.wait_topic("stat/readings/Rack", 60 + START_S)
        assert it.board.resets == []
