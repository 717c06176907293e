"""Auto-detection, on MicroPython in an ESP32's heap: a battery is found, and what is published is what it said."""

import pytest
from system_helpers import Way, fed, now

pytestmark = pytest.mark.slow
FOUND_S = 60
CONSOLE = {"dialect": "console", "cells": 16}


def check(it, dialect, baud, resets=0):
    """Whole readings of all packs, which say what the battery said; who it is; nothing crashed, nothing forbidden."""
    it.wait("stat/readings/Rack", since=now(), count=3)
    for pack in (1, 2):
        it.wait(f"stat/info/Pack{pack}", FOUND_S)
        said = it.said(f"stat/info/Pack{pack}")[-1]
        assert (said["BarCode"], said["Dialect"], said["Baud"]) == (it.sim.snapshot(pack)["serial"], dialect, baud)
        assert len(it.said(f"stat/readings/Pack{pack}")) > 1
    expected = {"Link": "online", "Dialect": dialect, "Baud": baud, "FrameErrors": 0, "Implausible": 0}
    assert it.health().items() >= expected.items()
    assert it.judged().wrong == [] and it.complaints() == [] and it.sim.forbidden == []
    assert len(it.board.resets) == resets and it.stop() == 0


@pytest.mark.parametrize(("options", "dialect", "baud"), [
    ({"baud": 1200}, "framed", 4800),
    (CONSOLE | {"console": {"firmware": "us5000"}}, "console", 115200),
    (CONSOLE | {"console": {"firmware": "us2000c", "asleep": True}}, "console", 115200),
    (CONSOLE | {"console": {"firmware": "pytes", "asleep": True, "pager": 20}}, "console", 115200),
], ids=["framed at 1200", "us5000 awake", "us2000c asleep", "pytes asleep pager"])  # fmt: skip
def test_found_by_itself(board, broker, mqtt_client, options, dialect, baud):
    with Way(board, broker, mqtt_client, **options) as it:
        it.start()
        check(it, dialect, baud, resets=dialect == "console")  # it begins with frames


def test_dead_at_first(board, broker, mqtt_client):
    """A minute brings a whole search, and words about it; the battery is found when it comes."""
    with Way(board, broker, mqtt_client, **CONSOLE, console={"firmware": "us5000-v2", "pager": 9}) as it:
        it.sim.fault("unplugged")
        it.start()
        assert b"1200 to 19200 baud nor as text at 115200 baud" in it.wait("tele/LOG", FOUND_S).payload
        it.sim.clear()
        check(it, "console", 115200, resets=1)


def test_updated_in_mid_life(board, broker, mqtt_client):
    """Home Assistant loses what the text console does not say, and gets the state of health; it starts anew, once."""
    with Way(board, broker, mqtt_client, settings={"discovery": True}) as it:
        it.start()
        config = "homeassistant/device/PylonToMQTT_Main_Pack1/config"
        it.recorder.wait_for(lambda m: m.topic == config and b"Charge voltage limit" in m.payload, FOUND_S)
        for name in ("stat/limits/Pack1", "stat/limits/Pack2", "stat/parameters"):
            it.wait(name, FOUND_S)
        since = now()
        it.sim.update(firmware="us5000", asleep=True)
        it.recorder.wait_for(
            lambda m: m.topic == config and m.time > since and b"State of health" in m.payload, 2 * FOUND_S)
        for name in ("stat/limits/Pack1", "stat/limits/Pack2", "stat/parameters"):  # retained, and not true any more
            assert it.wait(name, since=since).payload == b""
        check(it, "console", 115200, resets=1)
        assert [line for line in it.board.lines if "battery speaks another dialect (console), starting anew" in line]
        assert [m.payload for m in it.heard("tele/LWT")] == [b"Online", b"Offline"] * 2
        home_assistant, states = fed(it)
        gone = ("ChargeVoltageLimit", "Charge_MOS", "CellTemp1_4")
        assert states[config, "SOH"].isdigit()
        assert not [key for key in gone if (config, key) in home_assistant.components]
