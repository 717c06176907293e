"""The whole way to Home Assistant and back: a simulated battery, the firmware on a virtual board, a broker."""

from __future__ import annotations

import json
import re

import pytest
from discovery_made import identify, made_devices, sent_of
from discovery_rules import HomeAssistant
from mqtt_helpers import Recorder
from system_helpers import START_S, Way, fed, now

STATUS = "homeassistant/status"
RACK = "homeassistant/device/PylonToMQTT_Main"
ALL_S = 120
SPEED = 5  # of board and battery


def way(board, broker, recorder, **arguments):
    return Way(board, broker, recorder, settings={"discovery": True, **arguments.pop("settings", {})}, **arguments)


def configs(it, since=0.0):
    """-> the configs that came since, as messages."""
    return [m for m in list(it.recorder.messages) if m.topic.startswith("homeassistant/device/") and m.time >= since]


def wait_config(it, after, since=0.0):
    """Waits for the config of the device whose topic ends with `after` -> it, parsed."""
    topic = f"{RACK}{after}/config"
    fits = lambda message: message.topic == topic and message.time >= since  # noqa: E731
    return json.loads(it.recorder.wait_for(fits, ALL_S).payload)


def retained(broker):
    """-> {topic: payload} of what a client finds that comes now."""
    with Recorder(broker.host, broker.port) as recorder:
        recorder.publish("end/of/it", b"x")
        recorder.wait_topic("end/of/it")
        return {message.topic: message.payload for message in recorder.messages if message.retain}


def command(it, **asked):
    it.recorder.publish(f"{it.prefix}cmnd/test", json.dumps(asked))


@pytest.mark.slow
def test_announced_fed_born_again_and_commanded(board, broker, mqtt_client):
    with way(board, broker, mqtt_client, packs=2, speed=SPEED) as it:
        it.start()
        wait_config(it, "_Pack2")
        it.wait("stat/limits/Pack2", ALL_S)
        it.wait("tele/STATE", count=2)
        check_announced(it)
        check_retained(broker, it)
        check_birth(it)
        check_publish_rate(it)
        check_refusals(it)
        check_pause(it)
        check_fed(it)
        check_restart(it)
        assert it.complaints() == [] and len(it.board.resets) == 1


def check_announced(it):
    """Byte by byte as the same code makes it on this PC; the rack first."""
    devices = made_devices(packs=2, tells=1)  # no update_key, no updates
    for pack in (1, 2):
        of_51h = {"maker": "Pylon", "device": "US2KBPL", "version": "2.3"} if pack == 1 else {}
        identify(devices, pack, serial=it.sim.snapshot(pack)["serial"], **of_51h)
    board = {topic: re.sub(rb'"hw":"[^"]*"', b"", m.payload) for topic, m in {m.topic: m for m in configs(it)}.items()}
    assert board == {topic: re.sub(rb'"hw":"[^"]*"', b"", payload) for topic, payload in sent_of(devices)}
    assert configs(it)[0].topic == f"{RACK}/config" and b'"hw":"' in configs(it)[0].payload


def check_retained(broker, it):
    """What stays at the broker, and what would be old."""
    known = {topic.removeprefix(it.prefix) for topic in retained(broker)}
    assert known == {
        "tele/LWT", "stat/status", "stat/parameters", "stat/info/Pack1", "stat/info/Pack2", "stat/limits/Pack1",
        "stat/limits/Pack2", f"{RACK}/config", f"{RACK}_Pack1/config", f"{RACK}_Pack2/config",
    }  # fmt: skip


def check_birth(it):
    """Rack, packs, then health and readings."""
    it.recorder.publish(STATUS, b"offline")
    born = now()
    it.recorder.publish(STATUS, b"online")
    wait_config(it, "_Pack2", born)
    sent_now = configs(it, born)
    assert [m.topic for m in sent_now] == [f"{RACK}/config", f"{RACK}_Pack1/config", f"{RACK}_Pack2/config"]
    health = it.wait("tele/STATE", since=sent_now[-1].time)
    it.wait("stat/readings/Pack1", since=health.time)


def check_publish_rate(it):
    """Slower than 30 s the readings expire later; faster again they come at once."""
    asked = now()
    command(it, publishRate=60_000)
    assert wait_config(it, "_Pack2", asked)["cmps"]["SOC"]["exp_aft"] == 240
    assert wait_config(it, "", asked)["cmps"]["SOC"]["exp_aft"] == 240
    command(it, status=None)
    assert json.loads(it.wait("tele/STATE", since=now()).payload)["PublishRate"] == 60
    asked = now()
    command(it, publishRate=1000)
    it.wait("stat/readings/Rack", since=asked, count=3)
    assert wait_config(it, "_Pack2", asked)["cmps"]["SOC"]["exp_aft"] == 120


def check_refusals(it):
    """Nothing changes, and the log says why."""
    for payload, why in (
        (b'{"publishRate": true}', "publishRate must be"), (b'{"restart": 1}', "restart must be"),
        (b'{"x": 1}', "no such command"), (b"\xff", "not UTF-8"), (b"x" * 257, "more than 256 bytes"),
        (b"x" * 5000, "more than 256 bytes"), (b"", "not JSON"),
    ):  # fmt: skip
        asked = now()
        it.recorder.publish(f"{it.prefix}cmnd/test", payload)
        line = it.wait("tele/LOG", since=asked)
        assert line.payload.startswith(b"command refused: " + why.encode())
    asked = now()
    command(it, status=1)
    assert json.loads(it.wait("tele/STATE", since=asked).payload)["PublishRate"] == 1
    assert json.loads(it.wait("stat/status", since=asked).payload)["name"] == "Main"


