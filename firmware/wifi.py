"""The station, watched: the driver reconnects by itself. The only file that knows `network`."""

import network
from micropython import const

from .overlay import drop

_RUNG_MS = const(90_000)  # without a connection, then the next rung of the ladder


class Wifi:
    """Keeps the station connected to the network `ssid` with its `key`, under the name `hostname`.

    `drops` counts connections lost since the start, `rung` how often the driver was helped since then.
    """

    def __init__(self, ssid, key, hostname, clock, log):
        self.ssid = ssid
        self.key = key
        self.hostname = hostname
        self.set_hostname = network.hostname
        self.clock = clock
        self.log = log
        self.wlan = network.WLAN(network.STA_IF)
        self._up = False
        self.drops = self.rung = 0
        self._climb()

    def _climb(self):
        from .radio import start

        drop("firmware.radio")
        start(self)
        self._rung_at = self.clock.ticks_ms()

    def tend(self):
        """One pass -> True while connected."""
        up = self.wlan.isconnected()
        if up != self._up:
            self._up = up
            self.rung = 0
            self._rung_at = self.clock.ticks_ms()
            if up:
                self.log.info("Wi-Fi connected, address %s", self.address())
            else:
                self.drops += 1
                self.log.warning("Wi-Fi lost")
        elif not up and self.clock.ticks_diff(self.clock.ticks_ms(), self._rung_at) >= _RUNG_MS:
            self.rung += 1
            self._climb()
        return up

    def address(self):
        """Our IP address as a text."""
        return self.wlan.ifconfig()[0]

    def signal(self):
        """Signal strength in dBm; None while not connected."""
        try:
            return self.wlan.status("rssi") if self._up else None
        except OSError:
            return None
