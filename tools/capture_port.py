"""The serial port of a PC as a machine.UART: keeps every byte, and lets nothing out but read commands."""

import operator
import re
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

from firmware.battery import drain, frame, pace
from tools import ToolError

# What an owner's battery may be asked: of the firmware's allow-lists all but 91H, which changes the rate.
READ_COMMANDS = frozenset(frame.COMMANDS | pace.COMMANDS) - {frame.SET_RATE}
CONSOLE_COMMAND = re.compile(rb"(pwr|time|info|stat|(pwr|bat|info|stat|soh) ([1-9]|1[0-6]))\r?\n")
WAKE_UP = b"~20014682C0048520FCC3\r"  # asks newer firmware for its text console
PAGER_KEY = b"\r"  # goes on with the answer that is coming
KEYS = (b"\r\n", PAGER_KEY, WAKE_UP)
MAX_BYTES = 65536  # kept of what comes after one request
QUIET_MS = 30  # then an answer is over
# What the firmware uses of MicroPython's module `time`
CLOCK = SimpleNamespace(ticks_ms=lambda: time.monotonic_ns() // 1_000_000, ticks_add=operator.add,
                        ticks_diff=operator.sub, sleep_ms=lambda ms: time.sleep(ms / 1000))


@dataclass
class Exchange:
    """What was sent at which rate, and all that came until the next was sent."""

    sent: bytes
    baud: int
    received: bytearray = field(default_factory=bytearray)


def is_allowed(data):
    """Whether these bytes may go to a battery: a read command, a key, the wake-up."""
    if data in KEYS or CONSOLE_COMMAND.fullmatch(data):
        return True
    try:
        return data.endswith(b"\r") and frame.decode(data).code in READ_COMMANDS
    except frame.FrameError:
        return False


class Port:
    """`serial` is a serial.Serial or the like, with timeout 0; `clock` as CLOCK."""

    def __init__(self, serial, clock=CLOCK):
        self._serial, self.clock = serial, clock
        self._exchanges = []

    def init(self, baudrate):
        """Changes our rate to `baudrate`; what has been received is lost."""
        self._serial.baudrate = baudrate
        self._serial.reset_input_buffer()

    def write(self, data):
        """Sends one command. ToolError: it is no read command."""
        data = bytes(data)
        if not is_allowed(data):
            raise ToolError(f"{data!r} is no read command: it was not sent")
        if data != PAGER_KEY or not self._exchanges:
            self._exchanges.append(Exchange(data, self._serial.baudrate))
        self._serial.write(data)

    def readinto(self, buffer):
        """What has arrived goes into `buffer` -> number of bytes, or None."""
        data = self._serial.read(len(buffer))
        buffer[: len(data)] = data
        if data and self._exchanges:
            received = self._exchanges[-1].received
            received += data[: max(0, MAX_BYTES - len(received))]
        return len(data) or None

    def take(self):
        """Waits for the rest of what is coming, within a bound -> [Exchange] since the last time."""
        drain(self, bytearray(256), self.clock, QUIET_MS)
        taken, self._exchanges = self._exchanges, []
        return taken
