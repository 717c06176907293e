"""The simulated battery against protocol.md: its frames, its return codes, and what its replies say."""

import struct

import pytest
from simulator_by_hand import Clock, analog_of, ask, decode, make, reply, request

from tools.simulator import framed

VECTOR = (
    b"~20014600C06E11010F0D450D440D450D440D450D440D3E0D450D4A0D4A0D4B0D4A0D4A0D4A0D4A050BC30BC30BC30BCD0BCD0000C725BF6802"
    b"C3500002E553\r"
)
VECTOR_VALUES = {
    "cells": [3397, 3396, 3397, 3396, 3397, 3396, 3390, 3397, 3402, 3402, 3403, 3402, 3402, 3402, 3402],
    "temperatures": [280, 280, 280, 290, 290], "current": 0, "voltage": 50981, "remaining": 49000, "capacity": 50000,
    "cycles": 2, "wide": False,
}

# frames


def test_vector_of_the_document():
    assert framed.encode(0, b"\x11\x01" + framed.analog_block(VECTOR_VALUES)) == VECTOR


KNOWN_GOOD = [
    (b"~20014642E00201FD35", 55), (b"~20014644E00201FD33", 32), (b"~200146900000FDAA", 1), (b"~200146510000FDAD", 32),
    (b"~200146470000FDA8", 25), (b"~20014692E00201FD30", 10), (b"~20014691E00203FD2F", 0),
]


@pytest.mark.parametrize(("line", "length"), KNOWN_GOOD)
def test_known_good_requests_get_a_whole_reply(line, length):
    version, address, rtn, info = decode(ask(make(), line))
    assert (version, address, rtn, len(info)) == (0x20, 1, 0, length)


WRONG = [
    ("CHKSUM", b"~20014642E00201FD36", 0x02),
    ("LCHKSUM", b"~20014642F00201FD34", 0x03),
    ("odd LENID", b"~20014642D00301FD35", 0x05),
    ("LENID too long", b"~20014642C00401FD35", 0x05),
    ("not hex", b"~2001464zE00201FD35", 0x05),
    ("CID1", framed.SOI + b"20014742E00201" + b"%04X" % framed.checksum(b"20014742E00201"), 0x05),
    ("INFO missing", request(0x42), 0x05),
    ("INFO too long", request(0x90, b"\x01"), 0x05),
    ("CID2 unknown", request(0x60), 0x04),
    ("pack 0", request(0x42, b"\x00"), 0x06),
    ("pack 3 of 2", request(0x42, b"\x03"), 0x06),
    ("all packs for 92H", request(0x92, b"\xff"), 0x06),
    ("all packs for 93H", request(0x93, b"\xff"), 0x06),
    ("rate 4", request(0x91, b"\x04"), 0x06),
    ("ADR 2", request(0x42, b"\x01", address=2), 0x90),
    ("ADR 0", request(0x90, address=0), 0x90),
]


@pytest.mark.parametrize(("line", "rtn"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_return_codes_have_their_causes(line, rtn):
    battery = make()
    _, address, code, info = decode(ask(battery, line))
    assert (address, code, info) == (1, rtn, b"")
    assert not battery.truth


@pytest.mark.parametrize("line", [b"", b"~", b"~20014690", b"20014690" + b"0" * 20])
def test_what_is_no_frame_gets_no_answer(line):
    assert ask(make(), line) == b""


# replies


@pytest.mark.parametrize(
    "options", [{}, {"wide": True}, {"cells": 8, "temperatures": 1}, {"cells": 16, "ambient": -15.0}]
)
def test_analog_says_what_the_truth_says(options):
    clock = Clock()
    battery = make(clock, **options)
    clock.now += 600
    rtn, info = reply(battery, 0x42, b"\x02")
    assert (rtn, info[:2]) == (0, b"\x11\x02")
    record = battery.truth[-1]
    assert (record.time, record.kind, record.pack) == (clock.now, "analog", 2)
    assert analog_of(info) == record.values == battery.group.pack(2).analog()
    assert record.values["current"] != 0


def test_parameters_are_twelve_words():
    battery = make()
    _, info = reply(battery, 0x47)
    raw = struct.unpack(">xHHHHHhHHHHHh", info)
    expected = battery.truth[-1].values
    scale = [1, 1, 1, "K", "K", 100, 1, 1, 1, "K", "K", 100]
    assert [r - 2731 if s == "K" else r * s for r, s in zip(raw, scale, strict=True)] == list(expected.values())


def test_identity():
    battery = make(device="US3000A", version="1.14", maker="Somebody", protocol=0x21)
    assert decode(ask(battery, request(0x4F))) == (0x21, 1, 0, b"")
    assert reply(battery, 0x51) == (0, b"US3000A\0\0\0\x01\x0eSomebody" + bytes(12))
    assert reply(battery, 0x90) == (0, b"\x02")
    serials = [reply(battery, 0x93, bytes([n]))[1] for n in (1, 2)]
    assert [serial[0] for serial in serials] == [1, 2]
    assert serials[0][1:] != serials[1][1:] and all(len(serial) == 17 for serial in serials)
    assert serials[1][1:].decode() == battery.truth[-1].values["serial"]


def test_management():
    battery = make(cells=15)
    battery.group.pack(1).alarms.ask("charge_temperature_protection")
    battery.group.pack(1).alarms.ask("charge_immediately")
    _, info = reply(battery, 0x92, b"\x01")
    assert struct.unpack(">BHHhhB", info) == (1, 53250, 46950, 250, -250, 0b01100000)
    assert battery.truth[-1].values == {"pack": 1, "charge_voltage": 53250, "discharge_voltage": 46950,
                                        "charge_current": 25000, "discharge_current": -25000, "status": 0b01100000}
