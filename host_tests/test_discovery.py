"""discovery.py: the configs held against Home Assistant's rules and the table of the contract."""

from __future__ import annotations

import json
import sys

import pytest
from discovery_made import ALARMS, PREFIX, SERIAL, SOH, TEXT, configs, identify, made_devices, sent, sent_of
from discovery_rules import ENVIRONMENT, HomeAssistant, faults
from fakes import made_reading
from payload_cases import BARE, EIGHT, NORMAL, SIXTEEN, pack_text

from firmware import __version__
from firmware.commands import parse


@pytest.mark.parametrize("flags", [0, ALARMS, SOH, ALARMS | SOH, ALARMS | SOH | TEXT])
@pytest.mark.parametrize(("packs", "cells", "sensors"), [(1, 15, 5), (16, 16, 6), (2, 8, 5), (1, 1, 0), (1, 16, 9)])
def test_rules(packs, cells, sensors, flags):
    made = sent(packs=packs, cells=cells, sensors=sensors, flags=flags)
    assert len(made) == packs + 1
    for topic, payload in made:
        assert list(faults(topic, payload)) == []
    ids = [one["uniq_id"] for config in configs(packs=packs) for one in config["cmps"].values() if len(one) > 1]
    assert len(ids) == len(set(ids)) > 30


# key, name, how it shows: m main, d diagnostic, o diagnostic and off, c config; the table of mqtt.md
BOTH = """
SOC State of charge m | PackVoltage Voltage m | PackCurrent Current m | Power Power m | BatteryState State m
RemainingCapacity Remaining capacity m | FullCapacity Full capacity d | StoredEnergy Stored energy m
CellMin Lowest cell voltage m | CellMax Highest cell voltage m | CellDelta Cell voltage difference m
TempMin Lowest temperature m | TempMax Highest temperature m | ChargedEnergy Charged energy m
DischargedEnergy Discharged energy m
Problem Problem m | Warning Warning m | ProblemText Problem details d"""
OF_PACK = """
CycleCount Cycles d | BMS_T BMS temperature d | CellTemp1_4 Cells 1–4 temperature d
CellTemp5_8 Cells 5–8 temperature d | CellTemp9_12 Cells 9–12 temperature d | CellTemp13_16 Cells 13–16 temperature d
ChargeVoltageLimit Charge voltage limit d | DischargeVoltageLimit Discharge voltage limit d
ChargeCurrentLimit Charge current limit d | DischargeCurrentLimit Discharge current limit d
CellMinNumber Lowest cell o | CellMaxNumber Highest cell o
Charge_MOS Charge MOSFET o | Discharge_MOS Discharge MOSFET o | Heater Heater o"""
OF_RACK = """
Packs Packs m | TimeToFull Time to full m | TimeToEmpty Time to empty m | CellMinAt Lowest cell d
CellMaxAt Highest cell d | Link Battery connection d | LastError Last error d | Firmware Firmware d
Restart Restart c | PublishRate Publish rate c | Polling Polling c
RSSI Wi-Fi signal o | Uptime Uptime o | HeapFree Free memory o | Boots Boots o | Polls Polls o | Timeouts Timeouts o
FrameErrors Frame errors o | ReturnCodes Return codes o | Implausible Implausible readings o
BrokerDrops Broker drops o | WifiDrops Wi-Fi drops o
SystemFree Free system memory o | SystemLargest Largest free system memory o | SystemMin Least free system memory o"""


def rows(text):
    made = [one.strip().split(" ") for line in text.strip().splitlines() for one in line.split(" | ")]
    return {one[0]: (" ".join(one[1:-1]), one[-1]) for one in made}


def shown(config):
    """{key: (name, how it shows)} of a config's components."""
    how = {(None, True): "m", ("diagnostic", True): "d", ("diagnostic", False): "o", ("config", True): "c"}
    return {
        key: (one["name"], how[one.get("ent_cat"), one.get("en", True)])
        for key, one in config["cmps"].items() if len(one) > 1
    }  # fmt: skip


def test_entities_of_the_contract():
    rack, pack = configs()
    cells = {f"Cell_{number}": (f"Cell {number} voltage", "d") for number in range(1, 16)}
    assert shown(pack) == rows(BOTH) | rows(OF_PACK) | cells
    assert shown(rack) == rows(BOTH) | rows(OF_RACK)


