"""The virtual board's Wi-Fi, LAN and sockets: the ESP32's habits that the firmware has to live with."""

from __future__ import annotations

import socket
import threading

import pytest
from board_helpers import ONLINE, run

WATCH = """
import network, time
wlan = network.WLAN(network.WLAN.IF_STA)
wlan.active(True)
wlan.config(pm=wlan.PM_NONE, reconnects=-1)
wlan.connect("home", "secret")
last = None
while last != "end":
    now = wlan.isconnected(), wlan.status(), wlan.ifconfig()[0]
    if now != last:
        print(*now)
        last = now
    time.sleep_ms(5)
"""
LAN = """
import network, time
from machine import Pin
lan = network.LAN(mdc=Pin(23), mdio=Pin(18), power=Pin(12), phy_type=network.PHY_LAN8720, phy_addr=0,
                  ref_clk=Pin(17), ref_clk_mode=Pin.OUT)
lan.active(True)
last = None
while True:
    now = lan.isconnected(), lan.status(), lan.ifconfig()[0]
    if now != last:
        print(*now)
        last = now
    time.sleep_ms(5)
"""
GOES = (
    (WATCH, "True 1010 127", (("down", "False 201"), ("up", "True 1010"), ("no-ap", "False 201"))),
    (LAN, "True 5 127", (("down", "False 4"), ("wrong-key", "False 3"), ("up", "True 5"))),
)


@pytest.mark.parametrize(("main", "first", "states"), GOES, ids=["Wi-Fi", "LAN"])
def test_the_network_comes_and_goes(board, main, first, states):
    one = board(files={"main.py": main}, env={"VB_ETHERNET": "olimex-poe"}, ssid="home", key="secret")
    one.wait_for(first)
    for state, said in states:
        seen = one.line_count
        one.wifi(state)
        one.wait_for(said, after=seen)


def test_a_lan_that_is_not_there(board):
    status, lines = run(board, LAN, env={"VB_ETHERNET": "wt32-eth01"})
    assert status == 1 and "esp_eth_driver_install failed" in lines[-1]


NEAR, FAR = ("home", 1, 6, -40, 3, False), ("home", 2, 11, -80, 3, False)
ACCESS = (
    ({"ssid": "neighbour"}, (), "up", "False 201"),
    ({"ssid": "home", "key": "guess"}, (), "up", "False 202"),
    ({}, (), "wrong-key", "False 202"),
    ({}, (("home", 1, 6, -40, 0, False),), "changed", "False 211"),
    ({}, (("neighbour", 1, 6, -40, 3, False), FAR), "changed", "True 1010"),
    ({}, (("home", 1, 6, -40, 3, True),), "changed", "True 1010"),
)


@pytest.mark.parametrize(("access", "points", "state", "said"), ACCESS)
def test_what_the_access_point_says(board, access, points, state, said):
    one = board(files={"main.py": WATCH}, start=False, **access)
    if points:
        one.access_points(*points)
    one.wifi(state)
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


# -- sockets ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def peer():
    """Port of a server that says what it hears, until it hears "end"."""

    def serve():
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(1000):
                connection.sendall(data)
                if data.endswith(b"end"):
                    break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


CALLS = """
import errno, socket
def error(f, *a):
    try: return f(*a)
    except OSError as e: return errno.errorcode.get(e.errno, e.errno)
print(error(socket.getaddrinfo, "127.0.0.1", 1), error(socket.socket().connect, ("127.0.0.1", 1)))
""" + ONLINE + """
print(error(socket.getaddrinfo, "localhost", 1883), error(socket.getaddrinfo, "no-such.invalid", 1))
print(error(socket.socket().connect, ("127.0.0.1", 1)))
s = socket.socket()
s.settimeout(0.3)
s.connect(("127.0.0.1", {port}))
b = bytearray(4)
print(error(s.read, 1), error(s.readinto, b), s.write(b"abcd"), s.read(2), s.readinto(b, 2), b)
print(s.settimeout(0), s.read(1), s.readinto(b), s.write(b"later"), "up")
s.settimeout(0.3)
while wlan.isconnected(): time.sleep_ms(5)
print(error(s.read, 1), error(s.write, b"x"), s.settimeout(0), s.read(1), "deaf")
s.settimeout(10)
print(s.read(5), s.write(b"end"), s.read(9), s.read(9))
print(s.close(), s.close(), s.settimeout(1), error(s.read, 1))
print(len([socket.socket() for _ in range(8)]), error(socket.socket))
"""
ANSWERS = [
    "-202 EHOSTUNREACH",
    "[(2, 1, 0, 'localhost', ('127.0.0.1', 1883))] -202",
    "ECONNREFUSED",
    "ETIMEDOUT ETIMEDOUT 4 b'ab' 2 bytearray(b'cd\\x00\\x00')",
    "None None None 5 up",
    "ETIMEDOUT ETIMEDOUT None None deaf",
    "b'later' 3 b'end' b''",
    "None None None EBADF",
    "8 23",
]


def test_sockets(board, peer):
    """Without Wi-Fi a connection is deaf, and goes on when it comes back. Ten sockets can be open."""
    one = board(files={"main.py": CALLS.replace("{port}", str(peer))})
    one.wait_for("up")
    one.wifi("down")
    one.wait_for("deaf")
    one.wifi("up")
    assert one.wait(20) == 0 and list(one.lines) == ANSWERS
