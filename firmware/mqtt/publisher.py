"""What goes out on which topic, and when (mqtt.md, "Published"). Told by the poller, the session and the log."""

from micropython import const

from .. import reading as r
from . import entities, payloads

_STATE_MS = const(60_000)
_LOG_MS = const(2_000)  # between two lines of tele/LOG
_LOG_LINES = const(8)  # kept until they can be sent
_RACK = const(0)  # its meter


class Publisher:
    """`prefix` is `<mqtt_root>/<rack_name>/`; `health()` gives the values of tele/STATE."""

    def __init__(self, session, prefix, rack, meters, clock, health):
        self._session = session
        self._prefix = prefix
        self._rack = rack
        self._meters = meters
        self._clock = clock
        self._health = health
        self._lines = []
        now = clock.ticks_ms()
        self._state_at = self._line_at = now

    def _publish(self, topic, payload, retain=False):
        return self._session.publish((self._prefix + topic).encode(), payload, retain)

    # the poller's sink

    def packs(self, _, numbers):
        self._rack.expected = len(numbers)

    def identity(self, pack, identity):
        self._publish("stat/info/Pack%d" % pack, payloads.info(identity), True)

    def limits(self, pack, limits):
        self._publish("stat/limits/Pack%d" % pack, payloads.listed(limits, entities.LIMITS), True)

    def parameters(self, _, parameters):
        self._publish("stat/parameters", payloads.listed(parameters, entities.PARAMETERS), True)

    def reading(self, reading):
        """Energy counts whether a broker is there or not."""
        self._rack.add(reading)
        counted = self._meters.add(reading.pack, r.power(reading.voltage, reading.current))
        if self._session.connected:
            self._publish("stat/readings/Pack%d" % reading.pack, payloads.pack(reading, *counted))

    def cycle(self, missed):
        values = self._rack.cycle(missed)
        if values:
            values["ChargedEnergy"], values["DischargedEnergy"] = self._meters.add(_RACK, values["Power"])
            self._publish("stat/readings/Rack", payloads.flat(values, entities.READINGS, "r"))

    # the session, the log, the clock

    def line(self, text):
        """A warning or an error, for tele/LOG."""
        self._lines = self._lines[1 - _LOG_LINES :] + [text]

    def state(self):
        self._state_at = self._clock.ticks_ms()
        self._publish("tele/STATE", payloads.flat(self._health(), entities.STATE))

    def tend(self):
        """One pass: health once a minute, and what the log has to say."""
        if not self._session.connected:
            return
        now = self._clock.ticks_ms()
        if self._clock.ticks_diff(now, self._state_at) >= _STATE_MS:
            self.state()
        if self._lines and self._clock.ticks_diff(now, self._line_at) >= _LOG_MS:
            self._line_at = now
            self._publish("tele/LOG", self._lines.pop(0).encode())
