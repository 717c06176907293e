"""A real broker of its own for each test, and a client that remembers all it hears."""

import contextlib
import signal
import socket
import threading
import time
from collections import namedtuple
from pathlib import Path

import paho.mqtt.client as paho

from tools import broker
from tools.broker import free_port, mosquitto  # noqa: F401

SUBSCRIBE_TIMEOUT_S = 10
FULL_S = 0.2  # a queue that takes no one for so long is full
Message = namedtuple("Message", "time topic payload retain")


class Broker(broker.Broker):
    """A running broker. directory: for its files. config: more lines for mosquitto.conf."""

    def __init__(self, directory, config=""):
        Path(directory).mkdir()
        super().__init__(directory, config=config)
        self.is_mosquitto = self.name == broker.MOSQUITTO
        self.restart()

    def restart(self):
        """Stop it if it runs, and start it on the same port; returns when it listens."""
        self.stop()
        self.__enter__()

    def stop(self):
        if self._process:
            self._process.stop(signal.SIGKILL)
            self.__exit__()
            self._process = None

    def send(self, number):
        self._process.send(number)  # a signal


class DeadEnd:
    """What is no broker at a port of 127.0.0.1, from the moment it is made until close(): `takes` connections and is
    silent or `hangs_up`, or neither takes nor refuses them. `asked`: an Event, set when somebody said something.
    """

    def __init__(self, port=0, takes=True, hangs_up=False):
        self._listener = socket.create_server((broker.HOST, port), backlog=0)
        self.host, self.port = self._listener.getsockname()
        self.asked, self._held = threading.Event(), []
        if takes:
            threading.Thread(target=self._listen, args=(hangs_up,), daemon=True).start()
        with contextlib.suppress(TimeoutError):  # nobody is taken any more
            while not takes:
                self._held.append(socket.create_connection((self.host, self.port), FULL_S))

    def _listen(self, hangs_up):
        with contextlib.suppress(OSError):
            while True:
                self._held.append(self._listener.accept()[0])
                if hangs_up:
                    self._held[-1].close()
                elif self._held[-1].recv(1):
                    self.asked.set()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        for one in [self._listener, *self._held]:
            one.close()


class Recorder:
    """Subscribed to `#`; `messages` are Message(time [s, monotonic], topic, payload as bytes, retain)."""

    def __init__(self, host, port, user=None, password=None):
        self.messages = []
        self._changed = threading.Condition()
        subscribed = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if user:
            self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=0)
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = self._take
        self._client.connect(host, port)
        self._client.loop_start()
        assert subscribed.wait(SUBSCRIBE_TIMEOUT_S), "the broker does not answer the recorder"

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
                    after += 1
                    if predicate(message):
                        return message
                if not self._changed.wait(max(0, deadline - time.monotonic())):
                    topics = "\n".join(f"{m.topic} {m.payload[:80]}" for m in self.messages[-20:])
                    raise TimeoutError(f"no such message within {timeout_s} s. The last ones:\n{topics}")

    def wait_topic(self, topic, timeout_s=20, after=0):
        """Wait for a message whose topic ends like this -> it."""
        return self.wait_for(lambda message: message.topic.endswith(topic), timeout_s, after)

    def publish(self, topic, payload, retain=False):
        """Returns when it is on its way to the broker."""
        self._client.publish(topic, payload, retain=retain).wait_for_publish(SUBSCRIBE_TIMEOUT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()
