"""The board: UART, LED, RTC memory, reset. Only main.py and boot.py know `machine`, too. Forgotten after the start."""

import gc

import machine
from micropython import const

from .telemetry import memory_regions

_RXBUF_BYTES, _TXBUF_BYTES = const(2048), const(256)
# While the modules are imported the UART's buffers hold most of the system memory, so that MicroPython finds only this
# much for its heap. It would take all that it finds, as much as it has at most; then TLS finds none.
_HEAP_GROWTH_BYTES = const(37_500)
_BUFFER_MAX_BYTES = const(60_000)  # of each of the two; the driver takes less than 65,536
_BUFFERS_MIN_BYTES = const(8_192)  # smaller ones would hold nothing back
_PSRAM_BYTES = const(1_000_000)  # a region of this size is PSRAM; then there is memory for all
_REFUSED = "%s: %s: this chip refuses it (%s)"
_RESET_CAUSES = (("PWRON_RESET", "power on"), ("HARD_RESET", "hard reset"), ("WDT_RESET", "watchdog"),
                 ("DEEPSLEEP_RESET", "deep sleep"), ("SOFT_RESET", "soft reset"))  # fmt: skip

reset = machine.reset  # does not return
unique_id = machine.unique_id  # the chip's own number, bytes
rtc_memory = machine.RTC().memory  # without arguments -> bytes, with bytes it takes them


def uart(settings, holds_memory=False):
    """The battery's UART as the settings say, 8N1; nothing it does waits. `holds_memory`: its buffers limit the heap's
    growth until release_memory(). ValueError names the setting that this chip refuses, also the pin of the LED.
    """
    try:
        if settings["led"] != "off":
            led(abs(settings["led"]))
        if holds_memory:
            try:
                return _uart(settings, *_holding_buffers())
            except (OSError, MemoryError):
                pass  # there is less memory than expected: go on without
        return _uart(settings, _RXBUF_BYTES, _TXBUF_BYTES)
    except (ValueError, OSError) as error:
        _check_pins(settings)
        if isinstance(error, ValueError):
            raise ValueError(_REFUSED % ("uart_id", settings["uart_id"], error)) from None
        raise  # a serial port of a PC that cannot be opened


def _uart(settings, rxbuf, txbuf):
    return machine.UART(settings["uart_id"], baudrate=settings["baud"], bits=8, parity=None, stop=1, timeout=0,
                        timeout_char=0, tx=settings["uart_tx"], rx=settings["uart_rx"], rxbuf=rxbuf, txbuf=txbuf)


def release_memory(uart):
    """The modules are imported: the buffers of the UART get the size that the battery needs."""
    gc.collect()
    uart.init(rxbuf=_RXBUF_BYTES, txbuf=_TXBUF_BYTES)


def _holding_buffers():
    """(rxbuf, txbuf) that leave _HEAP_GROWTH_BYTES of the largest free block; small ones where there is PSRAM."""
    regions = memory_regions()
    held = max([largest for _, _, largest, _ in regions] + [0]) - _HEAP_GROWTH_BYTES
    if held < _BUFFERS_MIN_BYTES or max([total for total, _, _, _ in regions]) >= _PSRAM_BYTES:
        return _RXBUF_BYTES, _TXBUF_BYTES
    rxbuf = min(held * 3 // 5, _BUFFER_MAX_BYTES)  # neither is so small that it would come out of another block
    return rxbuf, min(held - rxbuf, _BUFFER_MAX_BYTES)


def _check_pins(settings):
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
