"""The board: UART, LED, RTC memory, reset. Only main.py and boot.py know `machine` too; needed at the start, mostly."""

import machine

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
    """The battery's UART on these pins, 8N1; nothing it does waits. ValueError or OSError: this chip refuses it."""
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


def led(number):
    """An output pin: called with 1 or 0 it goes high or low. ValueError: this chip has no such one."""
    return machine.Pin(number, machine.Pin.OUT)


def refused(settings):
    """-> which of the settings uart_tx, uart_rx and led this chip has no pin for, or None."""
    for key, mode in (("uart_tx", machine.Pin.OUT), ("uart_rx", machine.Pin.IN), ("led", machine.Pin.OUT)):
        try:
            if settings[key] != "off":
                machine.Pin(abs(settings[key]), mode)
        except ValueError:
            return key
    return None


def reset_cause():
    """Why the board started, in words."""
    cause = machine.reset_cause()
    for name, words in _RESET_CAUSES:
        if getattr(machine, name, None) == cause:
            return words
    return "unknown (%d)" % cause
