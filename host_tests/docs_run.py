"""The run that the examples of docs/mqtt.md are from: two simulated packs, 5 minutes on a clock that the test moves."""

from __future__ import annotations

from types import SimpleNamespace

import battery_line
import house
from fakes import Memory

from firmware import health
from firmware.mqtt import discovery
from firmware.retained import Retained

RUN_S = 300
HEAP_FREE = 21_504
BOOTS = 3


def published(dialect="framed"):
    """-> {topic: (text, retained)}, the last of each; `dialect`: framed or console."""
    line = battery_line.House(packs=2, rate_s=10, dialect=dialect)
    if dialect == "console":
        line.battery.update(dialect, firmware="us5000")
    hall = house.House(clock=line.clock)
    line.poller.sink = hall.publisher
    started = line.clock.ticks_ms()
    line.run(RUN_S)
    loop = _loop(line, hall, started)
    hall.health = lambda what: getattr(health, what)(loop)
    memory, health.gc = health.gc, SimpleNamespace(collect=lambda: None, mem_free=lambda: HEAP_FREE)
    try:
        hall.publisher.state("status")
        hall.publisher.state()
    finally:
        health.gc = memory
    while hall.publisher.wanted:
        discovery.step(hall.publisher)
    return {topic: (text, retained) for topic, text, retained in hall.session.sent}


def _loop(line, hall, started):
    """loop.Loop, as far as health knows it."""
    wifi = SimpleNamespace(address=lambda: "192.168.2.31", signal=lambda: -61, ssid="my network", drops=0)
    hall.session.drops = 0
    retained = Retained(Memory())
    retained.boots = BOOTS
    return SimpleNamespace(
        poller=line.poller, wifi=wifi, retained=retained, clock=line.clock, publisher=hall.publisher,
        session=hall.session, reset_cause="power on", started=started, uptime_s=0,
    )  # fmt: skip
