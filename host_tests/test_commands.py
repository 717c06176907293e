"""commands.py: what cmnd/# may ask for, good and bad, and what it changes; messages of Home Assistant."""

from unittest.mock import Mock, call

import pytest
from commands_cases import BAD

from firmware.commands import Commands
from firmware.log import Log

PREFIX = "PylonToMQTT/Main/"


def taken(topic, payload, retained):
    """-> (what a message makes poller and publisher do, what is logged)."""
    rest, lines = Mock(), []
    commands = Commands(PREFIX, rest.poller, rest.publisher, rest.restart, Log("info", lines.append))
    commands.message(PREFIX.encode() + topic if topic[:4] == b"cmnd" else topic, payload, retained)
    return rest.mock_calls, lines


RATE = [call.poller.set_publish_rate(1500), call.publisher.set_publish_rate(1500)]
STATE, RESTART = call.publisher.state(), call.restart()
STOP = [call.poller.pause(True), STATE]
BIRTH, CONFIG = b"homeassistant/status", b"homeassistant/device/PylonToMQTT_Main_Pack1/config"
MESSAGES = (
    # topic (below the prefix where it begins with cmnd), payload, retained, what is done
    (b"cmnd/x", b'{"publishRate": 1500}', False, [*RATE, STATE]),
    (b"cmnd/x", b'{"polling": true}', False, [call.poller.pause(False), STATE]),
    (b"cmnd/x", b'{"status": 0}', False, [call.publisher.status(), STATE]),
    (b"cmnd/x", b'{"restart": true, "status": 1, "polling": true, "publishRate": 1500}', False,
     [*RATE, call.poller.pause(False), call.publisher.status(), STATE, RESTART]),
    *((topic, b'{"STOP"}', False, STOP) for topic in (b"cmnd", b"cmnd/", b"cmnd/a/b", b"cmnd/config", b"cmnd/status")),
    (BIRTH, b"online", False, [call.publisher.announce_all()]),
    (BIRTH, b"online", True, []), (BIRTH, b"offline", False, []), (BIRTH, b"", False, []),
    (CONFIG, b'{"dev":{}}', True, [call.publisher.take_away(CONFIG)]),
    (CONFIG, b"", True, []), (CONFIG, b'{"dev":{}}', False, []), (CONFIG, b"", False, []),
)  # fmt: skip


@pytest.mark.parametrize(("topic", "payload", "retained", "did"), MESSAGES)
def test_what_a_message_changes(topic, payload, retained, did):
    done, lines = taken(topic, payload, retained)
    assert done == did and not [line for line in lines if line.startswith("warning")]


@pytest.mark.parametrize(("why", "payload", "retained"), [
    ("retained", b'{"restart": true}', True), *((why, one, False) for why, payloads in BAD for one in payloads),
])  # fmt: skip
def test_a_refused_one_is_logged_and_changes_nothing(why, payload, retained):
    done, (line,) = taken(b"cmnd/x", payload, retained)
    assert done == [] and line.startswith("warning: command refused: ") and why in line and line.isprintable()
