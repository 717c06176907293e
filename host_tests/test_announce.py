"""When configs go to Home Assistant, and what of a pack they need: publisher.py and announce.py."""

from __future__ import annotations

import pytest
from console_payload_cases import extra_of
from fakes import made_alarms, made_reading
from house import IDENTITY, House

RACK, ONE, TWO = "PylonToMQTT_Main", "PylonToMQTT_Main_Pack1", "PylonToMQTT_Main_Pack2"


def settled(*readings):
    """A house whose packs are announced, and nothing more to say."""
    house = House()
    house.identify(*[reading.pack for reading in readings])
    house.cycle(*readings)
    house.pass_time(5)
    house.configs()
    house.did.clear()
    return house


def just_announced():
    """A house that has announced the rack and pack 1 this very moment."""
    house = House()
    house.identify(1)
    house.cycle(made_reading())
    house.publisher.tend()
    house.publisher.tend()
    assert house.devices() == [RACK, ONE]
    return house


def test_devices_are_announced_behind_the_first_cycle_one_a_pass():
    house = House()
    house.identify(1, 2)
    house.publisher.tend()
    house.cycle(made_reading(), made_reading(pack=2))
    assert house.devices() == []
    for device in (RACK, ONE, TWO):
        house.publisher.tend()
        assert house.devices() == [device]
    house.pass_time(1)
    assert house.devices() == []


def test_a_pack_that_was_read_but_not_identified_waits():
    house = House()
    house.cycle(made_reading())
    house.pass_time(5)
    assert house.devices() == [RACK]
    house.identify(1)
    house.cycle(made_reading())
    house.pass_time(5)
    assert house.devices() == [RACK, ONE]


def test_two_seconds_behind_the_configs_comes_what_is_fresh():
    house = just_announced()
    house.pass_time(1)
    assert house.did == []
    house.pass_time(1)
    assert house.did == ["fresh"]
    house.pass_time(60)
    assert house.did == ["fresh"]


@pytest.mark.parametrize(("changes", "devices"), [
    ({}, []),
    ({"alarms": made_alarms()}, [RACK, ONE]),
    ({"soh": 99}, [RACK, ONE]),
    ({"cells": (3300,) * 8, "voltage": 26400}, [RACK, ONE]),
    ({"temperatures": (200, 210)}, [RACK, ONE]),
    ({"current": 5000, "cycles": 32}, []),
])  # fmt: skip
def test_a_config_comes_again_when_there_is_more_or_less_to_announce(changes, devices):
    house = settled(made_reading())
    house.cycle(made_reading(**changes))
    house.pass_time(5)
    assert house.devices() == devices
    house.cycle(made_reading(**changes))
    house.pass_time(5)
    assert house.devices() == []


def test_a_cycle_without_alarms_takes_no_component_away():
    house = settled(made_reading(alarms=made_alarms()))
    house.cycle(made_reading())
    house.pass_time(5)
    assert house.devices() == []
    house.identify(1)
    house.cycle(made_reading())
    house.pass_time(5)
    assert ["Problem" in config["cmps"] for _, config in house.configs()] == [True, True]


def test_newer_firmware_takes_away_what_it_does_not_say():
    it = House()
    it.identify(1)
    text = extra_of(temperatures=(220,) * 15)
    for extra, known in ((None, 5), (text, 6), (None, 5)):
        it.publisher.reading(made_reading(alarms=made_alarms(), temperatures=(235,) * 5), extra)
        it.publisher.cycle([], 10_000)
        it.pass_time(3)
        config = dict(it.configs())["PylonToMQTT_Main_Pack1"]
        assert (len(config["cmps"]["ChargeVoltageLimit"]) > 1) == (known == 5)


