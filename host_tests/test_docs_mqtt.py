"""docs/mqtt.md is the contract: its examples are what the firmware publishes, its tables have every key and entity."""

from __future__ import annotations

import json
import re

import docs_run
import markdown
import pytest
from payload_cases import GOLDEN, TOTALS

from firmware import commands
from firmware.mqtt import details, payloads
from tools import environment

TEXT = (environment.PROJECT / "docs" / "mqtt.md").read_text()
PREFIX = "PylonToMQTT/Main/"
CONFIG = "homeassistant/device/PylonToMQTT_Main_Pack1/config"
TOPICS = {
    "A reading": "stat/readings/Pack1", "The rack": "stat/readings/Rack", "Limits": "stat/limits/Pack1",
    "Parameters": "stat/parameters", "Identity": "stat/info/Pack1", "Health": "tele/STATE", "Status": "stat/status",
}  # fmt: skip
SHOWN = {"main": "", "diagnostic": "diagnostic", "off": "off"}
OF_CONSOLE = "From a text console"
STATE_OF_A_SENSOR = re.compile(r"Temps\..*State")


@pytest.fixture(scope="module")
def published():
    return docs_run.published()


@pytest.fixture(scope="module")
def from_console():
    """The reading of the same pack with newer firmware."""
    return docs_run.published("console")[PREFIX + TOPICS["A reading"]][0]


def test_examples_are_what_is_published(published, from_console):
    """Numbers are compared as texts, for 50.0 is not 50."""
    said = {}
    for block in markdown.blocks(TEXT, "json"):
        topic = re.findall(r"`(\S+/\S+)`", block.line)[-1]
        said[topic, block.heading == OF_CONSOLE] = json.loads(block.text, parse_float=str)
    config, made = said.pop((CONFIG, False)), json.loads(published[CONFIG][0])
    some, everything = config.pop("cmps"), made.pop("cmps")
    assert config == made and some == {key: everything[key] for key in some} and some
    made = {(PREFIX + topic, False): published[PREFIX + topic][0] for topic in TOPICS.values()}
    made[PREFIX + TOPICS["A reading"], True] = from_console
    assert said == {key: json.loads(text, parse_float=str) for key, text in made.items()}


def test_what_is_retained(published):
    rows = {row[0].strip("`"): row[1] for row in markdown.table(TEXT, "topic", "retained")}
    assert set(rows) == {topic.replace("Pack1", "PackN") for topic in TOPICS.values()} | {
        "tele/LWT", "tele/LOG", "stat/counters/PackN"}  # fmt: skip
    for topic, (_, retained) in published.items():
        if topic.startswith(PREFIX):
            assert rows[re.sub(r"Pack\d+", "PackN", topic.removeprefix(PREFIX))] == ("yes" if retained else "no")


def paths(value, before=""):
    """Yields the keys of all that is no object, as the page writes them: Cells.Cell_n.Reading."""
    for key, one in value.items():
        key = re.sub(r"^Cell_\d+$", "Cell_n", re.sub(r"^Temp\d+$", "Tempk", key))
        if isinstance(one, dict):
            yield from paths(one, f"{before}{key}.")
        else:
            yield before + key


def documented(heading):
    """-> {key: row} of the tables of keys below a heading."""
    return {row[0].strip("`"): row for one in markdown.tables(TEXT)
            if one.heading == heading and one.columns[0] == "key" for row in one.rows}  # fmt: skip


def keys_of(texts):
    """-> (keys of readings but for the flags and the states of sensors, flags as "object.key")."""
    found = {path for text in texts for path in paths(json.loads(text)) if not STATE_OF_A_SENSOR.fullmatch(path)}
    flags = {path for path in found if path.split(".")[0] in payloads._STATUS_OBJECTS}
    return found - flags, flags


def test_keys_of_a_reading(from_console):
    rare = {"Events"}  # the simulated battery of the example has none
    framed, flags = keys_of(text for reading, _, _, text in GOLDEN if reading.soh is None)
    console, more_flags = keys_of([from_console])
    rows, objects = documented("A reading"), set(payloads._STATUS_OBJECTS)
    named = {key for key in rows if not STATE_OF_A_SENSOR.fullmatch(key)}
    assert named - objects == framed | console | rare and named != set(rows)
    assert {key for key, row in rows.items() if row[3] == "console"} == (console | rare) - framed
    of_alarms = {"Problem", "Warning", "ProblemText"} | {key for key in rows if key.endswith("State") and "." in key}
    assert {key for key, row in rows.items() if row[3] == "alarm"} == of_alarms | objects
    said = {f"{row[0]}.{row[1]}".replace("`", "") for row in markdown.table(TEXT, "object", "key")}
    assert said == flags | more_flags


def test_keys_of_the_other_tables(published):
    energies = {"ChargedEnergy", "DischargedEnergy"}
    assert set(documented("The rack")) == set(TOTALS) | energies | {"TimeToFull", "TimeToEmpty"}
    assert list(documented("Identity")) == list(json.loads(published[PREFIX + "stat/info/Pack1"][0]))
    tables = {"Limits": details._LIMITS, "Parameters": details._PARAMETERS, "Counters": details._COUNTERS,
              "Health": commands._STATE, "Status": commands._STATUS}  # fmt: skip
    for heading, topic in tables.items():
        assert list(documented(heading)) == topic.decode().split()[::2]


def test_commands():
    rows = markdown.table(TEXT, "key", "value")
    with open(commands.__file__) as file:
        known = re.findall(r'^        "(\w+)": \(', file.read(), re.MULTILINE)
    assert sorted(row[0].strip("`") for row in rows) == sorted(known)
    for key, _, _, example in rows:
        assert commands.parse(example.strip("`").encode()) == json.loads(example.strip("`"))
        assert key.strip("`") in example
    low, high = map(int, re.findall(r"\d+", rows[0][1]))
    for rate in (low - 1, low, high, high + 1):
        asked = commands.parse(b'{"publishRate":%d}' % rate)
        assert isinstance(asked, dict) == (low <= rate <= high)
    assert commands.parse(b'{"STOP"}') == {"polling": False}
    assert f"more than {commands._BYTES_MAX} bytes" in TEXT


def numberless(name):
    """Cell 7 voltage -> Cell n voltage; Cell_7 -> Cell_n; what has more than one number stays."""
    return re.sub(r"\d+", "n", name) if len(re.findall(r"\d+", name)) == 1 else name


def test_entities():
    """(devices, entity, unit, key, shown), as the table of the firmware has them and as the page does."""
    found = {}
    for line in (environment.PROJECT / "firmware/mqtt/entities.txt").read_text(encoding="utf-8").splitlines():
        if line[0] == "#" or line.split()[0] in ("head", "part", "update"):
            continue
        _, key, device, show, _, _, unit, _, _, _, _, name = line.split(" ", 11)
        one = numberless(name), unit.strip("-"), numberless(key), SHOWN[show]
        found.setdefault(one, set()).update(("pack", "rack") if device == "both" else (device,))
    rows = [row for row in markdown.table(TEXT, "of", "entity") if row[4] != "configuration" and row[1] != "Firmware"]
    said = {(of, entity, unit, key.strip("`"), shown) for of, entity, unit, key, shown in rows}
    assert said == {(", ".join(sorted(devices)), *one) for one, devices in found.items()} and len(said) > 50
