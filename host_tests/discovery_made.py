"""Configs as discovery.py makes them, for the tests."""

from __future__ import annotations

import json
from types import SimpleNamespace

from discovery_rules import HomeAssistant
from payload_cases import whole

from firmware.mqtt import discovery, identifier

PREFIX = "PylonToMQTT/Main/"
SERIAL = "PPTBP02311711100"
ALARMS, SOH, IDENTIFIED, TEXT = 1 << 16, 1 << 17, 1 << 18, 1 << 19


class Publisher(SimpleNamespace):
    """As far as discovery knows it; `sent` are (topic, payload, retain)."""

    def __init__(self, packs=1, cells=15, sensors=5, flags=ALARMS, root="PylonToMQTT", rack="Main", **more):
        known = [flags & ALARMS] + [IDENTIFIED | flags | sensors << 8 | cells] * packs + [0] * (16 - packs)
        serials = bytearray(b"".join([b"\0" * 16] + [b"PPTBP023117111%02d" % pack for pack in range(16)]))
        place = f"homeassistant/device/{identifier.identifier(root, rack)}"
        super().__init__(
            known=known, serials=serials, wanted=(2 << packs) - 1, place=place, prefix=f"{root}/{rack}/",
            expire_s=120, session=self, sent=[], **more,
        )  # fmt: skip

    def publish(self, topic, payload, retain):
        self.sent.append((topic.decode(), whole(payload).encode(), retain))


def sent(**arguments):
    """-> [(topic, payload)] of all devices, in the order in which they are sent."""
    publisher = Publisher(**arguments)
    while publisher.wanted:
        discovery.step(publisher)
    assert all(retain is True for _, _, retain in publisher.sent)
    return [(topic, payload) for topic, payload, _ in publisher.sent]


def configs(**arguments):
    return [json.loads(payload) for _, payload in sent(**arguments)]


def taken(**arguments):
    """-> a HomeAssistant that has taken all of them."""
    home_assistant = HomeAssistant()
    for topic, payload in sent(**arguments):
        home_assistant.take(topic, payload)
    return home_assistant
