"""A new version on trial: it stays if it works within ten minutes and three starts, else the old one comes back,
and says so."""

import os

from micropython import const

from ..modules import Temporary
from ..mqtt.devices import DEVICES

_TRIAL_S = const(600)
_WHY = {b"starts": "3 starts without success", b"time": "no success within 10 minutes"}
_REFUSED = "refused.txt"
_REFUSED_BYTES = const(520)  # the sums of the last eight


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
        good = self._session.connected and (not self._needs_reading or self._has_reading())
        if not good and self._telemetry.uptime_s() < _TRIAL_S:
            return
        self._loop.update, words = None, self._words
        if good:
            chosen = words[:1]
        else:
            chosen = [b"b" if words[0] == b"a" else b"a", b"refused", b"time", b"-"] + words[4:]
        with Temporary():
            import place
        try:
            place.write(chosen)
        except OSError as error:  # the next start counts, and tries it again
            self._log.error("update: place.txt cannot be written: error %s", error.args[0])
            return
        if good:
            self._log.info("update to %s is good", words[4].decode())
            self._loop.publisher.publish("tele/update", b'{"good":"%s"}' % words[4])
        else:
            self._log.error("update: no success within 10 minutes, going back")
            self._loop.restart()

    def stop(self):
        """Too little memory -> False: that is the new version's fault."""
        return False

    def _has_reading(self):
        return any([self._devices.cells(number) for number in range(1, DEVICES)])


def given_up(retained):
    """The old version starts again: LastError says why, and the same manifest is not taken again. OSError."""
    with Temporary():
        import place
    words = place.read()
    error = "update to %s given up: %s" % (words[4].decode(), _WHY.get(words[2], ""))
    if words[2] == b"starts" and retained.last_error:
        error += "; " + retained.last_error
    retained.last_error = error
    retained.save()
    try:
        with open(_REFUSED, "rb") as file:
            sums = file.read()
    except OSError:  # the first one
        sums = b""
    if words[5] not in sums:
        with open(_REFUSED + ".new", "wb") as file:
            file.write((sums + words[5] + b"\n")[-_REFUSED_BYTES:])
        os.rename(_REFUSED + ".new", _REFUSED)
    place.write(words[:1])
