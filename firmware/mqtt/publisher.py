"""What goes out on which topic, and when (mqtt.md, "Published"). Told by the poller, the session and the log."""

import gc

from micropython import const

from ..modules import Temporary
from ..reading import summarize
from .devices import DEVICES
from .payloads import members

_STATE_MS = const(60_000)  # from one tele/STATE to the next
_LOG_MS = const(2_000)  # between two lines of tele/LOG
_LOG_LINES = const(8)  # kept until they can be sent
_RACK_METER = const(0)  # the packs' have their numbers
_EVERY_PACK = const(-1)  # as bits: nobody has counted them yet
_SILENT_MS = const(300_000)  # of the battery, then what it said of itself is taken back
_HOME_ASSISTANT_MS = const(2_000)  # it may lose what comes sooner behind a config
_EXPIRE_MIN_S = const(120)  # of a reading, in Home Assistant
_EXPIRE_CYCLES = const(4)  # it lives for so many, where these take longer


def expire_s(publish_rate_ms):
    """After how many seconds a reading is too old for Home Assistant."""
    return max(_EXPIRE_MIN_S, (_EXPIRE_CYCLES * publish_rate_ms + 999) // 1000)


def config(devices, number, prefix, payloads):
    """The discovery.Config of the device `number`. What makes it is loaded one by one: readings need the memory."""
    with Temporary():
        from .presence import presence
    shown = presence(devices, number)
    del presence
    with Temporary():
        from .placeholders import placeholders
    values = placeholders(devices, number, prefix)
    del placeholders
    with Temporary():
        from .discovery import Config
    return Config(b"pack" if number else b"rack", shown, values, payloads)


class Publisher:
    """`prefix`: `<mqtt_root>/<rack_name>/`; `on_announced` is called 2 s behind the last config that was due."""

    def __init__(self, session, prefix, rack, meters, payloads, devices, telemetry, clock, log):
        self.on_announced = None
        self._session, self.prefix, self._rack, self._meters = session, prefix, rack, meters
        self._payloads, self._devices, self._telemetry, self._clock = payloads, devices, telemetry, clock
        self._log = log
        self._in_cycle = True  # configs wait for the end of the first cycle, when more is known
        self._announced = False  # the configs that were due went out, and on_announced() is still to come
        self._subscribed = 0  # topics of configs that may have to be taken away
        self._lines = []
        self._link = telemetry.poller.searching  # as it was published
        self._there = 0  # packs whose identity the broker has, as bits
        self._counted = _EVERY_PACK  # packs that the battery counts, as bits
        self._state_at = self._line_at = self._config_at = self._answered_at = clock.ticks_ms()

    def publish(self, topic, payload, retain=False):
        """Sends a payload to a topic below the prefix."""
        self._session.publish((self.prefix + topic).encode(), payload, retain)

    def reading(self, reading):
        """A pack's Reading. Energy counts whether a broker is there or not."""
        self._in_cycle = True
        summary = summarize(reading)
        self._rack.add(reading, summary)
        self._devices.see(reading)
        counted = self._meters.add(reading.pack, summary.power)
        if self._session.connected:
            self.publish("stat/readings/Pack%d" % reading.pack, self._payloads.pack(reading, summary, *counted))

    def cycle(self, missed, cycle_ms):
        """The end of a cycle, with the packs that were missed in it; None: it was cut short."""
        self._in_cycle = False
        gc.collect()  # what the next cycle begins with lies together
        self._meters.cycle_ms = cycle_ms
        if values := self._rack.cycle(missed):
            counted = self._meters.add(_RACK_METER, values["Power"])
            if self._session.connected:
                self.publish("stat/readings/Rack", self._payloads.rack(values, *counted))

    def publish_detail(self, kind, pack, answer):
        """The `answer` to a seldom question: `kind` is "packs", "identity", "limits", "counters" or "parameters";
        `pack`: its number, None where the answer is of the group.
        """
        if kind == "packs":
            self._rack.expect(answer)
            self._counted = sum([1 << pack for pack in answer])
            return
        with Temporary():
            from . import details
        if kind == "identity":
            self._devices.identify(pack, answer, details.about(answer))
        elif kind == "counters":
            self._devices.count(pack)
        topic, values = details.message(kind, pack, answer)
        self.publish(topic, self._payloads.flat(values), True)
        if kind == "identity" and not self._devices.enabled:  # else Home Assistant has to know first
            self._clear()

    def line(self, text):
        """A warning or an error, for tele/LOG."""
        self._lines = self._lines[1 - _LOG_LINES :] + [text]

    def connected(self):
        """A connection stands: the broker may have lost what it retained."""
        self.status()
        self.state()
        self._subscribed = 0

    def announce_all(self):
        """Home Assistant has started, and is to get all configs."""
        self._in_cycle = False
        self._devices.all_due()

    def set_publish_rate(self, ms):
        """From one reading to the next; Home Assistant is told when to miss them."""
        self._devices.set_expire(expire_s(ms))

    def take_away(self, topic):
        """Removes a config that the broker has retained, where Home Assistant is not to be told."""
        if not self._devices.enabled:
            self._log.info("discovery is off, %s is taken away", topic.decode())
            self._session.publish(topic, b"", True)

    def identity_came(self, topic, payload):
        """-> True when a message (bytes) is a pack's identity as the broker has it, perhaps since an earlier start."""
        ours = (self.prefix + "stat/info/Pack").encode()
        number = topic[len(ours) :]
        if not topic.startswith(ours) or not number.isdigit():
            return False
        if len(payload) > 2 and int(number) < DEVICES:
            self._there |= 1 << int(number)
        return True

    def state(self):
        """Publishes tele/STATE."""
        self._link = self._telemetry.poller.searching
        self._state_at = self._clock.ticks_ms()
        self.publish("tele/STATE", self._payloads.flat(members(*self._telemetry.report("state"))))

    def status(self):
        """Publishes stat/status."""
        self.publish("stat/status", self._payloads.flat(members(*self._telemetry.report("status"))), True)

    def tend(self, update=None):
        """One pass: a config (none during an `update`, which needs the memory), tele/STATE, one line of the log."""
        now = self._clock.ticks_ms()
        diff = self._clock.ticks_diff
        if not self._telemetry.poller.searching:
            self._answered_at = now
        elif not 0 <= diff(now, self._answered_at) < _SILENT_MS:
            self._counted = 0
        if not self._session.connected:
            return
        if gone := self._there & ~self._counted:
            self._there &= ~gone
            self._clear(gone)
        # a negative difference means more than six days ago, here and below
        if self._announced:  # no further config meanwhile: of two for one device the second could be lost
            if not 0 <= diff(now, self._config_at) < _HOME_ASSISTANT_MS:
                self._announced = False
                self._clear()  # not sooner: without a config that knows, an empty one is an error
                self.state()
                self.on_announced()
        elif self._devices.due and not self._in_cycle and not update:
            self._announce()
        elif not self._devices.enabled and self._subscribed < DEVICES:
            self._session.subscribe(self._devices.config_topic(self._subscribed).encode())
            self._subscribed += 1
        poller = self._telemetry.poller
        is_due = not poller.in_cycle and not 0 <= diff(now, self._state_at) < _STATE_MS
        if is_due or self._link != poller.searching:
            self.state()
        if self._lines and not 0 <= diff(now, self._line_at) < _LOG_MS:
            self._line_at = now
            self.publish("tele/LOG", self._lines.pop(0).encode())

    def _clear(self, gone=0):
        """Takes away what is retained and not true any more; `gone`: bits of packs that are."""
        with Temporary():
            from .details import to_clear
        for topic, payload in to_clear(self._devices, gone):
            self.publish(topic, payload, True)

    def _announce(self):
        number = self._devices.next_due()
        if number is not None:
            topic = self._devices.config_topic(number).encode()
            self._session.publish(topic, config(self._devices, number, self.prefix, self._payloads), True)
        self._announced = not self._devices.due
        self._config_at = self._clock.ticks_ms()
