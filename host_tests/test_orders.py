"""orders.py: what a command changes, and a message of Home Assistant; of a poller and a publisher that stand by."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fakes import Clock
from test_commands import BAD

from firmware import orders


class Loop:
    """As far as orders know it; `did` says what was done besides."""

    def __init__(self):
        self.did = []
        self.clock = Clock(5000)
        self.retained = SimpleNamespace(quick_boots=3, save=lambda: self.did.append("save"))
        self.log = SimpleNamespace(
            warning=lambda text, *values: self.did.append("warning: " + text % values), info=lambda *_: None
        )
        self.session = SimpleNamespace(close=lambda: self.did.append("close"), publish=self._publish)
        self.reset = lambda: self.did.append("reset")
        self.poller = SimpleNamespace(
            paused=False, publish_rate_ms=10_000, due=9000, stop_cycle=lambda: self.did.append("stop_cycle")
        )
        self.publisher = SimpleNamespace(
            prefix="PylonToMQTT/Main/", place="homeassistant/device/PylonToMQTT_Main", announces=True, wanted=0,
            known=[0, 5, 0, 5] + [0] * 13,
            ready=False, expire_s=120, state=lambda what="state": self.did.append(what),
        )  # fmt: skip

    def _publish(self, topic, payload, retain):
        self.did.append((topic, payload, retain))

    def command(self, payload, retained=False, topic=b"PylonToMQTT/Main/cmnd/x"):
        orders.heard(self, topic, payload, retained)
        return self

    def values(self):
        poller, publisher = self.poller, self.publisher
        return poller.paused, poller.publish_rate_ms, poller.due, publisher.wanted, publisher.ready, publisher.expire_s


UNCHANGED = Loop().values()
EVERYTHING = 0b1011  # the rack, and the packs 1 and 3, of which something is known
# payload; paused, publish_rate_ms, due, wanted, ready, expire_s; what was done
CHANGES = (
    (b'{"publishRate": 30000}', (False, 30_000, 5000, 0, False, 120), []),
    (b'{"publishRate": 1500}', (False, 1500, 5000, 0, False, 120), []),
    (b'{"publishRate": 30001}', (False, 30_001, 5000, EVERYTHING, False, 121), []),
    (b'{"publishRate": 300000}', (False, 300_000, 5000, EVERYTHING, False, 1200), []),
    (b'{"polling": false}', (True, 10_000, 5000, 0, False, 120), ["stop_cycle"]),
    (b'{"STOP"}', (True, 10_000, 5000, 0, False, 120), ["stop_cycle"]),
    (b'{"polling": true}', UNCHANGED, []),
    (b'{"status": 0}', UNCHANGED, ["status", "state"]),
    (b'{"restart": true}', UNCHANGED, ["save", "close", "reset"]),
    (b'{"restart": true, "publishRate": 1000}', (False, 1000, 5000, 0, False, 120), ["save", "close", "reset"]),
)  # fmt: skip


@pytest.mark.parametrize(("payload", "values", "did"), CHANGES, ids=[row[0].decode() for row in CHANGES])
def test_what_a_command_changes(payload, values, did):
    loop = Loop().command(payload)
    assert loop.values() == values
    assert loop.did == did


@pytest.mark.parametrize("payload", [row[0] for row in BAD], ids=lambda payload: repr(payload[:50]))
def test_a_refused_one_is_logged_and_changes_nothing(payload):
    loop = Loop().command(payload)
    assert loop.values() == UNCHANGED
    (line,) = loop.did
    assert line.startswith("warning: command refused: ") and line.isprintable()


def test_a_retained_one_is_logged_and_changes_nothing():
    loop = Loop().command(b'{"restart": true}', retained=True)
    assert loop.values() == UNCHANGED and len(loop.did) == 1 and "retained" in loop.did[0]


def test_any_topic_below_cmnd():
    for topic in (b"PylonToMQTT/Main/cmnd/", b"PylonToMQTT/Main/cmnd/a/b", b"PylonToMQTT/Main/cmnd/x/config",
                  b"PylonToMQTT/Main/cmnd/status", b"PylonToMQTT/Main/cmnd"):  # fmt: skip
        assert Loop().command(b'{"STOP"}', topic=topic).poller.paused


def test_resumed():
    loop = Loop().command(b'{"STOP"}').command(b'{"polling": true}')
    assert not loop.poller.paused and loop.poller.due == 5000


def test_the_rate_changes_nothing_in_home_assistant_without_discovery():
    loop = Loop()
    loop.publisher.announces = False
    loop.command(b'{"publishRate": 300000}')
    assert loop.publisher.wanted == 0


def test_an_orderly_restart_is_no_crash():
    assert Loop().command(b'{"restart": true}').retained.quick_boots == 0


BIRTH = b"homeassistant/status"


def test_birth_of_home_assistant():
    loop = Loop().command(b"online", topic=BIRTH)
    assert loop.publisher.wanted == EVERYTHING and loop.publisher.ready and loop.did == []


@pytest.mark.parametrize(
    ("payload", "retained"), [(b"offline", False), (b"Online", False), (b"", False), (b"online", True)]
)
def test_what_is_no_birth(payload, retained):
    assert Loop().command(payload, retained, BIRTH).values() == UNCHANGED


CONFIG = b"homeassistant/device/PylonToMQTT_Main_Pack1/config"


def test_a_retained_config_is_taken_away():
    loop = Loop().command(b'{"dev":{}}', True, CONFIG)
    assert loop.did == [(CONFIG, b"", True)] and loop.values() == UNCHANGED


def test_nothing_else_is_taken_away():
    for payload, retained in ((b"", True), (b'{"dev":{}}', False), (b"", False)):
        assert Loop().command(payload, retained, CONFIG).did == []


class Client:
    """umqtt.simple, before a broker that retains a config at each of the topics `there`."""

    def __init__(self, there, error=None):
        self.there, self.error, self.asked = there, error, []

    def set_callback(self, callback):
        self.callback = callback

    def subscribe(self, topic):
        self.asked.append(topic)
        if self.error and len(self.asked) == 3:
            raise self.error
        self.callback(b"PylonToMQTT/Main/cmnd/x", b"command")
        if topic in self.there:
            self.callback(topic, b"{}")


def tidied(there, error=None):
    loop = Loop()
    received = []
    client = Client(there, error)
    loop.session = SimpleNamespace(
        client=client, connected=True, errors=(OSError,), publish=loop._publish, transport=SimpleNamespace(start=int),
        fail=lambda why: loop.did.append(why), receive=lambda topic, payload: received.append(payload),
    )  # fmt: skip
    orders.tidy(loop)
    return loop, client, received


def test_without_discovery_what_is_there_is_taken_away_and_nothing_else():
    there = [CONFIG, CONFIG.replace(b"Pack1", b"Pack16"), b"homeassistant/device/PylonToMQTT_Main/config"]
    loop, client, received = tidied(there)
    assert sorted(loop.did) == sorted((topic, b"", True) for topic in there)
    assert len(client.asked) == 17 and len(received) == 17, "commands that come meanwhile are not lost"
    assert client.callback == loop.session.receive


def test_what_breaks_meanwhile_ends_the_connection():
    error = OSError(104)
    assert tidied([], error)[0].did == [error]


def test_all_of_them_at_once():
    topics = tidied([])[1].asked
    assert len(set(topics)) == 17 and len(tidied(topics)[0].did) == 17
