"""wifi.Wifi: the driver reconnects by itself; when it does not, the ladder. And the air of a whole board."""

import sys

import pytest
from fake_network import CONNECTING, NO_AP, WRONG_PASSWORD, Network
from fakes import PERIOD, Clock

from firmware.log import Log

KEY = "k3y-marker"
CLEAN = ["hostname", "active on", "config", "connect"]


class Rig:
    """A station on a clock whose ticks wrap early."""

    def __init__(self, monkeypatch, on=False):
        self.clock = Clock(PERIOD - 100_000)
        self.network = Network(self.clock, on)
        monkeypatch.setitem(sys.modules, "network", self.network)
        monkeypatch.delitem(sys.modules, "firmware.wifi", raising=False)
        from firmware.wifi import Wifi

        self.make = lambda: Wifi("home", KEY, "rack", self.clock, Log("info", self.lines.append))
        self.lines = []

    def drive(self, wifi, seconds):
        """Rounds of the main loop -> whether it was connected in the last."""
        end = self.clock.passed_ms + seconds * 1000
        while self.clock.passed_ms < end:
            up = wifi.tend()
            self.clock.advance(50)
        return up


@pytest.fixture
def rig(monkeypatch):
    return Rig(monkeypatch)


def test_the_start(rig):
    wifi = rig.make()
    assert rig.network.names() == CLEAN and rig.clock.passed_ms == 0
    calls = {name: arguments for _, name, *arguments in rig.network.calls}
    assert calls["connect"] == ["home", KEY] and calls["hostname"] == ["rack"]
    assert calls["config"] == [{"pm": 0, "reconnects": -1}]  # no sleep of the radio; the driver tries for ever
    assert rig.drive(wifi, 1) and rig.lines == ["info: Wi-Fi connected, address 192.0.2.7"]
    assert rig.drive(wifi, 3600) and rig.network.names() == CLEAN
    assert (wifi.address(), wifi.signal(), wifi.drops) == ("192.0.2.7", -61, 0)


def test_after_a_soft_reset_the_radio_is_on_already(monkeypatch):
    rig = Rig(monkeypatch, on=True)
    rig.network.wanted = True
    wifi = rig.make()
    assert rig.network.names() == ["disconnect", *CLEAN]
    assert rig.drive(wifi, 1) and len(rig.lines) == 1


def test_short_losses_are_left_to_the_driver(rig):
    wifi = rig.make()
    for _ in range(20):
        rig.network.air = True
        assert rig.drive(wifi, 5)
        rig.network.air = False
        assert not rig.drive(wifi, 85)
    assert rig.network.names() == CLEAN and wifi.drops == 20
    assert rig.lines.count("warning: Wi-Fi lost") == 20
    assert (wifi.address(), wifi.signal()) == ("0.0.0.0", None)


def test_the_ladder(rig):
    wifi = rig.make()
    rig.drive(wifi, 1)
    rig.network.calls.clear()
    rig.network.air = False
    rig.drive(wifi, 89)
    assert not rig.network.calls
    rig.drive(wifi, 5)
    assert rig.network.names() == ["disconnect", *CLEAN]
    steps = rig.network.calls
    assert 1_000 <= steps[1][0] - steps[0][0] <= 1_100 and 90_000 <= steps[0][0] - 1_000 <= 90_200
    rig.network.calls.clear()
    for _ in range(3):
        rig.drive(wifi, 93)
    assert rig.network.names() == ["disconnect", "active off", *CLEAN] * 3
    rig.network.air = True
    assert rig.drive(wifi, 1) and wifi.drops == 1
    rig.network.calls.clear()
    rig.network.air = False
    rig.drive(wifi, 95)
    assert rig.network.names() == ["disconnect", *CLEAN]  # a new loss begins below


WORDS = (
    (NO_AP, "no access point of that name in reach: is wifi_ssid right, is it a 2.4 GHz network?"),
    (WRONG_PASSWORD, "the access point refuses us: is wifi_pass right?"),
    (CONNECTING, "is the access point on, is it in reach?"),
)


@pytest.mark.parametrize(("reason", "words"), WORDS)
def test_what_is_wrong_is_said_once(rig, reason, words):
    rig.network.air, rig.network.reason = False, reason
    rig.drive(rig.make(), 3600)
    assert rig.lines == [f"warning: no Wi-Fi home: {words}"]


REFUSALS = ("disconnect", "active(False,)", "active(True,)", "config", "connect")


@pytest.mark.parametrize("step", REFUSALS)
def test_a_step_that_the_driver_refuses_does_not_end_the_ladder(rig, step):
    wifi = rig.make()
    rig.network.air, rig.network.refuses = False, (step,)
    rig.drive(wifi, 600)
    assert len(rig.lines) <= 5 and not [line for line in rig.lines if KEY in line]
    rig.network.air, rig.network.refuses = True, ()
    assert rig.drive(wifi, 100), rig.network.calls


def test_a_driver_that_refuses_at_the_start(rig):
    rig.network.refuses = ("active(True,)",)
    wifi = rig.make()
    rig.network.refuses = ()
    assert not rig.drive(wifi, 60) and rig.drive(wifi, 60)


# -- the whole board --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_air_goes_and_comes(board, broker, mqtt_client):
    """Without an air no reading is kept for later; the connection is new, and says so."""
    config = {"wifi_ssid": "home", "wifi_pass": KEY, "mqtt_host": broker.host, "mqtt_port": broker.port}
    one = board(config)
    mqtt_client.wait_topic("tele/STATE")
    seen = one.line_count
    one.wifi("down")
    one.wait_for("warning: Wi-Fi lost", after=seen)
    one.wait_for("warning: broker lost", after=seen)
    heard = len(mqtt_client.messages)
    one.wifi("up")
    mqtt_client.wait_for(lambda m: m.topic.endswith("tele/LWT") and m.payload == b"Online", after=heard)
    counters = (b'"WifiDrops":1', b'"BrokerDrops":1')
    mqtt_client.wait_for(lambda m: m.topic.endswith("STATE") and all(c in m.payload for c in counters), after=heard)
    assert mqtt_client.wait_topic("tele/LOG", after=heard)
    assert not one.resets and not [line for line in one.lines if KEY in line]