@pytest.mark.parametrize("announces", [False, True])
def test_what_a_battery_said_before_it_spoke_text_is_taken_away(announces):
    """At once, or when Home Assistant knows: there an empty one without a config would be an error."""
    it = House(announces=announces)
    for pack in (1, 2):
        it.publisher.tell("identity", pack, (*IDENTITY, "console", 115200))
        it.publisher.reading(made_reading(pack=pack, alarms=made_alarms()), extra_of())
    empty = [topic for topic, text, retain in it.session.sent if not text and retain]
    topics = ["stat/limits/Pack1", "stat/parameters", "stat/limits/Pack2"]
    assert sorted(set(empty)) == ([] if announces else sorted("PylonToMQTT/Main/" + topic for topic in topics))
    it.session.sent.clear()
    it.publisher.tell("leftovers", None, None)
    assert [topic.partition("Main/")[2] for topic, text, retain in it.session.sent if not text and retain] == topics


def test_another_dialect_needs_a_fresh_start():
    it = House()
    it.publisher.tell("anew", None, None)
    assert it.did == ["restart"]


def test_the_racks_problem_comes_with_the_first_alarm_reply_of_any_pack():
    house = settled(made_reading(), made_reading(pack=2))
    house.cycle(made_reading(), made_reading(pack=2, alarms=made_alarms()))
    house.pass_time(5)
    made = dict(house.configs())
    assert "Problem" in made[RACK]["cmps"] and "Problem" in made[TWO]["cmps"] and ONE not in made


def test_no_config_goes_out_while_a_cycle_is_under_way():
    house = settled(made_reading(), made_reading(pack=2))
    house.publisher.wanted = 7
    house.publisher.ready = True
    house.publisher.reading(made_reading())
    house.pass_time(1)
    assert house.devices() == []
    house.cycle(made_reading(pack=2))
    house.pass_time(5)
    assert house.devices() == [RACK, ONE, TWO]


def test_what_a_cycle_interrupts_goes_on_at_its_end():
    house = House()
    house.identify(1, 2)
    house.cycle(made_reading(), made_reading(pack=2))
    house.publisher.tend()
    assert house.devices() == [RACK]
    house.cycle(made_reading(), made_reading(pack=2))
    assert house.devices() == []
    house.publisher.tend()
    house.publisher.tend()
    assert house.devices() == [ONE, TWO]


def test_two_configs_of_a_device_are_two_seconds_apart():
    """Home Assistant drops the second one where it is still busy with the first."""
    house = just_announced()
    house.cycle(made_reading(alarms=made_alarms()))
    house.pass_time(1)
    assert house.devices() == []
    house.pass_time(1)
    house.cycle(made_reading(alarms=made_alarms()))
    house.pass_time(1)
    assert house.devices() == [RACK, ONE]


def test_without_discovery_nothing_is_announced():
    house = House(announces=False)
    house.identify(1)
    house.cycle(made_reading(alarms=made_alarms()))
    house.pass_time(5)
    assert house.devices() == [] and house.publisher.wanted == 0 and house.did == []


def test_without_a_broker_configs_wait():
    house = House()
    house.session.connected = False
    house.identify(1)
    house.cycle(made_reading())
    house.pass_time(5)
    assert house.publisher.wanted == 3
    house.session.connected = True
    house.cycle(made_reading())
    house.pass_time(5)
    assert house.devices() == [RACK, ONE]


def test_identity_is_published_and_its_serial_number_announced():
    house = House()
    house.identify(1)
    assert house.session.sent == [
        ("PylonToMQTT/Main/stat/info/Pack1", '{"BarCode":"PPTBP02311711100","Protocol":"2.0"}', True)
    ]
    house.cycle(made_reading())
    house.pass_time(1)
    assert dict(house.configs())[ONE]["dev"]["sn"] == "PPTBP02311711100"


@pytest.mark.parametrize("serial", [None, "", "SHORT", "X" * 16])
def test_any_serial_number_fits(serial):
    house = House()
    house.identify(1, 2)
    house.publisher.tell("identity", 1, (serial, "2.0", None, None, None))
    house.cycle(made_reading(), made_reading(pack=2))
    house.pass_time(1)
    made = dict(house.configs())
    assert made[ONE]["dev"].get("sn") == (serial or None) and made[TWO]["dev"]["sn"] == "PPTBP02311711100"
