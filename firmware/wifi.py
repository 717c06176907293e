"""The station, watched: the driver reconnects by itself. The only file that knows `network`."""

import network
from micropython import const

_RUNG_MS = const(90_000)  # without a connection, then the next rung of the ladder
_SETTLE_MS = const(1_000)


class Wifi:
    """`drops` counts connections lost since the start."""

    def __init__(self, ssid, key, hostname, clock, log):
        self._ssid = ssid
        self._key = key
        self._hostname = hostname
        self._clock = clock
        self._log = log
        self._wlan = network.WLAN(network.STA_IF)
        self._up = False
        self._rung = 0
        self._rung_at = clock.ticks_ms()
        self.drops = 0
        self._start()

    def _start(self):
        """On the first rung a new connection, on the later ones the radio goes off and on."""
        wlan = self._wlan
        try:
            if self._rung:
                wlan.disconnect()
                self._clock.sleep_ms(_SETTLE_MS)
            if self._rung > 1:
                wlan.active(False)
                self._clock.sleep_ms(_SETTLE_MS)
            network.hostname(self._hostname)
            wlan.active(True)
            wlan.config(pm=wlan.PM_NONE, reconnects=-1)
            wlan.connect(self._ssid, self._key)
        except OSError as error:  # the next rung tries again
            self._log.warning("Wi-Fi does not start: %s", error)

    def tend(self):
        """One pass -> True while connected."""
        up = self._wlan.isconnected()
        now = self._clock.ticks_ms()
        if up != self._up:
            self._up = up
            self.drops += not up
            if up:
                self._log.info("Wi-Fi connected, address %s", self.address())
            else:
                self._log.warning("Wi-Fi lost")
        if up:
            self._rung = 0
            self._rung_at = now
        elif self._clock.ticks_diff(now, self._rung_at) >= _RUNG_MS:
            self._rung += 1
            self._log.warning("no Wi-Fi %s: is the name right, the key, the access point in reach?", self._ssid)
            self._start()
            self._rung_at = self._clock.ticks_ms()
        return up

    def address(self):
        """Our IP address as a text."""
        return self._wlan.ifconfig()[0]

    def signal(self):
        """Signal strength in dBm; None while not connected."""
        try:
            return self._wlan.status("rssi") if self._up else None
        except OSError:
            return None
