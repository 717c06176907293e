"""What goes out on which topic, and when (mqtt.md, "Published"). Told by the poller, the session and the log."""

from micropython import const

from ..overlay import drop
from ..reading import power

_STATE_MS = const(60_000)
_LOG_MS = const(2_000)  # between two lines of tele/LOG
_LOG_LINES = const(8)  # kept until they can be sent
_RACK = const(0)  # its meter
_PAYLOADS = "firmware.mqtt.payloads"
_FACTS = ("limits", "parameters", "state", "status")
_SETTLE_MS = const(2_000)  # Home Assistant may lose what comes sooner behind a config


class Publisher:
    """`prefix` is `<mqtt_root>/<rack_name>/`, `table` columns.compact() of the readings. `announces`: Home Assistant is
    told of the devices, of the rack below the topic `place`; there a reading expires after `expire_s`.

    `known` is what there is of the rack and of each pack: cells, sensors << 8, and flags: 1 << 16 gave alarms, 1 << 17
    knows its state of health, 1 << 18 was identified, 1 << 19 speaks text. `wanted` has a bit for each whose config is
    to be sent; it is, while `ready`: no cycle is under way, which takes memory.
    """

    def __init__(self, session, prefix, rack, meters, clock, loop, table, place, announces):
        self.session = session
        self.prefix = prefix
        self._rack = rack
        self._meters = meters
        self._clock = clock
        self.loop = loop
        self._table = table
        self.place = place
        self.announces = announces
        self.expire_s = self.wanted = 0
        self.known = [0] * 17
        self.serials = bytearray(17 * 16)
        self.ready = self._settles = False
        self._lines = []
        self._state_at = self._line_at = self._sent_at = clock.ticks_ms()

    def publish(self, topic, payload, retain=False):
        """Sends a payload to a topic below the prefix."""
        self.session.publish((self.prefix + topic).encode(), payload, retain)

    def tell(self, kind, pack, said):
        """The poller's sink for what is seldom asked: "packs", or a function of announce.py or facts.py by its name."""
        if kind == "packs":
            self._rack.expect(said)
        else:
            self._announce(kind, pack, said)

    def reading(self, reading, extra=None):
        """The poller's sink for a reading, and what the dialect has beyond it. Energy counts whether a broker is there
        or not.
        """
        self._rack.add(reading, extra)
        self.ready = False
        pack = reading.pack
        seen = self.known[pack] >> 16 & 7 | (reading.alarms is not None) | (reading.soh is not None) << 1
        seen |= (extra is not None) << 3
        seen = seen << 16 | len(reading.temperatures) << 8 | len(reading.cells)
        if seen != self.known[pack]:
            self.known[pack] = seen
            self.known[0] |= seen & 1 << 16
            self.wanted |= self.announces << pack | self.announces
        counted = self._meters.add(pack, power(reading.voltage, reading.current))
        if self.session.connected:
            from . import payloads

            drop(_PAYLOADS)
            self.publish("stat/readings/Pack%d" % pack, payloads.pack(reading, *counted, self._table, extra))

    def cycle(self, missed, cycle_ms):
        """The poller's sink for the end of a cycle, with the packs that were missed in it; None: it was cut short."""
        self._meters.cycle_ms = cycle_ms
        self.ready = True
        values = self._rack.cycle(missed)
        if values:
            values["ChargedEnergy"], values["DischargedEnergy"] = self._meters.add(_RACK, values["Power"])
            from . import payloads

            drop(_PAYLOADS)
            self.publish("stat/readings/Rack", payloads.flat(values, self._table))

    def line(self, text):
        """A warning or an error, for tele/LOG."""
        self._lines = self._lines[1 - _LOG_LINES :] + [text]

    def state(self, what="state"):
        """Publishes how the device is: "state" (tele/STATE) or "status"."""
        self._state_at = self._clock.ticks_ms()
        self._announce(what, self.loop.health(what))

    def tend(self):
        """One pass: what Home Assistant is to know, health once a minute, and what the log has to say."""
        if not self.session.connected:
            return
        now = self._clock.ticks_ms()
        diff = self._clock.ticks_diff
        if self._settles:
            if not 0 <= diff(now, self._sent_at) < _SETTLE_MS:  # below 0 is more than six days, here and below
                self._settles = False
                self.loop.orders("fresh")
        elif self.wanted and self.ready:
            self._sent_at = now
            self._announce("step")
            self._settles = not self.wanted  # that was the last one
        if not 0 <= diff(now, self._state_at) < _STATE_MS:
            self.state()
        if self._lines and not 0 <= diff(now, self._line_at) < _LOG_MS:
            self._line_at = now
            self.publish("tele/LOG", self._lines.pop(0).encode())

    def _announce(self, what, *said):
        """One function of announce.py or facts.py, or discovery.step()."""
        try:
            if what == "step":
                from . import discovery as it
            elif what in _FACTS:
                from . import facts as it
            else:
                from . import announce as it
            getattr(it, what)(self, *said)
        finally:
            for name in ("announce", "facts", "discovery", "entities"):
                drop("firmware.mqtt." + name)