OF_CONSOLE = """
SOH State of health d | MOS_T MOSFET temperature d | Balancing_Cells Balancing d | Protections Protections d
DischargedCapacity Discharged capacity d | Resets Resets o | Shutdowns Shutdowns o"""
OF_FRAMED = ("ChargeVoltageLimit", "DischargeVoltageLimit", "ChargeCurrentLimit", "DischargeCurrentLimit")


def test_what_the_other_dialect_says_is_taken_away():
    """Also from a battery that spoke another one before: by a stub of the same platform."""
    framed, text = configs(flags=ALARMS)[1]["cmps"], configs(flags=ALARMS | SOH | TEXT)[1]["cmps"]
    assert set(framed) == set(text)
    for before, after, keys in ((text, framed, rows(OF_CONSOLE)), (framed, text, OF_FRAMED)):
        lost = {key for key in after if len(after[key]) == 1 < len(before[key])}
        assert lost == set(keys)
        assert all(after[key]["p"] == before[key]["p"] for key in keys)
    assert shown(configs(flags=ALARMS | SOH | TEXT)[1]).items() >= rows(OF_CONSOLE).items()
    assert "SOH" not in configs(flags=ALARMS | TEXT)[1]["cmps"]  # it may just not have been asked yet


def test_stubs_are_of_the_platform_of_what_they_take_away():
    full = configs(packs=1, cells=16, sensors=9)[1]["cmps"]
    stubs = {key: one["p"] for key, one in configs(cells=8, sensors=1)[1]["cmps"].items() if len(one) == 1}
    assert len(stubs) > 15 and stubs == {key: full[key]["p"] for key in stubs}


@pytest.mark.parametrize("device", [0, 1])
def test_alarm_components_only_behind_an_alarm_reply(device):
    before, after = configs(flags=0)[device], configs()[device]
    alarms = {"Problem", "Warning", "ProblemText"} | ({"Charge_MOS", "Discharge_MOS", "Heater"} if device else set())
    assert set(after["cmps"]) - set(before["cmps"]) == alarms and not set(before["cmps"]) - set(after["cmps"])



def test_devices():
    rack, pack = configs()
    version = f"MicroPython {'.'.join(map(str, sys.implementation.version[:3]))}"
    assert rack["dev"] == {"ids": ["PylonToMQTT_Main"], "name": "Pylontech Main", "mf": "Pylontech",
                           "mdl": "Battery rack", "sw": f"pylon2mqtt {__version__}", "hw": version}  # fmt: skip
    assert pack["dev"] == {
        "ids": ["PylonToMQTT_Main_Pack1"], "name": "Pylontech Main pack 1", "mf": "Pylontech", "sn": SERIAL % 0,
        "via_device": "PylonToMQTT_Main",
    }  # fmt: skip
    assert rack["o"] == pack["o"] == {"name": "pylon2mqtt", "sw": __version__}
    assert rack["avty_t"] == pack["avty"][0]["t"] == PREFIX + "tele/LWT"


def test_device_pages_show_what_the_battery_is():
    devices = made_devices(packs=3)
    identify(devices, 1, serial="A" * 16, maker='PY"TES', device="V5", version="1.3", board="PHANTOMSAV10R03")
    identify(devices, 3, serial="B" * 16, device="US2KBPL")
    rack, one, two, three = [json.loads(payload)["dev"] for _, payload in sent_of(devices)]
    assert rack["mf"] == one["mf"] == 'PY"TES' and two["mf"] == three["mf"] == "Pylontech"
    assert [one.get(key) for key in ("mdl", "sw", "hw", "sn")] == ["V5", "1.3", "PHANTOMSAV10R03", "A" * 16]
    assert [three.get(key) for key in ("mdl", "sw", "hw", "sn")] == ["US2KBPL", None, None, "B" * 16]
    assert {"mdl", "sw", "hw"}.isdisjoint(two)


@pytest.mark.parametrize(("lwt", "info", "there"), [
    ("Online", '{"BarCode":"X"}', True), ("Offline", '{"BarCode":"X"}', False), ("Online", "{}", False),
    ("Online", None, False), (None, '{"BarCode":"X"}', False),
])  # fmt: skip
def test_a_pack_is_available_while_the_board_is_and_counts_it(lwt, info, there):
    home_assistant = HomeAssistant()
    (rack, payload), (pack, more) = sent()
    home_assistant.take(rack, payload).take(pack, more)
    said = {PREFIX + "tele/LWT": lwt, PREFIX + "stat/info/Pack1": info}
    said = {topic: text for topic, text in said.items() if text}
    assert home_assistant.available(pack, said) == there
    assert home_assistant.available(rack, said) == (lwt == "Online")


