"""Readings held against what the battery said: every single wrong value is found, and nothing else."""

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


def checked(published, analog=ANALOG, alarm=ALARM, at=10.0, now=12.0):
    """-> (Wrong or None, Truth)."""
    truth = Truth()
    truth.note(Record(at, "analog", 1, analog))
    truth.note(Record(at, "alarm", 1, alarm))
    return truth.check(1, json.dumps(published).encode(), now), truth


def test_a_right_one_is_right():
    for published in (reading(), reading(on=None)):
        wrong, truth = checked(published)
        assert wrong is None and truth.summary() == "1 readings, 0 wrong"


def leaves(said, path=()):
    """Yields the path of each value of a reading that can be checked."""
    for key, value in said.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        elif key not in ("ChargedEnergy", "DischargedEnergy", "BatteryState", "ProblemText"):
            yield (*path, key)


def changed(path):
    """A reading in which the value at `path` is another one."""
    made = reading()
    place = made
    for key in path[:-1]:
        place = place[key]
    value = place[path[-1]]
    place[path[-1]] = [3] if value == [] else not value if isinstance(value, bool) else value + 1
    return made


@pytest.mark.parametrize("path", list(leaves(reading())), ids=".".join)
def test_every_wrong_value_is_found(path):
    wrong, truth = checked(changed(path))
    assert [path[-1] in key or path[-2] in key for key, _, _ in wrong.differences] == [True]
    assert len(truth.wrong) == 1 and path[0 if len(path) == 1 else -2] in str(wrong)


@pytest.mark.parametrize("path", list(leaves(reading())), ids=".".join)
def test_a_value_that_lacks_is_found(path):
    made = reading()
    place = made
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    if path != ("Problem",):  # without it there is no alarm data at all
        assert checked(made)[0] is not None


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
    assert checked(published, alarm=ALARM | said)[0] is None
    assert not checked(published)[0].slight


# the flags of mqtt.md with status byte and bit
FLAGS = (
    ("Protect_Status", "Pack_UVP 1.7 CHG_TP 1.6 DSG_TP 1.5 DSG_OCP 1.4 CHG_OCP 1.2 Cell_UVP 1.1 Pack_OVP 1.0"),
    ("System_Status", "Fully_Charged 3.3 Heater 3.5 Charging 3.7 Discharging 3.6 Buzzer 3.0 Using_Pack_Power 2.3 "
                      "Discharge_MOS 2.2 Charge_MOS 2.1 Precharge_MOS 2.0"),
)  # fmt: skip
PLACES = [(group, *pair) for group, text in FLAGS for pair in zip(text.split()[::2], text.split()[1::2], strict=True)]


@pytest.mark.parametrize(("group", "key", "place"), PLACES, ids=[row[1] for row in PLACES])
def test_every_flag_has_its_bit(group, key, place):
    status = [0] * 5
    byte, bit = map(int, place.split("."))
    status[byte - 1] = 1 << bit
    published = reading(on={key}, Problem=group == "Protect_Status")
    assert checked(published, alarm=ALARM | {"status": status})[0] is None


def test_the_values_of_one_reply_and_no_mixture():
    truth = Truth()
    truth.note(Record(1.0, "analog", 1, ANALOG | {"cycles": 30, "current": -100}))
    truth.note(Record(2.0, "analog", 1, ANALOG))
    assert truth.check(1, json.dumps(reading(on=None)).encode(), 3.0) is None
    assert truth.check(1, json.dumps(reading(on=None, CycleCount=30)).encode(), 3.0) is not None
    assert truth.check(2, json.dumps(reading(on=None)).encode(), 3.0) is not None, "another pack said it"
    assert truth.summary().startswith("3 readings, 2 wrong (pack 1: CycleCount 30 instead of 31; pack 2: all of it")


def test_what_was_said_long_ago_does_not_count():
    assert checked(reading(), now=10.0 + WINDOW_S)[0] is None
    assert checked(reading(), now=10.1 + WINDOW_S)[0] is not None


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
    wrong, truth = checked(published, analog)
    assert wrong.slight == slight
    assert (", 0 wrong; 1 off by less than" in truth.summary()) == slight


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"Cells":{}}', b'{"Cells":5,"Temps":{}}'])
def test_what_is_no_reading_is_wrong(payload):
    truth = Truth()
    assert not truth.check(1, payload, 1.0).slight and "1 wrong" in truth.summary()
