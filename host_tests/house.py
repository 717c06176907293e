"""A publisher whose surroundings stand by: a connection that remembers, a clock, and what it asks of the loop."""

from __future__ import annotations

import json

from fakes import Clock, Memory
from payload_cases import whole

from firmware.energy import Meters
from firmware.mqtt import columns
from firmware.mqtt.publisher import Publisher
from firmware.rack import Rack
from firmware.retained import Retained

STATE_KEYS = {"Uptime": 5, "LastError": "none"}
IDENTITY = ("PPTBP02311711100", "2.0", None, None, None)
READINGS = "PylonToMQTT/Main/stat/readings/"


class Session:
    def __init__(self):
        self.connected = True
        self.sent = []  # (topic, text, retain)

    def publish(self, topic, payload, retain=False):
        if self.connected:
            text = payload.decode() if isinstance(payload, bytes) else whole(payload)
            self.sent.append((topic.decode(), text, retain))
        return self.connected


class House:
    """A publisher and what it is told; it stands in for the loop, too. `clock`: one that others live by, too."""

    def __init__(self, announces=True, clock=None):
        self.clock = clock or Clock()
        self.session = Session()
        self.did = []
        meters = Meters(Retained(Memory()), self.clock, 10_000)
        self.publisher = Publisher(
            self.session, "PylonToMQTT/Main/", Rack(self.clock), meters, self.clock, self, columns.compact("readings"),
            "homeassistant/device/PylonToMQTT_Main", announces,
        )  # fmt: skip
        self.publisher.expire_s = 120

    def orders(self, what):
        self.did.append(what)

    def health(self, what):
        return STATE_KEYS if what == "state" else {"name": "Main", "uptime": 5}

    def identify(self, *packs):
        self.publisher.tell("packs", None, packs)
        for pack in packs:
            self.publisher.tell("identity", pack, IDENTITY)

    def cycle(self, *readings, missed=()):
        """All readings of a cycle, and its end."""
        for reading in readings:
            self.publisher.reading(reading)
            self.publisher.tend()
        self.publisher.cycle(list(missed), 10_000)

    def pass_time(self, seconds):
        for _ in range(seconds * 4):
            self.clock.advance(250)
            self.publisher.tend()

    def configs(self):
        """[(device, config)] that were sent since the last time."""
        made = [(topic.split("/")[2], json.loads(text)) for topic, text, _ in self.session.sent if "/device/" in topic]
        self.session.sent.clear()
        return made

    def devices(self):
        return [device for device, _ in self.configs()]
