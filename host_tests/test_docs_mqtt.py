"""docs/mqtt.md is the contract: its examples are what the firmware publishes, its tables have every key and entity."""

from __future__ import annotations

import json
import re

import docs_run
import markdown
import pytest
from payload_cases import GOLDEN, TOTALS

from firmware import commands, report
from firmware.mqtt import details, payloads
from tools import environment

TEXT = (environment.PROJECT / "docs" / "mqtt.md").read_text()
PREFIX = "PylonToMQTT/Main/"
CONFIG = "homeassistant/device/PylonToMQTT_Main_Pack1/config"
TOPICS = {
    "A reading": "stat/readings/Pack1", "The rack": "stat/readings/Rack", "Limits": "stat/limits/Pack1",
    "Parameters": "stat/parameters", "Identity": "stat/info/Pack1", "Health": "tele/STATE", "Status": "stat/status",
}  # fmt: skip
STATUS_OBJECTS = list(payloads._STATUS_OBJECTS)
SHOWN = {"main": "", "diagnostic": "diagnostic", "off": "off"}
FOR_CONSOLE, OF_CONSOLE = "console", "From a text console"


@pytest.fixture(scope="module")
def published():
    return docs_run.published()


@pytest.fixture(scope="module")
def from_console():
    """The reading of the same pack with newer firmware."""
    return docs_run.published("console")[PREFIX + TOPICS["A reading"]][0]


def examples():
    """-> {(topic, dialect): JSON as it stands on the page}; numbers as texts, for 50.0 is not 50."""
    found = {}
    for block in markdown.blocks(TEXT, "json"):
        topic = re.findall(r"`(\S+/\S+)`", block.line)[-1]
        dialect = "console" if block.heading == OF_CONSOLE else "framed"
        found[topic, dialect] = json.loads(block.text, parse_float=str)
    return found


def test_examples_are_what_is_published(published, from_console):
    said = examples()
    reading = PREFIX + TOPICS["A reading"], "console"
    assert set(said) == {(PREFIX + topic, "framed") for topic in TOPICS.values()} | {(CONFIG, "framed"), reading}
    for topic in TOPICS.values():
        assert said[PREFIX + topic, "framed"] == json.loads(published[PREFIX + topic][0], parse_float=str), topic
    assert said[reading] == json.loads(from_console, parse_float=str)


def test_example_of_a_config(published):
    said, made = examples()[CONFIG, "framed"], json.loads(published[CONFIG][0])
    some, everything = said.pop("cmps"), made.pop("cmps")
    assert said == made
    assert some == {key: everything[key] for key in some} and some


def test_what_is_retained(published):
    rows = {row[0].strip("`"): row[1] for row in markdown.table(TEXT, "topic", "retained")}
    assert set(rows) == {topic.replace("Pack1", "PackN") for topic in TOPICS.values()} | {
        "tele/LWT", "tele/LOG", "stat/counters/PackN"}  # fmt: skip
    for topic, (_, retained) in published.items():
        if topic.startswith(PREFIX):
            assert rows[re.sub(r"Pack\d+", "PackN", topic.removeprefix(PREFIX))] == ("yes" if retained else "no")


# -- keys -------------------------------------------------------------------------------------------------------------


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
    """-> (keys of readings but for the flags, flags as (object, key))."""
    found = {path for text in texts for path in paths(json.loads(text))}
    flags = {tuple(path.split(".")) for path in found if path.split(".")[0] in STATUS_OBJECTS}
    return {path for path in found if path.split(".")[0] not in STATUS_OBJECTS}, flags


def is_state_of_a_sensor(key):
    return re.fullmatch(r"Temps\..*State", key) is not None


def test_keys_of_a_reading(from_console):
    rare = {"Events"}  # the simulated battery of the example has none
    framed, flags = keys_of(text for reading, _, _, text in GOLDEN if reading.soh is None)
    console, more_flags = keys_of([from_console])
    rows = documented("A reading")
    named = {key for key in rows if not is_state_of_a_sensor(key)}
    assert named - set(STATUS_OBJECTS) == {key for key in framed | console | rare if not is_state_of_a_sensor(key)}
    assert any(is_state_of_a_sensor(key) for key in rows)
    assert {key for key, row in rows.items() if row[3] == FOR_CONSOLE} == (console | rare) - framed
    of_alarms = {"Problem", "Warning", "ProblemText"} | {key for key in rows if key.endswith("State") and "." in key}
    assert {key for key, row in rows.items() if row[3] == "alarm"} == of_alarms | set(STATUS_OBJECTS)
    said = {(row[0].strip("`"), row[1].strip("`")) for row in markdown.table(TEXT, "object", "key")}
    assert said == flags | more_flags


def test_keys_of_the_rack():
    energies = {"ChargedEnergy", "DischargedEnergy"}
    assert set(documented("The rack")) == set(TOTALS) | energies | {"TimeToFull", "TimeToEmpty"}


@pytest.mark.parametrize(("heading", "topic"), [
    ("Limits", details._LIMITS), ("Parameters", details._PARAMETERS), ("Health", report._STATE),
    ("Status", report._STATUS), ("Counters", details._COUNTERS),
])  # fmt: skip
def test_keys_of_the_table(heading, topic):
    assert list(documented(heading)) == topic.decode().split()[::2]


def test_keys_of_an_identity(published):
    assert list(documented("Identity")) == list(json.loads(published[PREFIX + "stat/info/Pack1"][0]))


# -- commands ---------------------------------------------------------------------------------------------------------


def test_commands():
    rows = markdown.table(TEXT, "key", "value")
    with open(commands.__file__) as file:
        known = re.findall(r'key [!=]= "(\w+)"', file.read())
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


# -- entities ---------------------------------------------------------------------------------------------------------


def numberless(name):
    """Cell 7 voltage -> Cell n voltage; Cell_7 -> Cell_n; what has more than one number stays."""
    return re.sub(r"\d+", "n", name) if len(re.findall(r"\d+", name)) == 1 else name


NO_KEYS = ("head", "part", "update")


def made_entities():
    """-> {(devices, entity, unit, key, shown)} as the table of the firmware has them."""
    found = {}
    with open(environment.PROJECT / "firmware/mqtt/entities.txt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(" ", 11) for line in file if line[0] != "#" and line.split()[0] not in NO_KEYS]
    for _, key, device, show, _, _, unit, _, _, _, _, name in rows:
        one = numberless(name), unit.strip("-"), numberless(key), SHOWN[show]
        found.setdefault(one, set()).update(("pack", "rack") if device == "both" else (device,))
    return {(", ".join(sorted(devices)), *one) for one, devices in found.items()}


def said_entities():
    rows = [row for row in markdown.table(TEXT, "of", "entity") if row[4] != "configuration" and row[1] != "Firmware"]
    return {(of, entity, unit, key.strip("`"), shown) for of, entity, unit, key, shown in rows}


def test_entities():
    made, said = made_entities(), said_entities()
    assert len(made) > 50
    assert said == made
