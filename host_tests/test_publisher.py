"""publisher.py: what goes out when, told by a poller, a clock and a connection that comes and goes."""

import json

import pytest
from discovery_made import PREFIX, RATE_MS, Rig, identity
from fakes import PERIOD, Clock, made_alarms, made_reading
from payload_cases import extra_of

STATE = PREFIX + "tele/STATE", '{"Uptime":5,"LastError":"none"}', False
INFO = f"{PREFIX}stat/info/Pack".encode()
KNOWN = b'{"Protocol":"2.0"}'
RACK, ONE, TWO = "PylonToMQTT_Main", "PylonToMQTT_Main_Pack1", "PylonToMQTT_Main_Pack2"
ALARMS = {"alarms": made_alarms()}


def test_readings_and_the_rack_of_a_whole_cycle_are_not_retained():
    for missed, names in (((), ["Pack1", "Rack"]), ((2,), ["Pack1"])):
        rig = Rig()
        rig.cycle(made_reading(), missed=missed)
        topics = [f"{PREFIX}stat/readings/{name}" for name in names]
        assert [(topic, retain) for topic, _, retain in rig.session.sent] == [(topic, False) for topic in topics]


def test_energy_counts_without_a_broker_and_the_racks_by_itself():
    rig = Rig()
    for rig.session.connected in (*[False] * 36, True):
        rig.cycle(*[made_reading(pack=pack, current=100_000, voltage=50_000) for pack in (1, 2)])
        rig.clock.advance(RATE_MS)
    said = [json.loads(text) for topic, text, _ in rig.session.sent if "readings" in topic]
    assert [one["ChargedEnergy"] for one in said] == [0.5, 0.5, 1.0]  # 5 kW for 6 minutes


def test_state_behind_a_connect_once_a_minute_and_at_once_when_the_battery_is_lost_and_found():
    rig = Rig()
    rig.publisher.connected()
    assert rig.session.sent == [(PREFIX + "stat/status", '{"name":"Main"}', True), STATE]
    for seconds, searching, sent in (
        (59, False, []), (1, False, [STATE]), (60, False, [STATE]), (1, True, [STATE]), (1, True, []),
        (1, False, [STATE]), (1, False, []),
    ):  # fmt: skip
        rig.session.sent.clear()
        rig.poller.searching = searching
        rig.pass_time(seconds)
        assert rig.session.sent == sent


def test_what_a_pack_that_is_gone_said_is_taken_back():
    """Also what an earlier start published; once, and not before it is known which packs there are."""
    rig = Rig()
    for pack, said in ((1, KNOWN), (3, KNOWN), (4, b"{}"), (5, b""), (17, KNOWN)):
        assert rig.publisher.identity_came(INFO + b"%d" % pack, said)
    for topic in (b"PylonToMQTT/Main/cmnd/x", b"x" * len(INFO) + b"6", INFO + b"x"):
        assert not rig.publisher.identity_came(topic, KNOWN)
    rig.pass_time(1)
    assert rig.session.sent == []
    rig.publisher.publish_detail("packs", None, (1, 2))
    rig.pass_time(2)
    assert rig.session.sent == [(f"{PREFIX}stat/{kind}/Pack3", "{}", True) for kind in ("info", "limits", "counters")]


@pytest.mark.parametrize("ticks", [0, PERIOD - 60_000])
def test_what_a_battery_said_is_taken_back_when_it_is_silent_for_five_minutes(ticks):
    rig = Rig(clock=Clock(ticks))
    rig.publisher.publish_detail("packs", None, (1, 2))
    for pack in (b"1", b"2"):
        rig.publisher.identity_came(INFO + pack, KNOWN)
    rig.pass_time(1)
    rig.poller.searching = True
    for ms, packs in ((0, []), (299_999, []), (1, ["Pack1"] * 3 + ["Pack2"] * 3)):
        rig.clock.advance(ms)
        rig.publisher.tend()
        assert [topic[-5:] for topic, text, retain in rig.session.sent if text == "{}" and retain] == packs


def test_after_a_quiet_week_the_log_speaks_at_once():
    """Ticks cannot tell six days from minus six."""
    rig = Rig()
    for days in (7, 9, 12):
        rig.clock.advance(days * 24 * 3600 * 1000)
        rig.publisher.line("trouble")
        rig.pass_time(3)
        assert sorted(rig.topics()) == ["tele/LOG", "tele/STATE"], days


def test_lines_of_the_log_are_spread_and_bounded():
    rig = Rig()
    for ms, sent in ((2_000, ["tele/LOG"]), (0, []), (1_999, []), (1, ["tele/LOG"])):
        for number in range(20):
            rig.publisher.line(f"trouble {number}")
        rig.clock.advance(ms)
        rig.publisher.tend()
        assert rig.topics() == sent
    rig.pass_time(30)
    lines = [text for topic, text, retain in rig.session.sent if topic.endswith("tele/LOG") and not retain]
    assert lines == [f"trouble {number}" for number in range(13, 20)]