def test_what_home_assistant_sets_is_a_command():
    rack = configs()[0]["cmps"]
    rate, polling = rack["PublishRate"], rack["Polling"]
    sent_payloads = [rack["Restart"]["pl_prs"], polling["pl_on"], polling["pl_off"]]
    sent_payloads += [ENVIRONMENT.from_string(rate["cmd_tpl"]).render(value=value) for value in (1, 12.5, 300.0)]
    assert [parse(payload.encode()) for payload in sent_payloads] == [
        {"restart": True}, {"polling": True}, {"polling": False},
        {"publishRate": 1000}, {"publishRate": 12500}, {"publishRate": 300000},
    ]  # fmt: skip
    assert {one["cmd_t"].startswith(PREFIX + "cmnd/") for one in (rack["Restart"], rate, polling)} == {True}


@pytest.mark.parametrize("serial", [None, "", "SHORT", "X" * 16, "L" * 20])
def test_any_serial_number_fits(serial):
    devices = made_devices(packs=3)
    identify(devices, 2, serial=serial)
    serials = [json.loads(payload)["dev"].get("sn") for _, payload in sent_of(devices)[1:]]
    assert serials == [SERIAL % 0, serial[:16] if serial else None, SERIAL % 2]


def topics_of(config):
    """{state topic: keys}"""
    found = {}
    for key, one in config["cmps"].items():
        if len(one) > 1 and one["p"] != "button":
            found.setdefault(one.get("stat_t", config["stat_t"]).removeprefix(PREFIX), set()).add(key)
    return found


def test_state_topics():
    rack, _, pack = configs(packs=2)
    assert topics_of(rack).keys() == {"stat/readings/Rack", "tele/STATE", "stat/update"}
    assert {"Link", "LastError", "HeapFree", "Polls"} <= topics_of(rack)["tele/STATE"]
    assert topics_of(pack).keys() == {"stat/readings/Pack2", "stat/limits/Pack2"}
    console = configs(flags=ALARMS | TEXT)[1]
    assert topics_of(console)["stat/counters/Pack1"] == {"DischargedCapacity", "Protections", "Resets", "Shutdowns"}
    assert len(topics_of(pack)["stat/limits/Pack2"]) == 4


def test_a_reading_expires_after():
    devices = made_devices()
    sent_of(devices)
    devices.set_expire(120)
    assert not devices.any_due()
    devices.set_expire(1200)
    for config in (json.loads(payload) for _, payload in sent_of(devices)):
        assert {one.get("exp_aft") for one in config["cmps"].values()} == {1200, None}
        assert config["cmps"]["SOC"]["exp_aft"] == 1200
        assert "exp_aft" not in config["cmps"].get("Link", config["cmps"].get("ChargeVoltageLimit"))


CLASSES = (  # key, unit, class, state class, decimals shown
    ("SOC", "%", "battery", "measurement", 0), ("PackVoltage", "V", "voltage", "measurement", 2),
    ("PackCurrent", "A", "current", "measurement", 1), ("Power", "W", "power", "measurement", 0),
    ("CellMin", "V", "voltage", "measurement", 3), ("CellDelta", "V", "voltage", "measurement", 3),
    ("Cell_7", "V", "voltage", "measurement", 3), ("BMS_T", "°C", "temperature", "measurement", 1),
    ("TempMax", "°C", "temperature", "measurement", 1), ("FullCapacity", "Ah", None, "measurement", 1),
    ("ChargedEnergy", "kWh", "energy", "total_increasing", 3), ("CycleCount", None, None, "total_increasing", None),
    ("BatteryState", None, "enum", None, None), ("ProblemText", None, None, None, None),
    ("ChargeVoltageLimit", "V", "voltage", "measurement", 2), ("SOH", "%", None, "measurement", 0),
    ("TimeToFull", "min", "duration", "measurement", 0), ("Uptime", "s", "duration", "measurement", 0),
    ("RSSI", "dBm", "signal_strength", "measurement", 0), ("HeapFree", "B", "data_size", "measurement", 0),
    ("SystemMin", "B", "data_size", "measurement", 0),
    ("Packs", None, None, "measurement", None), ("Polls", None, None, "total_increasing", None),
    ("CellMinNumber", None, None, "measurement", None), ("CellMinAt", None, None, None, None),
    ("Problem", None, "problem", None, None), ("Warning", None, None, None, None),
    ("StoredEnergy", "kWh", "energy_storage", "measurement", 2), ("PublishRate", "s", "duration", None, None),
    ("Link", None, "connectivity", None, None),
    ("Heater", None, None, None, None),
)  # fmt: skip


