"""The module `network` of an ESP32 on a fakes.Clock, for CPython: a station that a test can take the air from."""

STA_IF = 0
GOT_IP, CONNECTING, NO_AP, WRONG_PASSWORD, IDLE = 1010, 1001, 201, 202, 1000


class Network:
    """The module. `air`: is the access point there; `status`: what the driver says while it is not connected;
    `refuses`: names of steps that raise OSError; `calls`: (clock.passed_ms, name, arguments).
    """

    STA_IF = STA_IF

    def __init__(self, clock, on=False):
        self.clock = clock
        self.calls = []
        self.air = True
        self.reason = CONNECTING
        self.refuses = ()
        self.on = on
        self.wanted = False  # to be connected
        self.WLAN = Station
        Station.module = self

    def hostname(self, name):
        self.note("hostname", name)

    def note(self, name, *arguments):
        self.calls.append((self.clock.passed_ms, name, *arguments))
        if name in self.refuses or name + str(arguments) in self.refuses:
            raise OSError("Wifi Internal State Error")

    def names(self):
        """-> what was called, in order; on and off as such."""
        return [name + (" on" if rest[0] else " off") if name == "active" else name for _, name, *rest in self.calls]


class Station:
    PM_NONE = 0
    module = None

    def __init__(self, interface):
        assert interface == STA_IF

    def active(self, *on):
        module = self.module
        if on:
            module.note("active", *on)
            module.on = on[0]
            module.wanted = module.wanted and module.on
        return module.on

    def config(self, **settings):
        self.module.note("config", settings)

    def connect(self, ssid, key):
        module = self.module
        module.note("connect", ssid, key)
        if not module.on or module.wanted:
            raise OSError("Wifi Not Started" if not module.on else "Wifi Internal State Error")
        module.wanted = True

    def disconnect(self):
        self.module.note("disconnect")
        if not self.module.on:
            raise OSError("Wifi Not Started")
        self.module.wanted = False

    def isconnected(self):
        module = self.module
        return bool(module.on and module.wanted and module.air)

    def status(self, what=None):
        if what == "rssi":
            if not self.isconnected():
                raise OSError("Wifi Not Connected")
            return -61
        return GOT_IP if self.isconnected() else self.module.reason

    def ifconfig(self):
        return ("192.0.2.7" if self.isconnected() else "0.0.0.0", "", "", "")
