"""docs/home-assistant: entities that discovery announces, templates that say what they are to."""

import fnmatch
import re

import jinja2
import pytest
import yaml
from discovery_made import ALARMS, SOH, TEXT, configs

from tools import dashboard, environment

PLACE = environment.PROJECT / "docs" / "home-assistant"
IDS = re.compile(r"\b(?:sensor|binary_sensor|button)\.pylontech_[a-z0-9_]*[a-z0-9](?![a-z0-9_*%])")
VIEWS = yaml.safe_load(dashboard.dashboard())["views"]


def announced(flags=ALARMS | SOH, cells=15):
    """-> {entity id: component} of all configs of 16 packs."""
    components = [one for config in configs(packs=16, cells=cells, flags=flags) for one in config["cmps"].values()]
    return {one["def_ent_id"]: one for one in components if "name" in one}


def test_only_entities_that_are_announced_and_enabled():
    """Of either dialect."""
    found = announced(ALARMS | SOH | TEXT) | announced()
    for name in ("dashboard.yaml", "automations.yaml", "README.md"):
        used = set(IDS.findall((PLACE / name).read_text(encoding="utf-8")))
        assert len(used) >= 3 and used <= set(found)
        assert [one for one in used if found[one].get("en") is False] == []


def test_the_dashboard_is_what_the_tool_prints():
    assert (PLACE / "dashboard.yaml").read_text(encoding="utf-8") == dashboard.dashboard()
    three = dashboard.dashboard("Shed 2", 3)
    assert "pylontech_shed_2_pack_3" in three and "pack_4" not in three


def cards(view):
    return [card for section in view["sections"] for card in section["cards"]]


def test_each_pack_has_a_bar_that_leads_to_its_view():
    assert [card["tap_action"]["navigation_path"] for card in cards(VIEWS[0]) if "tap_action" in card] == [
        view["path"] for view in VIEWS[1:]]


def render(template, states, **more):
    def has_value(entity):
        return states.get(entity, "unknown") not in ("unknown", "unavailable")

    return jinja2.Environment().from_string(template).render(
        states=lambda entity: states.get(entity, "unknown"), has_value=has_value,
        is_number=lambda text: text.replace(".", "", 1).isdigit(), **more).strip()


def test_the_table_of_cells_marks_the_one_that_drifts():
    card = next(card for card in cards(VIEWS[2]) if "pack" in card)
    said = {f"sensor.pylontech_main_pack_2_cell_{number}_voltage": volts
            for number, volts in enumerate(("3.31", "3.312", "3.27", "3.311"), 1)}
    text = render(card["content"], said, config=card)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")][1:]
    assert rows == [["1", "3.310", "+9", "", rows[0][4], ""], ["2", "3.312", "+11", "", rows[1][4], "highest"],
                    ["3", "3.270", "-31", "█" * 8, "", "lowest"], ["4", "3.311", "+10", "", rows[3][4], ""]]
    assert "|" not in render(card["content"], {}, config=card)


SOC, LINK = "sensor.pylontech_main_state_of_charge", "binary_sensor.pylontech_main_battery_connection"
APART = "sensor.pylontech_main_pack_16_cell_voltage_difference"


@pytest.mark.parametrize(("number", "states", "ids"), [
    (1, {SOC: "50", LINK: "on"}, ["back"]), (1, {SOC: "unavailable", LINK: "on"}, ["gone"]),
    (1, {SOC: "unavailable", LINK: "unavailable"}, ["gone"]), (2, {APART: "0.099"}, ["together"]),
    (2, {}, ["together"]), (2, {APART: "0.101"}, ["apart"]),
])
def test_triggers_of_the_automations(number, states, ids):
    """Number of the automation, states, ids of the triggers whose template is true."""
    automations = yaml.safe_load((PLACE / "automations.yaml").read_text(encoding="utf-8"))
    triggers = [one for one in automations[number]["triggers"] if one["trigger"] == "template"]
    assert [one["id"] for one in triggers if render(one["value_template"], states) == "True"] == ids


def test_the_recorder_leaves_out_the_cells_and_nothing_else():
    (glob,) = re.findall(r"^ +- (sensor\S+)$", (PLACE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    found = announced(cells=16)
    left_out = set(fnmatch.filter(found, glob))
    assert left_out == {one for one in found if re.search(r"_cell_\d+_voltage$", one)} and len(left_out) == 256
