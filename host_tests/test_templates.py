"""Templates of the configs and of docs/home-assistant, rendered with what is really published."""

import fnmatch
import json
import re

import jinja2
import pytest
import yaml
from discovery_made import ALARMS, PREFIX, SOH, TEXT, configs, taken
from discovery_rules import illegal, render
from fakes import made_alarms, made_reading
from payload_cases import CALM, GOLDEN, IN_ALARM, TOTALS, TOTALS_TEXT, extra_of, pack_text, rack_text

from tools import dashboard, environment

STATE = (
    '{"Uptime":90061,"Version":"1.0","ResetCause":"watchdog","Boots":3,"IP":"192.168.2.7","RSSI":-60,"HeapFree":20000,'
    '"SystemFree":30800,"SystemLargest":28000,"SystemMin":9000,"Link":"online","Dialect":"framed","Baud":4800,"Packs":2,'
    '"PublishRate":10,"Polling":true,"Cycle":1.1,"Polls":1000,"Timeouts":0,"FrameErrors":1,"ReturnCodes":0,'
    '"Implausible":2,"BrokerDrops":0,"WifiDrops":0,"LastError":"none"}'
)
LIMITS = (
    '{"ChargeVoltageLimit":53.25,"DischargeVoltageLimit":47.0,"ChargeCurrentLimit":25.0,"DischargeCurrentLimit":-25.0}'
)
# what is published, and is in no entity of its own (Packs: of tele/STATE; that of the rack is)
NO_ENTITY = {
    "BaseState", "PacksExpected", "Version", "ResetCause", "IP", "Dialect", "Baud", "PublishRate", "Cycle", "Packs"}
WITHOUT_ALARMS = {key: value for key, value in TOTALS.items() if key not in ("Problem", "Warning", "ProblemText")}
TEXT_CONSOLE, OF_TEXT = {"temperatures": (235,), "alarms": CALM}, {"sensors": 1, "flags": ALARMS | SOH | TEXT}
READING, RACK = "stat/readings/Pack1", "stat/readings/Rack"


@pytest.mark.parametrize(("made", "topic", "text", "expected"), [
    ({"flags": ALARMS | SOH}, READING, pack_text(IN_ALARM, 1234000), {
        "Cell_13": "3.306", "BMS_T": "23.5", "CellTemp9_12": "22.0", "PackCurrent": "25.0", "SOC": "82.9",
        "PackVoltage": "49.539", "CellMinNumber": "7", "ChargedEnergy": "1.234", "BatteryState": "charging",
        "Problem": "ON", "Warning": "ON", "Charge_MOS": "ON", "Discharge_MOS": "OFF", "Heater": "OFF", "SOH": "None",
        "CycleCount": "31", "Power": "1238.5"}),
    (OF_TEXT, READING, pack_text(made_reading(soh=98, **extra_of(state="balancing"), **TEXT_CONSOLE)), {
        "Cell_13": "3.306", "SOC": "83.0", "SOH": "98", "TempMax": "23.1", "BatteryState": "balancing",
        "Problem": "OFF", "ProblemText": "OK", "MOS_T": "28.8", "Balancing_Cells": "ON"}),
    (OF_TEXT, READING, pack_text(made_reading(**extra_of(mos=None, balancing=None), **TEXT_CONSOLE)),
     {"SOH": "None", "MOS_T": "None", "Balancing_Cells": "unknown"}),
    ({}, RACK, TOTALS_TEXT, {"TimeToEmpty": "239", "TimeToFull": "None", "CellMinAt": "Pack 1 cell 2", "Problem": "ON",
                             "ProblemText": "Pack 3 missing", "Warning": "OFF"}),
    ({}, "tele/STATE", STATE, {"Link": "ON", "LastError": "none", "RSSI": "-60", "Polling": "ON"}),
    ({}, "tele/STATE", '{"Link":"searching"}', {"Link": "OFF", "RSSI": "None", "Polling": "unknown"}),
])
def test_states_are_what_is_published(made, topic, text, expected):
    states = {key: state for (_, key), state in taken(**made).states(PREFIX + topic, text).items()}
    assert expected.items() <= states.items()


@pytest.mark.parametrize("flags", [0, ALARMS | SOH])
def test_each_template_gives_a_legal_state(flags):
    """Of every reading, also where the config has more than that has, and where a key lacks."""
    most = taken(cells=16, sensors=8, flags=flags)
    for reading, _, _, text in GOLDEN:
        made = taken(cells=len(reading.cells), sensors=len(reading.temperatures), flags=flags)
        assert len(made.states(PREFIX + READING, text)) > 15 and len(most.states(PREFIX + READING, text)) > 35
    for config in configs(flags=flags):
        for key, one in config["cmps"].items():
            assert "val_tpl" not in one or illegal(one, render(one, "{}", "idle")) is None, key


@pytest.mark.parametrize(("topic", "before", "after", "count"), [
    (READING, pack_text(IN_ALARM, 1234000), pack_text(IN_ALARM._replace(alarms=None)), 6),
    (RACK, TOTALS_TEXT, rack_text(WITHOUT_ALARMS), 3),
])
def test_a_cycle_without_an_alarm_reply_changes_no_binary_sensor_and_no_text(topic, before, after, count):
    home_assistant = taken()
    states = home_assistant.states(PREFIX + topic, before)
    then = home_assistant.states(PREFIX + topic, after, states)
    kept = [at for at in states if home_assistant.components[at]["p"] == "binary_sensor" or at[1] == "ProblemText"]
    assert len(kept) == count and [then[at] for at in kept] == [states[at] for at in kept]


