"""The judge of the whole-system tests: every wrong value of a reading is found, and nothing else."""

import json
from collections import namedtuple

from monitor_helpers import CELLS, reading

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


def check(published, now=AT + 2, pack=1):
    """-> Wrong or None. The reply before had other values, and none may be taken from it."""
    truth = Truth()
    truth.note(Record(AT - 5, "analog", 1, ANALOG | {"cycles": 30, "current": -100}))
    truth.note(Record(AT, "analog", 1, ANALOG))
    truth.note(Record(AT, "alarm", 1, ALARM))
    return truth.check(pack, json.dumps(published).encode(), now)


def test_a_right_one_is_right_for_a_while():
    assert check(reading()) is None and check(reading(on=None)) is None
    assert check(reading(), now=AT + WINDOW_S) is None and check(reading(), now=AT + WINDOW_S + 1) is not None
    assert check(reading(on=None, CycleCount=30)) is not None and check(reading(), pack=2) is not None


def test_every_value_that_is_wrong_or_lacks_is_found():
    def spoil(place, path=()):
        for key, value in list(place.items()):
            if isinstance(value, dict):
                spoil(value, (*path, key))
            elif key not in UNCHECKED:
                del place[key]
                assert check(made) is not None or key == "Problem"  # without which there is no alarm data
                place[key] = not value if isinstance(value, bool) else [9] if isinstance(value, list) else value + 1
                assert (*path, key)[0 if not path else -2] in str(check(made))
                place[key] = value

    made = reading()
    spoil(made)