@pytest.mark.parametrize(("kind", "pack", "answer", "topic", "text"), [
    ("identity", 2, identity('a"b\\c', "console", 115200, maker="", device="V5"), "stat/info/Pack2",
     '{"BarCode":"a\\"b\\\\c","Protocol":"2.0","Device":"V5","Dialect":"console","Baud":115200}'),
    ("counters", 3, (None, None, 1234500, 2, 3, 4), "stat/counters/Pack3",
     '{"DischargedCapacity":1234.5,"Protections":2,"Resets":3,"Shutdowns":4}'),
])  # fmt: skip
def test_details_are_retained(kind, pack, answer, topic, text):
    rig = Rig()
    rig.publisher.publish_detail(kind, pack, answer)
    assert rig.session.sent == [(PREFIX + topic, text, True)]


def test_what_a_battery_said_before_it_spoke_text_is_taken_away_where_home_assistant_is_not_told():
    rig = Rig(announces=False)
    rig.publisher.publish_detail("identity", 1, identity(dialect="console"))
    rig.publisher.reading(made_reading(**extra_of()))
    assert [topic.removeprefix(PREFIX) for topic, text, retain in rig.session.sent if not text and retain] == [
        "stat/limits/Pack1", "stat/parameters"]  # fmt: skip


def announced(*readings):
    """A rig whose packs are announced, and nothing more to say."""
    rig = Rig()
    rig.identify(*[reading.pack for reading in readings])
    rig.cycle(*readings)
    rig.configs(5)
    return rig


def test_devices_are_announced_behind_the_first_cycle_one_a_pass_and_then_comes_what_is_fresh():
    """Two seconds later, until when Home Assistant drops what it gets for a device that it has just heard of."""
    rig = Rig()
    rig.identify(1, 2)
    rig.cycle(made_reading(), made_reading(pack=2))
    assert rig.told() == []
    for device in (RACK, ONE, TWO):
        rig.publisher.tend()
        assert rig.told() == [device]
    rig.cycle(made_reading(**ALARMS))
    rig.topics()
    rig.pass_time(1)
    assert rig.announced == [] and rig.topics() == []
    rig.pass_time(1)
    assert len(rig.announced) == 1 and rig.topics()[0] == "tele/STATE"
    rig.cycle(made_reading(**ALARMS))
    assert rig.told(1) == [RACK, ONE] and len(rig.announced) == 1
    rig.pass_time(2)
    assert len(rig.announced) == 2


@pytest.mark.parametrize(("changes", "devices"), [
    ({"current": 5000, "cycles": 32}, []), (ALARMS, [RACK, ONE]), ({"soh": 99}, [RACK, ONE]),
    ({"cells": (3300,) * 8, "voltage": 26400}, [RACK, ONE]), ({"temperatures": (200, 210)}, [RACK, ONE]),
])  # fmt: skip
def test_a_config_comes_again_when_there_is_more_or_less_to_announce_or_readings_come_seldom(changes, devices):
    rig = announced(made_reading())
    for expected in (devices, []):
        rig.cycle(made_reading(**changes))
        assert rig.told(5) == expected
    rig.publisher.publish_detail("counters", 1, (None, None, 1, 2, 3, 4))
    assert rig.told(5) == [RACK, ONE]
    for rate_ms, expire_s in ((30_000, []), (30_001, [121] * 2)):
        rig.publisher.set_publish_rate(rate_ms)
        assert [config["cmps"]["SOC"]["exp_aft"] for _, config in rig.configs(5)] == expire_s


def test_a_cycle_without_alarms_takes_no_component_away():
    """The rack's problem comes with the first alarm reply of any pack."""
    rig = announced(made_reading(), made_reading(pack=2))
    rig.cycle(made_reading(), made_reading(pack=2, **ALARMS))
    assert [(device, "Problem" in config["cmps"]) for device, config in rig.configs(5)] == [(RACK, True), (TWO, True)]
    rig.identify(2)
    rig.cycle(made_reading(), made_reading(pack=2))
    assert [(device, "Problem" in config["cmps"]) for device, config in rig.configs(5)] == [(RACK, True), (TWO, True)]


def test_what_a_cycle_interrupts_goes_on_at_its_end_and_what_a_lost_broker_does_when_it_is_back():
    rig = announced(made_reading(), made_reading(pack=2))
    rig.publisher.announce_all()
    rig.publisher.tend()
    assert rig.told() == [RACK]
    rig.publisher.reading(made_reading())
    assert rig.told(1) == []
    rig.session.connected = False
    rig.cycle(made_reading(pack=2))
    rig.pass_time(5)
    rig.session.connected = True
    assert rig.told(5) == [ONE, TWO]


def test_without_discovery_nothing_is_announced_and_old_configs_are_asked_for_and_taken_away():
    rig = Rig(announces=False)
    rig.identify(1)
    rig.cycle(made_reading(**ALARMS))
    rig.publisher.connected()
    rig.publisher.announce_all()
    rig.publisher.set_publish_rate(300_000)
    assert rig.told(10) == [] and rig.announced == []
    topics = [f"homeassistant/device/{RACK}{after}/config" for after in ("", *(f"_Pack{n}" for n in range(1, 17)))]
    assert rig.session.subscribed == [topics[0], *topics]  # again behind a connect
    for announces, sent in ((False, [("a/config", "", True)]), (True, [])):
        rig = Rig(announces)
        rig.publisher.take_away(b"a/config")
        assert rig.session.sent == sent
