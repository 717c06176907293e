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
from tools.simulator.group import Group
from tools.truth import alarm as states_of

ALWAYS, LONG = 20_000, 1_000_000  # damaged replies, of all kinds together
RATE = 0.3  # of replies that are damaged
CYCLE_S = 10
CANCELLING = ("swapped", "cancel")  # what passes the checksum
# Distances within which one reading follows another (protocol.md §6): mV, 0.1 °C, mA; remaining: of the capacity
CELL_MV, TEMPERATURE, CURRENT_MA, REMAINING_SHARE = 100, 30, 5000, 50
ALARMS_SHARE = 2000  # of damaged replies, at most one makes alarms wrong: the same damage twice in a row
VOLTAGE_SHARE = 100  # before a pack has matched exactly three times (§6, sum)


class FastClock(Clock):
    """A look at an empty line takes as long as twenty."""

    def sleep_ms(self, ms):
        super().sleep_ms(20 * ms)


class DamagingUart:
    """Answers 42H and 44H at once with what the pack holds, one reply in so many damaged; the rest well."""

    def __init__(self, pack, damage, rng):
        self._pack, self._damage, self._rng = pack, damage, rng
        self._buffer = b""
        self.damaged = 0

    def write(self, question):
        cid2 = int(question[7:9], 16)
        if cid2 not in (ANALOG, ALARM):
            self._buffer += framed.encode(framed.OK, b"\x01") if cid2 == COUNT else framed.encode(0x04)
            return
        block = framed.analog_block(self._pack.analog()) if cid2 == ANALOG else framed.alarm_block(self._pack.alarm())
        reply = framed.encode(framed.OK, b"\x11\x01" + block)
        if self._rng.random() < RATE:
            reply = self._damage(reply, self._rng)
            self.damaged += 1
        self._buffer += reply

    def readinto(self, view):
        some, self._buffer = self._buffer[: len(view)], self._buffer[len(view) :]
        view[: len(some)] = some
        return len(some) or None


class Count:
    """The poller's sink: holds each reading against the pack. Counts, of the wrong ones, those within the distances of
    §6 from what the pack holds or from the reading before, and those whose alarms are wrong (§6 has no distance for
    these; they must come twice). `beyond` are the others: (name, said, held, reading before).
    """

    def __init__(self, pack):
        self._pack = pack
        self._last = None
        self.found = Counter()
        self.beyond = []

    def publish_detail(self, kind, pack, answer):
        self.found[kind] += 1

    def reading(self, reading):
        values, truth, limits = flat(reading), held(self._pack.analog()), distances(reading)
        last = self._last or truth
        wrong = [name for name in values if values[name] != truth[name]]
        beyond = [(name, values[name], truth[name], last[name]) for name in wrong
                  if min(abs(values[name] - truth[name]), abs(values[name] - last[name])) > limits[name]]  # fmt: skip
        self.found["readings"] += 1
        self.found["within"] += bool(wrong and not beyond)
        self.found["alarms"] += reading.alarms is not None and not same_alarms(reading.alarms, self._pack.alarm())
        self.beyond += beyond
        self._last = values

    def cycle(self, missed, cycle_ms):
        self.found["missed"] += len(missed or ())


def flat(reading):
    values = {f"cell {n}": mv for n, mv in enumerate(reading.cells, 1)}
    values |= {f"temperature {n}": value for n, value in enumerate(reading.temperatures)}
    names = ("current", "remaining", "voltage", "capacity", "cycles")
    return values | {name: getattr(reading, name) for name in names}


def held(analog):
    values = {f"cell {n}": mv for n, mv in enumerate(analog["cells"], 1)}
    values |= {f"temperature {n}": value for n, value in enumerate(analog["temperatures"])}
    return values | {name: analog[name] for name in ("current", "remaining", "voltage", "capacity", "cycles")}


def distances(reading):
    """-> how far each value may be off (§6)."""
    limits = {name: CELL_MV if name.startswith("cell") else TEMPERATURE for name in flat(reading)}
    return limits | {
        "current": CURRENT_MA, "remaining": reading.capacity // REMAINING_SHARE,
        "voltage": reading.voltage // VOLTAGE_SHARE, "capacity": 0, "cycles": 0,
    }  # fmt: skip


def same_alarms(alarms, truth):
    cells = len(truth["cells"])
    said = states_of(truth, cells)
    if list(alarms.cell_states) != [said[f"Cell_{n} State"] for n in range(1, cells + 1)]:
        return False
    flags = {name.partition(" ")[2]: is_set for name, is_set in said.items() if "_Status " in name}
    del flags["Faulty_Cells"]
    return flags == dict(alarms.flags)


def fuzz(name, count, seed):
    """So many replies damaged in one way -> Count, what is left of the replies in its `found`."""
    damage = dict(DAMAGE)[name]
    rng = random.Random(f"{name} {seed}")
    wide = seed % 2 == 1
    group = Group(1, seed, wide=wide, cells=16 if wide else 15)
    pack, clock = group.pack(1), FastClock()
    uart = DamagingUart(pack, lambda frame, rng: damage(frame, rng) or frame, rng)
    link = Link(uart, clock, 4800)
    poller = Poller(Pylontech(link), clock, Log(), 1000 * CYCLE_S, 4800)
    poller.sink = sink = Count(pack)
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
            pack.alarms.ask(rng.choice(("buzzer", "heater")), on=rng.random() < 0.5)
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
    if name in CANCELLING:
        assert count.found["implausible"] > 0
        assert (count.found["alarms"] - 1) * ALARMS_SHARE <= count.found["damaged"]  # one among few is chance
    else:
        assert count.found["within"] == count.found["alarms"] == 0
