"""Two codecs that share no line meet: what the simulated battery encodes, the firmware reads as it was meant."""

import pytest
from simulator_by_hand import Clock, ask, make

from firmware.battery import frame, messages

OPTIONS = [
    {}, {"wide": True}, {"wide": [False, True], "cells": [15, 16], "temperatures": [5, 6]},
    {"ambient": -20.0, "cells": 8}, {"packs": 16, "wide": True}, {"extra_alarm_byte": True},
]


@pytest.fixture(params=OPTIONS, ids=str)
def battery(request):
    clock = Clock()
    battery = make(clock, **request.param)
    for second in range(3):
        battery.group.pack(1).alarms.ask(("cell_over_voltage", "cell_fault", "buzzer")[second], cell=3)
    clock.now += 900
    return battery


def read(battery, cid2, info=b""):
    """The INFO of a reply, through the firmware's encoder and decoder."""
    got = frame.decode(ask(battery, frame.encode(cid2, info)[:-1]))
    assert (got.version, got.address, got.cid1, got.code) == (0x20, 1, 0x46, 0)
    return got.info


def same(values, truth):
    """Whether every field of a namedtuple is what the truth holds under the same name."""
    assert {name: plain(getattr(values, name)) for name in values._fields} \
        == {name: plain(truth[name]) for name in values._fields}


def plain(value):
    return value if isinstance(value, (int, str)) else list(value)


@pytest.mark.parametrize(("cid2", "parse"), [(0x42, messages.analog_values), (0x44, messages.alarms)])
def test_blocks(battery, cid2, parse):
    count = len(battery.group.packs)
    commands = [*range(1, count + 1), 0xFF]
    for command in commands:
        before = len(battery.truth)
        echo, blocks = parse(read(battery, cid2, bytes([command])))
        assert echo == (count if command == 0xFF else command)
        assert len(blocks) == len(battery.truth) - before == (count if command == 0xFF else 1)
        for block, record in zip(blocks, battery.truth[before:], strict=True):
            same(block, record.values)


@pytest.mark.parametrize(("cid2", "info", "parse"), [
    (0x47, b"", messages.system_parameters), (0x51, b"", messages.manufacturer), (0x92, b"\x02", messages.management),
])
def test_values(battery, cid2, info, parse):
    values = parse(read(battery, cid2, info))
    same(values, battery.truth[-1].values)


def test_the_longest_replies_are_not_longer_than_the_allow_list_says():
    battery = make(Clock(), wide=True, cells=16, temperatures=6)
    for cid2, info in ((0x42, b"\1"), (0x44, b"\1"), (0x47, b""), (0x90, b""), (0x92, b"\1"), (0x93, b"\1")):
        assert len(read(battery, cid2, info)) == frame.COMMANDS[cid2], hex(cid2)


def test_serial_and_count(battery):
    assert messages.serial_number(read(battery, 0x93, b"\x02")) == (2, battery.group.pack(2).serial)
    assert messages.pack_count(read(battery, 0x90)) == len(battery.group.packs)
