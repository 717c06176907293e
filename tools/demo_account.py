"""What the demo tells at its end. Pure."""

from __future__ import annotations

import textwrap

from tools import words
from tools.simulator.faults import KINDS

WIDTH = 100
FRESH_S = 5


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
