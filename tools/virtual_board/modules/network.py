"""`network` as on the ESP32, station only, with a radio that a test can switch off. Runs on MicroPython.

Like the driver it reconnects by itself (reconnects=-1) and tells less than one would wish: status() holds the
reason of the last failure while it still tries.
"""

import time

import _host
import _memory
from _host import air as _air

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_ASSOC_FAIL = STAT_CONNECT_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204
AUTH_OPEN = 0
AUTH_WPA2_PSK = 3

_NO_AIR = b"dn"
_WRONG_KEY = b"w"[0]
_ASSOC_LEAVE = 8
_JOIN_MS = 100
_HOSTNAME_MAX = 32
_CONFIG = ("pm", "reconnects", "txpower", "channel", "protocol", "mac")
_hostname = "mpy-esp32"


def hostname(name=None):
    """The name told to DHCP; ValueError over 32 characters."""
    global _hostname
    if name is None:
        return _hostname
    if len(name) > _HOSTNAME_MAX:
        raise ValueError
    _hostname = name


def country(code=None):
    return "XX" if code is None else None


class _Station:
    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2
    SEC_OPEN = 0
    SEC_WPA2 = 3

    def __init__(self):
        self._active = self._wanted = self._connected = False
        self._reason = 0
        self._tries_left = -1
        self._since = 0
        self._ssid = self._key = ""
        self._settings = {"pm": 1, "reconnects": -1, "mac": b"\x24\xa1\x60\x00\x00\x01"}

    def __call__(self, interface=STA_IF):
        if interface != STA_IF:
            raise ValueError("the virtual board has a station only")
        return self

    def active(self, on=None):
        if on is not None:
            _memory.grow()
            if not _memory.take("wifi", _memory.WIFI_BYTES if on else 0):
                raise OSError("WiFi Out of Memory")
            self._active = bool(on)
            self._wanted = self._wanted and self._active
            if not on:
                self._connect(False)
        return self._active

    def connect(self, ssid=None, key=None, *, bssid=None):
        """Begin to connect. OSError while it is connecting or connected."""
        if not self._active:
            raise OSError("Wifi Not Started")
        _memory.grow()
        self._tick()
        if self._connected or self._trying():
            raise OSError("Wifi Internal State Error" if ssid is not None else "Wifi Internal Error")
        if ssid is not None:
            self._ssid, self._key = ssid, key or ""
        self._wanted = True
        self._reason = 0
        self._tries_left = self._settings["reconnects"]
        self._since = time.ticks_ms()

    def disconnect(self):
        if not self._active:
            raise OSError("Wifi Not Started")
        self._wanted = False
        self._connect(False)
        self._reason = _ASSOC_LEAVE

    def _connect(self, on):
        self._connected = on and _memory.take("connected", _memory.CONNECTED_BYTES)
        if not on:
            _memory.take("connected", 0)

    def _trying(self):
        return self._wanted and not self._connected and (self._tries_left >= 0 or self._settings["reconnects"] == -1)

    def _tick(self):
        """Let the radio do what it did since the last look."""
        state = _air()
        if self._connected and state in _NO_AIR:
            self._connect(False)
            self._reason = STAT_BEACON_TIMEOUT
            self._since = time.ticks_ms()
        if self._trying() and time.ticks_diff(time.ticks_ms(), self._since) >= _JOIN_MS:
            self._since = time.ticks_ms()
            self._reason = self._refusal(state)
            self._connect(not self._reason)
            self._tries_left -= 1

    def _refusal(self, state):
        if state in _NO_AIR or _host.setting("SSID", self._ssid) != self._ssid:
            return STAT_NO_AP_FOUND
        if state == _WRONG_KEY or _host.setting("KEY", self._key) != self._key:
            return STAT_WRONG_PASSWORD
        return 0

    def isconnected(self):
        if not self._connected or _air() in _NO_AIR:
            self._tick()
        return self._connected

    def status(self, what=None):
        self._tick()
        if what == "rssi":
            if not self._connected:
                raise OSError("Wifi Not Connected")
            return -60
        if what is not None:
            raise ValueError("unknown status param")
        if self._connected:
            return STAT_GOT_IP
        if self._reason in (STAT_NO_AP_FOUND, STAT_WRONG_PASSWORD):
            return self._reason
        if self._reason == _ASSOC_LEAVE:
            return STAT_IDLE
        return STAT_CONNECTING if self._trying() else self._reason or STAT_IDLE

    def config(self, name=None, **settings):
        if name is None:
            for key, value in settings.items():
                if key not in _CONFIG:
                    raise ValueError("unknown config param")
                self._settings[key] = value
        elif name in ("ssid", "essid"):
            return self._ssid
        elif name in self._settings:
            return self._settings[name]
        else:
            raise ValueError("unknown config param")

    def ifconfig(self):
        if self.isconnected():
            return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")
        return ("0.0.0.0",) * 4

    def ipconfig(self, name):
        if name != "addr4":
            raise ValueError("unknown config param")
        return self.ifconfig()[:2]

    def scan(self):
        if not self._active:
            raise OSError("STA must be active")
        if self._trying() or _air() in _NO_AIR:
            return []
        return [(_host.setting("SSID", "virtual").encode(), b"\x02\0\0\0\0\1", 6, -60, AUTH_WPA2_PSK, False)]


# On the ESP32 WLAN(STA_IF) is one object however often it is asked for.
WLAN = _Station()
