"""The board: UART, LED, RTC memory, reset. Only main.py and boot.py know `machine` too; needed at the start, mostly."""

import machine

_RXBUF = 2048
_REFUSED = "%s: %s: this chip refuses it (%s)"
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


def uart(settings):
    """The battery's UART as the settings say, 8N1; nothing it does waits.

    ValueError names the setting that this chip refuses, also the pin of the LED.
    """
    try:
        if settings["led"] != "off":
            led(abs(settings["led"]))
        return machine.UART(
            settings["uart_id"],
            baudrate=settings["baud"],
            bits=8,
            parity=None,
            stop=1,
            tx=settings["uart_tx"],
            rx=settings["uart_rx"],
            rxbuf=_RXBUF,
            timeout=0,
            timeout_char=0,
        )
    except (ValueError, OSError) as error:
        _pins(settings)
        if isinstance(error, ValueError):
            raise ValueError(_REFUSED % ("uart_id", settings["uart_id"], error)) from None
        raise  # a serial port of a PC that cannot be opened


def _pins(settings):
    """ValueError names the first one that this chip has not got."""
    for key, mode in (("uart_tx", machine.Pin.OUT), ("uart_rx", machine.Pin.IN), ("led", machine.Pin.OUT)):
        try:
            if settings[key] != "off":
                machine.Pin(abs(settings[key]), mode)
        except ValueError as error:
            raise ValueError(_REFUSED % (key, settings[key], error)) from None


def led(number):
    """An output pin: called with 1 or 0 it goes high or low."""
    return machine.Pin(number, machine.Pin.OUT)


def reset_cause():
    """Why the board started, in words."""
    cause = machine.reset_cause()
    for name, words in _RESET_CAUSES:
        if getattr(machine, name, None) == cause:
            return words
    return "unknown (%d)" % cause
