"""`network` as on the ESP32: a station in an air that a test can change, a LAN that it can unplug. Runs on MicroPython.

Like the driver the station reconnects by itself (reconnects=-1) and tells less than one would wish: status() holds the
reason of the last failure while it still tries.
"""

import time

import _host
import _memory
from _host import air as _air

STA_IF = 0
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP = 1000, 1001, 1010
STAT_BEACON_TIMEOUT = 200
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_NO_AP_FOUND_W_COMPATIBLE_SECURITY = 210
STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD = 211
AUTH_OPEN = 0
AUTH_WPA2_PSK = 3
PHY_LAN8720 = 1
ETH_INITIALIZED, ETH_STARTED, ETH_STOPPED, ETH_CONNECTED, ETH_DISCONNECTED, ETH_GOT_IP = range(6)

_NO_AIR = b"dn"
_NEWS = b"dnc"  # the air is not as it was when we connected
_WRONG_KEY = b"w"[0]
_ASSOC_LEAVE = 8
_TOLD = (201, 202, 210, 211)  # while it still tries
_JOIN_MS = 100
_SCAN_MS = 100  # 2 to 3 s on the chip
_HOSTNAME_MAX = 32
_DHCP = ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")
# mdc, mdio, power, ref_clk, phy_type, phy_addr, ref_clk_mode
_BOARDS = {
    "wt32-eth01": [23, 18, 16, 0, PHY_LAN8720, 1, 1],
    "olimex-poe": [23, 18, 12, 17, PHY_LAN8720, 0, 3],
}


def hostname(name):
    """The name told to DHCP; ValueError over 32 characters."""
    if len(name) > _HOSTNAME_MAX:
        raise ValueError


_head = bytearray(5)  # of an access point in the list: channel, -dBm, security, is it hidden, bytes of its name


def _points():
    """Yields what is in the air: (name, BSSID, channel, dBm, security, is it hidden). Without a list of the runner it
    is one access point, which takes any name unless it has one itself. Like the chip it leaves no garbage behind.
    """
    try:
        file = _host.files.open(_host.setting("POINTS"), "rb")
    except OSError:
        security = AUTH_WPA2_PSK if _host.setting("KEY") else AUTH_OPEN
        yield _host.setting("SSID").encode(), b"\x02\0\0\0\0\1", 6, -60, security, None
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
        self._tries_left = self._reconnects = -1
        self._ssid = self._key = b""
        self._bssid = self._point = None

    def __call__(self, interface=STA_IF):
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

    def connect(self, ssid, key=None, *, bssid=None):
        """Begin to connect. OSError while it is connecting or connected."""
        if not self._active:
            raise OSError("Wifi Not Started")
        _memory.grow()
        self._tick()
        if self._connected or self._trying():
            raise OSError("Wifi Internal State Error")
        self._ssid, self._key, self._bssid = ssid.encode(), key or "", bssid
        self._wanted = True
        self._reason = 0
        self._tries_left = self._reconnects
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
        return self._wanted and not self._connected and (self._tries_left >= 0 or self._reconnects == -1)

    def _tick(self):
        """Let the radio do what it did since the last look."""
        state = _air()
        if self._connected and (state in _NO_AIR or self._point not in _points()):
            self._connect(False)
            self._reason = STAT_BEACON_TIMEOUT
            self._since = time.ticks_ms()
        if self._trying() and time.ticks_diff(time.ticks_ms(), self._since) >= _JOIN_MS:
            self._since = time.ticks_ms()
            self._reason = self._refusal(state)
            self._connect(not self._reason)
            self._tries_left -= 1

    def _refusal(self, state):
        """Why no access point takes us, 0: the first one that fits does, as the driver finds it."""
        self._point = None
        for one in _points():
            if one[0] in (b"", self._ssid) and self._bssid in (None, one[1]):
                self._point = one
                break
        if state in _NO_AIR or not self._point:
            return STAT_NO_AP_FOUND
        if self._point[5] is not None and self._key and self._point[4] == AUTH_OPEN:
            return STAT_NO_AP_FOUND_IN_AUTHMODE_THRESHOLD
        if not self._key and self._point[4] != AUTH_OPEN:
            return STAT_NO_AP_FOUND_W_COMPATIBLE_SECURITY
        if state == _WRONG_KEY or _host.setting("KEY", self._key) != self._key:
            return STAT_WRONG_PASSWORD
        return 0

    def isconnected(self):
        if not self._connected or _air() in _NEWS:
            self._tick()
        return self._connected

    def status(self, what=None):
        self._tick()
        if what == "rssi":
            if not self._connected:
                raise OSError("Wifi Not Connected")
            return self._point[3]
        if self._connected:
            return STAT_GOT_IP
        if self._reason in _TOLD:
            return self._reason
        if self._reason == _ASSOC_LEAVE:
            return STAT_IDLE
        return STAT_CONNECTING if self._trying() else self._reason or STAT_IDLE

    def config(self, name=None, *, pm=0, reconnects=-1):
        if name is None:
            self._reconnects = reconnects
        elif name == "channel" and self._point:
            return self._point[2]
        else:
            raise ValueError("unknown config param")

    def scan(self):
        if not self._active:
            raise OSError("STA must be active")
        if self._trying() or _air() in _NO_AIR:
            return []
        time.sleep_ms(_SCAN_MS)
        found = []
        for name, bssid, channel, signal, security, is_hidden in _points():
            found.append((b"" if is_hidden else name or b"virtual", bssid, channel, signal, security, False))
        return found


# On the ESP32 WLAN(STA_IF) is one object however often it is asked for.
WLAN = _Station()


class LAN(_Interface):
    """The Ethernet of the board that the runner's setting ETHERNET names; without one there is no chip to talk to."""

    def __init__(self, id=None, *, mdc, mdio, phy_type, phy_addr, power=None, ref_clk=None, ref_clk_mode=-1):
        wiring = [pin.number for pin in (mdc, mdio, power, ref_clk)]
        wiring += (phy_type, phy_addr, ref_clk_mode)
        if wiring != _BOARDS.get(_host.setting("ETHERNET")):
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
        if _air() in _NO_AIR:
            return ETH_DISCONNECTED
        is_fixed = self._address is not _DHCP
        return ETH_GOT_IP if is_fixed or _air() != _WRONG_KEY else ETH_CONNECTED  # "wrong-key": nobody gives an address
