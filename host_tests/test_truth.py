"""The judge of the whole-system tests: every wrong value of a reading is found, and nothing else."""

from __future__ import annotations

import json
from collections import namedtuple

import pytest
from monitor_helpers import CELLS, NORMAL, reading

from tools.truth import WINDOW_S, Truth

Record = namedtuple("Record", "time kind pack values")
ANALOG = {
    "cells": list(CELLS), "temperatures": [235, 220, 220, 220, 220], "current": -6300, "voltage": 49539,
    "remaining": 41442, "capacity": 50000, "cycles": 31, "wide": False,
}  # fmt: skip
ALARM = {
    "cells": [0] * 15, "temperatures": [0] * 5, "charge_current": 0, "voltage": 0, "discharge_current": 0,
    "status": [0, 0b1110, 0b1000000, 0, 0],
}  # fmt: skip
TEXT_CELLS = [3300 + cell for cell in range(15)]
TEXT = {
    "cells": TEXT_CELLS, "temperatures": [235, 220, 221, 222, 223], "current": -6349, "voltage": sum(TEXT_CELLS),
    "remaining": 41442, "capacity": 50000, "soc": 83, "base": "Dischg", "alarm": ALARM,
    "cell_temperatures": [220] * 7 + [223] * 8, "balancing": [3],
}  # fmt: skip
UNCHECKED = ("ChargedEnergy", "DischargedEnergy", "ProblemText")


def framed(published, analog=ANALOG, alarm=ALARM, at=10.0, now=12.0):
    """-> (Wrong or None, Truth)."""
    truth = Truth()
    truth.note(Record(at, "analog", 1, analog))
    truth.note(Record(at, "alarm", 1, alarm))
    return truth.check(1, json.dumps(published).encode(), now), truth


def text_reading():
    return {
        "Cells": {f"Cell_{n}": {"Reading": mv / 1000, "State": 0, "Temp": 22.0 if n < 8 else 22.3}
                  for n, mv in enumerate(TEXT_CELLS, 1)},
        "Temps": {"BMS_T": {"Reading": 23.5, "State": 0}, "MOS_T": {"Reading": 27.5}},
        "PackCurrent": {"Reading": -6.349, "State": 0}, "PackVoltage": {"Reading": sum(TEXT_CELLS) / 1000, "State": 0},
        "RemainingCapacity": 41.442, "FullCapacity": 50.0, "CycleCount": 31, "SOC": 83.0, "SOH": 98,
        "Power": round(sum(TEXT_CELLS) * -6349 / 1e5) / 10, "CellMin": 3.3, "CellMinNumber": 1, "CellMax": 3.314,
        "CellMaxNumber": 15, "CellDelta": 0.014, "TempMin": 22.0, "TempMax": 22.3, "ChargedEnergy": 1.2,
        "DischargedEnergy": 0.8, "BatteryState": "discharging", "BaseState": "Dischg", "Problem": False,
        "Warning": False, "ProblemText": "OK", "Balancing_Cells": [3], "Protect_Status": {}, "System_Status": {},
        "Fault_Status": {}, "Alarm_Status": {},
    }  # fmt: skip


def text(published, now=12.0):
    truth = Truth()
    for kind, values in (("pwr", TEXT), ("bat", TEXT), ("stat", {"cycles": 31, "soh": 98}), ("mos", {"mos": 275})):
        truth.note(Record(10.0, kind, 1, values))
    return truth.check(1, json.dumps(published).encode(), now), truth


def leaves(said, without=(), path=()):
    """Yields the path of each value of a reading that can be checked."""
    for key, value in said.items():
        if isinstance(value, dict):
            yield from leaves(value, without, (*path, key))
        elif key not in UNCHECKED + without:
            yield (*path, key)


PLACES = [
    *((framed, reading, path) for path in leaves(reading(), ("BatteryState",))),
    *((text, text_reading, path) for path in leaves(text_reading(), ("Problem", "Warning"))),
]  # fmt: skip


def test_a_right_one_is_right():
    for published in (reading(), reading(on=None)):
        wrong, truth = framed(published)
        assert wrong is None and truth.summary() == "1 readings, 0 wrong"
    assert text(text_reading())[0] is None and text(text_reading(), now=31.0)[0] is not None


