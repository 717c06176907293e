"""The connection to the broker over umqtt.simple: connect, last will, ping, backoff; every wait is bounded."""

import gc

from micropython import const

from ..modules import Temporary

_PING_MS = const(15_000)  # a quarter of the keepalive
_SILENT_MS = const(60_000)  # the keepalive
_PROVED_MS = const(10_000)  # a connection on which a byte comes after so long is a good one
_MESSAGES = const(8)  # taken in one pass
_KEPT = const(20)  # messages that come while it connects: all packs' identities, before a SUBACK
_BACKOFF_MIN_MS, _BACKOFF_MAX_MS = const(1_000), const(60_000)
_RESOLVE_AFTER = const(3)  # failed connects
_REFUSED = const(0x80)  # in SUBACK
_PUBLISH, _PACKET = const(0x30), const(0xF0)  # type of a packet, and its bits in the first byte

# What bad packets make umqtt.simple raise, besides its own MQTTException (an Exception of no other kind)
_BROKEN = (OSError, AssertionError, IndexError, TypeError, ValueError)


class Session:
    """Keeps one umqtt.simple client connected. `client_class` is MQTTClient, `arguments` what it is made with,
    `client_error` MQTTException, `random_below(n)` a random integer; `lwt`, `subscriptions`: topics (bytes).
    `on_message(topic, payload, retained)` gets bytes, 257 of the payload at most; `on_connect()` is called when
    `Online` is said. `drops` counts lost connections.
    """

    def __init__(self, client_class, arguments, client_error, transport, clock, log, random_below, lwt, subscriptions):
        self.on_message = self.on_connect = None
        self.connected, self.drops, self.host = False, 0, arguments[1]
        self._client_class, self._arguments = client_class, arguments
        self._transport, self._clock, self._log = transport, clock, log
        self._errors, self._client_error = _BROKEN + (client_error,), client_error
        self._random_below, self._lwt, self._subscriptions = random_below, lwt, subscriptions
        self._client = None
        self._failed = 0  # tries in a row that came to nothing
        self._told = None  # what was said of the trouble, while it lasts
        self._trouble = None  # what is to be said yet
        self._inbox = []
        self._backoff_ms = 0
        self._retry_at = self._since = self._pinged_at = clock.ticks_ms()

    def tend(self, network_up=True):
        """One pass: connects when it is time to, else takes messages, pings and drops what is dead."""
        diff = self._clock.ticks_diff
        now = self._clock.ticks_ms()
        if not self.connected:
            if not self._trouble and network_up and diff(self._retry_at, now) <= 0:
                self._connect()
                if self.connected:
                    self.on_connect()
        elif not network_up:
            self._fail("there is no Wi-Fi")  # what the driver would send later is old by then
        else:
            try:
                self._transport.start()
                self._take_messages()
                if diff(now, self._pinged_at) >= _PING_MS:
                    self._pinged_at = now
                    self._client.ping()  # goes out before the next read
                if self.silence_ms() >= _SILENT_MS:
                    self._fail("silent for a minute")
                elif self._backoff_ms and diff(self._transport.heard_at, self._since) >= _PROVED_MS:
                    self._backoff_ms = 0  # it has stood for a while: the next trouble is a new one
                    if self._told:
                        self._told = None
                        self._log.info("broker connected, and it lasts")
            except self._errors as error:
                self._fail(error)
        while self._inbox:
            self.on_message(*self._inbox.pop(0))
        if self._trouble:
            trouble, self._trouble = self._trouble, None
            self._tell(trouble)

    def silence_ms(self):
        """Time since the broker last gave a sign of life (ms), or since the start."""
        return self._clock.ticks_diff(self._clock.ticks_ms(), self._transport.heard_at)

    def publish(self, topic, payload, retain=False):
        """Sends bytes, a memoryview, or parts with a length -> True: they are on their way; False: no connection."""
        if not self.connected:
            return False
        self.connected = False  # whatever ends this in the middle of a packet, nothing more may follow
        try:
            self._transport.start()
            self._client.publish(topic, payload, retain)
            self._transport.flush()
        except self._errors as error:
            self._fail(error)
            return False
        self.connected = True
        return True

    def subscribe(self, topic):
        """-> True; False: the connection is lost, or the broker refuses, which is told."""
        if not self.connected:
            return False
        try:
            self._transport.start()
            return self._subscribe(topic)
        except self._errors as error:
            self._fail(error)
            return False

    def close(self):
        """Says `Offline` and goodbye, if there is somebody to say it to."""
        if self.publish(self._lwt, b"Offline", True):
            try:
                self._client.disconnect()
            except self._errors:
                pass  # then the last will says it
        self._forget()

    def _connect(self):
        again = self._failed or self._backoff_ms <= _BACKOFF_MIN_MS  # else it came and went before, and may go again
        self._failed += 1  # until it stands
        gc.collect()  # what stays from here on lies together
        try:
            self._client = client = self._client_class(*self._arguments)
            client.set_last_will(self._lwt, b"Offline", True)
            client.set_callback(self._receive)
            client.connect()
            client.publish(self._lwt, b"Online", True)
            for topic in self._subscriptions:
                self._subscribe(topic)
        except self._errors as error:
            self._fail(error)
            return
        self._failed = 0
        self.connected = True
        self._since = self._clock.ticks_ms()
        if again:
            self._told = None
            self._log.info("broker connected")

    def _subscribe(self, topic):
        try:
            self._client.subscribe(topic)
            return True
        except self._client_error as error:
            if error.args != (_REFUSED,):
                raise
            with Temporary():
                from .connect_errors import NOT_HEARD
            self._log.warning(NOT_HEARD, topic.decode())
            return False

    def _take_messages(self):
        for _ in range(_MESSAGES):
            self._transport.heard = False
            packet = self._client.check_msg()
            if not self._transport.heard:
                return
            if packet is not None and packet & _PACKET != _PUBLISH:
                raise ValueError

    def _receive(self, topic, payload):
        """umqtt.simple's callback; what it brings waits until the packet is done with."""
        if self.on_message and len(self._inbox) < _KEPT:
            self._inbox.append((topic, payload, bool(self._transport.first & 1)))

    def _fail(self, why):
        """Lets go of the connection. At the end of the pass `why`, an exception or a text, is told and counted."""
        self._forget()
        self._trouble = why

    def _forget(self):
        self.connected = False
        self._client = None
        self._transport.close()

    def _tell(self, why):
        """Says why the connection could not be made or was lost, each trouble once; sets the time of the next try."""
        with Temporary():
            from .connect_errors import explain
        text = explain(why, self._failed and self._transport.stage, self._arguments)
        if not self._failed:
            self.drops += 1
        elif self._failed % _RESOLVE_AFTER == 0:
            self._transport.stale = True
        self._backoff_ms = min(max(2 * self._backoff_ms, _BACKOFF_MIN_MS), _BACKOFF_MAX_MS)
        # with jitter: not every device at once when a broker comes back
        wait_ms = self._backoff_ms * 3 // 4 + self._random_below(self._backoff_ms // 5)
        self._retry_at = self._clock.ticks_add(self._clock.ticks_ms(), wait_ms)
        if text != self._told:
            self._told = text
            self._log.warning(text)
