"""The run that the examples of docs/mqtt.md are from: two simulated packs, 5 minutes on a clock that the test moves."""

from __future__ import annotations

from types import SimpleNamespace

import battery_line
from discovery_made import Rig
from fakes import Memory

from firmware import telemetry
from firmware.mqtt.payloads import members
from firmware.retained import Retained

RUN_S = 300
HEAP_FREE = 21_504
BOOTS = 3


def published(dialect="framed"):
    """-> {topic: (text, retained)}, the last of each; `dialect`: framed or console."""
    line = battery_line.House(packs=2, rate_s=10, dialect=dialect)
    if dialect == "console":
        line.battery.update(dialect, firmware="us5000")
    rig = Rig(clock=line.clock)
    line.poller.sink = rig.publisher
    health = _telemetry(line, rig)
    line.run(RUN_S)
    memory, telemetry.free_memory = telemetry.free_memory, lambda: (HEAP_FREE, None, None, None)
    try:
        for topic, said in (("stat/status", health.report("status")), ("tele/STATE", health.report("state"))):
            rig.publisher.publish(topic, rig.publisher._payloads.flat(members(*said)), topic == "stat/status")
    finally:
        telemetry.free_memory = memory
    rig.publisher.announce_all()
    rig.pass_time(10)
    sent = {topic: (text, retained) for topic, text, retained in rig.session.sent}
    sent["PylonToMQTT/Main/tele/STATE"] = next(
        (text, retained) for topic, text, retained in rig.session.sent if topic.endswith("STATE") and "HeapFree" in text
    )
    return sent


def _telemetry(line, rig):
    point = -61, b"24:a1:60:00:00:01", 6
    wifi = SimpleNamespace(address=lambda: "192.168.2.31", access_point=lambda: point, ssid="my network", drops=0)
    retained = Retained(Memory())
    retained.boots = BOOTS
    rig.session.drops = 0
    return telemetry.Telemetry("Main", "power on", retained, line.clock, wifi, rig.session, line.poller)
