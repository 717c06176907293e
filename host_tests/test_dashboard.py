"""docs/home-assistant names only entities that discovery announces and enables, and every cell of them."""

from __future__ import annotations

import fnmatch
import json
import re

import pytest
from discovery_made import ALARMS, SOH, sent

from tools import environment

PLACE = environment.PROJECT / "docs" / "home-assistant"
IDS = re.compile(r"\b(?:sensor|binary_sensor|button)\.pylontech_[a-z0-9_]+(?![a-z0-9_*])")
CELL = re.compile(r"_cell_\d+_voltage$")


def announced(rack="Main", packs=1, cells=15):
    """-> {entity id: component} of all configs, as Home Assistant derives the ids."""
    found = {}
    for _, payload in sent(packs=packs, cells=cells, flags=ALARMS | SOH, rack=rack):
        config = json.loads(payload)
        for component in config["cmps"].values():
            if "name" in component:
                words = f"{config['dev']['name']} {component['name']}".lower().replace("–", " ")
                found[f"{component['p']}.{re.sub('[^a-z0-9]+', '_', words)}"] = component
    return found


@pytest.mark.parametrize("name", ["dashboard.yaml", "automations.yaml", "README.md"])
def test_only_entities_that_are_announced_and_enabled(name):
    found = announced()
    used = set(IDS.findall((PLACE / name).read_text(encoding="utf-8")))
    assert len(used) >= 3 and used <= set(found)
    assert [one for one in used if found[one].get("en") is False] == []


def test_the_dashboard_has_every_cell():
    used = set(IDS.findall((PLACE / "dashboard.yaml").read_text(encoding="utf-8")))
    assert {one for one in announced() if CELL.search(one)} <= used


def test_the_recorder_leaves_out_the_cells_and_nothing_else():
    (glob,) = re.findall(r"^ +- (sensor\S+)$", (PLACE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    found = announced(packs=16, cells=16)
    left_out = set(fnmatch.filter(found, glob))
    assert left_out == {one for one in found if CELL.search(one)} and len(left_out) == 256
