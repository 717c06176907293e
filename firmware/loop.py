"""The main loop: one synchronous round of bounded steps; restart."""

import gc

from micropython import const

from . import __version__
from .modules import Temporary
from .telemetry import free_memory

_SLEEP_MAX_MS = const(50)
_LASTING_MS = const(600_000)  # a start that lasts so long is none of a crash loop
# Without a sign of life from the broker, then the board is reset: right behind a cycle, since the time until the next
# reading is lost for the energy; later where there are none.
_NO_BROKER_MS, _NO_CYCLE_MS = const(900_000), const(1_260_000)


class Loop:
    """What app.build() put together. `reset` restarts the board; `key`: update_key, bytes; empty: no update is taken.
    `update`: Offers, Build or Trial of update/, or None; `refused`: how many offers in a row were refused.
    """

    def __init__(self, reset, retained, clock, log, wifi, session, poller, publisher, telemetry, key):
        self.update, self.refused = None, 0
        self.offer = None  # what Build takes; begun in the next round, when Offers is forgotten: its memory is needed
        self._told = False  # what was found
        self.poller, self.publisher, self._reset, self._retained = poller, publisher, reset, retained
        self._clock, self._log, self._wifi, self._session = clock, log, wifi, session
        self._telemetry, self.key = telemetry, key

    def run(self, feed):
        """Until Ctrl-C, or the board is reset. `feed` keeps the watchdog quiet."""
        gc.collect()
        heap, system, largest, _ = free_memory()
        rest = "" if system is None else ", of the system's %d, %d in one piece" % (system, largest)
        self._log.info("up: pylon2mqtt %s, %d bytes free%s", __version__, heap, rest)
        waited = False
        try:
            while True:
                try:
                    wait_ms = self.round()
                except MemoryError:
                    self.offer = None
                    if not (self.update and self.update.stop()):
                        raise
                    wait_ms = 0
                if self.poller.alive():
                    feed()
                if wait_ms:
                    if not waited:  # once, where the loop waits anyway
                        gc.collect()
                    self._clock.sleep_ms(min(wait_ms, _SLEEP_MAX_MS))
                waited = wait_ms > 0
        finally:
            self._session.close()

    def round(self):
        """Everything once -> ms until the battery side has something to do."""
        self._session.tend(self._wifi.tend())
        if self.offer:
            self._build()
        if self.update:
            self.update.tend()
            gc.collect()  # there is just room for it, and garbage would leave none in one piece
        was_in_cycle = self.poller.in_cycle
        wait_ms = self.poller.step(self.update is not None)
        is_good_moment = (was_in_cycle and not self.poller.in_cycle) or self.poller.searching
        self.publisher.tend(self.update)
        if not self._told and self._session.connected and self.poller.cycle_ms is not None:
            self._told = True
            gc.collect()  # so that it is told what is free
            poller, packs = self.poller, str(self.poller.packs).strip("(,)")
            text = "found: %s at %d baud, packs %s; broker %s; %d bytes free"
            self._log.info(text, poller.dialect.name, poller.link.baud, packs, self._session.host, free_memory()[0])
        if self._session.silence_ms() >= (_NO_BROKER_MS if is_good_moment else _NO_CYCLE_MS):
            self._log.error("no sign of life from the broker for 15 minutes, starting anew")
            self.restart()
        if self._retained.quick_boots and self._telemetry.uptime_s() * 1000 >= _LASTING_MS:
            self._retained.forgive()
        return wait_ms

    def state(self):
        """-> (is there Wi-Fi, a broker, a battery), for the LED."""
        return self._wifi.connected(), self._session.connected, not self.poller.searching

    def connected(self):
        """A connection to the broker stands: it may have lost what it retained."""
        self.poller.ask_everything()
        self.publisher.connected()
        if self.key:
            with Temporary():
                from .update.files import status
            status(self.publisher)

    def message(self, topic, payload, retained):
        """A message on one of our subscriptions."""
        if self.publisher.identity_came(topic, payload):
            return
        if not topic.startswith(self.publisher.prefix.encode() + b"update/"):
            with Temporary():
                from .commands import Commands
            commands = Commands(self.publisher.prefix, self.poller, self.publisher, self.restart, self._log)
            commands.message(topic, payload, retained)
        elif self.key:
            if not self.update:
                try:
                    with Temporary():
                        from .update.offer import Offers
                    self.update = Offers(self, self._clock, self._log)
                except MemoryError:  # nobody must be able to stop the firmware by asking
                    self._log.warning("update refused: too little memory")
                    return
            self.update.message(topic, payload, retained)

    def _build(self):
        offer, self.offer, self.update = self.offer, None, None
        try:
            with Temporary():
                from .update.build import Build
            self.update, self.refused = Build(self, self._clock, self._log, *offer), 0
        except MemoryError:
            self.refused += 1
            self._log.warning("update refused: too little memory")
            self.publisher.publish("tele/update", b'{"refused":"too little memory"}')

    def found(self, dialect):
        """The battery answers in this dialect, which comes first from now on; one that is not loaded: a restart."""
        self._retained.remember_dialect(dialect)
        if dialect != self.poller.dialect.name:
            self._log.warning("battery speaks another dialect (%s), starting anew", dialect)
            self.restart()

    def restart(self):
        """An orderly end, then a reset."""
        self._retained.forgive()
        self._session.close()
        self._reset()
