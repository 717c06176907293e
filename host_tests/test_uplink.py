"""uplink.py, radio.py: the strongest access point, what helps a driver that does not connect; Ethernet."""

import sys
from types import SimpleNamespace

import pytest
from fake_network import CONNECTING, FIRST, NO_AP, OPEN, SECOND, WRONG_PASSWORD, Network, point
from fakes import PERIOD, Clock

from firmware.log import Log
from firmware.uplink import Uplink

KEY = "k3y-marker"
CLEAN = ["hostname", "active on", "config", "scan", "connect"]
WEAK, STRONG = point(), point(SECOND, -50)


class Rig:
    """A station on a clock whose ticks wrap early; `address` is fixed, `kind` as the setting network."""

    def __init__(self, monkeypatch, on=False, key=KEY, address=None, kind="wifi"):
        self.clock = Clock(PERIOD - 100_000)
        self.network = Network(self.clock, on)
        self.lines = []
        pin = SimpleNamespace(Pin=lambda number: number)
        pin.Pin.IN, pin.Pin.OUT = "in", "out"
        for name, module in (("network", self.network), ("machine", pin)):
            monkeypatch.setitem(sys.modules, name, module)
        self.make = lambda: Uplink(kind, "home", key, "rack", address, self.clock, Log("info", self.lines.append))

    def drive(self, uplink, seconds):
        """Rounds of the main loop -> whether it was connected in the last."""
        end = self.clock.passed_ms + seconds * 1000
        while self.clock.passed_ms < end:
            up = uplink.tend()
            self.clock.advance(50)
        return up


@pytest.fixture
def rig(monkeypatch):
    return Rig(monkeypatch)


def test_the_start(rig):
    uplink = rig.make()
    assert rig.network.last("connect") == ["home", KEY, FIRST] and rig.network.last("hostname") == ["rack"]
    assert rig.network.last("config") == [{"pm": 0, "reconnects": -1}]  # no sleep; it tries for ever
    assert rig.drive(uplink, 1) and rig.lines == ["info: Wi-Fi connected, address 192.0.2.7"]
    assert rig.drive(uplink, 3600) and rig.network.names() == CLEAN
    assert (uplink.address(), uplink.access_point(), uplink.drops) == ("192.0.2.7", (-61, b"02:00:00:00:00:01", 6), 0)


def test_a_fixed_address_and_a_radio_that_is_on_already_after_a_soft_reset(monkeypatch):
    address = ("192.0.2.50", 24, "192.0.2.1", "192.0.2.1")
    rig = Rig(monkeypatch, on=True, address=address)
    rig.network.wanted = b"home", None
    uplink = rig.make()
    assert rig.network.last("ifconfig") == [address]
    assert rig.network.names() == ["disconnect", "hostname", "active on", "config", "ifconfig", "scan", "connect"]
    assert rig.drive(uplink, 1) and uplink.address() == "192.0.2.50"


@pytest.mark.parametrize(("key", "air", "bssid"), [
    (KEY, [WEAK, STRONG, point(b"other.", -30, name=b"other")], SECOND), (KEY, [STRONG, WEAK], SECOND),
    (KEY, [WEAK, point(SECOND, -40, OPEN)], FIRST), ("", [WEAK, point(SECOND, -90, OPEN)], SECOND),
    (KEY, [point(name=b"")], None),
])  # fmt: skip
def test_the_strongest_access_point_that_fits_is_chosen(monkeypatch, key, air, bssid):
    """A hidden one is connected without a BSSID."""
    rig = Rig(monkeypatch, key=key)
    rig.network.air = air
    uplink = rig.make()
    assert rig.network.last("connect") == ["home", key, bssid]
    assert rig.drive(uplink, 3600) and uplink.drops == 0 and (uplink.access_point()[1] is None) == (bssid is None)


@pytest.mark.parametrize(("signal", "switches"), [(-50, True), (-54, False), (-70, False)])
def test_what_the_driver_found_by_itself_gives_way_to_a_stronger_one(rig, signal, switches):
    """After a power cut: no access point is there yet, and then the first is a weak one."""
    rig.network.air = []
    rig.drive(uplink := rig.make(), 5)
    rig.network.air = [WEAK, point(SECOND, signal)]
    assert rig.drive(uplink, 5)
    assert uplink.access_point()[0] == (signal if switches else -61) and uplink.drops == 0
    assert rig.network.names() == [*CLEAN, "scan", *(["disconnect", "connect"] if switches else [])]


