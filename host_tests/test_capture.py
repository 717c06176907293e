"""tools/capture.py: finds the battery, asks nothing but read commands, records all that comes."""

from __future__ import annotations

import pytest
from capture_rig import Rig, harmless
from decode_vectors import text_of

from firmware.battery import frame, messages
from tools import capture_rows
from tools.capture_console import CONSOLE_OF_A_PACK
from tools.capture_port import READ_COMMANDS, WAKE_UP, Forbidden, Port, is_allowed

FIRMWARE = ("us2000c", "us5000", "us5000-v2", "pytes")
OF_PACKS = {frame.ANALOG_VALUES, frame.ALARMS, frame.MANAGEMENT, frame.SERIAL_NUMBER}

# -- nothing but read commands

ALLOWED = (
    *(frame.encode(cid2, info) for cid2 in READ_COMMANDS for info in (b"", b"\x01", b"\xff")),
    b"pwr\n", b"time\n", b"info\r\n", b"pwr 1\r\n", b"bat 16\n", b"info 9\n", b"stat 10\n", b"soh 2\n",
    b"\r", b"\r\n", WAKE_UP,
)  # fmt: skip
FORBIDDEN = (
    frame.encode(frame.SET_RATE, b"\x03"),
    *(text_of(b"~200146" + b"%02X" % cid2 + rest).encode() + b"\r" for cid2, rest in (
        (0x94, b"0000FDA6"), (0x95, b"E00201FD2D"), (0x99, b"E00201FD29"), (0x82, b"0000FDA9"))),
    b"~20014642E00201FD35", b"~20014642E00201FD36\r", b"~20014642E00201FD35\r~200146950000FDA5\r",
    b"pwr", b"pwr 0\n", b"pwr 17\n", b"pwr 1\npwr 2\n", b"bat\n", b"soh\n", b"login debug\n", b"config\n", b"ctrl\n",
    b"prot\n", b"eepw 1\n", b"shut\n", b"shut 1\n", b"pwr 1;shut\n", b"time 2026-01-01\n", b"help\n", b"", b"\n\n",
    b"x", b"\xff", WAKE_UP[:-1], WAKE_UP.lower(),
)  # fmt: skip


@pytest.mark.parametrize("data", ALLOWED)
def test_read_commands_are_sent(data):
    assert is_allowed(data)


@pytest.mark.parametrize("data", FORBIDDEN)
def test_nothing_else_is_sent(data):
    class Serial:
        baudrate = 1200

        def write(self, data):
            raise AssertionError("it was sent")

    assert not is_allowed(data)
    with pytest.raises(Forbidden, match="was not sent"):
        Port(Serial(), None).write(data)


# -- the framed protocol


@pytest.mark.parametrize(("baud", "address"), [(1200, 1), (2400, 1), (4800, 2), (9600, 1), (19200, 0), (115200, 1)])
def test_every_command_is_recorded_at_the_rate_found(baud, address):
    rig = Rig(baud, packs=3, address=address)
    assert rig.run()[:2] == (baud, capture_rows.FRAMED)
    harmless(rig, baud)
    for cid2 in READ_COMMANDS:
        rows = [row for row in rig.of(cid2) if row["kind"] == "recorded"]
        if cid2 == frame.ANALOG_VALUES:  # with which other dialects were looked for, too
            rows = [row for row in rows if row["model"]]
        assert len(rows) == (3 if cid2 in OF_PACKS else 2 if cid2 == frame.PROTOCOL_VERSION else 1)
        assert {row["note"] for row in rows} == {f"at {baud} baud"} and not any("raw" in row for row in rows)
    assert {row["model"] for row in rig.of(frame.ALARMS)} == {"US2KBPL"}
    assert [row["kind"] for row in rig.of(frame.PROTOCOL_VERSION)].count("error") == {1: 0, 2: 1, 0: 2}[address]


PACE = {"dialect": "pace", "cells": 16, "temperatures": 6}


@pytest.mark.parametrize(("baud", "family", "options", "commands"), [
    (9600, capture_rows.RS485, {"dialect": "rs485", "echo": True}, {0x42, 0x44, 0x47, 0x4F, 0x51, 0x92, 0x93}),
    (115200, capture_rows.RS485, {"dialect": "rs485", "group_number": 2}, {0x42, 0x44, 0x47, 0x4F, 0x51, 0x92, 0x93}),
    (9600, capture_rows.OF_PACE, PACE, {0x42, 0x44, 0x90, 0xC1, 0xC2}),
    (9600, capture_rows.OF_PACE, PACE | {"version": 0x20}, {0x42, 0x44, 0x90, 0xC1, 0xC2}),
])  # fmt: skip
def test_relatives(baud, family, options, commands):
    """Each pack of an RS485 port or of PACE is asked every read command of its dialect; serial numbers are masked."""
    rig = Rig(baud, packs=2, group=options.get("group_number", 0), **options)
    assert rig.run()[:2] == (baud, family) and rig.battery.forbidden == []
    rows = [row for row in rig.rows if row["family"] == family and row["kind"] == "recorded"]
    assert {int(row["request"][7:9], 16) for row in rows} == commands
    serial = 0xC2 if 0xC2 in commands else 0x93
    for cid2 in commands & {0x42, 0x44, 0xC2, 0x93}:
        asked = [row for row in rows if int(row["request"][7:9], 16) == cid2]
        assert len({row["response"] for row in asked}) >= (1 if cid2 == serial else 2)
    for number in rig.serials():
        assert number.encode().hex().upper() not in rig.text() and number not in rig.text()
    for row in rows:
        assert frame.decode(row["response"].encode()).code == 0


