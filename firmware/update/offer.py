"""What comes in below `update/` while nothing is built (mqtt.md, "Updates"): questions and offers."""

import os
from binascii import hexlify

from micropython import const

from ..modules import Temporary

_SILENCE_MS = const(60_000)  # then nobody is interested
_ID_MAX = const(16)
_NONCE_BYTES = const(16)
_REFUSALS_MAX = const(3)


class Offers:
    """`loop` is loop.Loop."""

    def __init__(self, loop, clock, log):
        self._loop = loop
        self._clock = clock
        self._log = log
        self._nonce = None
        self._lines = None  # of an answer that goes out
        self._heard_at = clock.ticks_ms()

    def message(self, topic, payload, retained):
        """A message below `update/`. `topic`, `payload`: bytes."""
        self._heard_at = self._clock.ticks_ms()
        if topic.endswith(b"/ask") and not retained:
            with Temporary():
                from .answer import is_word, lines
            if is_word(payload, _ID_MAX):
                self._nonce = self._nonce or hexlify(os.urandom(_NONCE_BYTES))
                self._lines = lines(payload, self._nonce, _running(), self._loop.poller.searching)
        elif topic.endswith(b"/offer"):
            self._lines = None
            with Temporary():
                from .signature import refusal
            found = "it is retained" if retained else refusal(payload, self._loop.key, self._nonce)
            if isinstance(found, str):
                self._refuse(found)
                return
            self._loop.offer = (_running(),) + found  # this object is forgotten, and its nonce with it

    def tend(self):
        """One pass: a line of the answer."""
        if self._lines:
            try:
                self._loop.publisher.publish("tele/update", next(self._lines))
            except (StopIteration, OSError):  # OSError: the flash; who asks sees that lines lack
                self._lines = None
        elif self._clock.ticks_diff(self._clock.ticks_ms(), self._heard_at) >= _SILENCE_MS:
            self._loop.update = None

    def stop(self):
        """Too little memory -> True: it ends."""
        self._refuse("too little memory")
        self._loop.update = None
        return True

    def _refuse(self, why):
        loop = self._loop
        loop.refused += 1
        self._log.warning("update refused: %s", why)
        loop.publisher.publish("tele/update", b'{"refused":"%s"}' % why.encode())
        with Temporary():
            from .files import status
        status(loop.publisher)
        if loop.refused >= _REFUSALS_MAX:
            self._log.warning("updates are off until the next start: three refusals in a row")
            loop.update = loop.key = None


def _running():
    """-> the place that runs, bytes."""
    return b"b" if __file__.startswith("/b/") else b"a"
