"""What goes out on which topic, and when (mqtt.md, "Published"). Told by the poller, the session and the log."""

from micropython import const

from ..overlay import drop
from ..reading import power
from . import payloads

_STATE_MS = const(60_000)
_LOG_MS = const(2_000)  # between two lines of tele/LOG
_LOG_LINES = const(8)  # kept until they can be sent
_RACK = const(0)  # its meter


class Publisher:
    """`prefix` is `<mqtt_root>/<rack_name>/`, `health()` gives the values of tele/STATE, `tables` are
    entities.compact() of the readings of a pack and of the rack.
    """

    def __init__(self, session, prefix, rack, meters, clock, health, tables):
        self._session = session
        self._prefix = prefix
        self._rack = rack
        self._meters = meters
        self._clock = clock
        self._health = health
        self._pack_table, self._rack_table = tables
        self._lines = []
        self._state_at = self._line_at = clock.ticks_ms()

    def publish(self, topic, payload, retain=False):
        """Sends a payload to a topic below the prefix."""
        self._session.publish((self._prefix + topic).encode(), payload, retain)

    def tell(self, kind, pack, said):
        """The poller's sink for what is seldom asked: "packs", "identity", "limits" or "parameters"."""
        if kind == "packs":
            self._rack.expected = len(said)
        else:
            self._announce(kind, pack, said)

    def reading(self, reading):
        """The poller's sink for a reading. Energy counts whether a broker is there or not."""
        self._rack.add(reading)
        counted = self._meters.add(reading.pack, power(reading.voltage, reading.current))
        if self._session.connected:
            self.publish("stat/readings/Pack%d" % reading.pack, payloads.pack(reading, *counted, self._pack_table))

    def cycle(self, missed, cycle_ms):
        """The poller's sink for the end of a cycle, with the packs that were missed in it."""
        self._meters.cycle_ms = cycle_ms
        values = self._rack.cycle(missed)
        if values:
            values["ChargedEnergy"], values["DischargedEnergy"] = self._meters.add(_RACK, values["Power"])
            self.publish("stat/readings/Rack", payloads.flat(values, self._rack_table))

    def line(self, text):
        """A warning or an error, for tele/LOG."""
        self._lines = self._lines[1 - _LOG_LINES :] + [text]

    def state(self):
        """Publishes the health of the device."""
        self._state_at = self._clock.ticks_ms()
        self._announce("state", self._health())

    def tend(self):
        """One pass: health once a minute, and what the log has to say."""
        if not self._session.connected:
            return
        now = self._clock.ticks_ms()
        if self._clock.ticks_diff(now, self._state_at) >= _STATE_MS:
            self.state()
        if self._lines and self._clock.ticks_diff(now, self._line_at) >= _LOG_MS:
            self._line_at = now
            self.publish("tele/LOG", self._lines.pop(0).encode())

    def _announce(self, what, *said):
        from . import announce

        try:
            getattr(announce, what)(self, *said)
        finally:
            drop("firmware.mqtt.announce")
            drop("firmware.mqtt.entities")
