"""What the demo tells at its end. Pure."""

from __future__ import annotations

import textwrap

from tools import words
from tools.simulator.faults import KINDS

WIDTH = 100
FRESH_S = 5


def summary(heard, began, ran_s, truth=None, struck=None):
    """One paragraph -> text.

    heard: Heard; began: when the firmware did, s of its clock; ran_s: for how long; truth: Truth of a simulated
    battery; struck: the simulator's counts, where it misbehaved.
    """
    count = len(heard.read_packs())
    parts = [f"{ran_s:.0f} s: {heard.readings} readings of {count} pack{'' if count == 1 else 's'}"]
    parts[0] += f", the first after {heard.first_at - began:.1f} s." if heard.readings else "."
    if heard.health:
        counted = ", ".join(text for text, _ in words.counted(heard.health))
        age_s = began + ran_s - heard.health_at
        when = f" (counted {words.duration(age_s)} before the end)" if age_s > FRESH_S else ""
        parts.append(f"Battery {words.link(heard)}; {counted}{when}.")
    if struck is not None:
        found = ", ".join(f"{count} {name}" for name, count in sorted(struck.items()) if name in KINDS)
        parts.append(f"What befell the line: {found or 'nothing'}.")
    if truth:
        parts.append(f"Held against what the battery said: {truth.summary()}.")
    return textwrap.fill(" ".join(parts), WIDTH)


def failures(missing, truth=None, ended=None):
    """Why the demo failed -> list of texts, empty where it did not.

    missing: numbers of packs without a reading; ended: exit status of a firmware that ended by itself.
    """
    found = []
    if ended is not None:
        found.append(f"the firmware ended by itself, with status {ended}: its last lines say why")
    if missing:
        found.append(f"no reading of pack {', '.join(map(str, missing))}")
    if truth and any(not one.slight for one in truth.wrong):
        found.append("a published value was wrong")
    return found