def test_a_strongest_one_that_refuses_us_gives_way_too(rig):
    rig.network.air, rig.network.refusing = [WEAK, STRONG], (SECOND,)
    uplink = rig.make()
    assert not rig.drive(uplink, 100)
    assert rig.drive(uplink, 100) and uplink.access_point() == (-61, None, 6)
    assert rig.drive(uplink, 600) and uplink.drops == 0


def test_short_losses_are_left_to_the_driver_and_long_ones_helped_step_by_step(rig):
    uplink = rig.make()
    for count in range(1, 4):
        rig.network.air = [WEAK]
        assert rig.drive(uplink, 5)
        rig.network.air = []
        assert not rig.drive(uplink, 29) and uplink.drops == rig.lines.count("warning: Wi-Fi lost") == count
    assert rig.network.names() == CLEAN
    assert (uplink.address(), uplink.access_point()) == ("0.0.0.0", (None, None, None))
    rig.drive(uplink, 5)
    assert rig.network.names() == ["disconnect", *CLEAN]
    for _ in range(3):
        rig.drive(uplink, 94)
    assert rig.network.names() == ["disconnect", "active off", *CLEAN] * 3
    rig.network.air = [WEAK]
    assert rig.drive(uplink, 1) and uplink.drops == 3
    rig.network.names()
    rig.network.air = []
    rig.drive(uplink, 35)
    assert rig.network.names() == ["disconnect", *CLEAN]  # the next loss begins with the gentle step again


@pytest.mark.parametrize(("reason", "key", "air", "word"), [
    (NO_AP, KEY, [], "wifi_ssid"), (WRONG_PASSWORD, KEY, [WEAK], "wifi_pass"), (CONNECTING, KEY, [], "in reach?"),
    (CONNECTING, KEY, [WEAK], "wifi_pass right"), (210, KEY, [], "WPA2 or WPA3"), (212, KEY, [], "too weak"),
    (211, KEY, [point(security=OPEN)], "open network"), (210, "", [point()], "wants a key"),
])  # fmt: skip
def test_what_is_wrong_is_said_once(monkeypatch, reason, key, air, word):
    rig = Rig(monkeypatch, key=key)
    rig.network.air, rig.network.reason, rig.network.connection = air, reason, lambda: None
    rig.drive(rig.make(), 3600)
    (line,) = rig.lines
    assert line.startswith("warning: no Wi-Fi home: ") and word in line


@pytest.mark.parametrize("error", [OSError("x"), RuntimeError("Wifi Unknown Error 0x3001"), MemoryError()])
@pytest.mark.parametrize("step", ["disconnect", "active(False,)", "active(True,)", "config", "scan", "connect"])
def test_a_step_that_the_driver_refuses_does_not_end_the_ladder(rig, step, error):
    rig.network.air, rig.network.refuses, rig.network.error = [], (step,), error
    rig.drive(uplink := rig.make(), 600)
    assert len(rig.lines) <= 7 and not [line for line in rig.lines if KEY in line]
    rig.network.air, rig.network.refuses = [WEAK], ()
    assert rig.drive(uplink, 100), rig.network.calls


WIRING = {"mdc": 23, "mdio": 18, "phy_type": 8720}


@pytest.mark.parametrize(("kind", "wiring"), [
    ("wt32-eth01", {"power": 16, "phy_addr": 1, "ref_clk": 0, "ref_clk_mode": "in"}),
    ("olimex-poe", {"power": 12, "phy_addr": 0, "ref_clk": 17, "ref_clk_mode": "out"}),
])  # fmt: skip
def test_ethernet(monkeypatch, kind, wiring):
    rig = Rig(monkeypatch, kind=kind, address=("192.0.2.50", 24, "", ""))
    uplink = rig.make()
    assert rig.network.last("LAN") == [WIRING | wiring]
    assert rig.network.names() == ["hostname", "LAN", "ifconfig", "active on"]
    assert rig.drive(uplink, 3600) and rig.lines == ["info: LAN connected, address 192.0.2.50"]
    assert (uplink.ssid, uplink.access_point()) == (None, (None, None, None))
    for status, is_up in ((Network.ETH_DISCONNECTED, False), (Network.ETH_GOT_IP, True)):
        rig.network.lan = status
        assert rig.drive(uplink, 20) == is_up and uplink.drops == 1 and not rig.network.calls


