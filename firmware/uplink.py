"""The connection to the network, by Wi-Fi or Ethernet, watched: the driver reconnects by itself."""

from micropython import const

from .modules import Temporary

# Without a connection, then the driver is helped (an access point that was chosen may be gone); and again each time
_SCAN_MS, _HELP_MS = const(30_000), const(90_000)


class Uplink:
    """`kind` is the setting network, `ssid` and `key` of the Wi-Fi, `hostname` of this device, `address`: (IP, bits of
    its network, gateway, name server), None: DHCP. `drops` counts connections lost since the start.
    """

    def __init__(self, kind, ssid, key, hostname, address, clock, log):
        self.ssid = ssid if kind == "wifi" else None
        self._name = "Wi-Fi" if self.ssid else "LAN"
        self._plan = kind, ssid, key, hostname, address
        self._clock, self._log = clock, log
        self._nic, self._bssid, self._up = None, None, False
        self.drops = self._helped = 0  # the latter: how often the driver was, since the connection was lost
        self._help()

    def tend(self):
        """One pass -> True while connected."""
        up = self.connected()
        if up != self._up:
            self._up = up
            self._helped = 0
            self._helped_at = self._clock.ticks_ms()
            if not up:
                self.drops += 1
                self._log.warning("%s lost", self._name)
            else:
                self._log.info("%s connected, address %s", self._name, self.address())
                if self.ssid and self._bssid is None:  # the driver took the first access point that it found
                    self._help()
                    self._up = not self._bssid
        elif self._nic and not up:
            waited_ms = self._clock.ticks_diff(self._clock.ticks_ms(), self._helped_at)
            if waited_ms >= (_HELP_MS if self._helped else _SCAN_MS):
                self._helped += 1
                self._help()
        return self._up

    def connected(self):
        """True while connected."""
        return bool(self._nic and self._nic.isconnected())

    def address(self):
        """Our IP address as a text."""
        return self._nic.ifconfig()[0] if self._nic else "0.0.0.0"

    def access_point(self):
        """-> (signal strength in dBm, BSSID as bytes, channel); None for what is not known."""
        try:
            if self.ssid and self._up:
                return self._nic.status("rssi"), self._bssid or None, self._nic.config("channel")
        except (OSError, RuntimeError):
            pass
        return None, None, None

    def _help(self):
        with Temporary():
            from . import radio
        start = radio.start if self.ssid else radio.start_lan
        self._nic, self._bssid = start(self._nic, self._plan, self._helped, self._clock, self._log)
        self._helped_at = self._clock.ticks_ms()
