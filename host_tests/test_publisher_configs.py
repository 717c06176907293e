"""publisher.py: which configs Home Assistant gets, and when."""

from __future__ import annotations

import pytest
from discovery_made import identity
from fakes import made_alarms, made_reading
from publisher_rig import Rig

RACK, ONE, TWO = "PylonToMQTT_Main", "PylonToMQTT_Main_Pack1", "PylonToMQTT_Main_Pack2"
ALARMS = {"alarms": made_alarms()}
EIGHT = {"cells": (3300,) * 8, "voltage": 26400, "temperatures": (200, 210)}


def announced(*readings):
    """A rig whose packs are announced, and nothing more to say."""
    rig = Rig()
    rig.identify(*[reading.pack for reading in readings])
    rig.cycle(*readings)
    rig.pass_time(5)
    rig.configs()
    return rig


def test_devices_are_announced_behind_the_first_cycle_one_a_pass_and_then_comes_what_is_fresh():
    """Two seconds later, until when Home Assistant drops what it gets for a device that it has just heard of."""
    rig = Rig()
    rig.identify(1, 2)
    rig.publisher.tend()
    rig.cycle(made_reading(), made_reading(pack=2))
    assert rig.announced_devices() == []
    for device in (RACK, ONE, TWO):
        rig.publisher.tend()
        assert rig.announced_devices() == [device]
    rig.cycle(made_reading(**ALARMS))
    rig.topics()
    rig.pass_time(1)
    assert rig.announced == 0 and rig.topics() == []
    rig.pass_time(1)
    assert rig.announced == 1 and rig.topics()[0] == "tele/STATE"
    rig.cycle(made_reading(**ALARMS))
    rig.pass_time(1)
    assert rig.announced_devices() == [RACK, ONE]
    rig.pass_time(50)
    assert rig.announced == 2


def test_a_pack_that_was_read_but_not_identified_waits():
    rig = Rig()
    rig.cycle(made_reading())
    rig.pass_time(5)
    assert rig.announced_devices() == [RACK]
    rig.identify(1)
    rig.cycle(made_reading())
    rig.pass_time(5)
    assert rig.announced_devices() == [RACK, ONE]


@pytest.mark.parametrize(("changes", "devices"), [
    ({}, []), (ALARMS, [RACK, ONE]), ({"soh": 99}, [RACK, ONE]), (EIGHT, [RACK, ONE]),
    ({"temperatures": (200, 210)}, [RACK, ONE]), ({"current": 5000, "cycles": 32}, []),
])  # fmt: skip
def test_a_config_comes_again_when_there_is_more_or_less_to_announce(changes, devices):
    rig = announced(made_reading())
    for expected in (devices, []):
        rig.cycle(made_reading(**changes))
        rig.pass_time(5)
        configs = dict(rig.configs())
        assert list(configs) == expected
        if changes is EIGHT and configs:
            stubs = {key for key, one in configs[ONE]["cmps"].items() if len(one) == 1}
            assert {"Cell_9", "Cell_16", "CellTemp5_8"} <= stubs and not {"Cell_8", "CellTemp1_4"} & stubs


def test_a_cycle_without_alarms_takes_no_component_away():
    """The rack's problem comes with the first alarm reply of any pack."""
    rig = announced(made_reading(), made_reading(pack=2))
    rig.cycle(made_reading(), made_reading(pack=2, **ALARMS))
    rig.pass_time(5)
    assert {device: "Problem" in config["cmps"] for device, config in rig.configs()} == {RACK: True, TWO: True}
    rig.cycle(made_reading(), made_reading(pack=2))
    rig.pass_time(5)
    assert rig.announced_devices() == []
    rig.identify(2)
    rig.cycle(made_reading(), made_reading(pack=2))
    rig.pass_time(5)
    assert {device: "Problem" in config["cmps"] for device, config in rig.configs()} == {RACK: True, TWO: True}


def test_another_dialect_changes_what_there_is():
    rig = announced(made_reading(**ALARMS))
    for dialect, there in (("console", False), ("framed", True)):
        rig.publisher.publish_detail("identity", 1, identity(dialect=dialect))
        rig.cycle(made_reading(**ALARMS))
        rig.pass_time(3)
        assert (len(dict(rig.configs())[ONE]["cmps"]["ChargeVoltageLimit"]) > 1) == there


def test_what_a_cycle_interrupts_goes_on_at_its_end():
    rig = announced(made_reading(), made_reading(pack=2))
    rig.publisher.announce_all()
    rig.publisher.tend()
    assert rig.announced_devices() == [RACK]
    rig.publisher.reading(made_reading())
    rig.pass_time(1)
    assert rig.announced_devices() == []
    rig.cycle(made_reading(pack=2))
    rig.pass_time(5)
    assert rig.announced_devices() == [ONE, TWO]


def test_without_discovery_nothing_is_announced_and_old_configs_are_asked_for():
    rig = Rig(announces=False)
    rig.identify(1)
    rig.cycle(made_reading(**ALARMS))
    rig.publisher.connected()
    rig.publisher.announce_all()
    rig.publisher.set_publish_rate(300_000)
    rig.pass_time(10)
    assert rig.announced_devices() == [] and rig.announced == 0
    topics = [f"homeassistant/device/{RACK}{after}/config" for after in ("", *(f"_Pack{n}" for n in range(1, 17)))]
    assert rig.session.subscribed == [topics[0], *topics]  # again behind a connect


@pytest.mark.parametrize(("announces", "sent"), [(True, []), (False, [("a/config", "", True)])])
def test_an_old_config_is_taken_away_where_there_is_no_discovery(announces, sent):
    rig = Rig(announces)
    rig.publisher.take_away(b"a/config")
    assert rig.session.sent == sent


def test_without_a_broker_configs_wait():
    rig = Rig()
    rig.session.connected = False
    rig.identify(1)
    rig.cycle(made_reading())
    rig.pass_time(5)
    rig.session.connected = True
    rig.cycle(made_reading())
    rig.pass_time(5)
    assert rig.announced_devices() == [RACK, ONE]


@pytest.mark.parametrize(("rate_ms", "expire"), [(1000, None), (30_000, None), (30_001, 121), (300_000, 1200)])
def test_the_publish_rate_says_when_readings_expire(rate_ms, expire):
    rig = announced(made_reading())
    rig.publisher.set_publish_rate(rate_ms)
    rig.pass_time(5)
    assert [config["cmps"]["SOC"]["exp_aft"] for _, config in rig.configs()] == ([expire] * 2 if expire else [])
