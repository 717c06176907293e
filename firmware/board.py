"""The board: UART, watchdog, RTC memory, reset. The only file that knows `machine`."""

import machine
from micropython import const

WATCHDOG_MS = 90_000  # longer than the longest blocking call: DNS, TLS, Wi-Fi on
_STRETCHED_MS = const(86_400_000)  # it cannot be stopped, so a REPL session gets a day
_RXBUF = const(2048)
_RESET_CAUSES = (
    ("PWRON_RESET", "power on"),
    ("HARD_RESET", "hard reset"),
    ("WDT_RESET", "watchdog"),
    ("DEEPSLEEP_RESET", "deep sleep"),
    ("SOFT_RESET", "soft reset"),
)


class Board:
    """One ESP32, real or not. `memory` is RTC memory's function, `unique_id()` gives the chip's number, `reset()` does
    not return.
    """

    def __init__(self):
        self._watchdog = None
        self.memory = machine.RTC().memory
        self.unique_id = machine.unique_id
        self.reset = machine.reset

    def uart(self, number, tx, rx, baud):
        """The battery's UART, 8N1; nothing it does waits."""
        return machine.UART(
            number,
            baudrate=baud,
            bits=8,
            parity=None,
            stop=1,
            tx=tx,
            rx=rx,
            rxbuf=_RXBUF,
            timeout=0,
            timeout_char=0,
        )

    def start_watchdog(self):
        """From now on the board is reset unless feed() is called every 90 s."""
        self._watchdog = machine.WDT(timeout=WATCHDOG_MS)
        self.feed = self._watchdog.feed

    def stretch_watchdog(self):
        """For the REPL: a started watchdog only bites after a day."""
        if self._watchdog:
            machine.WDT(timeout=_STRETCHED_MS)

    def reset_cause(self):
        """Why the board started, in words."""
        cause = machine.reset_cause()
        for name, words in _RESET_CAUSES:
            if getattr(machine, name, None) == cause:
                return words
        return "unknown (%d)" % cause
