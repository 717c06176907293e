"""A broker for the demo and the tests, on 127.0.0.1 and a free port: mosquitto where it is installed, else amqtt.

Run by itself it is that amqtt: `python3 tools/broker.py PORT`.
"""

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
BROKER_VARIABLE = "PYLON2MQTT_BROKER"  # "amqtt": that one, even where mosquitto is installed
MOSQUITTO, AMQTT = "mosquitto", "amqtt"
SBIN = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"  # where packages put it, and not on every PATH
RUNNING = "running"  # the end of the line with which both say that they listen
START_TIMEOUT_S = 20
TRIES = 3  # the port was free a moment ago, but may not be any more
LINES_KEPT = 1000


def mosquitto():
    """-> path of mosquitto, or None where it is not installed or not wanted."""
    if os.environ.get(BROKER_VARIABLE) == AMQTT:
        return None
    return shutil.which(MOSQUITTO) or shutil.which(MOSQUITTO, path=SBIN)


def free_port():
    """-> a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Broker:
    """A broker process of our own; `directory` holds its files. `config`: more lines of mosquitto.conf. ToolError.

    Entered, it listens at `host`:`port`, for anybody on this PC. log: its last lines.
    """

    def __init__(self, directory, config=""):
        self.host, self.port, self._path = HOST, None, mosquitto()
        self.name = MOSQUITTO if self._path else AMQTT
        self.log = deque(maxlen=LINES_KEPT)
        self._directory, self._config = Path(directory), config
        self._process = None

    def __enter__(self):
        for _ in range(TRIES):
            self._told, self._listens = threading.Event(), False
            port = self.port or free_port()
            self._process = Process(self._command(port), self._take, lambda status: self._told.set())
            self._told.wait(START_TIMEOUT_S)
            if self._listens:
                self.port = port
                return self
            self.__exit__()
        raise ToolError(f"{self.name} does not start. It said:\n" + "\n".join(list(self.log)[-20:]))

    def _take(self, line):
        self.log.append(line)
        if line.endswith(RUNNING):
            self._listens = True
            self._told.set()

    def __exit__(self, *_):
        self._process.__exit__()

    def _command(self, port):
        if self._path is None:
            return ["python3", "tools/broker.py", str(port)]
        lines = ["user root"] if os.geteuid() == 0 else []  # else it changes to a user who may not be there
        lines += [f"listener {port} {HOST}", "persistence false", self._config]
        lines += [] if "allow_anonymous" in self._config else ["allow_anonymous true"]
        file = self._directory / "mosquitto.conf"
        file.write_text("\n".join([*lines, ""]))
        return [self._path, "-c", str(file)]


async def _run_amqtt(port):
    from amqtt.broker import Broker as Amqtt

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    broker = Amqtt({"listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}}, "plugins": anonymous})
    await broker.start()
    print(RUNNING, flush=True)
    await ended.wait()
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(_run_amqtt(int(sys.argv[1])))
