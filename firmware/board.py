"""The board: UART, watchdog, RTC memory, reset. The only file that knows `machine`; needed at the start, mostly."""

import machine

WATCHDOG_MS = 90_000  # longer than the longest blocking call: DNS, TLS, Wi-Fi on
_STRETCHED_MS = 86_400_000  # it cannot be stopped, so a REPL session gets a day
_RXBUF = 2048
_RESET_CAUSES = (
    ("PWRON_RESET", "power on"),
    ("HARD_RESET", "hard reset"),
    ("WDT_RESET", "watchdog"),
    ("DEEPSLEEP_RESET", "deep sleep"),
    ("SOFT_RESET", "soft reset"),
)

reset = machine.reset  # does not return
unique_id = machine.unique_id  # the chip's own number, bytes
memory = machine.RTC().memory  # RTC memory: without arguments -> bytes, with bytes it takes them


def uart(number, tx, rx, baud):
    """The battery's UART on these pins, 8N1; nothing it does waits."""
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


def start_watchdog():
    """From now on the board is reset unless the function that this returns is called every 90 s."""
    return machine.WDT(timeout=WATCHDOG_MS).feed


def stretch_watchdog():
    """For the REPL: a watchdog that was started only bites after a day."""
    machine.WDT(timeout=_STRETCHED_MS)


def reset_cause():
    """Why the board started, in words."""
    cause = machine.reset_cause()
    for name, words in _RESET_CAUSES:
        if getattr(machine, name, None) == cause:
            return words
    return "unknown (%d)" % cause
