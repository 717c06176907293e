"""The demo's simulated battery: it misbehaves on request, and every published reading is held against what it said."""

from __future__ import annotations

from tools.simulator import Simulator
from tools.truth import Truth

SPEAKS = {"console": ", text console of {}{}", "rs485": ", RS485 port", "pace": ", of PACE"}


class DemoBattery:
    """packs, seed, speed, dialect: of the simulator; faults: whether it is to misbehave; firmware: whose text console
    it is; worn: whether its packs are. Entered, it answers at `path`.
    """

    def __init__(self, packs, seed, speed, faults, dialect="framed", firmware=None, worn=False):
        self.truth = Truth()
        self.packs, self._wants_faults = packs, faults
        more = {"framed": {"fast": "accepts"}, "pace": {"cells": 16, "temperatures": 6},
                "console": {"console": {"firmware": firmware, "worn": worn}}}  # fmt: skip
        self._simulator = Simulator(packs, seed=seed, charge_speed=speed, truth_limit=1, on_truth=self.truth.note,
                                    dialect=dialect, **more.get(dialect, {}))  # fmt: skip
        self._speaks = SPEAKS.get(dialect, "").format(firmware, " with worn packs" * worn)
        self._misbehaves, self._told = False, 0

    def __enter__(self):
        self._simulator.start()
        return self

    def __exit__(self, *_):
        self._simulator.close()

    def __str__(self):
        what = f"{self.packs} pack{'s' * (self.packs > 1)}, simulated{self._speaks}, {self._simulator.baud} baud"
        return f"{self._simulator.path} ({what}{', will misbehave' * self._wants_faults})"

    @property
    def path(self):
        """The pty that the firmware opens."""
        return self._simulator.path

    @property
    def counts(self):
        """How often each fault came, or None where none was wanted."""
        return self._simulator.counts if self._wants_faults else None

    def check(self, topic, payload, at):
        """A published reading, heard at `at` (s, monotonic) -> None, or in words what is wrong with it."""
        wrong = self.truth.check(int(topic.rpartition("Pack")[2]), payload, at)
        return wrong and f"{'slightly off' if wrong.slight else 'WRONG'}: {wrong}"

    def tend(self, all_read):
        """Begin to misbehave when all packs were read once -> names of the faults that began since the last call."""
        if self._wants_faults and all_read and not self._misbehaves:
            self._misbehaves = True
            self._simulator.misbehave()
        spans = self._simulator.fault_log[self._told:]
        self._told += len(spans)
        return [span.name for span in spans]