def check_pause(it):
    """`{"STOP"}` keeps the battery alone, and `polling` asks it again."""
    it.recorder.publish(f"{it.prefix}cmnd", b'{"STOP"}')
    asked = now()
    command(it, status=1)
    began = json.loads(it.wait("tele/STATE", since=asked).payload)
    requests = it.sim.counts["requests"]
    while True:  # some cycles long
        asked = now()
        command(it, status=1)
        said = json.loads(it.wait("tele/STATE", since=asked).payload)
        if said["Uptime"] >= began["Uptime"] + 4:
            break
    assert it.sim.counts["requests"] == requests and said["Polls"] == began["Polls"]
    asked = now()
    command(it, polling=True)
    it.wait("stat/readings/Rack", since=asked)


def check_fed(it):
    """All that came, as Home Assistant takes it: every state is legal, and every entity has one."""
    home_assistant, states = fed(it)
    keys = {at for at, one in home_assistant.components.items() if one["p"] != "button"}
    unknown = {key for topic, key in keys if states.get((topic, key), "None") == "None"}
    assert unknown <= {"TimeToFull", "TimeToEmpty"}
    assert len(home_assistant.devices) == 3 and len(keys) > 100


def check_restart(it):
    """`Offline`, a reset, and everything anew."""
    asked = now()
    command(it, restart=True)
    online = it.wait("tele/LWT", since=asked, count=2)
    it.wait("stat/readings/Rack", since=online.time)
    assert [m.payload for m in it.heard("tele/LWT", asked)] == [b"Offline", b"Online"]
    assert next(state["Boots"] for state in it.said("tele/STATE", online.time)) == 2
    wait_config(it, "_Pack2", asked)


def test_the_broker_says_offline_for_a_board_that_was_killed(board, broker, mqtt_client):
    with way(board, broker, mqtt_client, packs=1) as it:
        it.start()
        it.wait("stat/readings/Pack1")
        it.board.kill()
        it.wait("tele/LWT", count=2)
        assert [m.payload for m in it.heard("tele/LWT")] == [b"Online", b"Offline"]
        assert retained(broker)[it.prefix + "tele/LWT"] == b"Offline"


def test_off_takes_away_what_is_there_and_nothing_else(board, broker, mqtt_client):
    ours = {f"{RACK}{after}/config" for after in ("", "_Pack1", "_Pack16", *(f"_Pack{n}" for n in range(3, 12)))}
    others = {"homeassistant/device/PylonToMQTT_Shed/config", "homeassistant/sensor/x/config", f"{RACK}_Pack17/config"}
    for topic in ours | others:
        mqtt_client.publish(topic, b'{"dev":' + b"x" * 3000, retain=True)
    with Way(board, broker, mqtt_client, packs=1, settings={"discovery": False}) as it:
        it.start()
        it.wait("stat/readings/Rack")
        mqtt_client.publish(STATUS, b"online")
        it.wait("stat/readings/Rack", since=now(), count=2)
        assert it.complaints() == []
    assert {topic for topic in retained(broker) if topic.startswith("homeassistant")} == others
    emptied = [m.topic for m in mqtt_client.messages if m.topic.startswith("homeassistant/") and m.payload == b""]
    assert sorted(emptied) == sorted(ours), "an empty payload for what is not there would be a warning"


def test_a_retained_command_is_stale(board, broker, mqtt_client):
    mqtt_client.publish("PylonToMQTT/Main/cmnd/x", b'{"restart": true}', retain=True)
    with way(board, broker, mqtt_client, packs=1) as it:
        it.start()
        it.wait("stat/readings/Rack", count=3)
        assert b"retained" in it.wait("tele/LOG").payload
        assert it.board.resets == []


def test_two_racks_on_one_broker(board, broker, mqtt_client):
    with way(board, broker, mqtt_client, packs=1, settings={"rack_name": "Main"}) as one:
        with way(board, broker, mqtt_client, packs=1, rack="Shed 2", settings={"rack_name": "Shed 2"}) as two:
            one.start(), two.start()
            mqtt_client.wait_for(lambda m: m.topic.endswith("_Pack1/config") and "Main" in m.topic, ALL_S)
            mqtt_client.wait_for(lambda m: m.topic.endswith("_Pack1/config") and "Shed" in m.topic, ALL_S)
    home_assistant = HomeAssistant()
    for message in mqtt_client.messages:
        if message.topic.startswith("homeassistant/device/"):
            home_assistant.take(message.topic, message.payload)
    assert len(home_assistant.devices) == 4


@pytest.mark.slow
def test_16_packs_of_16_cells_fit(board, broker, mqtt_client):
    with way(board, broker, mqtt_client, packs=16, cells=16, temperatures=6, wide=True, speed=SPEED) as it:
        it.start()
        for number in range(1, 17):
            assert len(wait_config(it, f"_Pack{number}")["cmps"]) > 50
        born = now()
        it.recorder.publish(STATUS, b"online")
        for number in range(1, 17):
            wait_config(it, f"_Pack{number}", born)
        it.wait("stat/readings/Rack", START_S, since=now())
        assert it.complaints() == [] and it.board.resets == []