@pytest.mark.parametrize(("status", "begin", "word"), [
    (Network.ETH_DISCONNECTED, "warning: no LAN: ", "cable plugged"),
    (Network.ETH_CONNECTED, "warning: no LAN: ", "DHCP"),
    (None, "error: LAN driver: ", "wt32-eth01"), ("no module", "error: LAN driver: ", "wt32-eth01"),
])  # fmt: skip
def test_what_a_lan_lacks_is_said_once(monkeypatch, status, begin, word):
    if status == "no module":
        monkeypatch.delattr(Network, "LAN")
    rig = Rig(monkeypatch, kind="wt32-eth01")
    rig.network.lan = status
    uplink = rig.make()
    assert not rig.drive(uplink, 600) and uplink.address() == "0.0.0.0"
    (line,) = rig.lines
    assert line.startswith(begin) and word in line
    assert begin.startswith("error") or rig.network.names()[2:5] == ["active on", "active on", "active off"]


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "env", "name"), [
    ({"wifi_ssid": "home", "wifi_pass": KEY}, {"VB_SSID": "home", "VB_KEY": KEY}, "Wi-Fi"),
    ({"network": "olimex-poe", "ip": "192.168.2.50/24", "dns": "192.168.2.1", "gateway": "192.168.2.1"},
     {"VB_ETHERNET": "olimex-poe"}, "LAN"),
])  # fmt: skip
def test_the_network_goes_and_comes(board, broker, mqtt_client, settings, env, name):
    one = board(settings | {"mqtt_host": broker.host, "mqtt_port": broker.port}, env=env)
    mqtt_client.wait_topic("tele/STATE")
    seen = one.line_count
    one.wifi("down")
    one.wait_for(f"warning: {name} lost", after=seen)
    one.wait_for("warning: broker lost", after=seen)
    heard = len(mqtt_client.messages)
    one.wifi("up")
    mqtt_client.wait_for(lambda m: m.topic.endswith("tele/LWT") and m.payload == b"Online", after=heard)
    where = {"Wi-Fi": b'"IP":"127.0.0.1","RSSI":-60,"BSSID":"02:00:00:00:00:01","Channel":6,',
             "LAN": b'"IP":"192.168.2.50","HeapFree"'}  # fmt: skip
    says = (b'"WifiDrops":1', b'"BrokerDrops":1', where[name])
    mqtt_client.wait_for(lambda m: m.topic.endswith("STATE") and all(c in m.payload for c in says), after=heard)
    assert mqtt_client.wait_topic("tele/LOG", after=heard)
    assert not one.resets and not [line for line in one.lines if KEY in line]


SIXTY = """
import network
network.WLAN.scan = lambda: [(b"home", b"\\2\\0\\0\\0\\0" + bytes([n]), n, -90 + n, 3, False) for n in range(1, 61)]
"""


@pytest.mark.slow
def test_sixty_access_points_fit_into_the_memory(board, broker, mqtt_client):
    """At the start, and when all else is loaded, too."""
    settings = {"wifi_ssid": "home", "wifi_pass": KEY, "mqtt_host": broker.host, "mqtt_port": broker.port}
    one = board(settings, {"boot.py": SIXTY}, speed=10)
    assert b'"BSSID":"02:00:00:00:00:3c"' in mqtt_client.wait_topic("tele/STATE").payload
    one.wifi("down")
    one.wait_for("info: Wi-Fi: its access point is gone, trying the one with -30 dBm")
    one.wifi("up")
    one.wait_for("info: broker connected", after=one.line_count)
    assert not one.resets and not [line for line in one.lines if "memory" in line]
