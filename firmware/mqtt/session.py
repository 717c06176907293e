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

_CONNACK = (  # return codes of CONNACK
    (1, "the broker does not speak MQTT 3.1.1"),
    (2, "the broker refuses the client id"),
    (3, "the broker is not available"),
    (4, "the broker refuses mqtt_user or mqtt_pass"),
    (5, "the broker does not let this mqtt_user in"),
)
_ERRNO = (  # lwIP's and the PC's numbers
    ((103, 104, 128, 32, 9, 107), "the broker closed the connection"),
    ((111,), "nothing listens there: is the broker running, is mqtt_port right?"),
    ((101, 113, 118), "no way to that address: is mqtt_host right, is the network up?"),
    ((110, 116, 11), "no answer in time"),
)


def explain(stage, error, own_error=None):
    """A failed connection in words that tell the owner what to look at."""
    code = error.args[0] if error.args else None
    if stage == "resolve":
        return "the name mqtt_host is unknown to the DNS"
    if own_error and isinstance(error, own_error):
        return dict(_CONNACK).get(code, "the broker refuses, code %s" % code)
    if stage == "tls":
        return "TLS: %s" % (error.args[-1] if error.args else error)
    for codes, words in _ERRNO:
        if code in codes:
            return words if stage == "connect" else words + " (is it an MQTT port, with TLS or without?)"
    return "not an MQTT broker's answer (%s)" % type(error).__name__


class Session:
    """Keeps one umqtt.simple client connected.

    `make_client()` gives a new client with its last will set, `sockets` is the Sockets under it, `client_error` its
    MQTTException, `random_below(n)` a random integer. `lwt` and `subscriptions` are topics (bytes).
    `on_message(topic, payload, retained)` gets bytes; a payload of 257 bytes may have been longer.
    `on_connect()` is called when a connection stands and `Online` is said.
    """

    def __init__(self, make_client, sockets, clock, log, client_error, random_below, lwt, subscriptions):
        self._make_client = make_client
        self._sockets = sockets
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
                self._sockets.current.flush()
            silent_ms = self._clock.ticks_diff(self._clock.ticks_ms(), self._sockets.current.heard_at)
            if silent_ms >= _SILENT_MS:
                self._drop("silent for %d s" % (silent_ms // 1000))
        except self._errors as error:
            self._drop(explain("mqtt", error, self._client_error))
        self._deliver()

    def silence_ms(self):
        """Time since the broker last gave a sign of life (ms), or since the start."""
        if self.connected:
            self._life_at = self._sockets.current.heard_at
        return self._clock.ticks_diff(self._clock.ticks_ms(), self._life_at)

    def publish(self, topic, payload, retain=False):
        """Sends bytes, or parts with a length -> True when they are on their way; False without a connection."""
        if not self.connected:
            return False
        try:
            self._send(topic, payload, retain)
        except self._errors as error:
            self._drop(explain("mqtt", error, self._client_error))
            return False
        return True

    def close(self):
        """Says `Offline` and goodbye, if there is somebody to say it to."""
        if self.connected:
            try:
                self._send(self._lwt, b"Offline", True)
                self._client.disconnect()
                self._sockets.current.flush()
            except self._errors:
                pass  # then the last will says it
        self._forget()

    def _send(self, topic, payload, retain):
        self._client.publish(topic, payload, retain)
        self._sockets.current.flush()

    def _connect(self):
        try:
            self._client = self._make_client()
            self._client.set_callback(self._receive)
            self._client.connect()
            self._send(self._lwt, b"Online", True)
            for topic in self._subscriptions:
                self._client.subscribe(topic)
        except self._errors as error:
            self._refused(explain(self._sockets.stage, error, self._client_error))
            return
        self._log.info("broker connected")
        self.connected = True
        self._why = None
        self._failed = 0
        self._since = self._pinged_at = self._clock.ticks_ms()
        self.on_connect()
        self._deliver()

    def _refused(self, why):
        self._failed += 1
        if self._failed % _RESOLVE_AFTER == 0:
            self._sockets.forget_address()
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
        self._sockets.close()

    def _hear(self):
        """Takes what has arrived, some packets at most."""
        current = self._sockets.current
        for _ in range(_MESSAGES):
            before = current.heard
            packet = self._client.check_msg()
            if current.heard == before:
                return
            if packet is not None and packet & 0xF0 != 0x30:
                raise OSError("packet %02XH" % packet)

    def _receive(self, topic, payload):
        if len(self._inbox) < _MESSAGES:
            self._inbox.append((topic, payload, bool(self._sockets.current.first & 1)))

    def _deliver(self):
        while self._inbox:
            self.on_message(*self._inbox.pop(0))
