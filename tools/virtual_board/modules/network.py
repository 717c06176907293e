"""`network` as on the ESP32: a station in an air that a test can change, a LAN that it can unplug. Runs on MicroPython.

Like the driver the station reconnects by itself (reconnects=-1), and status() holds the reason of the last failure
while it still tries. Settings of the runner: SSID and KEY are what the access point wants (none: it takes anything),
ETHERNET: there is an Ethernet chip.
"""

import time

import _host
import _memory
from _host import air as _air

STA_IF, PHY_LAN8720 = 0, 1
_IDLE, _CONNECTING, _GOT_IP, _NO_AP_FOUND, _WRONG_PASSWORD = 1000, 1001, 1010, 201, 202
ETH_INITIALIZED, ETH_STARTED, ETH_STOPPED, ETH_CONNECTED, ETH_DISCONNECTED, ETH_GOT_IP = range(6)

_DOWN = b"d"[0]
_WIFI_BYTES = 13_000
_CONNECTED_BYTES = 6_000
_BSSID, _CHANNEL, _SIGNAL_DBM = b"\x02\0\0\0\0\1", 6, -60
_JOIN_MS = 100
_SCAN_MS = 100  # 2 to 3 s on the chip
_LOOP_BACK = "127.0.0.1"


def hostname(name):
    """The name told to DHCP."""


class _Interface:
    _active = False
    _address = _LOOP_BACK, 8, _LOOP_BACK, _LOOP_BACK

    def ifconfig(self, address=None):
        if address is not None:
            self._address = address
        return self._address if self.isconnected() else ("0.0.0.0",) * 4


class _Station(_Interface):
    IF_STA, PM_NONE = STA_IF, 0

    def __init__(self):
        self._wanted = self._connected = False
        self._reason = self._since = 0

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
        self._ssid, self._key = ssid, key or ""
        self._wanted = True
        self._reason = 0
        self._since = time.ticks_ms()

    def disconnect(self):
        self._wanted = self._connected = False
        _memory.give("connected")

    def _tick(self):
        """Let the radio do what it did since the last look."""
        now = time.ticks_ms()
        if self._connected and _air() == _DOWN:
            self._connected = False
            _memory.give("connected")
            self._since = now
        if self._wanted and not self._connected and time.ticks_diff(now, self._since) >= _JOIN_MS:
            self._since = now
            self._reason = self._refusal()
            self._connected = not self._reason and _memory.take("connected", _CONNECTED_BYTES)

    def _refusal(self):
        """Why the access point does not take us; 0: it does."""
        if _air() == _DOWN or _host.setting("SSID", self._ssid) != self._ssid:
            return _NO_AP_FOUND
        return _WRONG_PASSWORD if _host.setting("KEY", self._key) != self._key else 0

    def isconnected(self):
        if not self._connected or _air() == _DOWN:
            self._tick()
        return self._connected

    def status(self, what=None):
        self._tick()
        if what == "rssi":
            return _SIGNAL_DBM
        if self._connected:
            return _GOT_IP
        return self._reason or _CONNECTING if self._wanted else _IDLE

    def config(self, name=None, *, pm=0, reconnects=-1):
        return _CHANNEL if name == "channel" else None

    def scan(self):
        time.sleep_ms(_SCAN_MS)
        security = 3 if _host.setting("KEY") else 0
        point = _host.setting("SSID", "virtual").encode(), _BSSID, _CHANNEL, _SIGNAL_DBM, security, False
        return [] if _air() == _DOWN else [point]


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
