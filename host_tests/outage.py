"""A battery, the firmware on a virtual board, and a broker that fails: what a test of an outage needs."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

from fake_socket import UMQTT
from system_helpers import HEAP

from tools.simulator import Simulator
from tools.virtual_board import layout

SECRET = "s3cret-marker"
STARTS_S = 40
SPEED = 10  # of board and battery; sockets keep the PC's time
PUBLISH_RATE_S = 5


class Trial:
    """One pack, unpaced, and a board that reads it. make: the fixture `board`. which: a key of fake_socket.UMQTT.
    settings: more of config.json. Use as a context manager.
    """

    def __init__(self, make, directory, broker, which="1.3.4", **settings):
        self._read = threading.Condition()
        self._cycles = []  # the cycle count of each reply to 42H
        self.sim = Simulator(packs=1, paced=False, on_truth=self._note, speed=SPEED)
        config = {"wifi_ssid": "virtual", "mqtt_host": broker.host, "mqtt_port": broker.port,
                  "publish_rate": PUBLISH_RATE_S, "mqtt_user": "owner", "mqtt_pass": SECRET, **settings}  # fmt: skip
        paths = [] if which == "1.3.4" else [_library(Path(directory) / which, UMQTT[which])]
        self.sim.start()
        self.board = make(config, uart=self.sim.path, heap=HEAP, extra_path=paths, start=False,
                          speed=SPEED)  # fmt: skip

    def _note(self, record):
        if record.kind == "analog":
            with self._read:
                self._cycles.append(record.values["cycles"])
                self._read.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.board.close()
        self.sim.close()

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
    found = []
    for when, number, packet in list(broker.heard):
        if (packet.topic or b"").endswith(b"readings/Pack1") and packet.payload:
            found.append((when, number, json.loads(packet.payload)))
    return found


def now():
    """s, on the clock of FakeBroker.heard."""
    return time.monotonic()
