"""The main loop: one synchronous round of bounded steps."""

import gc

from micropython import const

from . import __version__
from .overlay import drop

_TICK_MS = const(50)  # the longest sleep
# Without a sign of life from the broker, then the board is reset: right behind a cycle, since the time until the next
# reading is lost for the energy; later where there are none.
_NO_BROKER_MS = const(900_000)
_NO_CYCLE_MS = const(1_260_000)


class Loop:
    """What app.build() put together. `reset` starts the board anew, `reset_cause` says in words why it started."""

    def __init__(self, reset, reset_cause, retained, clock, log, wifi, session, poller):
        self.reset = reset
        self.reset_cause = reset_cause
        self.retained = retained
        self.clock = clock
        self.log = log
        self.wifi = wifi
        self.session = session
        self.poller = poller
        self.publisher = None
        self.started = clock.ticks_ms()
        self.uptime_s = 0
        session.on_connect = self._connected
        session.on_message = self.orders

    def run(self, feed):
        """Until Ctrl-C, or the board is reset. `feed` keeps the watchdog quiet."""
        gc.collect()
        self.log.info("up: pylon2mqtt %s, %d bytes free", __version__, gc.mem_free())
        try:
            while True:
                wait_ms = self._round()
                if self.poller.alive():
                    feed()
                if wait_ms:
                    gc.collect()
                    self.clock.sleep_ms(min(wait_ms, _TICK_MS))
        finally:
            self.session.close()

    def _round(self):
        """Everything once -> ms until the battery side has something to do."""
        self.session.tend(self.wifi.tend())
        in_cycle = not self.publisher.ready
        wait_ms = self.poller.step()
        is_good_moment = (in_cycle and self.publisher.ready) or self.poller.searching
        self.publisher.tend()
        if self.session.silence_ms() >= (_NO_BROKER_MS if is_good_moment else _NO_CYCLE_MS):
            self.log.error("no sign of life from the broker for 15 minutes, starting anew")
            self.orders("restart")
        return wait_ms

    def _connected(self):
        """A broker may have forgotten what it was told to retain."""
        self.poller.tell_again()
        self.publisher.state("status")
        self.publisher.state()
        if not self.publisher.announces:
            self.orders("tidy")

    def orders(self, what, payload=None, retained=False):
        """Carries out a function of orders.py by its name, or a message: its topic, payload, was it retained."""
        from . import orders

        drop("firmware.orders")
        if payload is None:
            getattr(orders, what)(self)
        else:
            orders.heard(self, what, payload, retained)

    def health(self, what):
        """The values of tele/STATE ("state") or stat/status ("status")."""
        from . import health

        drop("firmware.health")
        return getattr(health, what)(self)
