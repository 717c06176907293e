"""`network` as on the ESP32: a station in an air that a test can change, a LAN that it can unplug. Runs on MicroPython.

Like the driver the station reconnects by itself (reconnects=-1) and tells less than one would wish: status() holds the
reason of the last failure while it still tries. Settings of the runner: SSID and KEY are what the access point wants
(none: it takes anything), ETHERNET: there is an Ethernet chip.
"""

import time

import _host
import _memory
from _host import air as _air

STA_IF = 0
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
PHY_LAN8720 = 1
ETH_INITIALIZED, ETH_STARTED, ETH_STOPPED, ETH_CONNECTED, ETH_DISCONNECTED, ETH_GOT_IP = range(6)

_DOWN = b"d"[0]
_NEWS = b"dc"  # the air is not as it was when we connected
_WIFI_BYTES = 13_000
_CONNECTED_BYTES = 6_000
_JOIN_MS = 100
_SCAN_MS = 100  # 2 to 3 s on the chip
_DHCP = ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")


def hostname(name):
    """The name told to DHCP."""


_head = bytearray(5)  # of an access point in the list: channel, -dBm, security, is it hidden, bytes of its name


def _points():
    """Yields what is in the air: (name, BSSID, channel, dBm, security, is it hidden). Without a list of the runner it
    is one access point, which takes any name unless it has one itself. Like the chip it leaves no garbage behind.
    """
    try:
        file = _host.files.open(_host.setting("STATE") + "/points", "rb")
    except OSError:
        yield _host.setting("SSID").encode(), b"\x02\0\0\0\0\1", 6, -60, 3 if _host.setting("KEY") else 0, False
        return
    while file.readinto(_head):
        bssid = file.read(6)
        name = file.read(_head[4])
        yield name, bssid, _head[0], -_head[1], _head[2], _head[3] == 1
    file.close()


class _Interface:
    _active = False
    _address = _DHCP

    def ifconfig(self, address=None):
        if address is not None:
            ip, bits, gateway, dns = address
            mask = 0xFFFFFFFF << 32 - bits
            self._address = ip, ".".join([str(mask >> shift & 255) for shift in (24, 16, 8, 0)]), gateway, dns
        return self._address if self.isconnected() else ("0.0.0.0",) * 4


class _Station(_Interface):
    IF_STA = STA_IF
    PM_NONE = 0

    def __init__(self):
        self._wanted = self._connected = False
        self._reason = self._since = 0
        self._ssid = self._key = b""
        self._bssid = self._point = None

    def __call__(self, interface=STA_IF):
        return self

    def active(self, on=None):
        if on is not None:
            if not _memory.take("wifi", _WIFI_BYTES if on else 0):
                raise OSError("WiFi Out of Memory")
            if self._active and not on:
                self.disconnect()
            self._active = bool(on)
        return self._active

    def connect(self, ssid, key=None, *, bssid=None):
        """Begin to connect. OSError while it is connecting or connected."""
        if not self._active or self._wanted:
            raise OSError("Wifi Internal State Error" if self._active else "Wifi Not Started")
        self._ssid, self._key, self._bssid = ssid.encode(), key or "", bssid
        self._wanted = True
        self._reason = 0
        self._since = time.ticks_ms()

    def disconnect(self):
        if not self._active:
            raise OSError("Wifi Not Started")
        self._wanted = self._connected = False
        _memory.give("connected")

    def _tick(self):
        """Let the radio do what it did since the last look."""
        now = time.ticks_ms()
        if self._connected and (_air() == _DOWN or self._point not in _points()):
            self._connected = False
            _memory.give("connected")
            self._since = now
        if self._wanted and not self._connected and time.ticks_diff(now, self._since) >= _JOIN_MS:
            self._since = now
            self._reason = self._refusal()
            self._connected = not self._reason and _memory.take("connected", _CONNECTED_BYTES)

    def _refusal(self):
        """Why no access point takes us, 0: the first one that fits does, as the driver finds it."""
        for one in _points():
            if one[0] in (b"", self._ssid) and self._bssid in (None, one[1]) and _air() != _DOWN:
                self._point = one
                return STAT_WRONG_PASSWORD if _host.setting("KEY", self._key) != self._key else 0
        return STAT_NO_AP_FOUND

    def isconnected(self):
        if not self._connected or _air() in _NEWS:
            self._tick()
        return self._connected

    def status(self, what=None):
        self._tick()
        if what == "rssi":
            return self._point[3]
        if self._connected:
            return STAT_GOT_IP
        return self._reason or STAT_CONNECTING if self._wanted else STAT_IDLE

    def config(self, name=None, *, pm=0, reconnects=-1):
        return self._point[2] if name == "channel" else None

    def scan(self):
        if not self._active:
            raise OSError("STA must be active")
        time.sleep_ms(_SCAN_MS)
        if _air() == _DOWN:
            return []
        return [(b"" if one[5] else one[0] or b"virtual",) + one[1:5] + (False,) for one in _points()]  # noqa: RUF005


# On the ESP32 WLAN(STA_IF) is one object however often it is asked for.
WLAN = _Station()


class LAN(_Interface):
    def __init__(self, id=None, **wiring):
        if not _host.setting("ETHERNET"):
            raise OSError("esp_eth_driver_install failed")
        import socket

        socket._is_connected = self.isconnected

    def active(self, on=None):
        if on is not None:
            self._active = bool(on)
        return self._active

    def isconnected(self):
        return self.status() == ETH_GOT_IP

    def status(self):
        if not self._active:
            return ETH_INITIALIZED
        return ETH_DISCONNECTED if _air() == _DOWN else ETH_GOT_IP
