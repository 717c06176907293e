"""The Wi-Fi station, watched: the driver reconnects by itself. The only file that knows `network`."""

import network
from micropython import const

_HELP_MS = const(90_000)  # without a connection, then the driver is helped
_SETTLE_MS = const(1_000)
_REASONS = (  # what the driver says while it still tries
    (201, "no access point of that name in reach: is wifi_ssid right, is it a 2.4 GHz network?"),
    (202, "the access point refuses us: is wifi_pass right?"),
)
_NO_REASON = "is the access point on, is it in reach?"


class Wifi:
    """Keeps the station connected to the network `ssid` with its `key`, under the name `hostname`. `drops` counts
    connections lost since the start.
    """

    def __init__(self, ssid, key, hostname, clock, log):
        self.ssid = ssid
        self.drops = 0
        self._key = key
        self._hostname = hostname
        self._clock = clock
        self._log = log
        self._wlan = network.WLAN(network.STA_IF)
        self._up = False
        self._helped = 0  # how often since the connection was lost
        self._start()

    def tend(self):
        """One pass -> True while connected."""
        up = self._wlan.isconnected()
        if up != self._up:
            self._up = up
            self._helped = 0
            self._helped_at = self._clock.ticks_ms()
            if up:
                self._log.info("Wi-Fi connected, address %s", self.address())
            else:
                self.drops += 1
                self._log.warning("Wi-Fi lost")
        elif not up and self._clock.ticks_diff(self._clock.ticks_ms(), self._helped_at) >= _HELP_MS:
            self._helped += 1
            if self._helped == 1:
                self._warn()
            self._start()
        return up

    def connected(self):
        """True while connected."""
        return self._wlan.isconnected()

    def address(self):
        """Our IP address as a text."""
        return self._wlan.ifconfig()[0]

    def signal(self):
        """Signal strength in dBm; None while not connected."""
        try:
            return self._wlan.status("rssi") if self._up else None
        except OSError:
            return None

    def _warn(self):
        status = self._wlan.status()
        reasons = [words for code, words in _REASONS if code == status] + [_NO_REASON]
        self._log.warning("no Wi-Fi %s: %s", self.ssid, reasons[0])

    def _start(self):
        """The first time it helps with a new connection, from the second on the radio goes off and on before."""
        wlan = self._wlan
        if wlan.active():  # also after a soft reset, which leaves it on
            self._try(wlan.disconnect)
            self._clock.sleep_ms(_SETTLE_MS)
        if self._helped > 1:
            self._try(wlan.active, False)
            self._clock.sleep_ms(_SETTLE_MS)
        network.hostname(self._hostname)
        self._try(wlan.active, True)
        self._try(self._connect)
        self._helped_at = self._clock.ticks_ms()

    def _connect(self):
        self._wlan.config(pm=self._wlan.PM_NONE, reconnects=-1)
        self._wlan.connect(self.ssid, self._key)

    def _try(self, step, *arguments):
        """One step that the driver may refuse; the next help tries again."""
        try:
            step(*arguments)
        except OSError as error:
            if self._helped < 3:  # later ones say nothing new
                self._log.warning("Wi-Fi driver: %s", error)
