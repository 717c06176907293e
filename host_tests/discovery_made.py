"""Configs as the firmware makes them, and a Publisher whose surroundings stand by."""

import json
import sys
from types import SimpleNamespace
from unittest import mock

from discovery_rules import HomeAssistant
from fakes import Clock, Memory, made_alarms, made_reading
from payload_cases import extra_of

from firmware.energy import Meters
from firmware.log import Log
from firmware.mqtt.details import about
from firmware.mqtt.devices import Devices
from firmware.mqtt.payloads import Payloads
from firmware.mqtt.publisher import Publisher, expire_s
from firmware.mqtt.publisher import config as make_config
from firmware.rack import Rack
from firmware.reading import Identity
from firmware.retained import Retained

with mock.patch.dict(sys.modules, {name: mock.MagicMock() for name in ("machine", "network", "umqtt", "umqtt.simple")}):
    from firmware.app import _discovery_topic as discovery_topic

ALARMS, SOH, TEXT = 1, 2, 4  # what made_devices() are to have said
PREFIX = "PylonToMQTT/Main/"
SERIAL = "PPTBP023117111%02d"  # of pack 1 it ends with 00
RATE_MS = 10_000


def identity(serial=None, dialect="framed", baud=4800, **more):
    fields = {"protocol": "2.0", "version": None, "maker": None, "device": None, "board": None} | more
    return Identity(serial=serial, dialect=dialect, baud=baud, **fields)


def identify(devices, pack, **fields):
    who = identity(**fields)
    devices.identify(pack, who, about(who))


def made_devices(packs=1, cells=15, sensors=5, flags=ALARMS, root="PylonToMQTT", rack="Main", tells=2):
    """-> devices.Devices that know `packs` packs, as they are after a first cycle. `flags`: ALARMS | SOH | TEXT."""
    devices = Devices(tells, discovery_topic("homeassistant", root, rack), 120)
    for pack in range(1, packs + 1):
        devices.see(made_reading(
            pack=pack, cells=(3300,) * cells, temperatures=(200,) * sensors, soh=99 if flags & SOH else None,
            alarms=made_alarms() if flags & ALARMS else None, **(extra_of() if flags & TEXT else {}),
        ))  # fmt: skip
        identify(devices, pack, serial=SERIAL % (pack - 1), dialect="console" if flags & TEXT else "framed")
        if flags & TEXT:
            devices.count(pack)
    return devices


def sent_of(devices, prefix=PREFIX):
    """-> [(topic, payload)] of the devices that are due, in the order in which they are sent."""
    found, payloads = [], Payloads()
    while (number := devices.next_due()) is not None:
        config = make_config(devices, number, prefix, payloads)
        data = b"".join(bytes(part) for part in config)  # each part is good until the next one only
        assert len(config) == len(data) == sum(map(len, config))  # it is made a second time as at first
        found.append((devices.config_topic(number), data))
    return found


def sent(root="PylonToMQTT", rack="Main", **arguments):
    return sent_of(made_devices(root=root, rack=rack, **arguments), f"{root}/{rack}/")


def configs(**arguments):
    return [json.loads(payload) for _, payload in sent(**arguments)]


def taken(**arguments):
    home_assistant = HomeAssistant()
    for message in sent(**arguments):
        home_assistant.take(*message)
    return home_assistant


class Session:
    """A connection that remembers: `sent` (topic, text, retain), topics `subscribed`."""

    def __init__(self):
        self.connected, self.sent, self.subscribed = True, [], []

    def publish(self, topic, payload, retain=False):
        if self.connected:
            data = payload if isinstance(payload, (bytes, memoryview)) else b"".join(map(bytes, payload))
            self.sent.append((topic.decode(), bytes(data).decode(), retain))
        return self.connected

    def subscribe(self, topic):
        self.subscribed.append(topic.decode())
        return self.connected


class Rig:
    """A Publisher with all that it has; `announced`: when on_announced() was called, `lines` is the log."""

    def __init__(self, announces=True, clock=None):
        self.clock = clock or Clock()
        self.session = Session()
        self.announced, self.lines = [], []
        self.poller = SimpleNamespace(searching=False, in_cycle=False)
        report = {"state": (b"Uptime - RSSI - LastError -", (5, None, "none")), "status": (b"name -", ("Main",))}
        self.publisher = Publisher(
            self.session, PREFIX, Rack(self.clock), Meters(Retained(Memory()), self.clock, RATE_MS), Payloads(),
            Devices(announces, discovery_topic("homeassistant", "PylonToMQTT", "Main"), expire_s(RATE_MS)),
            SimpleNamespace(poller=self.poller, report=report.get), self.clock, Log("info", self.lines.append),
        )  # fmt: skip
        self.publisher.on_announced = lambda: self.announced.append(self.clock.passed_ms)

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

    def configs(self, seconds=0):
        """Lets time pass -> [(device, config)] that were sent since the last time; all are retained."""
        self.pass_time(seconds)
        made = [(topic.split("/")[2], json.loads(text)) for topic, text, retain in self.session.sent
                if "/device/" in topic and retain]  # fmt: skip
        self.session.sent.clear()
        return made

    def told(self, seconds=0):
        """Lets time pass -> the devices whose configs were sent since the last time."""
        return [device for device, _ in self.configs(seconds)]
