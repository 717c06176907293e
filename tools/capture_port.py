"""The serial port of a PC with the face of machine.UART that the firmware's Link and Line expect.

Keeps every byte, and lets nothing out but read commands.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from firmware.battery import frame
from tools import ToolError

# What an owner's battery may be asked: of the firmware's allow-list all but 91H, which changes the rate.
READ_COMMANDS = tuple(sorted(cid2 for cid2 in frame.COMMANDS if cid2 != frame.SET_RATE))
CONSOLE_COMMAND = re.compile(rb"(pwr|time|info|stat|(pwr|bat|info|stat|soh) ([1-9]|1[0-6]))\r?\n")
WAKE_UP = b"~20014682C0048520FCC3\r"  # asks newer firmware for its text console
NEWLINE = b"\r\n"
PAGER_KEY = b"\r"  # goes on with the answer that is coming
KEYS = (NEWLINE, PAGER_KEY)
MAX_BYTES = 65536  # kept of what comes after one request
QUIET_MS, SETTLE_MS, POLL_MS = 30, 300, 5
CHUNK_BYTES = 256


class Forbidden(ToolError):
    """Something that is no read command was about to be sent; it was not."""


@dataclass
class Exchange:
    """What was sent at which rate, and all that came until the next was sent."""

    sent: bytes
    baud: int
    received: bytearray = field(default_factory=bytearray)


class Clock:
    """What the firmware uses of MicroPython's module `time`; all in ms."""

    def ticks_ms(self):
        """-> ms since some moment."""
        return time.monotonic_ns() // 1_000_000

    def ticks_add(self, ticks, delta):
        """-> `delta` ms after `ticks`."""
        return ticks + delta

    def ticks_diff(self, end, start):
        """-> ms from `start` to `end`."""
        return end - start

    def sleep_ms(self, ms):
        """Waits so many ms."""
        time.sleep(ms / 1000)


def is_allowed(data, commands=READ_COMMANDS):
    """Whether these bytes may go to a battery: one of the read `commands` of its dialect, a key, the wake-up."""
    if data in KEYS or data == WAKE_UP or CONSOLE_COMMAND.fullmatch(data):
        return True
    try:
        return data.endswith(b"\r") and frame.decode(data).code in commands
    except frame.FrameError:
        return False


class Port:
    """`serial` is a serial.Serial or the like, with timeout 0; `clock` as MicroPython's module `time`. `commands`: the
    framed ones that may be sent.
    """

    def __init__(self, serial, clock):
        self._serial, self.clock = serial, clock
        self.commands = READ_COMMANDS
        self._exchanges = []

    def init(self, baudrate):
        """Changes our rate to `baudrate`; what has been received is lost."""
        self._serial.baudrate = baudrate
        self._serial.reset_input_buffer()

    def write(self, data):
        """Sends one command. Forbidden."""
        data = bytes(data)
        if not is_allowed(data, self.commands):
            raise Forbidden(f"{data!r} is no read command: it was not sent")
        if data != PAGER_KEY or not self._exchanges:
            self._exchanges.append(Exchange(data, self._serial.baudrate))
        self._serial.write(data)

    def readinto(self, buffer):
        """What has arrived goes into `buffer` -> number of bytes, or None."""
        data = self._serial.read(len(buffer))
        if not data:
            return None
        buffer[: len(data)] = data
        if not self._exchanges:
            self._exchanges.append(Exchange(b"", self._serial.baudrate))
        received = self._exchanges[-1].received
        received += data[: max(0, MAX_BYTES - len(received))]
        return len(data)

    def take(self):
        """Waits for the rest of what is coming, within a bound -> [Exchange] since the last time."""
        buffer, clock = bytearray(CHUNK_BYTES), self.clock
        began = last = clock.ticks_ms()
        while True:
            some, now = self.readinto(buffer), clock.ticks_ms()
            last = now if some else last
            if clock.ticks_diff(now, last) >= QUIET_MS or clock.ticks_diff(now, began) >= SETTLE_MS:
                break
            if not some:
                clock.sleep_ms(POLL_MS)
        taken, self._exchanges = self._exchanges, []
        return taken
