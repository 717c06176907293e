"""The connection to the broker over umqtt.simple, while it stands: ping, hearing, dropping; every wait is bounded.

How it comes to stand is in contact.py, what is said of trouble in trouble.py; both are loaded for the moment.
"""

from micropython import const

from ..overlay import drop

_PING_MS = const(15_000)  # a quarter of the keepalive
_SILENT_MS = const(60_000)  # the keepalive
_LASTING_MS = const(10_000)  # a connection on which a byte comes after so long is a good one
_MESSAGES = const(8)  # taken in one pass

# What bad packets make umqtt.simple raise, besides its own MQTTException (an Exception of no other kind)
_BROKEN = (OSError, AssertionError, IndexError, TypeError, ValueError)


class Session:
    """Keeps one umqtt.simple client connected.

    `client_class` is MQTTClient, `arguments` what it is made with, `client_error` MQTTException, `transport` the
    bounded.Transport under it, `random_below(n)` a random integer. `lwt` and `subscriptions` are topics (bytes).
    `on_message(topic, payload, retained)` gets bytes; a payload of 257 bytes may have been longer.
    `on_connect()` is called when a connection stands and `Online` is said. `failed` counts tries in a row that came to
    nothing, `drops` connections that were lost since the start.
    """

    def __init__(self, client_class, arguments, client_error, transport, clock, log, random_below, lwt, subscriptions):
        self.client_class = client_class
        self.arguments = arguments
        self.transport = transport
        self.clock = clock
        self.log = log
        self.errors = _BROKEN + (client_error,)
        self.random_below = random_below
        self.lwt = lwt
        self.subscriptions = subscriptions
        self.on_message = self.on_connect = self.client = None
        self.connected = False
        self.drops = self.failed = 0
        self.why = None  # what was said of the trouble, while it lasts
        self._trouble = None  # what is to be said yet
        self._inbox = []
        self.backoff_ms = 0
        self.retry_at = self.since = self._pinged_at = clock.ticks_ms()

    def tend(self, network_up=True):
        """One pass: connects when it is time to, else hears, pings and drops what is dead. `network_up`: is there
        Wi-Fi?
        """
        diff = self.clock.ticks_diff
        now = self.clock.ticks_ms()
        if not self.connected:
            if not self._trouble and network_up and diff(self.retry_at, now) <= 0:
                self._contact("connect")
                if self.connected:
                    self.on_connect()
        elif not network_up:
            self.fail("there is no Wi-Fi")  # what the driver would send later is old by then
        else:
            try:
                self.transport.start()
                self._hear()
                if diff(now, self._pinged_at) >= _PING_MS:
                    self._pinged_at = now
                    self.client.ping()  # goes out before the next read
                if self.silence_ms() >= _SILENT_MS:
                    self.fail("silent for a minute")
                elif self.backoff_ms and diff(self.transport.heard_at, self.since) >= _LASTING_MS:
                    self._contact("settle")
            except self.errors as error:
                self.fail(error)
        while self._inbox:
            self.on_message(*self._inbox.pop(0))
        if self._trouble:
            from .trouble import tell

            drop("firmware.mqtt.trouble")
            trouble, self._trouble = self._trouble, None
            tell(self, trouble)

    def silence_ms(self):
        """Time since the broker last gave a sign of life (ms), or since the start."""
        return self.clock.ticks_diff(self.clock.ticks_ms(), self.transport.heard_at)

    def publish(self, topic, payload, retain=False):
        """Sends bytes, or parts with a length -> True when they are on their way; False without a connection."""
        if not self.connected:
            return False
        self.connected = False  # whatever ends this in the middle of a packet, nothing more may follow
        try:
            self.transport.start()
            self.client.publish(topic, payload, retain)
            self.transport.flush()
        except self.errors as error:
            self.fail(error)
            return False
        self.connected = True
        return True

    def close(self):
        """Says `Offline` and goodbye, if there is somebody to say it to."""
        if self.publish(self.lwt, b"Offline", True):
            try:
                self.client.disconnect()
            except self.errors:
                pass  # then the last will says it
        self._forget()

    def fail(self, why):
        """Lets go of the connection. At the end of the pass `why`, an exception or a text, is told and counted."""
        self._forget()
        self._trouble = why

    def receive(self, topic, payload):
        """umqtt.simple's callback; what it brings waits until the packet is done with."""
        if self.on_message and len(self._inbox) < _MESSAGES:
            self._inbox.append((topic, payload, bool(self.transport.first & 1)))

    def _forget(self):
        self.connected = False
        self.client = None
        self.transport.close()

    def _contact(self, step):
        from . import contact

        drop("firmware.mqtt.contact")
        getattr(contact, step)(self)

    def _hear(self):
        """Takes what has arrived, some packets at most."""
        for _ in range(_MESSAGES):
            self.transport.heard = False
            packet = self.client.check_msg()
            if not self.transport.heard:
                return
            if packet is not None and packet & 0xF0 != 0x30:
                raise ValueError
