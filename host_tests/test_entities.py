"""entities.txt: rows that fit together, and hold what is published."""

from __future__ import annotations

import json

import pytest
from payload_cases import GOLDEN, TOTALS

from firmware.mqtt import columns, entities, parts, payloads
from firmware.reading import GROUPS
from tools.simulator.commands import SYSTEM_PARAMETERS

TOPICS = ("Cells", "Temps", "Pack", "readings", "System_Status", "limits", "parameters", "state", "status")
SHOWN = {"-", "m", "d", "o", "ma", "da", "oa", "oaf", "df", "ds", "dt"}


@pytest.fixture(scope="module")
def lines():
    with open(entities._PATH) as file:
        return [line.rstrip("\n") for line in file if not line.startswith("#")]


def test_lines_of_a_topic_stand_together(lines):
    """The walker stops behind them."""
    first = [" ".join(line.split(" ")[: 2 if line.startswith(("head", "part")) else 1]) for line in lines]
    found = [word for at, word in enumerate(first) if at == 0 or first[at - 1] != word]
    assert len(found) == len(set(found))
    assert set(found) == {"kind", "head p", "head r", "part p", "part r", *TOPICS}


@pytest.mark.parametrize("topic", TOPICS)
def test_rows(topic):
    rows = list(entities.rows(topic))
    assert rows and len({(row[0], row[2]) for row in rows}) == len(rows)
    for key, kind, device, show, name in rows:
        scale, digits, component = entities.kind(kind)
        json.loads("{" + component + "}")
        assert 0 <= int(digits) <= int(scale) <= 6 and digits in "013"
        assert device in ("p", "r", "b") and show in SHOWN and (name != "-") == (show != "-"), key


def test_devices_of_a_topic():
    keys = [[row[0] for row in entities.rows("readings", device)] for device in ("p", "r")]
    assert {"CycleCount", "SOC"} <= set(keys[0]) and {"TimeToFull", "SOC"} <= set(keys[1])
    assert "TimeToFull" not in keys[0] and "CycleCount" not in keys[1]


def test_all_that_is_published_is_in_the_table_and_the_other_way_round():
    packs = [json.loads(text) for _, _, _, text in GOLDEN]
    objects = {"Cells", "Temps", *(name for name, _ in GROUPS)}
    published = {key for pack in packs for key in pack} - objects
    nested = {"Cell", "Temp", "PackCurrent", "PackVoltage"}
    of_pack = {row[0] for row in entities.rows("readings", "p")} | nested
    assert published | nested | {"BaseState"} == of_pack  # which only the text console knows
    rack = {row[0] for row in entities.rows("readings", "r")}
    assert set(TOTALS) | {"TimeToFull"} == rack
    cells = {key for pack in packs for key in pack["Cells"]}
    assert cells <= {row[0] for row in entities.rows("Cells")} == {f"Cell_{number}" for number in range(1, 17)}
    assert {row[0] for row in entities.rows("System_Status")} <= {
        key for _, group in packs[0].items() if isinstance(group, dict) for key in group
    }


def test_every_sensor_of_up_to_eight_has_a_row():
    keys = {row[0] for row in entities.rows("Temps")}
    assert keys == {parts.temperature_key(sensor, cells) for sensor in range(8) for cells in range(1, 17)}


def test_rows_of_what_is_told_in_their_order():
    limits = [row[0] for row in entities.rows("limits")]
    assert limits[:4] == ["ChargeVoltageLimit", "DischargeVoltageLimit", "ChargeCurrentLimit", "DischargeCurrentLimit"]
    words = [words.split("_") for words in SYSTEM_PARAMETERS]
    assert [row[0] for row in entities.rows("parameters")] == ["".join(map(str.capitalize, w)) + "Limit" for w in words]


def test_compact():
    rows = list(payloads.rows(columns.compact("readings")))
    assert rows[:4] == [("Cell", 3, 3), ("Temp", 1, 1), ("PackCurrent", 3, 1), ("PackVoltage", 3, 3)]
    assert ("ChargedEnergy", 6, 3) in rows and ("SOC", 1, 1) in rows and ("CycleCount", 0, 0) in rows
