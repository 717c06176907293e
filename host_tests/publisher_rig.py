"""A publisher whose surroundings stand by: a connection that remembers, a clock, and what it asks of others."""

from __future__ import annotations

import json
from types import SimpleNamespace

from discovery_made import PREFIX, SERIAL, discovery_topic, identity
from fakes import Clock, Memory

from firmware.mqtt.devices import Devices
from firmware.mqtt.payloads import Payloads
from firmware.mqtt.publisher import Publisher, expire_s
from firmware.rack import Rack
from firmware.retained import Meters, Retained
from firmware.telemetry import Log

RATE_MS = 10_000


class Session:
    def __init__(self):
        self.connected = True
        self.sent = []  # (topic, text, retain)
        self.subscribed = []

    def publish(self, topic, payload, retain=False):
        if self.connected:
            data = payload if isinstance(payload, (bytes, memoryview)) else b"".join(map(bytes, payload))
            assert len(data) == len(payload)
            self.sent.append((topic.decode(), bytes(data).decode(), retain))
        return self.connected

    def subscribe(self, topic):
        assert self.connected
        self.subscribed.append(topic.decode())
        return True


class Rig:
    """A Publisher with all that it has; `announced` counts calls of on_announced(), `lines` is the log."""

    def __init__(self, announces=True, clock=None):
        self.clock = clock or Clock()
        self.session = Session()
        self.announced = 0
        self.poller = SimpleNamespace(searching=False, in_cycle=lambda: False)
        self.lines = []
        meters = Meters(Retained(Memory()), self.clock, RATE_MS)
        self.devices = Devices(announces, discovery_topic("homeassistant", "PylonToMQTT", "Main"), expire_s(RATE_MS))
        self.telemetry = telemetry = SimpleNamespace(
            poller=self.poller,
            report={
                "state": (b"Uptime - RSSI - LastError -", (5, None, "none")),
                "status": (b"name - uptime -", ("Main", 5)),
            }.get,
        )
        self.publisher = Publisher(self.session, PREFIX, Rack(self.clock), meters, Payloads(), self.devices, telemetry,
                                   self.clock, Log("info", self.lines.append))  # fmt: skip
        self.publisher.on_announced = self._count

    def _count(self):
        self.announced += 1

    def identify(self, *packs):
        self.publisher.publish_detail("packs", None, packs)
        for pack in packs:
            self.publisher.publish_detail("identity", pack, identity(SERIAL % pack))

    def cycle(self, *readings, missed=()):
        """All readings of a cycle, and its end."""
        for reading in readings:
            self.publisher.reading(reading)
            self.publisher.tend()
        self.publisher.cycle(list(missed), RATE_MS)

    def pass_time(self, seconds):
        for _ in range(seconds * 4):
            self.clock.advance(250)
            self.publisher.tend()

    def topics(self):
        """Below the prefix, of what was sent since the last time."""
        made = [topic.removeprefix(PREFIX) for topic, _, _ in self.session.sent]
        self.session.sent.clear()
        return made

    def configs(self):
        """[(device, config)] that were sent since the last time; all are retained."""
        made = [(topic.split("/")[2], json.loads(text)) for topic, text, retain in self.session.sent
                if "/device/" in topic and retain]  # fmt: skip
        self.session.sent.clear()
        return made

    def announced_devices(self):
        return [device for device, _ in self.configs()]
