"""The demo's simulated battery, which misbehaves on request, and which every published reading is held against."""

from tools.simulator import Simulator
from tools.simulator.faults import FAULTS
from tools.truth import Truth

SPEAKS = {"console": ", text console of {}{}", "rs485": ", RS485 port", "pace": ", of PACE"}
CONSOLE = "us5000"


class DemoBattery(Simulator):
    """The battery that the options `given` of the demo want, of so many `packs`. Entered, it answers at `path`."""

    def __init__(self, given, packs):
        self.judge = Truth()
        self._wants_faults, self._misbehaves, self._told = given.faults, False, 0
        dialect, firmware = given.dialect or "framed", given.firmware or CONSOLE
        more = {"framed": {"fast": "accepts"}, "pace": {"cells": 16, "temperatures": 6},
                "console": {"console": {"firmware": firmware, "worn": given.worn}}}.get(dialect, {})  # fmt: skip
        super().__init__(packs, speed=given.speed, truth_limit=1, on_truth=self.judge.note, dialect=dialect, **more)
        speaks = SPEAKS.get(dialect, "").format(firmware, " with worn packs" * given.worn)
        self._description = f"{packs} pack{'s' * (packs > 1)}, simulated{speaks}, {self.baud} baud"

    def __str__(self):
        return f"{self.path} ({self._description}{', will misbehave' * self._wants_faults})"

    def check(self, topic, payload, at):
        """A published reading, heard at `at` (s, monotonic) -> None, or in words what is wrong with it."""
        wrong = self.judge.check(int(topic.rpartition("Pack")[2]), payload, at)
        return wrong and f"WRONG: {wrong}"

    def tend(self, all_read):
        """Begin to misbehave when all packs were read once -> names of the faults that began since the last call."""
        if self._wants_faults and all_read and not self._misbehaves:
            self._misbehaves = True
            self.misbehave()
        names = [fault.name for fault in self.fault_log[self._told :]]
        self._told += len(names)
        return names

    def summary(self):
        """-> what it did, and whether the readings were right, as a list of sentences."""
        found = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items()) if name in FAULTS)
        faults = [f"Faults of the line: {found or 'none'}."] if self._wants_faults else []
        return [*faults, f"Held against what the battery said: {self.judge.summary()}."]
