"""A battery, the firmware on a virtual board, and a broker that fails: what a test of an outage needs."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

from fake_socket import UMQTT
from system_helpers import Way

from tools.virtual_board import layout

SECRET = "s3cret-marker"
STARTS_S = 40
BACK_S = 60
SPEED = 10  # of board and battery; sockets keep the PC's time


class Trial(Way):
    """One pack, and a board that reads it, switched off. which: a key of fake_socket.UMQTT. settings: more of
    config.json.
    """

    def __init__(self, make, directory, broker, which="1.3.4", **settings):
        self._read = threading.Condition()
        self._cycles = []  # the cycle count of each reply to 42H
        settings = {"publish_rate": 5, "mqtt_user": "owner", "mqtt_pass": SECRET, "discovery": True, **settings}
        super().__init__(make, broker, None, settings=settings, speed=SPEED, packs=1, on_truth=self._note)
        paths = [] if which == "1.3.4" else [_library(Path(directory) / which, UMQTT[which])]
        self.sim.start()
        super().start(extra_path=paths, start=False)

    def start(self):
        """Switches it on -> the board."""
        return self.board.start()

    def _note(self, record):
        if record.kind == "analog":
            with self._read:
                self._cycles.append(record.values["cycles"])
                self._read.notify_all()

    def mark(self, cycles, count=3):
        """Lets the battery say this cycle count, and waits until it was read so often: polling goes on."""
        self.sim.set(1, cycles=cycles)
        with self._read:
            if not self._read.wait_for(lambda: self._cycles.count(cycles) >= count, STARTS_S):
                raise TimeoutError(f"the battery was not read {count} times: {self._cycles[-20:]}")

    def check_log(self, most=2):
        """No trouble is told more often than so, no secret at all; nothing was started anew."""
        lines = list(self.board.lines)
        warnings = [line for line in lines if line.startswith("warning: broker")]
        assert all(warnings.count(line) <= most for line in warnings), warnings
        assert not [line for line in lines if SECRET in line]
        assert self.board.resets == [], lines


def _library(directory, source):
    """-> a directory with the client `source`, compiled, to stand on the board's path."""
    target = directory / "umqtt" / "simple.mpy"
    target.parent.mkdir(parents=True)
    shutil.copy(layout.compiled(source, "umqtt/simple.py"), target)
    return directory


def readings(broker):
    """-> [(time, number of the connection, reading)] that a FakeBroker got."""
    return [(when, number, json.loads(packet.payload)) for when, number, packet in list(broker.heard)
            if (packet.topic or b"").endswith(b"readings/Pack1") and packet.payload]  # fmt: skip


def now():
    """s, on the clock of FakeBroker.heard."""
    return time.monotonic()
