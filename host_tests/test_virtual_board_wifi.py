"""The virtual board's radio: it connects, loses the network and finds it again as the ESP32's driver does."""

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


REFUSED = (
    ("another network", {"ssid": "neighbour"}, "False 201"),
    ("another key", {"ssid": "home", "key": "guess"}, "False 202"),
)


@pytest.mark.parametrize(("name", "access", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_wifi_refuses(board, name, access, said):
    board(files={"main.py": WATCH}, **access).wait_for(said)


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
