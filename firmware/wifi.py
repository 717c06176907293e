"""The station, watched: the driver reconnects by itself. The only file that knows `network`."""

import network
from micropython import const

from .overlay import drop

_RUNG_MS = const(90_000)  # without a connection, then the next rung of the ladder


class Wifi:
    """`drops` counts connections lost since the start."""

    def __init__(self, ssid, key, hostname, clock, log):
        self.ssid = ssid
        self.key = key
        self.hostname = hostname
        self.set_hostname = network.hostname
        self.clock = clock
        self.log = log
        self.wlan = network.WLAN(network.STA_IF)
        self._up = False
        self.rung = 0
        self._rung_at = clock.ticks_ms()
        self.drops = 0
        self._start()

    def _start(self):
        from .radio import start

        drop("firmware.radio")
        start(self)

    def tend(self):
        """One pass -> True while connected."""
        up = self.wlan.isconnected()
        now = self.clock.ticks_ms()
        if up != self._up:
            self._up = up
            self.drops += not up
            if up:
                self.log.info("Wi-Fi connected, address %s", self.address())
            else:
                self.log.warning("Wi-Fi lost")
        if up:
            self.rung = 0
            self._rung_at = now
        elif self.clock.ticks_diff(now, self._rung_at) >= _RUNG_MS:
            self.rung += 1
            self.log.warning("no Wi-Fi %s: is the name right, the key, the access point in reach?", self.ssid)
            self._start()
            self._rung_at = self.clock.ticks_ms()
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
