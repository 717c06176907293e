"""docs/mqtt.md is the contract: its examples are what the firmware publishes, its tables have every key and entity."""

import json
import re
from types import SimpleNamespace

import battery_line
import markdown
import pytest
from discovery_made import Rig
from fakes import Memory
from payload_cases import GOLDEN, TOTALS

from firmware import commands, report, telemetry
from firmware.mqtt import details, payloads
from firmware.retained import Retained
from tools import environment

TEXT = (environment.PROJECT / "docs" / "mqtt.md").read_text()
PREFIX = "PylonToMQTT/Main/"
CONFIG = "homeassistant/device/PylonToMQTT_Main_Pack1/config"
TOPICS = {
    "A reading": "stat/readings/Pack1", "The rack": "stat/readings/Rack", "Limits": "stat/limits/Pack1",
    "Parameters": "stat/parameters", "Identity": "stat/info/Pack1", "Health": "tele/STATE", "Status": "stat/status",
}  # fmt: skip
SHOWN = {"main": "", "diagnostic": "diagnostic", "off": "off"}
STATE_OF_A_SENSOR = re.compile(r"Temps\..*State")
RUN_S, HEAP_FREE, BOOTS = 300, 21_504, 3


def run(dialect):
    """-> {topic: (text, retained)}, the last of each, of two packs and of 5 minutes of a clock that the test moves."""
    line = battery_line.House(packs=2, rate_s=10, dialect=dialect)
    if dialect == "console":
        line.battery.update(dialect, firmware="us5000")
    rig = Rig(clock=line.clock)
    line.poller.sink = rig.publisher
    point, retained, rig.session.drops = (-61, b"24:a1:60:00:00:01", 6), Retained(Memory()), 0
    retained.boots = BOOTS
    wifi = SimpleNamespace(address=lambda: "192.168.2.31", access_point=lambda: point, ssid="my network", drops=0)
    health = telemetry.Telemetry("Main", "power on", retained, line.clock, wifi, rig.session, line.poller)
    line.run(RUN_S)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "free_memory", lambda: (HEAP_FREE, None, None, None))
        said = {PREFIX + topic: bytes(rig.publisher._payloads.flat(payloads.members(*health.report(topic[5:].lower()))))
                for topic in ("stat/status", "tele/STATE")}  # fmt: skip
    rig.publisher.announce_all()
    rig.pass_time(10)
    sent = {topic: (text, retained) for topic, text, retained in rig.session.sent}
    return sent | {topic: (text, topic.endswith("status")) for topic, text in said.items()}


@pytest.fixture(scope="module")
def published():
    return run("framed")


@pytest.fixture(scope="module")
def from_console():
    return run("console")[PREFIX + TOPICS["A reading"]][0]  # of the same pack with newer firmware


def test_examples_are_what_is_published(published, from_console):
    """Numbers are compared as texts, for 50.0 is not 50."""
    said = {}
    for block in markdown.blocks(TEXT, "json"):
        topic = re.findall(r"`(\S+/\S+)`", block.line)[-1]
        said[topic, block.heading == "From a text console"] = json.loads(block.text, parse_float=str)
    config, made = said.pop((CONFIG, False)), json.loads(published[CONFIG][0])
    some, everything = config.pop("cmps"), made.pop("cmps")
    assert config == made and some == {key: everything[key] for key in some} and some
    made = {(PREFIX + topic, False): published[PREFIX + topic][0] for topic in TOPICS.values()}
    made[PREFIX + TOPICS["A reading"], True] = from_console
    assert said == {key: json.loads(text, parse_float=str) for key, text in made.items()}


def test_what_is_retained(published):
    rows = {row[0].strip("`"): row[1] for row in markdown.table(TEXT, "topic", "retained")}
    said = {re.sub(r"Pack\d+", "PackN", topic.removeprefix(PREFIX)): ("no", "yes")[retained]
            for topic, (_, retained) in published.items() if topic.startswith(PREFIX)}  # fmt: skip
    assert rows == said | {"tele/LWT": "yes", "tele/LOG": "no", "stat/counters/PackN": "yes"}


def paths(value, before=""):
    """-> the keys of all but objects and states of sensors, as the page writes them: Cells.Cell_n.Reading."""
    found = set()
    for key, one in value.items():
        key = before + re.sub(r"^Cell_\d+$", "Cell_n", re.sub(r"^Temp\d+$", "Tempk", key))
        found |= paths(one, f"{key}.") if isinstance(one, dict) else {key}
    return {key for key in found if not STATE_OF_A_SENSOR.fullmatch(key)}


def documented(heading):
    """-> {key: row} of the tables of keys below a heading."""
    return {row[0].strip("`"): row for one in markdown.tables(TEXT)
            if one.heading == heading and one.columns[0] == "key" for row in one.rows}  # fmt: skip


def test_keys_of_a_reading(from_console):
    framed = set().union(*(paths(json.loads(text)) for reading, _, _, text in GOLDEN if reading.soh is None))
    console, objects = paths(json.loads(from_console)) | {"Events"}, set(payloads._STATUS_OBJECTS)  # it has none now
    flags = {key for key in framed | console if key.partition(".")[0] in objects}
    rows = {key: row for key, row in documented("A reading").items() if not STATE_OF_A_SENSOR.fullmatch(key)}
    assert rows.keys() - objects == (framed | console) - flags
    assert {key for key, row in rows.items() if row[3] == "console"} == console - framed - flags
    assert {f"{row[0]}.{row[1]}".replace("`", "") for row in markdown.table(TEXT, "object", "key")} == flags


def test_keys_of_the_other_tables(published):
    now_and_then = {"ChargedEnergy", "DischargedEnergy", "TimeToFull", "TimeToEmpty"}
    assert documented("The rack").keys() == TOTALS.keys() | now_and_then
    assert list(documented("Identity")) == list(json.loads(published[PREFIX + "stat/info/Pack1"][0]))
    for heading, topic in (("Limits", details._LIMITS), ("Parameters", details._PARAMETERS),
                           ("Counters", details._COUNTERS), ("Health", report._STATE), ("Status", report._STATUS)):
        assert list(documented(heading)) == topic.decode().split()[::2]


def test_commands():
    rows = markdown.table(TEXT, "key", "value")
    with open(commands.__file__) as file:
        assert {row[0].strip("`") for row in rows} == set(re.findall(r'^        "(\w+)": \(', file.read(), re.M))
    for key, _, _, example in rows:
        assert commands.parse(example.strip("`").encode()) == json.loads(example.strip("`")) and key[1:-1] in example
    low, high = map(int, re.findall(r"\d+", rows[0][1]))
    taken = [isinstance(commands.parse(b'{"publishRate":%d}' % rate), dict) for rate in (low - 1, low, high, high + 1)]
    assert taken == [False, True, True, False] and commands.parse(b'{"STOP"}') == {"polling": False}
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
