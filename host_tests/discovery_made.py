"""Configs as discovery.py makes them, for the tests."""

from __future__ import annotations

import json
import sys
from unittest import mock

from discovery_rules import HomeAssistant
from fakes import made_alarms, made_reading
from payload_cases import extra_of

from firmware.mqtt.details import about
from firmware.mqtt.devices import Devices
from firmware.mqtt.payloads import Payloads
from firmware.mqtt.publisher import config as make_config
from firmware.reading import Identity

with mock.patch.dict(sys.modules, {name: mock.MagicMock() for name in ("machine", "network", "umqtt", "umqtt.simple")}):
    from firmware.app import _discovery_topic as discovery_topic

ALARMS, SOH, TEXT = 1, 2, 4  # what made_devices() are to have said
PREFIX = "PylonToMQTT/Main/"
SERIAL = "PPTBP023117111%02d"  # of pack 1 it ends with 00


def identity(serial=None, dialect="framed", baud=4800, **more):
    fields = {"protocol": "2.0", "version": None, "maker": None, "device": None, "board": None} | more
    return Identity(serial=serial, dialect=dialect, baud=baud, **fields)


def identify(devices, pack, **fields):
    who = identity(**fields)
    devices.identify(pack, who, about(who))


def made_devices(packs=1, cells=15, sensors=5, flags=ALARMS, root="PylonToMQTT", rack="Main", expire_s=120, tells=2):
    """-> devices.Devices that know `packs` packs, as they are after a first cycle. `flags`: ALARMS | SOH | TEXT."""
    devices = Devices(tells, discovery_topic("homeassistant", root, rack), expire_s)
    for pack in range(1, packs + 1):
        devices.see(made_reading(
            pack=pack, cells=(3300,) * cells, temperatures=(200,) * sensors, soh=99 if flags & SOH else None,
            alarms=made_alarms() if flags & ALARMS else None, extra=extra_of() if flags & TEXT else None,
        ))  # fmt: skip
        identify(devices, pack, serial=SERIAL % (pack - 1), dialect="console" if flags & TEXT else "framed")
        if flags & TEXT:
            devices.count(pack)
    return devices


def whole(config):
    """The text of a config as bytes; its length is as it says, and it is made a second time as at first."""
    data = b"".join(bytes(part) for part in config)  # each part is good until the next one only
    assert len(config) == len(data) == sum(map(len, config))
    return data


def sent_of(devices, prefix=PREFIX):
    """-> [(topic, payload)] of the devices that are due, in the order in which they are sent."""
    found, payloads = [], Payloads()
    while (number := devices.next_due()) is not None:
        found.append((devices.config_topic(number), whole(make_config(devices, number, prefix, payloads))))
    return found


def sent(root="PylonToMQTT", rack="Main", **arguments):
    return sent_of(made_devices(root=root, rack=rack, **arguments), f"{root}/{rack}/")


def configs(**arguments):
    return [json.loads(payload) for _, payload in sent(**arguments)]


def taken(**arguments):
    """-> a HomeAssistant that has taken all of them."""
    home_assistant = HomeAssistant()
    for topic, payload in sent(**arguments):
        home_assistant.take(topic, payload)
    return home_assistant
