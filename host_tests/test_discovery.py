"""discovery.py: the configs held against Home Assistant's rules. That each entity is there is in test_docs_mqtt.py."""

import json
import sys

import pytest
from discovery_made import ALARMS, PREFIX, SERIAL, SOH, TEXT, configs, identify, made_devices, sent, sent_of, taken
from discovery_rules import ENVIRONMENT, HomeAssistant, faults
from fakes import made_alarms, made_reading
from payload_cases import pack_text

from firmware import __version__
from firmware.commands import parse

PACK = "homeassistant/device/PylonToMQTT_Main_Pack1/config"


@pytest.mark.parametrize("flags", [0, ALARMS, ALARMS | SOH, ALARMS | SOH | TEXT])
@pytest.mark.parametrize(("packs", "cells", "sensors"), [(1, 15, 5), (16, 16, 6), (2, 8, 5), (1, 1, 0), (1, 16, 9)])
def test_rules(packs, cells, sensors, flags):
    made = sent(packs=packs, cells=cells, sensors=sensors, flags=flags)
    assert [fault for topic, payload in made for fault in faults(topic, payload)] == []
    ids = [one["uniq_id"] for _, config in made for one in json.loads(config)["cmps"].values() if len(one) > 1]
    assert len(made) == packs + 1 and len(ids) == len(set(ids)) > 30


@pytest.mark.parametrize("row", [
    # key, unit, class, state class, decimals shown, category, is it on; those of the rack where both have it
    ("SOC", "%", "battery", "measurement", 0, None, True),
    ("ChargedEnergy", "kWh", "energy", "total_increasing", 3, None, True),
    ("BatteryState", None, "enum", None, None, None, True), ("Problem", None, "problem", None, None, None, True),
    ("Warning", None, None, None, None, None, True), ("Heater", None, None, None, None, "diagnostic", False),
    ("Uptime", "s", "duration", "measurement", 0, "diagnostic", False),
    ("Link", None, "connectivity", None, None, "diagnostic", True),
    ("PublishRate", "s", "duration", None, None, "config", True),
    ("Firmware", None, "firmware", None, None, "diagnostic", True),
])  # fmt: skip
def test_entities(row):
    rack, pack = configs(flags=ALARMS | SOH)
    one = (pack["cmps"] | rack["cmps"])[row[0]]
    columns = [one.get(name) for name in ("unit_of_meas", "dev_cla", "stat_cla", "sug_dsp_prc", "ent_cat")]
    assert (*columns, one.get("en", True)) == row[1:]


OF_CONSOLE = {"SOH", "MOS_T", "Balancing_Cells", "Protections", "DischargedCapacity", "Resets", "Shutdowns"}
OF_FRAMED = {"ChargeVoltageLimit", "DischargeVoltageLimit", "ChargeCurrentLimit", "DischargeCurrentLimit"}


def test_what_the_other_dialect_says_is_taken_away():
    """Also from a battery that spoke another one before: by a stub of the same platform."""
    framed, text = configs(flags=ALARMS)[1]["cmps"], configs(flags=ALARMS | SOH | TEXT)[1]["cmps"]
    assert set(framed) == set(text)
    for before, after, keys in ((text, framed, OF_CONSOLE), (framed, text, OF_FRAMED)):
        lost = {key for key in after if len(after[key]) == 1 < len(before[key])}
        assert lost == keys and all(after[key]["p"] == before[key]["p"] for key in keys)
    assert "SOH" not in configs(flags=ALARMS | TEXT)[1]["cmps"]  # it may just not have been asked yet
    counted = {key for key, one in text.items() if one.get("stat_t") == PREFIX + "stat/counters/Pack1"}
    assert counted == OF_CONSOLE - {"SOH", "MOS_T", "Balancing_Cells"}


SENSORS = ("CellTemp1_4", "CellTemp5_8", "CellTemp9_12", "CellTemp13_16", "MOS_T", "ENV_T")


@pytest.mark.parametrize(("sensors", "shown"), [(6, SENSORS), (3, SENSORS[:3]), (0, ())])
def test_a_pace_battery_has_other_sensors_no_limits_and_no_switches(sensors, shown):
    devices = made_devices(packs=0)
    alarms = made_alarms(keys=("Heater",))
    devices.see(made_reading(temperatures=(1,) * sensors, alarms=alarms, design=50000, sensors=SENSORS[:sensors]))
    identify(devices, 1, dialect="pace")
    config = json.loads(sent_of(devices)[1][1])
    there = {key for key, one in config["cmps"].items() if len(one) > 1}
    assert {key for key in there if key.startswith(("CellTemp", "BMS_T", "MOS_T", "ENV_T"))} == set(shown)
    assert {"DesignCapacity", "Heater"} <= there and config["dev"]["mf"] == "PACE"
    assert there.isdisjoint({*OF_FRAMED, "Charge_MOS", "Balancing_Cells", "Events"}) and "Events" not in config["cmps"]


def test_alarm_components_only_behind_an_alarm_reply():
    switches = {"Charge_MOS", "Discharge_MOS", "Heater"}
    for before, after, more in zip(configs(flags=0), configs(), (set(), switches), strict=True):
        assert set(after["cmps"]) - set(before["cmps"]) == {"Problem", "Warning", "ProblemText"} | more
        assert not set(before["cmps"]) - set(after["cmps"])


