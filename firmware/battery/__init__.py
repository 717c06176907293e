"""The battery's side: UART bytes and Readings; no topic, no JSON. What goes wrong is the same in both dialects."""

_DRAIN_MS = 500  # at most, if the line never falls silent
_POLL_MS = 5


class NoReply(Exception):
    """No reply that answers the question, in any attempt; the text says what came instead."""


class ReturnCode(Exception):
    """The battery answered with an RTN other than normal, or normally and without the data asked for."""

    def __init__(self, code):
        super().__init__("RTN %02XH" % code)
        self.code = code


def drain(uart, chunk, clock, quiet_ms):
    """Drops what has arrived at a machine.UART or the like, until nothing came for `quiet_ms`, within a bound. `chunk`
    is a buffer for it; `clock` has ticks_ms, ticks_diff and sleep_ms.
    """
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
