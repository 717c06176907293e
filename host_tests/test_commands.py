"""commands.py: what cmnd/# may ask for, good and bad, and what it changes; messages of Home Assistant."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from commands_cases import BAD

from firmware.commands import Commands
from firmware.telemetry import Log

PREFIX = "PylonToMQTT/Main/"


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


RATE = [("poller.set_publish_rate", 1500), ("publisher.set_publish_rate", 1500)]
STATE = ("publisher.state",)
STOP = [("poller.pause", True), STATE]
BIRTH, CONFIG = b"homeassistant/status", b"homeassistant/device/PylonToMQTT_Main_Pack1/config"
MESSAGES = (
    # topic (below the prefix where it begins with cmnd), payload, retained, what is done
    (b"cmnd/x", b'{"publishRate": 1500}', False, [*RATE, STATE]),
    (b"cmnd/x", b'{"polling": false}', False, STOP),
    (b"cmnd/x", b'{"polling": true}', False, [("poller.pause", False), STATE]),
    (b"cmnd/x", b'{"status": 0}', False, [("publisher.status",), STATE]),
    (b"cmnd/x", b'{"restart": true}', False, [STATE, ("restart",)]),
    (b"cmnd/x", b'{"restart": true, "status": 1, "polling": true, "publishRate": 1500}', False,
     [*RATE, ("poller.pause", False), ("publisher.status",), STATE, ("restart",)]),
    *((topic, b'{"STOP"}', False, STOP) for topic in (b"cmnd", b"cmnd/", b"cmnd/a/b", b"cmnd/config", b"cmnd/status")),
    (BIRTH, b"online", False, [("publisher.announce_all",)]),
    (BIRTH, b"online", True, []), (BIRTH, b"offline", False, []), (BIRTH, b"Online", False, []),
    (BIRTH, b"", False, []),
    (CONFIG, b'{"dev":{}}', True, [("publisher.take_away", CONFIG)]),
    (CONFIG, b"", True, []), (CONFIG, b'{"dev":{}}', False, []), (CONFIG, b"", False, []),
)  # fmt: skip


@pytest.mark.parametrize(("topic", "payload", "retained", "did"), MESSAGES)
def test_what_a_message_changes(topic, payload, retained, did):
    rig = Rig()
    rig.commands.message(PREFIX.encode() + topic if topic[:4] == b"cmnd" else topic, payload, retained)
    assert rig.did == did and not [line for line in rig.lines if line.startswith("warning")]


REFUSED = [("retained", b'{"restart": true}', True), *((why, one, False) for why, payloads in BAD for one in payloads)]


@pytest.mark.parametrize(("why", "payload", "retained"), REFUSED, ids=[f"{row[0]} {row[1][:40]}" for row in REFUSED])
def test_a_refused_one_is_logged_and_changes_nothing(why, payload, retained):
    rig = Rig()
    rig.commands.message(f"{PREFIX}cmnd/x".encode(), payload, retained)
    (line,) = rig.lines
    assert rig.did == [] and line.startswith("warning: command refused: ") and why in line and line.isprintable()
