"""The Wi-Fi station, watched: the driver reconnects by itself. The only file that knows `network`."""

import network
from micropython import const

from .modules import Temporary

_HELP_MS = const(90_000)  # without a connection, then the driver is helped


class Wifi:
    """Keeps the station connected to the network `ssid` with its `key`, under the name `hostname`. `drops` counts
    connections lost since the start.
    """

    def __init__(self, ssid, key, hostname, clock, log):
        self.ssid = ssid
        self.key = key
        self.hostname = hostname
        self.drops = 0
        self.helped = 0  # how often the driver was, since the connection was lost
        self.clock = clock
        self.log = log
        self.wlan = network.WLAN(network.STA_IF)
        self.set_hostname = network.hostname
        self._up = False
        self._help()

    def tend(self):
        """One pass -> True while connected."""
        up = self.wlan.isconnected()
        if up != self._up:
            self._up = up
            self.helped = 0
            self._helped_at = self.clock.ticks_ms()
            if up:
                self.log.info("Wi-Fi connected, address %s", self.address())
            else:
                self.drops += 1
                self.log.warning("Wi-Fi lost")
        elif not up and self.clock.ticks_diff(self.clock.ticks_ms(), self._helped_at) >= _HELP_MS:
            self.helped += 1
            self._help()
        return up

    def connected(self):
        """True while connected."""
        return self.wlan.isconnected()

    def address(self):
        """Our IP address as a text."""
        return self.wlan.ifconfig()[0]

    def signal(self):
        """Signal strength in dBm; None while not connected."""
        try:
            return self.wlan.status("rssi") if self._up else None
        except OSError:
            return None

    def _help(self):
        with Temporary():
            from . import radio
        radio.start(self)
        self._helped_at = self.clock.ticks_ms()