@pytest.mark.parametrize(("checked", "make", "path"), PLACES, ids=[f"{r[0].__name__} {'.'.join(r[2])}" for r in PLACES])
def test_every_value_that_is_wrong_or_lacks_is_found(checked, make, path):
    made = make()
    place = made
    for key in path[:-1]:
        place = place[key]
    value = place.pop(path[-1])
    if path not in (("Problem",), ("BaseState",)):  # without these there is no alarm data, or no text console
        assert checked(made)[0] is not None
    changed = [9] if isinstance(value, list) else "odd" if isinstance(value, str) else value + 1
    place[path[-1]] = not value if isinstance(value, bool) else changed
    wrong, truth = checked(made)
    assert len(truth.wrong) == 1 and path[0 if len(path) == 1 else -2] in str(wrong)


STATES = (
    ("cell over-voltage", {"cells": [0] * 6 + [2] + [0] * 8}, {"Cell_OV"}, {"Cell_7": 2}, {"Warning": True}),
    ("cell other", {"cells": [240] + [0] * 14}, {"Other"}, {"Cell_1": 240}, {"Warning": True, "Problem": True}),
    ("hot", {"temperatures": [0, 2, 0, 0, 0]}, {"OT"}, {"CellTemp1_4": 2}, {"Warning": True}),
    ("charge current", {"charge_current": 2, "discharge_current": 1}, {"CHG_OC", "DSG_OC"}, {"PackCurrent": 2},
     {"Warning": True}),
    ("discharge current", {"discharge_current": 2}, {"DSG_OC"}, {"PackCurrent": 2}, {"Warning": True}),
    ("pack voltage", {"voltage": 1}, {"Pack_UV"}, {"PackVoltage": 1}, {"Warning": True}),
    ("protection", {"status": [0b10, 0b1110, 0b1000000, 0, 0]}, {"Cell_UVP"}, {}, {"Problem": True}),
    ("cell fault", {"status": [0, 0b1110, 0b1000000, 0b100, 0b1000000]}, set(), {},
     {"Problem": True, "Fault_Status": {"Cell_Fault": True, "Faulty_Cells": [3, 15]}}),
)  # fmt: skip


@pytest.mark.parametrize(("name", "said", "on", "states", "changes"), STATES, ids=[row[0] for row in STATES])
def test_alarms(name, said, on, states, changes):
    published = reading(on=NORMAL | on, states=states, **changes)
    assert framed(published, alarm=ALARM | said)[0] is None
    assert not framed(published)[0].slight


def test_the_values_of_one_reply_and_no_mixture():
    truth = Truth()
    truth.note(Record(1.0, "analog", 1, ANALOG | {"cycles": 30, "current": -100}))
    truth.note(Record(2.0, "analog", 1, ANALOG))
    assert truth.check(1, json.dumps(reading(on=None)).encode(), 3.0) is None
    assert truth.check(1, json.dumps(reading(on=None, CycleCount=30)).encode(), 3.0) is not None
    assert truth.check(2, json.dumps(reading(on=None)).encode(), 3.0) is not None, "another pack said it"
    assert truth.summary().startswith("3 readings, 2 wrong (pack 1: CycleCount 30 instead of 31; pack 2: all of it")


def test_what_was_said_long_ago_does_not_count():
    assert framed(reading(), now=10.0 + WINDOW_S)[0] is None
    assert framed(reading(), now=10.1 + WINDOW_S)[0] is not None


@pytest.mark.parametrize(("name", "said", "slight"), [
    ("a cell", {"cells": [CELLS[0] + 96, *CELLS[1:]]}, True),
    ("a cell, far", {"cells": [CELLS[0] + 112, *CELLS[1:]]}, False),
    ("a temperature", {"temperatures": [234, 221, 220, 220, 220]}, True),
    ("remaining", {"remaining": 41442 + 999}, True),
    ("remaining, far", {"remaining": 41442 + 1600}, False),
    ("cycles", {"cycles": 32}, False),
])  # fmt: skip
def test_slightly_off(name, said, slight):
    published = reading(on=None)
    analog = ANALOG | said
    if "cells" in said:  # the sum stays, so that it could have been a swap
        analog["voltage"] = 49539
    wrong, truth = framed(published, analog)
    assert wrong.slight == slight
    assert (", 0 wrong; 1 off by less than" in truth.summary()) == slight