def test_every_cell_and_sensor_has_a_component_and_fewer_after_a_restart_are_tidied():
    home_assistant = HomeAssistant()
    sizes = ((16, 6), (15, 5), (8, 5), (1, 0), (8, 5), (15, 5), (16, 6), *((cells, 8) for cells in range(1, 17)))
    for cells, sensors in sizes:
        for message in sent(cells=cells, sensors=sensors):
            home_assistant.take(*message)
        there = {key for _, key in home_assistant.components if key.startswith(("Cell_", "CellTemp", "Temp", "BMS_T"))}
        said = json.loads(pack_text(made_reading(cells=(3300,) * cells, temperatures=(1,) * sensors)))
        assert there - {"TempMin", "TempMax"} == {*said["Cells"], *said["Temps"]}
    full = configs(cells=16, sensors=9)[1]["cmps"]
    stubs = {key: one["p"] for key, one in configs(cells=8, sensors=1)[1]["cmps"].items() if len(one) == 1}
    assert len(stubs) > 15 and stubs == {key: full[key]["p"] for key in stubs}


def test_device_pages_show_what_the_battery_is():
    devices = made_devices(packs=4)
    identify(devices, 1, serial="A" * 16, maker='PY"TES', device="V5", version="1.3", board="PHANTOMSAV10R03")
    identify(devices, 3, serial="L" * 20, device="US2KBPL")
    identify(devices, 4)
    rack, one, two, three, four = [json.loads(payload)["dev"] for _, payload in sent_of(devices)]
    version = f"MicroPython {'.'.join(map(str, sys.implementation.version[:3]))}"
    assert rack == {"ids": ["PylonToMQTT_Main"], "name": "Pylontech Main", "mf": 'PY"TES', "mdl": "Battery rack",
                    "sw": f"pylon2mqtt {__version__}", "hw": version}  # fmt: skip
    assert two == {"ids": ["PylonToMQTT_Main_Pack2"], "name": "Pylontech Main pack 2", "mf": "Pylontech",
                   "sn": SERIAL % 1, "via_device": "PylonToMQTT_Main"}  # fmt: skip
    keys = ("mf", "mdl", "sw", "hw", "sn")
    assert [one.get(key) for key in keys] == ['PY"TES', "V5", "1.3", "PHANTOMSAV10R03", "A" * 16]
    assert [three.get(key) for key in keys] == ["Pylontech", "US2KBPL", None, None, "L" * 16] and "sn" not in four


@pytest.mark.parametrize(("lwt", "info", "there"), [
    ("Online", '{"BarCode":"X"}', True), ("Offline", '{"BarCode":"X"}', False), ("Online", "{}", False),
    ("Online", None, False), (None, '{"BarCode":"X"}', False),
])  # fmt: skip
def test_a_pack_is_available_while_the_board_is_and_counts_it(lwt, info, there):
    said = {PREFIX + "tele/LWT": lwt, PREFIX + "stat/info/Pack1": info}
    assert taken().available(PACK, said) == there
    assert taken().available(PACK.replace("_Pack1", ""), said) == (lwt == "Online")


def test_what_home_assistant_sets_is_a_command():
    rack = configs()[0]["cmps"]
    rate, polling = rack["PublishRate"], rack["Polling"]
    payloads = [rack["Restart"]["pl_prs"], polling["pl_on"], polling["pl_off"]]
    payloads += [ENVIRONMENT.from_string(rate["cmd_tpl"]).render(value=value) for value in (1, 12.5, 300.0)]
    assert [parse(payload.encode()) for payload in payloads] == [
        {"restart": True}, {"polling": True}, {"polling": False}, {"publishRate": 1000}, {"publishRate": 12500},
        {"publishRate": 300000}]  # fmt: skip
    assert {one["cmd_t"].startswith(PREFIX + "cmnd/") for one in (rack["Restart"], rate, polling)} == {True}


def test_rack_first_then_the_packs_that_are_known():
    devices = made_devices(packs=1)
    identify(devices, 2)  # nothing read of it yet
    devices.see(made_reading(pack=3))  # not identified
    devices.see(made_reading(pack=4))
    identify(devices, 4)
    devices_sent = [topic.split("/")[2].removeprefix("PylonToMQTT_Main") for topic, _ in sent_of(devices)]
    assert devices_sent == ["", "_Pack1", "_Pack4"] and not devices.due


RACKS = (
    ("PylonToMQTT", "Main"), ("PylonToMQTT", "Main_Pack1"), ("PylonToMQTT_Main", "Pack1"), ("PylonToMQTT", "Main-1"),
    ("a/b", "c"), ("a", "b_c"), ("a_b", "c"), ("a.b", "c"), ("a~b", "$c"), ("Küche", "Süd"), ("K_che", "S_d"),
    ("x", "@^#&!*"), ("x", "$~"), ("x", 'quo"te\\'), ("x", "{id}"),
)  # fmt: skip


def test_racks_on_one_broker_never_share_an_id_and_their_names_arrive_whole():
    home_assistant = HomeAssistant()
    for root, rack in RACKS:
        messages = sent(packs=3, root=root, rack=rack)
        for message in messages:
            assert message[0] not in home_assistant.devices
            home_assistant.take(*message)
        made, pack = [json.loads(payload) for _, payload in messages[:2]]
        assert made["dev"]["name"] == f"Pylontech {rack}" and pack["dev"]["name"] == f"Pylontech {rack} pack 1"
        assert pack["dev"]["via_device"] == made["dev"]["ids"][0] == messages[0][0].split("/")[-2]
        components = pack["cmps"] | made["cmps"]
        topics = [pack["stat_t"], made["avty_t"], pack["avty"][0]["t"], pack["avty"][1]["t"],
                  components["ChargeVoltageLimit"]["stat_t"], components["Link"]["stat_t"]]  # fmt: skip
        assert topics == [f"{root}/{rack}/{rest}" for rest in (
            "stat/readings/Pack1", "tele/LWT", "tele/LWT", "stat/info/Pack1", "stat/limits/Pack1", "tele/STATE")]
    assert len(home_assistant.devices) == 4 * len(RACKS)
