"""Auto-detection, on MicroPython in an ESP32's heap, in every state that a battery can be in: found by itself, read,
and what is published is what it said, in either dialect.
"""

from __future__ import annotations

import json

import pytest
from discovery_rules import faults
from system_helpers import Way, fed, now

FOUND_S = 60
CONSOLE = {"dialect": "console", "cells": 16}


def wait_for_state(it, dialect, baud):
    """Until tele/STATE says so."""
    for _ in range(FOUND_S):
        since = now()
        it.recorder.publish(it.prefix + "cmnd/test", json.dumps({"status": True}))
        it.wait("tele/STATE", since=since)
        (said,) = it.said("tele/STATE", since)[-1:]
        if said["Link"] == "online":
            break
    assert (said["Dialect"], said["Baud"], said["FrameErrors"], said["Implausible"]) == (dialect, baud, 0, 0)


def check(it, dialect, baud, packs=2, resets=0):
    """Whole readings of all packs, which say what the battery said; who it is; nothing crashed, nothing forbidden."""
    since = now()
    it.wait("stat/readings/Rack", since=since, count=3)
    assert {pack for _, pack, _ in it.readings(since)} == set(range(1, packs + 1))
    for pack in range(1, packs + 1):
        it.wait(f"stat/info/Pack{pack}", FOUND_S)
        said = it.said(f"stat/info/Pack{pack}")[-1]
        assert (said["BarCode"], said["Dialect"], said["Baud"]) == (it.sim.snapshot(pack)["serial"], dialect, baud)
    wait_for_state(it, dialect, baud)
    truth = it.judged()
    assert truth.checked >= 2 * packs and truth.wrong == []
    assert it.complaints() == [] and len(it.board.resets) == resets and it.sim.forbidden == []


@pytest.mark.slow
@pytest.mark.parametrize(("options", "dialect", "baud"), [
    ({"baud": 1200}, "framed", 4800),
    ({"baud": 4800}, "framed", 4800),
    (CONSOLE | {"console": {"firmware": "us5000"}}, "console", 115200),
    (CONSOLE | {"console": {"firmware": "us2000c", "asleep": True}}, "console", 115200),
    (CONSOLE | {"console": {"firmware": "us5000-v2", "pager": 9}}, "console", 115200),
    (CONSOLE | {"console": {"firmware": "pytes", "asleep": True, "pager": 20}}, "console", 115200),
], ids=["framed at 1200", "framed at 4800", "us5000 awake", "us2000c asleep", "us5000-v2 pager", "pytes asleep pager"])
def test_found_by_itself(board, broker, mqtt_client, options, dialect, baud):
    with Way(board, broker, mqtt_client, **options) as it:
        it.start()
        check(it, dialect, baud, resets=dialect == "console")  # it begins with frames
        assert it.stop() == 0


@pytest.mark.slow
def test_dead_at_first(board, broker, mqtt_client):
    """A minute brings a whole search, and words about it; the battery is found when it comes."""
    with Way(board, broker, mqtt_client, **CONSOLE) as it:
        it.sim.unplug()
        it.start()
        (said,) = [m.payload.decode() for m in [it.wait("tele/LOG", FOUND_S)]]
        assert "1200 to 19200 baud nor as text at 115200 baud" in said
        it.sim.plug()
        check(it, "console", 115200, resets=1)
        assert it.stop() == 0


@pytest.mark.slow
@pytest.mark.parametrize("asleep", [False, True])
def test_updated_in_mid_life(board, broker, mqtt_client, asleep):
    """Home Assistant loses what the text console does not say, and gets the state of health; it starts anew, once."""
    prefix = "homeassistant/device/"
    with Way(board, broker, mqtt_client, rack=f"Updated{asleep}", settings={"discovery": True}) as it:
        it.start()
        check(it, "framed", 4800)
        config = f"{prefix}PylonToMQTT_Updated{asleep}_Pack1/config"
        before = json.loads(it.recorder.wait_for(lambda m: m.topic == config, FOUND_S).payload)["cmps"]
        assert len(before["SOH"]) == 1 and len(before["ChargeVoltageLimit"]) > 1
        since = now()
        it.sim.update(firmware="us5000", asleep=asleep)
        message = it.recorder.wait_for(
            lambda m: m.topic == config and m.time > since and b"State of health" in m.payload, 2 * FOUND_S)
        assert list(faults(message.topic, message.payload)) == []
        assert json.loads(message.payload)["cmps"]["ChargeVoltageLimit"] == {"p": "sensor"}
        for name in ("stat/limits/Pack1", "stat/limits/Pack2", "stat/parameters"):  # retained, and not true any more
            it.recorder.wait_for(lambda m, at=it.prefix + name: (m.topic, m.payload) == (at, b"") and m.time > since)
        check(it, "console", 115200, resets=1)
        (said,) = [line for line in it.board.lines if "anew" in line]
        assert "battery speaks another dialect (console), starting anew" in said
        assert [m.payload for m in it.heard("tele/LWT")] == [b"Online", b"Offline", b"Online"]
        home_assistant, states = fed(it)
        gone = ("ChargeVoltageLimit", "Charge_MOS", "CellTemp1_4")
        assert states[config, "SOH"].isdigit()
        assert not [key for key in gone if (config, key) in home_assistant.components]
        assert it.stop() == 0
