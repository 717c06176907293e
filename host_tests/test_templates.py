"""Every template of every config, rendered with what is really published."""

from __future__ import annotations

import json

import pytest
from console_payload_cases import CALM, extra_of
from discovery_made import ALARMS, PREFIX, SOH, TEXT, configs, taken
from discovery_rules import illegal, render
from fakes import made_alarms, made_reading
from payload_cases import GOLDEN, IN_ALARM, TOTALS, TOTALS_TEXT, pack_text, rack_text

STATE = (
    '{"Uptime":90061,"Version":"1.0","ResetCause":"watchdog","Boots":3,"IP":"192.168.2.7","RSSI":-60,"HeapFree":20000,"SystemFree":30800,"SystemLargest":28000,"SystemMin":9000,'
    '"Link":"online","Dialect":"framed","Baud":4800,"Packs":2,"PublishRate":10,"Polling":true,"Cycle":1.1,"Polls":1000,"Timeouts":0,'
    '"FrameErrors":1,"ReturnCodes":0,"Implausible":2,"BrokerDrops":0,"WifiDrops":0,"LastError":"none"}'
)
LIMITS = (
    '{"ChargeVoltageLimit":53.25,"DischargeVoltageLimit":47.0,"ChargeCurrentLimit":25.0,"DischargeCurrentLimit":-25.0}'
)
WITHOUT_ALARMS = {key: value for key, value in TOTALS.items() if key not in ("Problem", "Warning", "ProblemText")}


@pytest.mark.parametrize("number", range(len(GOLDEN)))
@pytest.mark.parametrize("flags", [0, ALARMS | SOH])
def test_each_template_gives_a_legal_state(number, flags):
    """Of every reading, also where the config has more than that has."""
    reading, _, _, text = GOLDEN[number]
    states = taken(cells=len(reading.cells), sensors=len(reading.temperatures), flags=flags).states(
        PREFIX + "stat/readings/Pack1", text
    )
    assert len(states) > 15
    states = taken(cells=16, sensors=8, flags=flags).states(PREFIX + "stat/readings/Pack1", text)
    assert len(states) > 35


def test_states_are_what_the_reading_says():
    topic = "homeassistant/device/PylonToMQTT_Main_Pack1/config"
    states = taken(flags=ALARMS | SOH).states(PREFIX + "stat/readings/Pack1", pack_text(IN_ALARM, 1234000))
    for key, state in (
        ("Cell_13", "3.306"), ("BMS_T", "23.5"), ("CellTemp9_12", "22.0"), ("PackCurrent", "25.0"), ("SOC", "82.9"),
        ("PackVoltage", "49.539"), ("CellMinNumber", "7"), ("ChargedEnergy", "1.234"), ("BatteryState", "charging"),
        ("Problem", "ON"), ("Warning", "ON"), ("Charge_MOS", "ON"), ("Discharge_MOS", "OFF"), ("Heater", "OFF"),
        ("SOH", "None"), ("CycleCount", "31"), ("Power", "1238.5"),
    ):  # fmt: skip
        assert states[topic, key] == state, key
    assert "Over-voltage protection" in states[topic, "ProblemText"]


@pytest.mark.parametrize(("soh", "mos", "balancing"), [(98, 288, (3,)), (None, None, None)])
def test_a_text_consoles_reading(soh, mos, balancing):
    topic = "homeassistant/device/PylonToMQTT_Main_Pack1/config"
    extra = extra_of(mos=mos, balancing=balancing, state="balancing")
    text = pack_text(made_reading(temperatures=(235,), soh=soh, alarms=CALM, extra=extra))
    states = taken(sensors=1, flags=ALARMS | SOH | TEXT).states(PREFIX + "stat/readings/Pack1", text)
    for key, state in (
        ("Cell_13", "3.306"), ("BMS_T", "23.5"), ("SOC", "83.0"), ("SOH", str(soh)), ("TempMax", "23.1"),
        ("BatteryState", "balancing"), ("Problem", "OFF"), ("ProblemText", "OK"), ("Heater", "OFF"),
    ):  # fmt: skip
        assert states[topic, key] == state, key
    assert states[topic, "MOS_T"] == ("28.8" if mos else "None") and (topic, "CellTemp1_4") not in states
    assert states[topic, "Balancing_Cells"] == ("ON" if balancing else "unknown")


