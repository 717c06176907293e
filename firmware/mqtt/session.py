"""The connection to the broker over umqtt.simple, while it stands: ping, hearing, dropping; every wait is bounded.

How it comes to stand is in contact.py, which is loaded for the moment.
"""

from micropython import const

from ..overlay import drop

_PING_MS = const(15_000)  # a quarter of the keepalive
_SILENT_MS = const(60_000)  # the keepalive
BACKOFF_MIN_MS = 1_000
_MESSAGES = const(8)  # taken in one pass

# What bad packets make umqtt.simple raise, besides its own MQTTException (an Exception of no other kind)
BROKEN = (OSError, AssertionError, IndexError, TypeError, ValueError)


class Session:
    """Keeps one umqtt.simple client connected.

    `client_class` is MQTTClient, `arguments` what it is made with, `client_error` MQTTException, `transport` the
    bounded.Transport under it, `random_below(n)` a random integer. `lwt` and `subscriptions` are topics (bytes).
    `on_message(topic, payload, retained)` gets bytes; a payload of 257 bytes may have been longer.
    `on_connect()` is called when a connection stands and `Online` is said.
    """

    def __init__(self, client_class, arguments, client_error, transport, clock, log, random_below, lwt, subscriptions):
        self.client_class = client_class
        self.arguments = arguments
        self.transport = transport
        self.clock = clock
        self.log = log
        self.errors = BROKEN + (client_error,)
        self.random_below = random_below
        self.lwt = lwt
        self.subscriptions = subscriptions
        self.on_message = self.on_connect = None
        self.client = None
        self.connected = False
        self.drops = self.failed = 0
        self.why = None  # the last connection failed
        self._inbox = []
        self.backoff_ms = BACKOFF_MIN_MS
        self.retry_at = self._pinged_at = self.since = self._life_at = clock.ticks_ms()

    def tend(self, network_up=True):
        """One pass: connects when it is time to, else hears, pings and drops what is dead."""
        diff = self.clock.ticks_diff
        now = self.clock.ticks_ms()
        if not self.connected:
            if not network_up or diff(self.retry_at, now) > 0:
                return
            self._contact("connect")
            if self.connected:
                self.since = self._pinged_at = self.clock.ticks_ms()
                self.on_connect()
        else:
            try:
                self._hear()
                if diff(now, self._pinged_at) >= _PING_MS:
                    self._pinged_at = now
                    self.client.ping()
                    self.transport.flush()
                if diff(self.clock.ticks_ms(), self.transport.heard_at) >= _SILENT_MS:
                    self._drop("silent for a minute")
            except self.errors as error:
                self._drop(error)
        while self._inbox:
            self.on_message(*self._inbox.pop(0))

    def silence_ms(self):
        """Time since the broker last gave a sign of life (ms), or since the start."""
        if self.connected:
            self._life_at = self.transport.heard_at
        return self.clock.ticks_diff(self.clock.ticks_ms(), self._life_at)

    def publish(self, topic, payload, retain=False):
        """Sends bytes, or parts with a length -> True when they are on their way; False without a connection."""
        if not self.connected:
            return False
        try:
            self.client.publish(topic, payload, retain)
            self.transport.flush()
        except self.errors as error:
            self._drop(error)
            return False
        return True

    def close(self):
        """Says `Offline` and goodbye, if there is somebody to say it to."""
        if self.publish(self.lwt, b"Offline", True):
            try:
                self.client.disconnect()
            except self.errors:
                pass  # then the last will says it
        self.forget()

    def receive(self, topic, payload):
        """umqtt.simple's callback; what it brings waits until the packet is done with."""
        if len(self._inbox) < _MESSAGES:
            self._inbox.append((topic, payload, bool(self.transport.first & 1)))

    def forget(self):
        """Lets go of the connection."""
        self.silence_ms()
        self.connected = False
        self.client = None
        self.transport.close()

    def _drop(self, error):
        self._contact("lost", error)

    def _contact(self, step, *arguments):
        from . import contact

        try:
            getattr(contact, step)(self, *arguments)
        finally:
            drop("firmware.mqtt.contact")

    def _hear(self):
        """Takes what has arrived, some packets at most."""
        for _ in range(_MESSAGES):
            before = self.transport.heard
            packet = self.client.check_msg()
            if self.transport.heard == before:
                return
            if packet is not None and packet & 0xF0 != 0x30:
                raise OSError("packet %02XH" % packet)
