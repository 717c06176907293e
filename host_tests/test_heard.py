"""What was heard of a rack: which messages count, and what they change."""

from __future__ import annotations

import json

import pytest
from monitor_helpers import HEALTH, TOTALS, heard, reading, told

from tools.heard import HEALTH as IS_HEALTH
from tools.heard import LOG, LWT, OTHER, RACK, READING, Heard

P = "PylonToMQTT/Main/"


def test_a_reading_is_kept_with_its_time():
    rack = Heard()
    assert told(rack, "stat/readings/Pack3", reading(), 7.0) == (READING, 3)
    pack = rack.packs[3]
    assert (pack.at, pack.count, rack.readings, rack.first_at) == (7.0, 1, 1, 7.0)
    assert pack.cells()[7] == (3.301, 0) and len(pack.cells()) == 15 and pack.temperatures()[0] == 23.5
    assert pack.flag("System_Status", "Discharging") is True and pack.flag("System_Status", "Heater") is False
    told(rack, "stat/readings/Pack3", reading(on=None), 12.0)
    assert (pack.at, pack.count, rack.first_at) == (12.0, 2, 7.0)
    assert pack.cells()[7] == (3.301, None) and pack.flag("System_Status", "Heater") is None


# topic, payload, retain -> what take() says; none of them changes packs or counts as a reading
NO_READINGS = (
    ("a retained one", "stat/readings/Pack1", json.dumps(reading()), True, OTHER),
    ("totals", "stat/readings/Rack", json.dumps(TOTALS), False, RACK),
    ("health", "tele/STATE", json.dumps(HEALTH), False, IS_HEALTH),
    ("log", "tele/LOG", "battery lost", False, LOG),
    ("last will", "tele/LWT", "Offline", True, LWT),
    ("a command", "cmnd/x", '{"status":1}', False, OTHER),
    ("no JSON", "stat/readings/Pack1", '{"Cells"', False, OTHER),
    ("no object", "stat/readings/Pack1", "[1]", False, OTHER),
    ("no UTF-8", "stat/readings/Pack1", b'{"a":"\xff"}', False, OTHER),
    ("another topic", "stat/readings/Pack1x", json.dumps(reading()), False, OTHER),
)


@pytest.mark.parametrize(("name", "topic", "payload", "retain", "kind"), NO_READINGS, ids=lambda one: str(one)[:16])
def test_what_is_no_reading(name, topic, payload, retain, kind):
    rack = Heard()
    payload = payload if isinstance(payload, bytes) else payload.encode()
    assert rack.take(P + topic, payload, 1.0, retain)[0] == kind
    assert not rack.readings and not rack.read_packs()


def test_the_last_will_comes_once_and_ends_a_life():
    rack = heard()
    assert rack.online is True and rack.health
    assert rack.take(P + "tele/LWT", b"Offline", 110.0) == (LWT, "Offline")
    assert rack.take(P + "tele/LWT", b"Offline", 120.0) == (OTHER, None)
    assert (rack.online, rack.online_at) == (False, 110.0) and rack.health
    rack.take(P + "tele/LWT", b"Online", 130.0)
    assert rack.online is True and not rack.health, "the counters from before the restart are not shown"


def test_other_racks_are_noted_and_a_root_may_have_slashes():
    rack = Heard("/home/battery/", "Main")
    assert rack.subscriptions() == ["home/battery/Main/#", "home/battery/+/tele/LWT"]
    rack.take("home/battery/Shed/tele/LWT", b"Online", 1.0, True)
    assert rack.other_racks == {"Shed"} and not rack.messages and rack.online is None
    rack.take("home/battery/Main/tele/LWT", b"Online", 1.0)
    assert rack.online


def test_nothing_that_comes_can_move_the_cursor():
    rack = Heard()
    rack.take(P + "tele/LOG", b"red \x1b[31m alert\r\n", 1.0)
    told(rack, "stat/readings/Pack1", reading(ProblemText="\x1b[2Jgone", **{"BatteryState": "a\nb"}))
    told(rack, "tele/STATE", HEALTH | {"LastError": "\x07\x9b"})
    rack.take("PylonToMQTT/\x1b]0;x/tele/LWT", b"Online", 1.0)
    said = [*rack.log, *rack.packs[1].reading.values(), rack.health["LastError"], *rack.other_racks]
    assert all(text.isprintable() for text in said if isinstance(text, str)) and "[31m alert" in rack.log[0]


def test_how_many_packs_there_are_and_the_link_are_what_came_last():
    rack = Heard()
    assert rack.expected() is None and rack.link() is None
    told(rack, "tele/STATE", HEALTH | {"Packs": 0, "Link": "searching"}, 1.0)
    assert rack.expected() is None and rack.link() == "searching"
    told(rack, "stat/readings/Pack1", reading(), 2.0)
    assert rack.link() == "online"
    told(rack, "tele/STATE", HEALTH | {"Packs": 3, "Link": "searching"}, 3.0)
    assert rack.expected() == 3 and rack.link() == "searching"
    told(rack, "stat/readings/Rack", TOTALS | {"PacksExpected": 4})
    assert rack.expected() == 4