def test_rack_and_health():
    home_assistant = taken()
    topic = "homeassistant/device/PylonToMQTT_Main/config"
    states = home_assistant.states(PREFIX + "stat/readings/Rack", TOTALS_TEXT)
    assert states[topic, "TimeToEmpty"] == "239" and states[topic, "TimeToFull"] == "None"
    assert states[topic, "CellMinAt"] == "Pack 1 cell 2" and states[topic, "Problem"] == "ON"
    assert states[topic, "ProblemText"] == "Pack 3 missing" and states[topic, "Warning"] == "OFF"
    states = home_assistant.states(PREFIX + "tele/STATE", STATE)
    assert states[topic, "Link"] == "ON" and states[topic, "LastError"] == "none" and states[topic, "RSSI"] == "-60"
    states = home_assistant.states(
        PREFIX + "tele/STATE", STATE.replace("online", "searching").replace('"RSSI":-60,', "")
    )
    assert states[topic, "Link"] == "OFF" and states[topic, "RSSI"] == "None"
    assert len(home_assistant.states(PREFIX + "stat/limits/Pack1", LIMITS)) == 4


def test_a_cycle_without_an_alarm_reply_changes_no_binary_sensor_and_no_text():
    home_assistant = taken()
    for topic, before, after in (
        ("stat/readings/Pack1", pack_text(IN_ALARM, 1234000), pack_text(IN_ALARM._replace(alarms=None))),
        ("stat/readings/Rack", TOTALS_TEXT, rack_text(WITHOUT_ALARMS)),
    ):
        states = home_assistant.states(PREFIX + topic, before)
        then = home_assistant.states(PREFIX + topic, after, states)
        kept = [at for at in states if home_assistant.components[at]["p"] == "binary_sensor" or at[1] == "ProblemText"]
        assert len(kept) == (6 if "Pack1" in topic else 3)
        assert [then[at] for at in kept] == [states[at] for at in kept]


# what is published, and is in no entity of its own
NO_ENTITY = {
    "BaseState", "PacksExpected", "CellMaxAt", "Version", "ResetCause", "IP", "Dialect", "Baud", "PublishRate", "Cycle",
    "Packs",  # of tele/STATE; that of the rack is
}  # fmt: skip


def test_every_entity_has_a_value_and_every_value_an_entity():
    """Looks at plain values only; what stands in objects is in the tests above."""
    full = made_reading(soh=97, alarms=made_alarms(), extra=extra_of())
    published = {
        "stat/readings/Pack1": pack_text(full), "stat/readings/Rack": rack_text(TOTALS | {"TimeToFull": 1}),
        "tele/STATE": STATE, "stat/limits/Pack1": LIMITS,
    }  # fmt: skip
    home_assistant = taken(flags=ALARMS | SOH)
    for topic, text in published.items():
        states = home_assistant.states(PREFIX + topic, text)
        assert "None" not in states.values(), [at for at, state in states.items() if state == "None"]
        plain = {key for key, value in json.loads(text).items() if not isinstance(value, (dict, list))}
        assert plain - {key for _, key in states} <= NO_ENTITY


def test_a_template_of_a_key_that_lacks_is_no_error():
    for device in (0, 1):
        for key, one in configs(flags=ALARMS | SOH)[device]["cmps"].items():
            if "val_tpl" in one:
                assert illegal(one, render(one, "{}", "idle")) is None, key
    with pytest.raises(Exception, match="would log"):
        render({"val_tpl": "{{ value_json.Missing }}"}, "{}")
