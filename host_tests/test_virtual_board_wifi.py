"""The virtual board's radio, which connects and loses the network as the ESP32's driver does; and its LAN."""

from __future__ import annotations

import pytest
from board_helpers import ONLINE, run

WATCH = """
import network, time
wlan = network.WLAN(network.WLAN.IF_STA)
wlan.active(True)
wlan.config(pm=wlan.PM_NONE, reconnects=-1)
print("idle", wlan.status())
wlan.connect("home", "secret")
last = None
while last != "end":
    now = (wlan.isconnected(), wlan.status(), wlan.ifconfig()[0])
    if now != last:
        print(*now)
        last = now
    time.sleep_ms(5)
"""


def test_wifi_comes_goes_and_comes_back(board):
    one = board(files={"main.py": WATCH}, ssid="home", key="secret")
    one.wait_for("True 1010 127.0.0.1")
    for state, said in (("down", "False 201"), ("up", "True 1010"), ("no-ap", "False 201"), ("up", "True 1010")):
        seen = one.line_count
        one.wifi(state)
        one.wait_for(said, after=seen)
    assert one.lines[0] == "idle 1000" and one.lines[1] == "False 1001 0.0.0.0"
    with pytest.raises(ValueError, match="sideways"):
        one.wifi("sideways")


NEAR, FAR = ("home", 1, 6, -40, 3, False), ("home", 2, 11, -80, 3, False)
REFUSED = (
    ({"ssid": "neighbour"}, (), "False 201"),
    ({"ssid": "home", "key": "guess"}, (), "False 202"),
    ({}, (("home", 1, 6, -40, 0, False),), "False 211"),
    ({}, (("neighbour", 1, 6, -40, 3, False), FAR), "True 1010"),
    ({}, (("home", 1, 6, -40, 3, True),), "True 1010"),
)


@pytest.mark.parametrize(("access", "points", "said"), REFUSED)
def test_what_the_access_point_says(board, access, points, said):
    one = board(files={"main.py": WATCH}, start=False, **access)
    if points:
        one.access_points(*points)
    one.start().wait_for(said)


def test_a_scan_tells_of_all_and_the_chosen_one_can_vanish(board):
    main = ONLINE.replace('"secret")', '"secret", bssid=b"\\2\\0\\0\\0\\0\\2")') + """
print(wlan.status("rssi"), wlan.config("channel"))
while wlan.isconnected(): time.sleep_ms(5)
time.sleep_ms(300)
print("lost", wlan.status())
wlan.disconnect()
print(wlan.scan())
"""
    one = board(files={"main.py": main}, start=False)
    one.access_points(NEAR, FAR)
    one.start().wait_for("-80 11")
    one.access_points(NEAR, ("unseen", 3, 1, -50, 0, True))
    one.wait_for("lost 201")
    assert one.wait(20) == 0
    assert one.lines[-1] == ("[(b'home', b'\\x02\\x00\\x00\\x00\\x00\\x01', 6, -40, 3, False), "
                             "(b'', b'\\x02\\x00\\x00\\x00\\x00\\x03', 1, -50, 0, False)]")  # fmt: skip


LAN = """
import network, time
from machine import Pin
lan = network.LAN(mdc=Pin(23), mdio=Pin(18), power=Pin(12), phy_type=network.PHY_LAN8720, phy_addr=0,
                  ref_clk=Pin(17), ref_clk_mode=Pin.OUT)
print(lan.active(), lan.isconnected(), lan.ifconfig()[0])
lan.active(True)
last = None
while True:
    now = lan.status(), lan.isconnected()
    if now != last:
        print(*now)
        last = now
    time.sleep_ms(5)
"""


def test_a_lan_is_unplugged_and_plugged_in(board):
    one = board(files={"main.py": LAN}, env={"VB_ETHERNET": "olimex-poe"})
    one.wait_for("False False 0.0.0.0")
    one.wait_for("5 True")
    for state, said in (("down", "4 False"), ("wrong-key", "3 False"), ("up", "5 True")):
        seen = one.line_count
        one.wifi(state)
        one.wait_for(said, after=seen)


@pytest.mark.parametrize("hardware", ["", "wt32-eth01"])
def test_a_lan_that_is_not_there(board, hardware):
    status, lines = run(board, LAN, env={"VB_ETHERNET": hardware})
    assert status == 1 and "esp_eth_driver_install failed" in lines[-1]


def test_wifi_with_the_wrong_key_connects_once_it_is_right(board):
    one = board(files={"main.py": WATCH}, start=False)
    one.wifi("wrong-key")
    one.start().wait_for("False 202")
    one.wifi("up")
    one.wait_for("True 1010")


WIFI_CALLS = (
    ("connect while off", "wlan.connect('a', 'b')", "Wifi Not Started"),
    ("connect twice", "wlan.active(True); wlan.connect('a', 'b'); wlan.connect('a', 'b')", "Wifi Internal State Error"),
    ("again without a name", "wlan.active(True); wlan.connect('a', 'b'); wlan.connect()", "Wifi Internal Error"),
    ("rssi without link", "wlan.active(True); wlan.status('rssi')", "Wifi Not Connected"),
    ("scan while off", "wlan.scan()", "STA must be active"),
    ("unknown setting", "wlan.config(color=1)", "unknown config param"),
    ("long hostname", "network.hostname('x' * 33)", "ValueError"),
)


@pytest.mark.parametrize(("name", "calls", "said"), WIFI_CALLS, ids=[row[0] for row in WIFI_CALLS])
def test_wifi_calls_that_fail(board, name, calls, said):
    status, lines = run(board, f"import network\nwlan = network.WLAN(0)\n{calls}")
    assert status == 1 and said in lines[-1]


def test_wifi_calls_that_answer(board):
    body = (
        "print(wlan.status('rssi'), wlan.ipconfig('addr4'), wlan.config('ssid'), wlan.config('pm'), wlan.active())\n"
        "print(wlan is network.WLAN(network.STA_IF), network.hostname('rack') or network.hostname())\n"
        "wlan.disconnect()\nprint(wlan.isconnected(), wlan.status(), [row[0] for row in wlan.scan()])\n"
        "wlan.active(False)\nprint(wlan.active())"
    )
    assert run(board, ONLINE + body, ssid="home")[1] == [
        "-60 ('127.0.0.1', '255.0.0.0') home 0 True",
        "True rack",
        "False 1000 [b'home']",
        "False",
    ]
