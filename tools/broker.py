"""A broker for the demo and the tests, on 127.0.0.1 and a free port: mosquitto where it is installed, else amqtt.

Run by itself it is that amqtt: `python3 tools/broker.py PORT`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import threading
from collections import deque
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError
from tools.process import Process

HOST = "127.0.0.1"
BROKER_VARIABLE = "PYLON2MQTT_BROKER"  # "mosquitto" or "amqtt": this one and no other
MOSQUITTO, AMQTT = "mosquitto", "amqtt"
SBIN = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"  # where packages put it, and not on every PATH
RUNNING = "running"  # the end of the line with which both say that they listen
START_TIMEOUT_S = 20
TRIES = 3  # the port was free a moment ago, but may not be any more
LINES_KEPT = 1000


class BrokerError(ToolError):
    """There is no broker; the text says why, and what to do."""


def program(wanted=None):
    """-> (name, path of mosquitto or None) of the broker to use; `wanted`: MOSQUITTO, AMQTT or None. BrokerError."""
    wanted = wanted or os.environ.get(BROKER_VARIABLE) or None
    if wanted not in (None, MOSQUITTO, AMQTT):
        raise BrokerError(f"{BROKER_VARIABLE}={wanted}: only {MOSQUITTO} and {AMQTT} are known")
    path = shutil.which(MOSQUITTO) or shutil.which(MOSQUITTO, path=SBIN)
    if wanted == MOSQUITTO and path is None:
        raise BrokerError(f"{BROKER_VARIABLE}={wanted}, but mosquitto is not installed")
    return (MOSQUITTO, path) if path and wanted != AMQTT else (AMQTT, None)


def free_port():
    """-> a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Broker:
    """A broker process of our own; `directory` holds its files. `wanted`: which one, as for program(). `config`: more
    lines of mosquitto.conf. BrokerError.

    Entered, it listens at `host`:`port`, for anybody on this PC. log: its last lines.
    """

    def __init__(self, directory, wanted=None, config=""):
        self.host, self.port = HOST, None
        self.name, self._path = program(wanted)
        self.log = deque(maxlen=LINES_KEPT)
        self._directory, self._config = Path(directory), config
        self._process = None

    def __enter__(self):
        for _ in range(TRIES):
            port = self.port or free_port()
            if self._start(port):
                self.port = port
                return self
            self.__exit__()
        said = "\n".join(list(self.log)[-20:])
        raise BrokerError(f"{self.name} does not start; --broker HOST:PORT takes another one. It said:\n{said}")

    def __exit__(self, *_):
        self._process.__exit__()

    def _command(self, port):
        if self._path is None:
            return ["python3", "tools/broker.py", str(port)]
        file = self._directory / "mosquitto.conf"
        lines = [f"listener {port} {HOST}", "persistence false", self._config]
        if "allow_anonymous" not in self._config:
            lines.append("allow_anonymous true")
        if os.geteuid() == 0:
            lines.insert(0, "user root")  # else it changes to a user who may not be there
        file.write_text("\n".join([*lines, ""]))
        return [self._path, "-c", str(file)]

    def _start(self, port):
        """-> whether it listens."""
        told, listens = threading.Event(), threading.Event()

        def on_line(line):
            self.log.append(line)
            if line.endswith(RUNNING):
                listens.set()
                told.set()

        self._process = Process(self._command(port), on_line, lambda status: told.set())
        told.wait(START_TIMEOUT_S)
        return listens.is_set()


async def _run_amqtt(port):
    from amqtt.broker import Broker as Amqtt

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    listeners = {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}}
    broker = Amqtt({"listeners": listeners, "plugins": anonymous})
    await broker.start()
    print(RUNNING, flush=True)
    await ended.wait()
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(_run_amqtt(int(sys.argv[1])))
