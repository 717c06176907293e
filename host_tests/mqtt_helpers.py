"""A real broker of its own for each test, and a client that remembers all it hears."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import namedtuple
from pathlib import Path

import paho.mqtt.client as paho

HOST = "127.0.0.1"
START_TIMEOUT_S = 20
SUBSCRIBE_TIMEOUT_S = 10
RUNNING = "running"

Message = namedtuple("Message", "time topic payload retain")

AMQTT = """
import asyncio, sys
from amqtt.broker import Broker

async def main():
    plugins = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    listeners = {"default": {"type": "tcp", "bind": "127.0.0.1:" + sys.argv[1]}}
    await Broker({"listeners": listeners, "plugins": plugins}).start()
    print("running", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def mosquitto():
    """-> path of mosquitto, or None; None too with TEST_BROKER=amqtt in the environment."""
    if os.environ.get("TEST_BROKER") == "amqtt":
        return None
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")


def free_port():
    """-> a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class Broker:
    """A broker process on a free port. directory: for its files. config: more lines for mosquitto.conf."""

    host = HOST

    def __init__(self, directory, config=""):
        self._directory = Path(directory)
        self._directory.mkdir()
        self._config = config
        self._process = None
        self.is_mosquitto = mosquitto() is not None
        self.port = free_port()
        self.log = []
        self.restart()

    def restart(self):
        """Stop it if it runs, and start it on the same port; returns when it listens."""
        self.stop()
        ready = threading.Event()
        self._process = subprocess.Popen(
            self._command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
        )
        threading.Thread(target=self._listen, args=(self._process, ready), daemon=True).start()
        if not ready.wait(START_TIMEOUT_S) or self._process.poll() is not None:
            raise RuntimeError("the broker does not start:\n" + "\n".join(self.log[-20:]))

    def _command(self):
        if not self.is_mosquitto:
            return [sys.executable, "-c", AMQTT, str(self.port)]
        file = self._directory / "mosquitto.conf"
        access = "" if "allow_anonymous" in self._config else "allow_anonymous true\n"
        file.write_text(f"listener {self.port} {HOST}\nuser root\n{access}{self._config}\n")
        return [mosquitto(), "-c", str(file)]

    def _listen(self, process, ready):
        with process.stdout:
            for line in process.stdout:
                self.log.append(line.rstrip())
                if line.rstrip().endswith(RUNNING):
                    ready.set()
        ready.set()

    def stop(self):
        """Kill it, also when it is stopped by sigstop()."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def sigstop(self):
        """Freeze it: connections stay, nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def sigcont(self):
        self._process.send_signal(signal.SIGCONT)


class Recorder:
    """Subscribed to `#`; `messages` are Message(time [s, monotonic], topic, payload as bytes, retain)."""

    def __init__(self, host, port, user=None, password=None):
        self.messages = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if user:
            self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=0)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take
        self._client.connect(host, port)
        self._client.loop_start()
        if not self._subscribed.wait(SUBSCRIBE_TIMEOUT_S):
            raise TimeoutError("the broker does not answer the recorder")

    def _take(self, client, userdata, message):
        with self._changed:
            self.messages.append(Message(time.monotonic(), message.topic, message.payload, message.retain))
            self._changed.notify_all()

    def wait_for(self, predicate, timeout_s=20, after=0):
        """Wait for the first message, from number `after` on, for which predicate(message) -> it. TimeoutError."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                for message in self.messages[after:]:
                    if predicate(message):
                        return message
                after = max(after, len(self.messages))
                if not self._changed.wait(max(0, deadline - time.monotonic())):
                    topics = "\n".join(f"{m.topic} {m.payload[:80]}" for m in self.messages[-20:])
                    raise TimeoutError(f"no such message within {timeout_s} s. The last ones:\n{topics}")

    def wait_topic(self, topic, timeout_s=20, after=0):
        """Wait for a message whose topic ends like this -> it."""
        return self.wait_for(lambda message: message.topic.endswith(topic), timeout_s, after)

    def payloads(self, topic):
        """-> all payloads heard on this very topic."""
        with self._changed:
            return [message.payload for message in self.messages if message.topic == topic]

    def publish(self, topic, payload, retain=False):
        """Returns when it is on its way to the broker."""
        self._client.publish(topic, payload, retain=retain).wait_for_publish(SUBSCRIBE_TIMEOUT_S)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
