"""The battery's side: UART bytes and Readings; no topic, no JSON. What goes wrong is the same in every dialect."""

ADR_ERROR = 0x90  # RTN (§2.9): the address is refused

_DRAIN_MS = 500  # at most, if the line never falls silent
_POLL_MS = 5


class NoReply(Exception):
    """No reply that answers the question, in any attempt; the text says what came instead."""


class Refusal(Exception):
    """The battery declined, or answered without data. `code`: RTN, or what its words mean as one (§2.9)."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


def drain(uart, chunk, clock, quiet_ms):
    """Drops what a machine.UART brings, into the buffer `chunk`, until `quiet_ms` passed without any; bounded."""
    start = last = clock.ticks_ms()
    while True:
        now = clock.ticks_ms()
        if uart.readinto(chunk):
            last = now
        elif clock.ticks_diff(now, last) >= quiet_ms:
            return
        else:
            clock.sleep_ms(_POLL_MS)
        if clock.ticks_diff(now, start) >= _DRAIN_MS:
            return
