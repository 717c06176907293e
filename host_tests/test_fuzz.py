"""Thousands of damaged replies through link, frame, messages and plausibility: how many wrong values are published?

What a test prints (pytest -rP) is the table of what passed, by kind of error.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from battery_line import ALARM, ANALOG, COUNT, Log
from fakes import Clock

from firmware.battery.link import Link
from firmware.battery.poller import Poller
from firmware.battery.pylontech import Pylontech
from tools.simulator import framed
from tools.simulator.faults import DAMAGE
from tools.simulator.model import Group

ALWAYS, LONG = 20_000, 1_000_000  # damaged replies, of all kinds together
RATE = 0.3  # of replies that are damaged
CYCLE_S = 10
CANCELLING = "cancel"  # what passes the checksum
ALARMS_SHARE = 2000  # of damaged replies, at most one makes alarms wrong: the same damage twice in a row
NUMBERS = ("current", "remaining", "voltage", "capacity", "cycles")


class FastClock(Clock):
    """A look at an empty line takes as long as twenty."""

    def sleep_ms(self, ms):
        super().sleep_ms(20 * ms)


class DamagingUart:
    """Answers 42H and 44H at once with what the pack holds, one reply in so many damaged; the rest well."""

    def __init__(self, pack, damage, rng, rate=RATE):
        self._pack, self._damage, self._rng, self._rate = pack, damage, rng, rate
        self._buffer = b""
        self.damaged = 0

    def write(self, question):
        cid2 = int(question[7:9], 16)
        if cid2 not in (ANALOG, ALARM):
            self._buffer += framed.encode(framed.OK, b"\x01") if cid2 == COUNT else framed.encode(0x04)
            return
        block = framed.analog_block(self._pack.analog()) if cid2 == ANALOG else framed.alarm_block(self._pack.alarm())
        reply = framed.encode(framed.OK, b"\x11\x01" + block)
        if self._rng.random() < self._rate:
            reply = self._damage(reply, self._rng) or reply
            self.damaged += 1
        self._buffer += reply

    def readinto(self, view):
        some, self._buffer = self._buffer[: len(view)], self._buffer[len(view) :]
        view[: len(some)] = some
        return len(some) or None


class Count:
    """The poller's sink: holds each reading against a `true` one. Counts, of the wrong ones, those within the distances
    of §6 from the true one or from the one before, and those whose alarms are wrong (§6 has no distance for these; they
    must come twice). `beyond` are the others: (name, said, true, the one before).
    """

    def __init__(self, true):
        self._true, self._last = true, None
        self.found, self.beyond = Counter(), []

    def publish_detail(self, kind, pack, answer):
        self.found[kind] += 1

    def reading(self, reading):
        true = self._true()
        said, held = flat(reading), flat(true)
        last = self._last or held
        wrong = [name for name in said if said[name] != held[name]]
        beyond = [(name, said[name], held[name], last[name]) for name in wrong
                  if min(abs(said[name] - one[name]) for one in (held, last)) > limit(name, reading)]  # fmt: skip
        self.found["readings"] += 1
        self.found["within"] += bool(wrong and not beyond)
        self.found["alarms"] += reading.alarms not in (None, true.alarms)
        self.beyond += beyond
        self._last = said

    def cycle(self, missed, cycle_ms):
        self.found["missed"] += len(missed or ())


def flat(reading):
    """-> {name: number} of all that a Reading says."""
    of_many = {f"{name} {n}": value for name in ("cells", "temperatures")
               for n, value in enumerate(getattr(reading, name))}  # fmt: skip
    return of_many | {name: getattr(reading, name) for name in NUMBERS}


def limit(name, reading):
    """Within which distance one follows another (protocol.md §6): mV, 0.1 °C, mA, mAh; the voltage before a pack has
    matched exactly three times.
    """
    return {"cells": 100, "temperatures": 30, "current": 5000, "remaining": reading.capacity // 50,
            "voltage": reading.voltage // 100}.get(name.partition(" ")[0], 0)  # fmt: skip


def fuzz(name, count, seed):
    """So many replies damaged in one way -> Count, what is left of the replies in its `found`."""
    rng = random.Random(f"{name} {seed}")
    wide = seed % 2 == 1
    group = Group(1, seed, wide=wide, cells=16 if wide else 15)
    pack = group.pack(1)
    uart = DamagingUart(pack, dict(DAMAGE)[name], rng)
    link, good = (Link(one, FastClock(), 4800) for one in (uart, DamagingUart(pack, None, rng, rate=0)))
    poller = Poller(Pylontech(link), link.clock, Log(), 1000 * CYCLE_S, 4800)
    poller.sink = sink = Count(lambda: Pylontech(good).read(1))
    second = 0
    while uart.damaged < count:
        second += CYCLE_S
        group.advance(second)
        poller.packs, poller.searching = (1,), False
        poller.start_cycle()
        poller.step()
        while poller.in_cycle():
            poller.step()
        link.failures = 0
        if rng.random() < 0.001:
            pack.override(status={3: rng.choice((0, 0x01, 0x20))})  # buzzer, heater
    sink.found["damaged"] = uart.damaged
    sink.found["implausible"] = poller.implausible
    return sink


@pytest.mark.parametrize("seed", range(2), ids=["15 cells", "16 cells, 3-byte capacities"])
@pytest.mark.parametrize("name", [name for name, _ in DAMAGE])
def test_wrong_values(name, seed, pytestconfig):
    whole = LONG if pytestconfig.getoption("--long") else ALWAYS
    count = fuzz(name, whole // (2 * len(DAMAGE)), seed)
    print(f"{name}: {dict(count.found)}")
    assert count.beyond == []
    assert count.found["readings"] > 100
    if name == CANCELLING:
        assert count.found["implausible"] > 0
        assert (count.found["alarms"] - 1) * ALARMS_SHARE <= count.found["damaged"]  # one among few is chance
    else:
        assert count.found["within"] == count.found["alarms"] == 0
