"""A new version on trial: it stays if it works within ten minutes and three starts, else the old one comes back."""

from micropython import const

from ..modules import Temporary
from ..mqtt.devices import DEVICES

_TRIAL_S = const(600)


class Trial:
    """`loop`: loop.Loop, `session`: session.Session, `devices`: devices.Devices, `telemetry`: telemetry.Telemetry, the
    `words` of place.txt.
    """

    def __init__(self, loop, session, devices, telemetry, log, words):
        self._loop = loop
        self._session = session
        self._devices = devices
        self._telemetry = telemetry
        self._log = log
        self._words = words
        self._needs_reading = words[3] == b"reading"

    def message(self, topic, payload, retained):
        """A message below `update/`: not now."""
        self._loop.publisher.publish("tele/update", b'{"refused":"a new version is on trial: ask later"}')

    def tend(self):
        """One pass."""
        if self._session.connected and (not self._needs_reading or self._has_reading()):
            self._write(self._words[:1])
            self._loop.update = None
            self._log.info("update to %s is good", self._words[4].decode())
            self._loop.publisher.publish("tele/update", b'{"good":"%s"}' % self._words[4])
        elif self._telemetry.uptime_s() >= _TRIAL_S:
            self._log.error("update: no success within 10 minutes, going back")
            words = self._words
            self._write([b"b" if words[0] == b"a" else b"a", b"refused", b"time", b"-"] + words[4:])
            self._loop.restart()

    def stop(self):
        """Too little memory -> False: that is the new version's fault."""
        return False

    def _write(self, words):
        with Temporary():
            import place
        place.write(words)

    def _has_reading(self):
        return any([self._devices.cells(number) for number in range(1, DEVICES)])
