"""docs/home-assistant: entities that discovery announces, templates that say what they are to."""

from __future__ import annotations

import fnmatch
import json
import re

import jinja2
import pytest
import yaml
from discovery_made import ALARMS, SOH, TEXT, sent

from tools import dashboard, environment

PLACE = environment.PROJECT / "docs" / "home-assistant"
IDS = re.compile(r"\b(?:sensor|binary_sensor|button)\.pylontech_[a-z0-9_]*[a-z0-9](?![a-z0-9_*%])")
CELL = re.compile(r"_cell_\d+_voltage$")


def announced(rack="Main", packs=1, cells=15, flags=ALARMS | SOH):
    """-> {entity id: component} of all configs."""
    found = {}
    for _, payload in sent(packs=packs, cells=cells, flags=flags, rack=rack):
        config = json.loads(payload)
        for component in config["cmps"].values():
            if "name" in component:
                found[component["def_ent_id"]] = component
    return found


@pytest.mark.parametrize(("name", "packs"), [("dashboard.yaml", 16), ("automations.yaml", 1), ("README.md", 1)])
def test_only_entities_that_are_announced_and_enabled(name, packs):
    """Of either dialect."""
    found = announced(packs=packs, flags=ALARMS | SOH | TEXT) | announced(packs=packs)
    used = set(IDS.findall((PLACE / name).read_text(encoding="utf-8")))
    assert len(used) >= 3 and used <= set(found)
    assert [one for one in used if found[one].get("en") is False] == []


def test_the_dashboard_is_what_the_tool_prints():
    assert (PLACE / "dashboard.yaml").read_text(encoding="utf-8") == dashboard.dashboard()
    three = dashboard.dashboard("Shed 2", 3)
    assert "pylontech_shed_2_pack_3" in three and "pack_4" not in three


def test_each_pack_has_a_bar_that_leads_to_its_view():
    rack, *packs = yaml.safe_load(dashboard.dashboard())["views"]
    bars = [card for section in rack["sections"] for card in section["cards"] if "tap_action" in card]
    assert [bar["tap_action"]["navigation_path"] for bar in bars] == [view["path"] for view in packs]


def test_the_table_of_cells_marks_the_one_that_drifts():
    views = yaml.safe_load(dashboard.dashboard())["views"]
    card = next(card for section in views[2]["sections"] for card in section["cards"] if "pack" in card)
    volts = [3.310, 3.312, 3.270, 3.311]
    said = {f"sensor.pylontech_main_pack_2_cell_{n}_voltage": str(one) for n, one in enumerate(volts, 1)}
    text = render(card["content"], said, config=card)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")][1:]
    assert [row[:3] for row in rows] == [["1", "3.310", "+9"], ["2", "3.312", "+11"], ["3", "3.270", "-31"],
                                         ["4", "3.311", "+10"]]  # fmt: skip
    assert [row[5] for row in rows] == ["", "highest", "lowest", ""] and rows[2][3:5] == ["█" * 8, ""]
    assert "|" not in render(card["content"], {}, config=card)


def automations():
    return yaml.safe_load((PLACE / "automations.yaml").read_text(encoding="utf-8"))


def render(template, states, **more):
    def is_number(text):
        return text.replace(".", "", 1).isdigit()

    return jinja2.Environment().from_string(template).render(
        states=lambda entity: states.get(entity, "unknown"), is_number=is_number,
        has_value=lambda entity: states.get(entity, "unknown") not in ("unknown", "unavailable"), **more,
    ).strip()  # fmt: skip


SOC, LINK = "sensor.pylontech_main_state_of_charge", "binary_sensor.pylontech_main_battery_connection"
APART = "sensor.pylontech_main_pack_16_cell_voltage_difference"
TRIGGERS = (  # automation, states, ids of the triggers whose template is true
    (1, {SOC: "50", LINK: "on"}, ["back"]), (1, {SOC: "unavailable", LINK: "on"}, ["gone"]),
    (1, {SOC: "unavailable", LINK: "unavailable"}, ["gone"]), (2, {APART: "0.099"}, ["together"]),
    (2, {}, ["together"]), (2, {APART: "0.101"}, ["apart"]),
)  # fmt: skip


@pytest.mark.parametrize(("number", "states", "ids"), TRIGGERS)
def test_triggers_of_the_automations(number, states, ids):
    triggers = [one for one in automations()[number]["triggers"] if one["trigger"] == "template"]
    assert [one["id"] for one in triggers if render(one["value_template"], states) == "True"] == ids


def test_the_recorder_leaves_out_the_cells_and_nothing_else():
    (glob,) = re.findall(r"^ +- (sensor\S+)$", (PLACE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    found = announced(packs=16, cells=16)
    left_out = set(fnmatch.filter(found, glob))
    assert left_out == {one for one in found if CELL.search(one)} and len(left_out) == 256
