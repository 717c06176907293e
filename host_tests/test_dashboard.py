"""Dashboard and automations: the committed files are what the script gives, and name only what discovery announces."""

from __future__ import annotations

import fnmatch
import json
import re

import pytest
from discovery_made import ALARMS, SOH, sent

from tools import dashboard

IDS = re.compile(r"\b(?:sensor|binary_sensor|button)\.pylontech_[a-z0-9_]+(?![a-z0-9_*])")
FLOW = re.compile(r'(\w+): ("(?:[^"\\]|\\.)*"|[^,}]+)')
CORE = {"gauge", "grid", "tile", "entities", "history-graph", "bar-gauge"}
CASES = [("Main", 1, 15), ("Rack 2", 3, 8), ("a-b", 16, 16)]


def scalar(text):
    if text.startswith("{"):
        return {key: scalar(value) for key, value in FLOW.findall(text)}
    return text if re.fullmatch("[a-z][a-z0-9_.-]*", text) and text not in ("true", "false") else json.loads(text)


def block(lines, indent):
    """Reads what stands at `indent` off the front of `lines` ([(indent, text)]): the part of YAML that is written."""
    made = [] if lines[0][1].startswith("- ") else {}
    while lines and lines[0][0] == indent:
        _, text = lines.pop(0)
        if isinstance(made, list):
            assert text.startswith("- "), text
            inner = text[2:]
            if inner.startswith("{") or not re.match(r"\w+:( |$)", inner):
                made.append(scalar(inner))
                continue
            lines.insert(0, (indent + 2, inner))
            made.append(block(lines, indent + 2))
            continue
        key, value = re.fullmatch(r"(\w+):(?: (.+))?", text).groups()
        assert key not in made, key
        made[key] = block(lines, lines[0][0]) if value is None else scalar(value)
    assert not lines or lines[0][0] < indent, lines[0]
    return made


def parse(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return block([(len(line) - len(line.lstrip(" ")), line.lstrip(" ")) for line in lines], 0)


def announced(rack, packs, cells):
    """-> {entity id: component} of all configs, as Home Assistant derives the ids."""
    found = {}
    for _, payload in sent(packs=packs, cells=cells, flags=ALARMS | SOH, rack=rack):
        config = json.loads(payload)
        for component in config["cmps"].values():
            if "name" in component:
                words = f"{config['dev']['name']} {component['name']}".lower().replace("–", " ")
                found[f"{component['p']}.{re.sub('[^a-z0-9]+', '_', words)}"] = component
    return found


def types(value):
    """Yields the type of every card and feature."""
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from types(inner)
    if isinstance(value, dict) and "type" in value:
        yield value["type"]


@pytest.mark.parametrize("name", ["dashboard.yaml", "automations.yaml"])
def test_the_committed_files_are_what_the_script_gives(name):
    assert (dashboard.PLACE / name).read_text(encoding="utf-8") == dashboard.files()[name], "run tools/dashboard.py"


@pytest.mark.parametrize("case", CASES)
def test_yaml_says_what_was_meant(case):
    rack, packs, cells = case
    made = dashboard.files(*case)
    assert parse(made["dashboard.yaml"]) == dashboard.dashboard(rack, packs, cells)
    assert parse(made["automations.yaml"]) == dashboard.automations(rack, packs)


@pytest.mark.parametrize("case", CASES)
def test_only_entities_that_are_announced_and_enabled(case):
    found = announced(*case)
    used = {one for text in dashboard.files(*case).values() for one in IDS.findall(text)}
    assert used - set(found) == set()
    assert [one for one in used if found[one].get("en") is False] == []
    cells = {one for one in found if re.search(r"_cell_\d+_voltage$", one)}
    assert cells <= used and len(cells) == case[1] * case[2]


def test_ids_in_the_readme():
    used = set(IDS.findall((dashboard.PLACE / "README.md").read_text(encoding="utf-8")))
    assert len(used) >= 5 and used <= set(announced("Main", 1, 15))


def test_the_recorder_leaves_out_the_cells_and_nothing_else():
    (glob,) = re.findall(r"^ +- (sensor\S+)$", (dashboard.PLACE / "README.md").read_text(encoding="utf-8"), re.M)
    found = announced("Main", 16, 16)
    left_out = set(fnmatch.filter(found, glob))
    assert left_out == {one for one in found if re.search(r"_cell_\d+_voltage$", one)} and len(left_out) == 256


def test_core_cards_only():
    made = dashboard.dashboard("Main", 2, 16)
    assert set(types(made)) == CORE
    (grid,) = [card for card in made["views"][1]["cards"] if card.get("columns") == 4]
    assert [card["features"][0]["type"] for card in grid["cards"]] == ["bar-gauge"] * 16


def test_automations():
    problem, unavailable, apart = (one["triggers"][0] for one in dashboard.automations("Main", 2))
    assert problem == {"trigger": "state", "entity_id": "binary_sensor.pylontech_main_problem", "to": "on"}
    assert (unavailable["to"], unavailable["for"]) == ("unavailable", "00:05:00")
    assert (apart["above"], apart["for"], len(apart["entity_id"])) == (0.1, "00:10:00", 2)


@pytest.mark.parametrize("arguments", [["--packs", "17"], ["--cells", "0"], ["--packs", "x"], ["--rack", "Köln"]])
def test_wrong_arguments_write_nothing(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit):
        dashboard.main([*arguments, "--out", str(tmp_path)])
    assert arguments[1] in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_writes_where_it_is_told(tmp_path):
    dashboard.main(["--rack", "Rack 2", "--packs", "3", "--cells", "8", "--out", str(tmp_path / "mine")])
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "mine").iterdir()} == dashboard.files(
        "Rack 2", 3, 8
    )
