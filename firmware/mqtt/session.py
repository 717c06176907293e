"""The connection to the broker over umqtt.simple: last will, ping, backoff; every wait is bounded by bounded.py."""

from micropython import const

KEEPALIVE_S = 60
_PING_MS = const(15_000)  # a quarter of the keepalive
_SILENT_MS = const(60_000)
_BACKOFF_MIN_MS = const(1_000)
_BACKOFF_MAX_MS = const(60_000)
_LASTING_MS = const(10_000)  # a connection that stood this long starts the backoff anew
_RESOLVE_AFTER = const(3)  # failed connects
_MESSAGES = const(8)  # taken in one pass

# What bad packets make umqtt.simple raise, besides its own MQTTException (an Exception of no other kind)
BROKEN = (OSError, AssertionError, IndexError, TypeError, ValueError)


class Session:
    """Keeps one umqtt.simple client connected.

    `make_client()` gives a new client with its last will set, `transport` is the bounded.Transport under it, `client_error` its
    MQTTException, `random_below(n)` a random integer. `lwt` and `subscriptions` are topics (bytes).
    `on_message(topic, payload, retained)` gets bytes; a payload of 257 bytes may have been longer.
    `on_connect()` is called when a connection stands and `Online` is said.
    """

    def __init__(self, make_client, transport, clock, log, client_error, random_below, lwt, subscriptions):
        self._make_client = make_client
        self._transport = transport
        self._clock = clock
        self._log = log
        self._errors = BROKEN + (client_error,)
        self._client_error = client_error
        self._random_below = random_below
        self._lwt = lwt
        self._subscriptions = subscriptions
        self.on_message = self.on_connect = lambda *_: None
        self.connected = False
        self.drops = 0
        self._client = None
        self._inbox = []
        self._failed = 0
        self._backoff_ms = _BACKOFF_MIN_MS
        self._why = None
        now = clock.ticks_ms()
        self._retry_at = self._pinged_at = self._since = self._life_at = now

    def tend(self, network_up=True):
        """One pass: connects when it is time to, else hears, pings and drops what is dead."""
        now = self._clock.ticks_ms()
        if not self.connected:
            if network_up and self._clock.ticks_diff(self._retry_at, now) <= 0:
                self._connect()
            return
        try:
            self._hear()
            if self._clock.ticks_diff(now, self._pinged_at) >= _PING_MS:
                self._pinged_at = now
                self._client.ping()
                self._transport.flush()
            silent_ms = self._clock.ticks_diff(self._clock.ticks_ms(), self._transport.heard_at)
            if silent_ms >= _SILENT_MS:
                self._drop("silent for %d s" % (silent_ms // 1000))
        except self._errors as error:
            self._drop(self._explain(error))
        self._deliver()

    def silence_ms(self):
        """Time since the broker last gave a sign of life (ms), or since the start."""
        if self.connected:
            self._life_at = self._transport.heard_at
        return self._clock.ticks_diff(self._clock.ticks_ms(), self._life_at)

    def publish(self, topic, payload, retain=False):
        """Sends bytes, or parts with a length -> True when they are on their way; False without a connection."""
        if not self.connected:
            return False
        try:
            self._send(topic, payload, retain)
        except self._errors as error:
            self._drop(self._explain(error))
            return False
        return True

    def close(self):
        """Says `Offline` and goodbye, if there is somebody to say it to."""
        if self.connected:
            try:
                self._send(self._lwt, b"Offline", True)
                self._client.disconnect()
                self._transport.flush()
            except self._errors:
                pass  # then the last will says it
        self._forget()

    def _send(self, topic, payload, retain):
        self._client.publish(topic, payload, retain)
        self._transport.flush()

    def _connect(self):
        try:
            self._client = self._make_client()
            self._client.set_callback(self._receive)
            self._client.connect()
            self._send(self._lwt, b"Online", True)
            for topic in self._subscriptions:
                self._client.subscribe(topic)
        except self._errors as error:
            self._refused(self._explain(error))
            return
        self._log.info("broker connected")
        self.connected = True
        self._why = None
        self._failed = 0
        self._since = self._pinged_at = self._clock.ticks_ms()
        self.on_connect()
        self._deliver()

    def _explain(self, error):
        from .trouble import explain

        return explain(self._transport.stage, error, isinstance(error, self._client_error))

    def _refused(self, why):
        self._failed += 1
        if self._failed % _RESOLVE_AFTER == 0:
            self._transport.forget_address()
        self._forget()
        wait_ms = self._later()
        if why != self._why:  # once, not at every try
            self._why = why
            self._log.warning("broker: %s; next try in %d s, then at most every minute", why, wait_ms // 1000 + 1)

    def _drop(self, why):
        self.drops += 1
        if self._clock.ticks_diff(self._clock.ticks_ms(), self._since) >= _LASTING_MS:
            self._backoff_ms = _BACKOFF_MIN_MS
        self._forget()
        self._later()
        self._log.warning("broker lost: %s", why)

    def _later(self):
        """Sets the time of the next try, with jitter: not every device at once when a broker comes back -> ms."""
        base_ms = self._backoff_ms * 3 // 4
        wait_ms = base_ms + self._random_below(self._backoff_ms // 5)
        self._retry_at = self._clock.ticks_add(self._clock.ticks_ms(), wait_ms)
        self._backoff_ms = min(2 * self._backoff_ms, _BACKOFF_MAX_MS)
        return wait_ms

    def _forget(self):
        if self.connected:
            self.silence_ms()
        self.connected = False
        self._client = None
        self._transport.close()

    def _hear(self):
        """Takes what has arrived, some packets at most."""
        current = self._transport
        for _ in range(_MESSAGES):
            before = current.heard
            packet = self._client.check_msg()
            if current.heard == before:
                return
            if packet is not None and packet & 0xF0 != 0x30:
                raise OSError("packet %02XH" % packet)

    def _receive(self, topic, payload):
        if len(self._inbox) < _MESSAGES:
            self._inbox.append((topic, payload, bool(self._transport.first & 1)))

    def _deliver(self):
        while self._inbox:
            self.on_message(*self._inbox.pop(0))
