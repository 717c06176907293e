"""Readings of a text console held against what the battery said: every single wrong value is found."""

from __future__ import annotations

import json
from collections import namedtuple

import pytest

from tools.truth import Truth

Record = namedtuple("Record", "time kind pack values")
CELLS = [3300 + cell for cell in range(15)]
QUIET = {"cells": [0] * 15, "temperatures": [0] * 5, "charge_current": 0, "voltage": 0, "discharge_current": 0}
ANALOG = {"cells": CELLS, "temperatures": [235, 220, 221, 222, 223], "current": -6349, "voltage": sum(CELLS),
          "remaining": 41442, "capacity": 50000, "soc": 83, "base": "Dischg", "alarm": QUIET,
          "cell_temperatures": [220] * 7 + [223] * 8, "balancing": [3]}  # fmt: skip


def reading(**changes):
    said = {
        "Cells": {f"Cell_{n}": {"Reading": mv / 1000, "State": 0, "Temp": 22.0 if n < 8 else 22.3}
                  for n, mv in enumerate(CELLS, 1)},
        "Temps": {"BMS_T": {"Reading": 23.5, "State": 0}, "MOS_T": {"Reading": 27.5}},
        "PackCurrent": {"Reading": -6.349, "State": 0}, "PackVoltage": {"Reading": sum(CELLS) / 1000, "State": 0},
        "RemainingCapacity": 41.442, "FullCapacity": 50.0, "CycleCount": 31, "SOC": 83.0, "SOH": 98, "Power": -315.0,
        "CellMin": 3.3, "CellMinNumber": 1, "CellMax": 3.314, "CellMaxNumber": 15, "CellDelta": 0.014, "TempMin": 22.0,
        "TempMax": 22.3, "ChargedEnergy": 1.2, "DischargedEnergy": 0.8, "BatteryState": "discharging",
        "BaseState": "Dischg", "Problem": False, "Warning": False, "ProblemText": "OK", "Balancing_Cells": [3],
        "Protect_Status": {}, "System_Status": {}, "Fault_Status": {}, "Alarm_Status": {},
    }  # fmt: skip
    said["Power"] = round(sum(CELLS) * -6349 / 1e6 * 10) / 10
    return said | changes


def checked(published, now=12.0):
    truth = Truth()
    for kind, values in (("pwr", ANALOG), ("bat", ANALOG), ("stat", {"cycles": 31, "soh": 98}), ("mos", {"mos": 275})):
        truth.note(Record(10.0, kind, 1, values))
    return truth.check(1, json.dumps(published).encode(), now)


def places(said, path=()):
    """Yields the path of each value that can be checked."""
    for key, value in said.items():
        if isinstance(value, dict):
            yield from places(value, (*path, key))
        elif key not in ("ProblemText", "ChargedEnergy", "DischargedEnergy", "Problem", "Warning"):
            yield (*path, key)


def test_a_right_one_is_right():
    assert checked(reading()) is None


@pytest.mark.parametrize("path", list(places(reading())), ids=".".join)
def test_each_wrong_value_is_found(path):
    wrong = reading()
    *front, last = path
    at = wrong
    for key in front:
        at = at[key]
    value = at[last]
    at[last] = "odd" if isinstance(value, str) else [9] if isinstance(value, list) else value + 1
    assert checked(wrong) is not None
    del at[last]
    assert checked(wrong) is not None or path[0] == "BaseState"  # without that it is none of a text console


def test_what_was_said_too_long_ago():
    assert checked(reading(), now=31.0) is not None
