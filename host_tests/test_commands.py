"""commands.py: what cmnd/# may ask for, good and bad, and what it changes; messages of Home Assistant."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from commands_cases import BAD

from firmware.commands import Commands
from firmware.log import Log

PREFIX = "PylonToMQTT/Main/"

def shown(payload):
    return repr(payload[:50])


class Rig:
    """A Commands whose poller and publisher stand by; `did` says what was asked of them."""

    def __init__(self):
        self.did = []
        self.lines = []
        self.commands = Commands(PREFIX, self._note("poller", "set_publish_rate", "pause"), self._note(
            "publisher", "set_publish_rate", "status", "state", "take_away", "announce_all",
        ), lambda: self.did.append(("restart",)), Log("info", self.lines.append))  # fmt: skip

    def _note(self, who, *methods):
        def noting(method):
            return lambda *arguments: self.did.append((f"{who}.{method}", *arguments))

        return SimpleNamespace(**{method: noting(method) for method in methods})

    def message(self, payload, retained=False, topic=b"PylonToMQTT/Main/cmnd/x"):
        self.commands.message(topic, payload, retained)
        return self.did


RATE = [("poller.set_publish_rate", 1500), ("publisher.set_publish_rate", 1500)]
STATE = ("publisher.state",)
CHANGES = (
    (b'{"publishRate": 1500}', [*RATE, STATE]),
    (b'{"polling": false}', [("poller.pause", True), STATE]),
    (b'{"STOP"}', [("poller.pause", True), STATE]),
    (b'{"polling": true}', [("poller.pause", False), STATE]),
    (b'{"status": 0}', [("publisher.status",), STATE]),
    (b'{"restart": true}', [STATE, ("restart",)]),
    (b'{"restart": true, "status": 1, "polling": true, "publishRate": 1500}',
     [*RATE, ("poller.pause", False), ("publisher.status",), STATE, ("restart",)]),
)  # fmt: skip


@pytest.mark.parametrize(("payload", "did"), CHANGES, ids=[shown(row[0]) for row in CHANGES])
def test_what_a_command_changes(payload, did):
    assert Rig().message(payload) == did


@pytest.mark.parametrize(("payload", "why"), BAD, ids=[shown(row[0]) for row in BAD])
def test_a_refused_one_is_logged_and_changes_nothing(payload, why):
    rig = Rig()
    assert rig.message(payload) == []
    (line,) = rig.lines
    assert line.startswith("warning: command refused: ") and why in line and line.isprintable()


def test_a_retained_one_is_logged_and_changes_nothing():
    rig = Rig()
    assert rig.message(b'{"restart": true}', True) == [] and "retained" in rig.lines[0]


@pytest.mark.parametrize("topic", [b"cmnd", b"cmnd/", b"cmnd/a/b", b"cmnd/x/config", b"cmnd/status"])
def test_any_topic_below_cmnd(topic):
    assert Rig().message(b'{"STOP"}', topic=PREFIX.encode() + topic) == [("poller.pause", True), STATE]


BIRTH, CONFIG = b"homeassistant/status", b"homeassistant/device/PylonToMQTT_Main_Pack1/config"
OTHERS = (
    (BIRTH, b"online", False, [("publisher.announce_all",)]),
    (BIRTH, b"online", True, []), (BIRTH, b"offline", False, []), (BIRTH, b"Online", False, []),
    (BIRTH, b"", False, []),
    (CONFIG, b'{"dev":{}}', True, [("publisher.take_away", CONFIG)]),
    (CONFIG, b"", True, []), (CONFIG, b'{"dev":{}}', False, []), (CONFIG, b"", False, []),
)  # fmt: skip


@pytest.mark.parametrize(("topic", "payload", "retained", "did"), OTHERS)
def test_birth_of_home_assistant_and_old_configs(topic, payload, retained, did):
    rig = Rig()
    assert rig.message(payload, retained, topic) == did and rig.lines == []