@pytest.mark.parametrize("row", CLASSES, ids=[row[0] for row in CLASSES])
def test_classes_and_units(row):
    rack, pack = configs(flags=ALARMS | SOH)
    one = (rack["cmps"] | pack["cmps"])[row[0]]
    assert tuple(one.get(name) for name in ("unit_of_meas", "dev_cla", "stat_cla", "sug_dsp_prc")) == row[1:]


def cells_and_sensors(home_assistant):
    keys = home_assistant.keys("homeassistant/device/PylonToMQTT_Main_Pack1/config")
    return {key for key in keys if key.startswith(("Cell_", "CellTemp", "Temp", "BMS_T"))} - {"TempMin", "TempMax"}


def expected(reading):
    made = json.loads(pack_text(reading))
    return set(made["Cells"]) | set(made["Temps"])


def test_fewer_cells_after_a_restart_are_tidied():
    home_assistant = HomeAssistant()
    for reading in (SIXTEEN, NORMAL, EIGHT, BARE, EIGHT, NORMAL, SIXTEEN):
        for topic, payload in sent(cells=len(reading.cells), sensors=len(reading.temperatures)):
            home_assistant.take(topic, payload)
        assert cells_and_sensors(home_assistant) == expected(reading)


def test_rack_first_then_the_packs_that_are_known():
    devices = made_devices(packs=1)
    identify(devices, 2)  # nothing read of it yet
    devices.see(made_reading(pack=3))  # not identified
    devices.see(made_reading(pack=4))
    identify(devices, 4)
    assert [topic.split("/")[2] for topic, _ in sent_of(devices)] == [
        "PylonToMQTT_Main", "PylonToMQTT_Main_Pack1", "PylonToMQTT_Main_Pack4",
    ]  # fmt: skip
    assert not devices.any_due()


@pytest.mark.parametrize("cells", range(1, 17))
def test_every_cell_and_every_sensor_of_up_to_eight_has_a_component(cells):
    home_assistant = HomeAssistant()
    for topic, payload in sent(cells=cells, sensors=8):
        home_assistant.take(topic, payload)
    assert cells_and_sensors(home_assistant) == expected(made_reading(cells=(3300,) * cells, temperatures=(1,) * 8))


# ids

RACKS = (
    ("PylonToMQTT", "Main"), ("PylonToMQTT", "Shed"), ("PylonToMQTT", "Main_Pack1"), ("PylonToMQTT", "Main-1"),
    ("a/b", "c"), ("a", "b_c"), ("a_b", "c"), ("a b", "c"), ("a.b", "c"), ("a~b", "$c"), ("Küche", "Süd"),
    ("Kuche", "Sud"), ("K_che", "S_d"), ("x", "@^#&!*"), ("x", "$~"), ("x", 'quo"te\\'), ("PylonToMQTT_Main", "Pack1"),
)  # fmt: skip


def test_racks_on_one_broker_never_share_an_id():
    home_assistant = HomeAssistant()
    for root, rack in RACKS:
        for topic, payload in sent(packs=3, root=root, rack=rack):
            assert topic not in home_assistant.devices
            home_assistant.take(topic, payload)
    assert len(home_assistant.devices) == 4 * len(RACKS)


@pytest.mark.parametrize(("root", "rack"), RACKS)
def test_names_arrive_whole(root, rack):
    made, pack = configs(root=root, rack=rack)
    assert made["dev"]["name"] == f"Pylontech {rack}" and pack["dev"]["name"] == f"Pylontech {rack} pack 1"
    assert pack["stat_t"] == f"{root}/{rack}/stat/readings/Pack1"
    assert made["avty_t"] == pack["avty"][0]["t"] == f"{root}/{rack}/tele/LWT"
    assert pack["cmps"]["ChargeVoltageLimit"]["stat_t"] == f"{root}/{rack}/stat/limits/Pack1"
    assert made["cmps"]["Link"]["stat_t"] == f"{root}/{rack}/tele/STATE"
    assert pack["dev"]["via_device"] == made["dev"]["ids"][0] == sent(root=root, rack=rack)[0][0].split("/")[-2]