def test_only_the_rate_that_was_asked_for():
    rig = Rig(4800)
    assert rig.run(2400) is None and {rate for _, rate, _ in rig.uart.written} == {2400}
    assert Rig(4800).run(4800)
    asleep = Rig(console={"asleep": True})
    assert asleep.run(115200) is None and asleep.battery.baud == 1200


@pytest.mark.parametrize("console", [None, {}])
def test_a_line_that_never_falls_silent_has_an_end(console):
    """Bytes come all the time, from the beginning or behind the search: every step is bounded, and every row."""
    for at_once in (True, False):
        rig = Rig(115200 if console is not None else 1200, console=console, packs=2)
        if at_once:
            rig.battery.fault("babble")
            rig.run()
        else:
            found = rig.steps.find()
            rig.battery.fault("babble")
            rig.steps.ask(found)
        assert rig.clock.passed_ms < 600_000 and rig.battery.counts["babble"]
        assert max(len(row["response"]) for row in rig.rows) < 10_000


def test_all_bytes_are_kept():
    """Noise before SOI, NUL behind EOI, what is damaged: `raw` has what the response does not say."""
    rig = Rig(9600, packs=4)
    found = rig.steps.find()
    for fault in ("noise", "nul", "truncated"):
        rig.battery.fault(fault, 0.4)
    rig.steps.ask(found)
    harmless(rig, 9600)
    assert {"recorded", "damaged"} <= {row["kind"] for row in rig.rows}
    for row in rig.rows:
        raw = bytes.fromhex(row["raw"]) if "raw" in row else b""
        assert row["response"].encode("latin-1") in raw or not raw
        assert raw or row["kind"] in ("recorded", "error", "silent")
    assert any(bytes.fromhex(row["raw"])[-1] == 0 for row in rig.rows if "raw" in row and row["valid"])


@pytest.mark.parametrize(("fault", "kind", "count"), [
    ("lacks:47", "error", 1), ("rtn:06", "error", 7), ("empty", "recorded", 5), ("silent", "silent", 2),
])  # fmt: skip
def test_refusals_and_silence_are_recorded(fault, kind, count):
    rig = Rig(packs=1)
    found = rig.steps.find()
    rig.battery.fault(fault, 1.0)
    rig.rows.clear()
    rig.steps.ask(found)
    harmless(rig, 1200)
    assert [row["kind"] for row in rig.rows].count(kind) >= count


def test_a_reply_to_another_question_is_not_taken_for_an_answer():
    rig = Rig(packs=2)
    rig.battery.fault("wrong_pack", 1.0)
    rig.run()
    strangers = [row for row in rig.rows if not row["request"]]
    assert strangers and all("asked was ~2001" in row["note"] for row in strangers)
    for row in rig.of(frame.ANALOG_VALUES):
        if row["valid"]:
            asked, answered = frame.decode(row["request"].encode()), frame.decode(row["response"].encode())
            assert messages.analog_values(answered.info)[0] == asked.info[0]


# -- the text console


@pytest.mark.parametrize("console", [{}, {"asleep": True}, {"pager": 6}], ids=str)
@pytest.mark.parametrize("firmware", FIRMWARE)
def test_every_console_command_is_recorded(firmware, console):
    rig = Rig(115200, console={"firmware": firmware, **console}, packs=3)
    found = rig.run()
    assert found == (115200, capture_rows.CONSOLE, "asleep" in console)
    harmless(rig, 115200)
    commands = ["pwr", "time", *(f"{command} {pack}" for pack in (1, 2, 3) for command in CONSOLE_OF_A_PACK)]
    refused = []
    if firmware == "us3000d":
        refused = [command for command in commands if command[:4] in ("info", "stat")]
        commands = [*(set(commands) - set(refused)), "info", "stat"]
    for command in commands:
        (row,) = rig.of(command)
        assert (row["kind"], row["valid"]) == ("recorded", True) and row["response"].rstrip().endswith(">")
        assert ("Press [Enter]" in row["response"]) == ("pager" in console and command != "time")
    for command in refused:
        (row,) = rig.of(command)
        assert (row["kind"], row["valid"]) == ("error", True) and "Invalid command" in row["response"]
    assert rig.of("bat 1")[0]["model"] == rig.battery.console.firmware.device


def test_the_force_family_is_told_and_recorded():
    rig = Rig(115200, console={}, packs=1)
    found = rig.steps.find()
    end = ["Command completed successfully", "$$"]
    rig.battery.console._lines = lambda words, now: [
        "AverageTempr   : 20466       ", "Volt   Curr   UTlow  CoulombAH", "235573 -292   26000  7%", *end]
    rig.steps.ask(found)
    assert any("of the Force family" in line for line in rig.said)
    (row,) = rig.of("pwr")
    assert row["kind"] == "recorded" and "UTlow" in row["response"]


def test_a_command_that_the_console_does_not_know():
    rig = Rig(115200, console={}, packs=1)
    found = rig.steps.find()
    lines = rig.battery.console._lines
    rig.battery.console._lines = lambda words, now: None if words[0] == "soh" else lines(words, now)
    rig.steps.ask(found)
    (row,) = rig.of("soh 1")
    assert (row["kind"], row["valid"]) == ("error", True) and "Unknown command" in row["response"]
