"""The whole way to Home Assistant and back: a simulated battery, the firmware on a virtual board, a broker."""

import json
import re

import pytest
from discovery_made import identify, made_devices, sent_of
from mqtt_helpers import Recorder
from system_helpers import Way, fed, now

STATUS = "homeassistant/status"
RACK = "homeassistant/device/PylonToMQTT_Main"
DEVICES = [f"{RACK}{after}/config" for after in ("", "_Pack1", "_Pack2")]
ALL_S = 120


def configs(it, since=0.0):
    """Waits for the config of each device that comes since -> them, as messages."""
    for topic in DEVICES:
        it.recorder.wait_for(lambda m, topic=topic: m.topic == topic and m.time >= since, ALL_S)
    return [m for m in list(it.recorder.messages) if m.topic in DEVICES and m.time >= since]


def retained(broker):
    """-> {topic: payload} of what a client finds that comes now."""
    with Recorder(broker.host, broker.port) as recorder:
        recorder.publish("end/of/it", b"x")
        recorder.wait_topic("end/of/it")
        return {message.topic: message.payload for message in recorder.messages if message.retain}


@pytest.mark.slow
def test_announced_fed_born_again_and_commanded(board, broker, mqtt_client):
    with Way(board, broker, mqtt_client, settings={"discovery": True}) as it:
        it.start()
        configs(it)
        it.wait("stat/limits/Pack2", ALL_S)
        it.wait("tele/STATE", count=2)
        check_announced(it)
        assert {topic.removeprefix(it.prefix) for topic in retained(broker)} == {
            "tele/LWT", "stat/status", "stat/parameters", "stat/info/Pack1", "stat/info/Pack2", "stat/limits/Pack1",
            "stat/limits/Pack2", *DEVICES,
        }  # fmt: skip
        check_birth(it)
        check_publish_rate(it)
        for payload in (b'{"publishRate": true}', b"\xff", b"x" * 5000, b""):
            assert it.command(payload, "tele/LOG").startswith(b"command refused: ")
        assert json.loads(it.command('{"status": 1}', "stat/status"))["name"] == "Main"
        check_pause(it)
        home_assistant, states = fed(it)
        known = {at for at, state in states.items() if state != "None"}
        unknown = {at[1] for at, one in home_assistant.components.items() if one["p"] != "button" and at not in known}
        assert unknown <= {"TimeToFull", "TimeToEmpty"} and len(home_assistant.devices) == 3 and len(known) > 100
        check_restart(it)
        assert it.complaints() == [] and len(it.board.resets) == 1


def check_announced(it):
    """Byte by byte as the same code makes it on this PC; the rack first."""
    devices = made_devices(packs=2, tells=1)  # no update_key, no updates
    for pack in (1, 2):
        of_51h = {"maker": "Pylon", "device": "US2KBPL", "version": "2.3"} if pack == 1 else {}
        identify(devices, pack, serial=it.sim.snapshot(pack)["serial"], **of_51h)
    board, hardware = configs(it), re.compile(rb'"hw":"[^"]+"')
    made = {topic: hardware.sub(b"", payload) for topic, payload in sent_of(devices)}
    assert made == {m.topic: hardware.sub(b"", m.payload) for m in board}
    assert board[0].topic == f"{RACK}/config" and hardware.search(board[0].payload)


def check_birth(it):
    it.recorder.publish(STATUS, b"offline")
    born = now()
    it.recorder.publish(STATUS, b"online")
    sent_now = configs(it, born)
    assert [m.topic for m in sent_now] == DEVICES
    health = it.wait("tele/STATE", since=sent_now[-1].time)
    it.wait("stat/readings/Pack1", since=health.time)


def check_publish_rate(it):
    """Slower than 30 s the readings expire later; faster again they come at once."""
    for rate_s, expire_s in ((60, 240), (1, 120)):
        asked = now()
        it.command(f'{{"publishRate": {1000 * rate_s}}}')
        assert {json.loads(m.payload)["cmps"]["SOC"]["exp_aft"] for m in configs(it, asked)} == {expire_s}
        assert it.health()["PublishRate"] == rate_s
    it.wait("stat/readings/Rack", since=asked, count=3)


def check_pause(it):
    """`{"STOP"}` leaves the battery alone, and `polling` asks it again."""
    began = json.loads(it.command('{"STOP"}'))
    answer = it.sim.truth[-1]
    while (said := it.health())["Uptime"] < began["Uptime"] + 4:
        continue  # some cycles long
    assert it.sim.truth[-1] == answer and (said["Polls"], said["Polling"]) == (began["Polls"], False)
    it.command('{"polling": true}', "stat/readings/Rack")


def check_restart(it):
    asked = now()
    it.command('{"restart": true}')
    online = it.wait("tele/LWT", since=asked, count=2)
    it.wait("stat/readings/Rack", since=online.time)
    assert [m.payload for m in it.heard("tele/LWT", asked)] == [b"Offline", b"Online"]
    assert next(state["Boots"] for state in it.said("tele/STATE", online.time)) == 2
    configs(it, online.time)


def test_off_takes_away_what_is_there_and_nothing_else(board, broker, mqtt_client):
    """A command that the broker retained is stale."""
    ours = {f"{RACK}{after}/config" for after in ("", "_Pack1", "_Pack16", *(f"_Pack{n}" for n in range(3, 12)))}
    others = {"homeassistant/device/PylonToMQTT_Shed/config", "homeassistant/sensor/x/config", f"{RACK}_Pack17/config"}
    for topic in ours | others:
        mqtt_client.publish(topic, b'{"dev":' + b"x" * 3000, retain=True)
    mqtt_client.publish("PylonToMQTT/Main/cmnd/x", b'{"restart": true}', retain=True)
    with Way(board, broker, mqtt_client, packs=1) as it:
        it.start()
        it.wait("stat/readings/Rack")
        mqtt_client.publish(STATUS, b"online")
        mqtt_client.wait_for(lambda m: m.topic == f"{RACK}_Pack16/config" and not m.payload)  # the last
        it.wait("stat/readings/Rack", since=now(), count=2)
        assert b"retained" in it.wait("tele/LOG").payload
        assert it.complaints() == [] and it.board.resets == []
    assert {topic for topic in retained(broker) if topic.startswith("homeassistant")} == others
    emptied = [m.topic for m in mqtt_client.messages if m.topic.startswith("homeassistant/") and m.payload == b""]
    assert sorted(emptied) == sorted(ours), "an empty payload for what is not there would be a warning"
