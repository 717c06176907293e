"""A capture in simulated time: a serial port with a simulated battery behind it, and the rows that come of it."""

import json

from battery_line import BatteryUart
from codec_cases import refused
from fakes import Clock

from tools.capture_port import Port, is_allowed
from tools.capture_steps import Steps

KEYS = ["family", "model", "request", "response", "valid", "kind", "source", "note"]


class Serial(BatteryUart):
    """serial.Serial as far as Port uses it."""

    baudrate = property(lambda self: self._rate, BatteryUart.init)

    def reset_input_buffer(self):
        pass

    def read(self, size):
        view = memoryview(bytearray(size))
        return bytes(view[: self.readinto(view) or 0])


class Rig:
    """Steps of a capture at a battery that listens at `baud`; console: options of its text console, or None."""

    def __init__(self, baud=1200, console=None, group=0, serials=False, **options):
        self.clock = Clock()
        self.uart = Serial(self.clock, baud, **options)
        self.battery = self.uart.battery
        if console is not None:
            self.battery.update(**console)
        self.rows, self.said, self.port = [], [], Port(self.uart, self.clock)
        self.steps = Steps(self.port, self.rows.append, self.said.append, group, serials)

    def run(self, baud=None, faults=()):
        """The whole capture -> (baud, dialect, woken), or None. faults: (name, rate), once the battery was found."""
        found = self.steps.find(baud)
        for fault in faults:
            self.battery.fault(*fault)
        if found:
            self.packs = self.steps.ask(found[0])
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
                assert row["valid"] != refused(row["response"].encode("latin-1"))

    def text(self):
        """All that would be in the file, and on the screen."""
        return "\n".join([*map(json.dumps, self.rows), *self.said])

    def leaks(self):
        """Serial numbers that can be read in it: as text, or in hex; with a lost end, too."""
        text, serials = self.text().upper(), [pack.serial for pack in self.battery.group.packs]
        parts = [part for serial in serials for part in (serial[:10], serial[-10:], serial[3:13])]
        parts += [part.encode().hex().upper() for part in parts]
        return [part for part in parts if part in text or part.encode().hex().upper() in text]

    def of(self, request):
        """The rows of one request: a CID2, or a command of the console."""
        wanted = request if isinstance(request, str) else f"{request:02X}"
        return [row for row in self.rows if wanted in (row["request"], row["request"][7:9])]
