"""The demo's simulated battery, which misbehaves on request and is what every published reading is held against; and
what the demo tells at its end.
"""

from __future__ import annotations

import textwrap

from tools import words
from tools.simulator import Simulator
from tools.simulator.faults import KINDS
from tools.truth import Truth

SPEAKS = {"console": ", text console of {}{}", "rs485": ", RS485 port", "pace": ", of PACE"}
CONSOLE = "us5000"
WIDTH = 100
FRESH_S = 5


class DemoBattery:
    """The battery that the options `given` of the demo want, of so many `packs`. Entered, it answers at `path`."""

    def __init__(self, given, packs):
        self.truth = Truth()
        self.packs, self._wants_faults = packs, given.faults
        dialect, firmware = given.dialect or "framed", given.firmware or CONSOLE
        more = {"framed": {"fast": "accepts"}, "pace": {"cells": 16, "temperatures": 6},
                "console": {"console": {"firmware": firmware, "worn": given.worn}}}  # fmt: skip
        self._simulator = Simulator(packs, seed=given.seed, charge_speed=given.speed, truth_limit=1,
                                    on_truth=self.truth.note, dialect=dialect, **more.get(dialect, {}))  # fmt: skip
        self._speaks = SPEAKS.get(dialect, "").format(firmware, " with worn packs" * given.worn)
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


def summary(heard, began, ran_s, truth=None, counts=None):
    """One paragraph -> text.

    heard: Heard; began: when the firmware did, s of its clock; ran_s: for how long; truth: Truth of a simulated
    battery; counts: how often each fault came, where it misbehaved.
    """
    count = len(heard.read_packs())
    first = f", the first after {heard.first_at - began:.1f} s." if heard.readings else "."
    parts = [f"{ran_s:.0f} s: {heard.readings} readings of {count} pack{'s' * (count != 1)}{first}"]
    if heard.health:
        counted = ", ".join(text for text, _ in words.counted(heard.health))
        age_s = began + ran_s - heard.health_at
        when = f" (counted {words.duration(age_s)} before the end)" if age_s > FRESH_S else ""
        parts.append(f"Battery {words.link(heard)}; {counted}{when}.")
    if counts is not None:
        found = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()) if name in KINDS)
        parts.append(f"Faults of the line: {found or 'none'}.")
    if truth:
        parts.append(f"Held against what the battery said: {truth.summary()}.")
    return textwrap.fill(" ".join(parts), WIDTH)


def failures(missing, truth=None, ended=None):
    """Why the demo failed -> list of texts, empty where it did not.

    missing: numbers of packs without a reading; ended: exit status of a firmware that ended by itself.
    """
    return [text for text in (
        ended is not None and f"the firmware ended by itself, with status {ended}: its last lines say why",
        missing and f"no reading of pack {', '.join(map(str, missing))}",
        truth and any(not one.slight for one in truth.wrong) and "a published value was wrong",
    ) if text]  # fmt: skip