def test_every_entity_has_a_value_and_every_value_an_entity():
    """Looks at plain values only; what stands in objects is in the tests above."""
    full = made_reading(soh=97, alarms=made_alarms(), **extra_of())
    home_assistant = taken(flags=ALARMS | SOH)
    for topic, text in ((READING, pack_text(full)), (RACK, rack_text(TOTALS | {"TimeToFull": 1})),
                        ("tele/STATE", STATE), ("stat/limits/Pack1", LIMITS)):
        states = home_assistant.states(PREFIX + topic, text)
        assert "None" not in states.values(), [at for at, state in states.items() if state == "None"]
        plain = {key for key, value in json.loads(text).items() if not isinstance(value, (dict, list))}
        assert plain - {key for _, key in states} <= NO_ENTITY


# -- docs/home-assistant

PLACE = environment.PROJECT / "docs" / "home-assistant"
DASHBOARD, AUTOMATIONS, README = (
    (PLACE / name).read_text(encoding="utf-8") for name in ("dashboard.yaml", "automations.yaml", "README.md"))
IDS = re.compile(r"\b(?:sensor|binary_sensor|button)\.pylontech_[a-z0-9_]*[a-z0-9](?![a-z0-9_*%])")
SOC, LINK = "sensor.pylontech_main_state_of_charge", "binary_sensor.pylontech_main_battery_connection"
APART = "sensor.pylontech_main_pack_16_cell_voltage_difference"


def announced(flags=ALARMS | SOH, cells=15):
    """-> {entity id: component} of all configs of 16 packs."""
    components = [one for config in configs(packs=16, cells=cells, flags=flags) for one in config["cmps"].values()]
    return {one["def_ent_id"]: one for one in components if "name" in one}


def test_only_entities_that_are_announced_and_enabled():
    """Of either dialect. The recorder leaves out the cells and nothing else."""
    found = announced(ALARMS | SOH | TEXT) | announced()
    for text in (DASHBOARD, AUTOMATIONS, README):
        used = set(IDS.findall(text))
        assert len(used) >= 3 and used <= set(found) and [one for one in used if found[one].get("en") is False] == []
    (glob,) = re.findall(r"^ +- (sensor\S+)$", README, re.MULTILINE)
    found = announced(cells=16)
    left_out = set(fnmatch.filter(found, glob))
    assert left_out == {one for one in found if re.search(r"_cell_\d+_voltage$", one)} and len(left_out) == 256


def test_the_dashboard_is_what_the_tool_prints():
    assert dashboard.dashboard() == DASHBOARD
    three = dashboard.dashboard("Shed 2", 3)
    assert "pylontech_shed_2_pack_3" in three and "pack_4" not in three


def shown(template, states, **more):
    """What Home Assistant makes of a template of the user's, with `states` of entities."""
    return jinja2.Environment().from_string(template).render(
        states=lambda entity: states.get(entity, "unknown"), is_number=lambda text: text.replace(".", "", 1).isdigit(),
        has_value=lambda entity: states.get(entity, "unknown") not in ("unknown", "unavailable"), **more).strip()


def test_each_pack_has_a_bar_that_leads_to_its_view_and_a_table_that_marks_the_cell_that_drifts():
    views = yaml.safe_load(DASHBOARD)["views"]
    cards = [[card for section in view["sections"] for card in section["cards"]] for view in views]
    bars = [card["tap_action"]["navigation_path"] for card in cards[0] if "tap_action" in card]
    assert bars == [view["path"] for view in views[1:]]
    card = next(card for card in cards[2] if "pack" in card)
    said = {f"sensor.pylontech_main_pack_2_cell_{number}_voltage": volts
            for number, volts in enumerate(("3.31", "3.312", "3.27", "3.311"), 1)}
    text = shown(card["content"], said, config=card)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")][1:]
    assert rows == [["1", "3.310", "+9", "", rows[0][4], ""], ["2", "3.312", "+11", "", rows[1][4], "highest"],
                    ["3", "3.270", "-31", "█" * 8, "", "lowest"], ["4", "3.311", "+10", "", rows[3][4], ""]]
    assert "|" not in shown(card["content"], {}, config=card)


@pytest.mark.parametrize(("number", "states", "ids"), [
    (1, {SOC: "50", LINK: "on"}, ["back"]), (1, {SOC: "unavailable", LINK: "on"}, ["gone"]),
    (1, {SOC: "unavailable", LINK: "unavailable"}, ["gone"]), (2, {APART: "0.099"}, ["together"]),
    (2, {}, ["together"]), (2, {APART: "0.101"}, ["apart"]),
])
def test_triggers_of_the_automations(number, states, ids):
    """Number of the automation, states, ids of the triggers whose template is true."""
    triggers = [one for one in yaml.safe_load(AUTOMATIONS)[number]["triggers"] if one["trigger"] == "template"]
    assert [one["id"] for one in triggers if shown(one["value_template"], states) == "True"] == ids
