"""The module `network` of an ESP32 on a fakes.Clock, for CPython: a station whose air a test changes, or a LAN."""

GOT_IP, CONNECTING, NO_AP, WRONG_PASSWORD = 1010, 1001, 201, 202
FIRST, SECOND = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"
OPEN, WPA2 = 0, 3
SCAN_MS = 2_000


def point(bssid=FIRST, signal=-61, security=WPA2, name=b"home"):
    """What scan() tells of an access point."""
    return name, bssid, 6, signal, security, False


class Network:
    """The module, and its only WLAN() or LAN(). `air`: what scan() finds, and can be connected with, one without a name
    by any; `refusing`: BSSIDs that cannot; `reason`: what the driver says while not connected; `refuses`: names of
    steps that raise `error`; `calls`: (name, arguments). `lan`: what LAN.status() says once active; None: no chip.
    """

    STA_IF, PHY_LAN8720, PM_NONE = 0, 8720, 0
    ETH_CONNECTED, ETH_DISCONNECTED, ETH_GOT_IP = 3, 4, 5

    def __init__(self, clock, on=False):
        self.clock, self.on = clock, on
        self.calls = []
        self.air, self.refusing, self.reason = [point()], (), CONNECTING
        self.refuses, self.error = (), OSError("Wifi Internal State Error")
        self.wanted = None  # (name, BSSID or None) to be connected with
        self.address = ("192.0.2.7", "", "", "")
        self.lan, self.is_lan = self.ETH_GOT_IP, False

    def note(self, name, *arguments):
        self.calls.append((name, *arguments))
        if name in self.refuses or name + str(arguments) in self.refuses:
            raise self.error

    def names(self):
        """-> what was called, in order, and forgotten now; on and off as such."""
        names = [name + (" on" if rest[0] else " off") if name == "active" else name for name, *rest in self.calls]
        self.calls.clear()
        return names

    def last(self, name):
        """-> the arguments of the last call of that name."""
        return [rest for called, *rest in self.calls if called == name][-1]

    def connection(self):
        """-> the access point that the driver is connected with, the first that fits; None."""
        if not self.on or not self.wanted:
            return None
        name, bssid = self.wanted
        near = [one for one in self.air if one[0] in (name, b"") and one[1] not in self.refusing]
        return next((one for one in near if bssid in (None, one[1])), None)

    # what the firmware calls

    def WLAN(self, interface):
        return self

    def LAN(self, **wiring):
        self.note("LAN", wiring)
        if self.lan is None:
            raise OSError("esp_eth_driver_install failed")
        self.is_lan = True
        return self

    def hostname(self, name):
        self.note("hostname", name)

    def active(self, *on):
        if on:
            self.note("active", *on)
            self.on = on[0]
            self.wanted = self.wanted if self.on else None
        return self.on

    def ifconfig(self, *address):
        if address:
            self.note("ifconfig", *address)
            (self.address,) = address
        return self.address if self.isconnected() else ("0.0.0.0", "", "", "")

    def config(self, name=None, **settings):
        if name == "channel":
            return self.connection()[2]
        self.note("config", settings)
        return None

    def connect(self, ssid, key, *, bssid=None):
        self.note("connect", ssid, key, bssid)
        if not self.on or self.wanted:
            raise OSError("Wifi Internal State Error" if self.on else "Wifi Not Started")
        self.wanted = ssid.encode(), bssid

    def disconnect(self):
        self.note("disconnect")
        if not self.on:
            raise OSError("Wifi Not Started")
        self.wanted = None

    def scan(self):
        self.note("scan")
        self.clock.advance(SCAN_MS)
        return list(self.air)

    def isconnected(self):
        return self.status() == self.ETH_GOT_IP if self.is_lan else self.connection() is not None

    def status(self, what=None):
        if self.is_lan:
            return self.lan if self.on else 0
        if what == "rssi":
            return self.connection()[3]
        return GOT_IP if self.isconnected() else self.reason
