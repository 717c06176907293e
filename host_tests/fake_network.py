"""The module `network` of an ESP32 on a fakes.Clock, for CPython: a station whose air a test changes, and a LAN."""

GOT_IP, CONNECTING, NO_AP, WRONG_PASSWORD = 1010, 1001, 201, 202
NAME = b"home"
FIRST, SECOND = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"
OPEN, WPA2 = 0, 3
SCAN_MS = 2_000


def point(bssid=FIRST, signal=-61, security=WPA2, name=NAME):
    """What scan() tells of an access point."""
    return name, bssid, 6, signal, security, False


class Network:
    """The module. `air`: what scan() finds, and can be connected with; `hidden`: so can any other name; `refusing`:
    BSSIDs that cannot; `reason`: what the driver says while not connected; `refuses`: names of steps that raise
    `error`; `calls`: (clock.passed_ms, name, arguments). `lan`: what LAN.status() says once active; None: there is no
    chip.
    """

    STA_IF = 0
    PHY_LAN8720 = 8720
    ETH_CONNECTED, ETH_DISCONNECTED, ETH_GOT_IP = 3, 4, 5

    def __init__(self, clock, on=False):
        self.clock = clock
        self.calls = []
        self.air = [point()]
        self.hidden = False
        self.refusing = ()
        self.reason = CONNECTING
        self.refuses = ()
        self.error = OSError("Wifi Internal State Error")
        self.on = on
        self.wanted = None  # (name, BSSID or None) to be connected with
        self.address = ("192.0.2.7", "", "", "")
        self.lan = self.ETH_GOT_IP
        self.WLAN = lambda interface: Station(self)
        self.LAN = lambda **wiring: Lan(self, wiring)

    def hostname(self, name):
        self.note("hostname", name)

    def note(self, name, *arguments):
        self.calls.append((self.clock.passed_ms, name, *arguments))
        if name in self.refuses or name + str(arguments) in self.refuses:
            raise self.error

    def names(self):
        """-> what was called, in order; on and off as such."""
        return [name + (" on" if rest[0] else " off") if name == "active" else name for _, name, *rest in self.calls]

    def last(self, name):
        """-> the arguments of the last call of that name."""
        return [rest for _, called, *rest in self.calls if called == name][-1]

    def connection(self):
        """-> the access point that the driver is connected with, the first that fits; None."""
        if not self.on or not self.wanted:
            return None
        name, bssid = self.wanted
        fits = [one for one in self.air if one[0] == name and bssid in (None, one[1]) and one[1] not in self.refusing]
        return fits[0] if fits else point() if self.hidden and bssid is None else None


class Interface:
    def __init__(self, module):
        self.module = module

    def active(self, *on):
        module = self.module
        if on:
            module.note("active", *on)
            module.on = on[0]
            module.wanted = module.wanted if module.on else None
        return module.on

    def ifconfig(self, *address):
        if address:
            self.module.note("ifconfig", *address)
            (self.module.address,) = address
        return self.module.address if self.isconnected() else ("0.0.0.0", "", "", "")


class Station(Interface):
    PM_NONE = 0

    def config(self, name=None, **settings):
        if name == "channel":
            return self.module.connection()[2]
        self.module.note("config", settings)
        return None

    def connect(self, ssid, key, *, bssid=None):
        module = self.module
        module.note("connect", ssid, key, bssid)
        if not module.on or module.wanted:
            raise OSError("Wifi Not Started" if not module.on else "Wifi Internal State Error")
        module.wanted = ssid.encode(), bssid

    def disconnect(self):
        self.module.note("disconnect")
        if not self.module.on:
            raise OSError("Wifi Not Started")
        self.module.wanted = None

    def scan(self):
        self.module.note("scan")
        self.module.clock.advance(SCAN_MS)
        return list(self.module.air)

    def isconnected(self):
        return self.module.connection() is not None

    def status(self, what=None):
        if what == "rssi":
            return self.module.connection()[3]
        return GOT_IP if self.isconnected() else self.module.reason


class Lan(Interface):
    def __init__(self, module, wiring):
        super().__init__(module)
        module.note("LAN", wiring)
        if module.lan is None:
            raise OSError("esp_eth_driver_install failed")

    def isconnected(self):
        return self.status() == self.module.ETH_GOT_IP

    def status(self):
        return self.module.lan if self.module.on else 0
