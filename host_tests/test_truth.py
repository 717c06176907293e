"""The judge of the whole-system tests: every wrong value of a reading is found, and nothing else."""

from __future__ import annotations

import json
from collections import namedtuple

import pytest
from monitor_helpers import CELLS, NORMAL, reading

from tools.truth import WINDOW_S, Truth

Record = namedtuple("Record", "time kind pack values")
AT = 10.0
ANALOG = {
    "cells": list(CELLS), "temperatures": [235, 220, 220, 220, 220], "current": -6300, "voltage": 49539,
    "remaining": 41442, "capacity": 50000, "cycles": 31, "wide": False,
}  # fmt: skip
ALARM = {
    "cells": [0] * 15, "temperatures": [0] * 5, "charge_current": 0, "voltage": 0, "discharge_current": 0,
    "status": [0, 0b1110, 0b1000000, 0, 0],
}  # fmt: skip
UNCHECKED = ("ChargedEnergy", "DischargedEnergy", "ProblemText", "BatteryState")


def check(published, analog=ANALOG, alarm=ALARM, now=AT + 2):
    """-> Wrong or None."""
    truth = Truth()
    truth.note(Record(AT, "analog", 1, analog))
    truth.note(Record(AT, "alarm", 1, alarm))
    return truth.check(1, json.dumps(published).encode(), now)


def leaves(said, path=()):
    """Yields the path of each value of a reading that can be checked."""
    for key, value in said.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        elif key not in UNCHECKED:
            yield (*path, key)


def test_a_right_one_is_right_for_a_while():
    assert check(reading()) is None and check(reading(on=None)) is None
    assert check(reading(), now=AT + WINDOW_S) is None and check(reading(), now=AT + WINDOW_S + 1) is not None


@pytest.mark.parametrize("path", list(leaves(reading())), ids=".".join)
def test_every_value_that_is_wrong_or_lacks_is_found(path):
    made = place = reading()
    for key in path[:-1]:
        place = place[key]
    value = place.pop(path[-1])
    if path != ("Problem",):  # without it there is no alarm data
        assert check(made) is not None
    place[path[-1]] = not value if isinstance(value, bool) else [9] if isinstance(value, list) else value + 1
    assert path[0 if len(path) == 1 else -2] in str(check(made))


STATES = (
    ("cell over-voltage", {"cells": [0] * 6 + [2] + [0] * 8}, {"Cell_OV"}, {"Cell_7": 2}, {"Warning": True}),
    ("cell other", {"cells": [240] + [0] * 14}, {"Other"}, {"Cell_1": 240}, {"Warning": True, "Problem": True}),
    ("charge current", {"charge_current": 2, "discharge_current": 1}, {"CHG_OC", "DSG_OC"}, {"PackCurrent": 2},
     {"Warning": True}),
    ("protection", {"status": [0b10, 0b1110, 0b1000000, 0, 0]}, {"Cell_UVP"}, {}, {"Problem": True}),
    ("cell fault", {"status": [0, 0b1110, 0b1000000, 0b100, 0b1000000]}, set(), {},
     {"Problem": True, "Fault_Status": {"Cell_Fault": True, "Faulty_Cells": [3, 15]}}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "said", "on", "states", "changes"), STATES, ids=[row[0] for row in STATES])
def test_alarms(name, said, on, states, changes):
    published = reading(on=NORMAL | on, states=states, **changes)
    assert check(published, alarm=ALARM | said) is None and not check(published).slight


def test_the_values_of_one_reply_and_no_mixture():
    truth = Truth()
    truth.note(Record(1.0, "analog", 1, ANALOG | {"cycles": 30, "current": -100}))
    truth.note(Record(2.0, "analog", 1, ANALOG))
    assert truth.check(1, json.dumps(reading(on=None)).encode(), 3.0) is None
    assert truth.check(1, json.dumps(reading(on=None, CycleCount=30)).encode(), 3.0) is not None
    assert truth.check(2, json.dumps(reading(on=None)).encode(), 3.0) is not None, "another pack said it"
