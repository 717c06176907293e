"""A simulated battery that a test drives by hand: no pty, no thread, and a clock of the test."""

import struct

from tools.simulator import framed
from tools.simulator.battery import Battery
from tools.simulator.group import Group

OF_THE_LINE = (
    "address", "infoflag", "extra_alarm_byte", "device", "version", "maker", "protocol", "garbage", "on_truth",
    "reply_address", "soh", "turnaround_ms", "truth_limit", "dialect", "group_number", "echo", "fast", "baud",
)


ANALOG = framed.encode(0x42, b"\x01")[:-1]
COUNT = framed.encode(0x90)[:-1]


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def make(clock=None, packs=2, paced=False, seed=1, log=None, **options):
    """A Battery without a pty."""
    clock = clock or Clock()
    line = {name: options.pop(name) for name in OF_THE_LINE if name in options}
    return Battery(Group(packs, seed, start=clock(), **options), clock, seed, paced=paced, log=log, **line)


def ask(battery, line, rate=None):
    """What comes back at once to `line`, which has no CR."""
    rate = rate or battery.baud
    battery.receive(battery.clock(), line + b"\r", rate)
    out, finished = battery.take(battery.clock(), rate)
    for done in finished:
        done()
    return out


def request(cid2, info=b"", address=1):
    return framed.encode(cid2, info, address)[:-1]


def decode(line):
    """A reader of the test's own: -> (VER, ADR, RTN, INFO); asserts what protocol.md §2 says of a frame."""
    assert line[:1] == b"~" and line[-1:] == b"\r"
    body, check = line[1:-5], line[-5:-1]
    assert body == body.upper()
    assert (sum(body) + int(check, 16)) % 65536 == 0
    assert sum(int(chr(c), 16) for c in body[8:12]) % 16 == 0
    assert int(body[9:12], 16) == len(body) - 12
    assert body[4:6] == b"46"
    return int(body[:2], 16), int(body[2:4], 16), int(body[6:8], 16), bytes.fromhex(body[12:].decode())


def reply(battery, cid2, info=b"", address=1):
    """-> (RTN, INFO)."""
    return decode(ask(battery, request(cid2, info, address)))[2:]


def analog_of(info):
    """One block of §4.1 by struct, INFOFLAG and Command before it."""
    cells = info[2]
    temperatures = info[3 + 2 * cells]
    length = 15 + 2 * (cells + temperatures)
    out = struct.unpack(f">3B{cells}hB{temperatures}HhHHBHH", info[:length])
    head, rest = out[3 : 3 + cells], out[4 + cells :]
    current, voltage, remaining, user, capacity, cycles = rest[temperatures:]
    values = {
        "cells": list(head), "temperatures": [raw - 2731 for raw in rest[:temperatures]], "current": current * 100,
        "voltage": voltage, "remaining": remaining, "capacity": capacity, "cycles": cycles, "wide": user == 4,
    }
    tail = info[length:]
    assert user == 4 or not tail
    if user == 4:
        assert (remaining, capacity, len(tail)) == (0xFFFF, 0xFFFF, 6)
        values.update(remaining=int.from_bytes(tail[:3], "big"), capacity=int.from_bytes(tail[3:], "big"))
    return values


def faulty(name, clock=None, packs=2, paced=False, **options):
    """-> (a battery with the fault on at every reply, its clean answer to ANALOG)."""
    battery = make(clock, packs, paced)
    for pack in battery.group.packs:  # that time passes shall change nothing
        now = pack.analog()
        pack.override(**{value: now[value] for value in ("cells", "current", "remaining", "temperatures")})
    clean = ask(make(packs=packs), ANALOG)
    battery.fault(name, **{"rate": 1, **options})
    return battery, clean


def told(battery, line=ANALOG, until=10.0):
    """All that leaves within `until` seconds after `line` was asked: -> [(seconds, bytes)]."""
    start, out = battery.clock.now, []
    battery.receive(start, line + b"\r", battery.baud)
    while (due := battery.due()) is not None and due <= start + until:
        battery.clock.now = max(battery.clock.now, due)
        data, finished = battery.take(battery.clock.now, battery.baud)
        for done in finished:
            done()
        out += [(battery.clock.now - start, data)] if data else []
    return out
