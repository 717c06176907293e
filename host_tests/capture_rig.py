"""A capture in simulated time: a serial port with a simulated battery behind it, and the rows that come of it."""

import json

from battery_line import BatteryUart
from fakes import Clock

from firmware.battery import frame
from tools.capture_port import Port, is_allowed
from tools.capture_steps import Steps

KEYS = ["family", "model", "request", "response", "valid", "kind", "source", "note"]


class Serial:
    """serial.Serial as far as Port uses it, over a battery_line.BatteryUart."""

    def __init__(self, uart):
        self.uart = uart

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "baudrate":
            self.uart.init(value)

    def reset_input_buffer(self):
        pass

    def write(self, data):
        self.uart.write(data)

    def read(self, size):
        view = memoryview(bytearray(size))
        return bytes(view[: self.uart.readinto(view) or 0])


class Rig:
    """Steps of a capture at a battery that listens at `baud`; console: options of its text console, or None."""

    def __init__(self, baud=1200, console=None, paced=True, group=0, **options):
        self.clock = Clock()
        self.uart = BatteryUart(self.clock, baud, paced=paced, **options)
        self.battery = self.uart.battery
        if console is not None:
            self.battery.update(**console)
        self.rows, self.said, self.serial = [], [], Serial(self.uart)
        self.steps = Steps(Port(self.serial, self.clock), self.rows.append, self.said.append, group)

    def run(self, baud=None, faults=()):
        """The whole capture -> (baud, dialect, woken), or None. faults: (name, rate), once the battery was found."""
        found = self.steps.find(baud)
        for fault in faults:
            self.battery.fault(*fault)
        if found:
            self.steps.ask(found[0])
            assert self.battery.baud == found[0]
        self._check()
        return found

    def _check(self):
        """Whatever happened, the battery heard read commands only, and a row is what its words say."""
        # A console that babbles may be asked in frames, of which it knows none
        assert all(is_allowed(one.line + b"\r") for one in self.battery.forbidden)
        assert all(is_allowed(bytes(data)) for _, _, data in self.uart.written)
        assert not [row for row in self.rows if row["request"][7:9] == "91"]
        for row in self.rows:
            assert [key for key in row if key != "raw"] == KEYS and row["source"].startswith("tools/capture.py ")
            assert row["kind"] != "silent" or not row["response"]
            if row["family"] != "console":
                try:
                    frame.decode(row["response"].encode("latin-1"))
                except frame.FrameError:
                    assert not row["valid"]
                else:
                    assert row["valid"]

    def serials(self):
        """The true serial numbers of all packs."""
        return [pack.serial for pack in self.battery.group.packs]

    def text(self):
        """All that would be in the file, and on the screen."""
        return "\n".join([*map(json.dumps, self.rows), *self.said])

    def of(self, request):
        """The rows of one request: a CID2, or a command of the console."""
        if isinstance(request, str):
            return [row for row in self.rows if row["request"] == request]
        return [row for row in self.rows if row["request"][7:9] == f"{request:02X}"]
