"""Readings held against what the battery said: a right one is right, a wrong value is found."""

from __future__ import annotations

import json
from collections import namedtuple

import pytest
from monitor_helpers import CELLS, reading

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


@pytest.mark.parametrize(("published", "now", "is_wrong", "is_slight"), [
    (reading(), 12, False, None),
    (reading(on=None), 12, False, None),
    (reading(), 11 + WINDOW_S, True, False),
    (reading(CycleCount=32), 12, True, False),
    (reading(Warning=True), 12, True, False),
    (reading(cells=(3399, *CELLS[1:]), PackVoltage={"Reading": 49.539, "State": 0}), 12, True, True),
    ({"Cells": 5}, 12, True, False),
])  # fmt: skip
def test_what_is_found(published, now, is_wrong, is_slight):
    truth = Truth()
    truth.note(Record(10, "analog", 1, ANALOG))
    truth.note(Record(10, "alarm", 1, ALARM))
    wrong = truth.check(1, json.dumps(published).encode(), now)
    assert (wrong is not None) == is_wrong and (wrong is None or wrong.slight == is_slight)
    assert truth.summary().startswith(f"1 readings, {int(is_wrong and not is_slight)} wrong")
