"""The main loop: one synchronous round of bounded steps."""

import gc

from micropython import const

from . import __version__

_TICK_MS = const(50)  # the longest sleep
_NO_BROKER_MS = const(900_000)  # without a sign of life from it, then the board is reset


class Loop:
    """What app.build() put together, and the health of it."""

    def __init__(self, board, retained, clock, log, wifi, session, link, poller):
        self._board = board
        self._retained = retained
        self._clock = clock
        self._log = log
        self._wifi = wifi
        self._session = session
        self._link = link
        self._poller = poller
        self.publisher = None
        self._started = clock.ticks_ms()
        self._uptime_s = 0
        session.on_connect = self._connected

    def run(self):
        """Until Ctrl-C, or the board is reset."""
        self._board.start_watchdog()
        self._log.info("up: pylon2mqtt %s, %d bytes free", __version__, _heap_free())
        try:
            while True:
                wait_ms = self._round()
                if wait_ms:
                    gc.collect()
                    self._clock.sleep_ms(min(wait_ms, _TICK_MS))
        finally:
            self._session.close()

    def _round(self):
        """Everything once -> ms until the battery side has something to do."""
        self._session.tend(self._wifi.tend())
        wait_ms = self._poller.step()
        self.publisher.tend()
        if self._session.silence_ms() >= _NO_BROKER_MS:
            self._log.error("no sign of life from the broker for 15 minutes, starting anew")
            self._board.reset()
        if self._poller.alive():
            self._board.feed()
        return wait_ms

    def _connected(self):
        """A broker may have forgotten what it was told to retain."""
        self._poller.tell_again()
        self.publisher.state()

    def health(self):
        """The values of tele/STATE."""
        poller, link, wifi, clock = self._poller, self._link, self._wifi, self._clock
        seconds = clock.ticks_diff(clock.ticks_ms(), self._started) // 1000
        self._started = clock.ticks_add(self._started, seconds * 1000)  # ticks wrap after 12 days, uptime does not
        self._uptime_s += seconds
        return {
            "Uptime": self._uptime_s,
            "Version": __version__,
            "ResetCause": self._board.reset_cause(),
            "Boots": self._retained.boots,
            "IP": wifi.address(),
            "RSSI": wifi.signal(),
            "HeapFree": _heap_free(),
            "Link": "searching" if poller.searching else "online",
            "Dialect": "framed",
            "Baud": link.baud,
            "Packs": len(poller.packs),
            "PublishRate": poller.publish_rate_ms // 1000,
            "Cycle": poller.cycle_ms and poller.cycle_ms // 100,
            "Polls": link.polls,
            "Timeouts": link.timeouts,
            "FrameErrors": link.frame_errors,
            "ReturnCodes": link.return_codes,
            "Implausible": poller.implausible,
            "BrokerDrops": self._session.drops,
            "WifiDrops": wifi.drops,
            "LastError": self._retained.last_error or "none",
        }


def _heap_free():
    gc.collect()
    return gc.mem_free()
