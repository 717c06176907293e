"""Checks of what one console says in another way than the rest, and is read all the same; they need no pytest."""
# ruff: noqa: UP031 - of MicroPython

import console_answers as made
from console_cases import console, raised

from firmware.battery import NoReply


def _instead(answer, *changes):
    """The answer with each (what it says, what it says instead)."""
    for old, new in changes:
        assert old in answer, old
        answer = answer.replace(old, new)
    return answer


def check_a_name_that_comes_twice():
    """Pytes' model C prints its heater's line in place of the one about SOH."""
    twice = _instead(made.pwr_of(), (b"Soh. Status  ", b"Heater Status"))
    it, _ = console(dict(made.rack(), **{"pwr 1": twice}))
    assert "Heater" not in dict(it.read(1).alarms.flags) and it.extra.words == ()
    for name in (b"Volt Status   ", b"Coulomb       "):
        twice = _instead(made.pwr_of(), (b"Max Voltage   ", name), (b"Soh. Status   ", name))
        it, _ = console(dict(made.rack(), **{"pwr 1": twice}))
        assert "is missing" in str(raised(NoReply, it.read, 1)), name
