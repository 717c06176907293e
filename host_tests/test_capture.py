"""tools/capture.py: finds the battery, asks nothing but read commands, records all that comes."""

from __future__ import annotations

import pytest
from capture_rig import Rig
from codec_cases import made

from firmware.battery import frame, messages
from firmware.battery.search import CONSOLE, FRAMED, PACE, RS485
from tools.capture_port import WAKE_UP, Forbidden, Port
from tools.capture_steps import CONSOLE_OF_A_PACK

COMMANDS = set(frame.COMMANDS) - {frame.SET_RATE}
OF_PACKS = {frame.ANALOG_VALUES, frame.ALARMS, frame.MANAGEMENT, frame.SERIAL_NUMBER}

# -- nothing but read commands

READ = (
    *(frame.encode(cid2, info) for cid2 in COMMANDS for info in (b"", b"\x01", b"\xff")), made(b"01", head=b"250146C2"),
    b"pwr\n", b"time\n", b"info\r\n", b"pwr 1\r\n", b"bat 16\n", b"info 9\n", b"stat 10\n", b"soh 2\n",
    b"\r", b"\r\n", WAKE_UP,
)  # fmt: skip
FORBIDDEN = (
    frame.encode(frame.SET_RATE, b"\x03"), *(made(b"01", head=b"200146%02X" % cid2) for cid2 in (
        *range(0x42), 0x45, 0x46, 0x49, *range(0x80, 0x90), 0x91, *range(0x94, 0xC1), *range(0xC3, 0x100))),
    b"~20014642E00201FD35", b"~20014642E00201FD36\r", b"~20014642E00201FD35\r~200146950000FDA5\r",
    b"pwr", b"pwr 0\n", b"pwr 17\n", b"pwr 1\npwr 2\n", b"bat\n", b"soh\n", b"login debug\n", b"config\n", b"ctrl\n",
    b"prot\n", b"eepw 1\n", b"shut\n", b"shut 1\n", b"pwr 1;shut\n", b"time 2026-01-01\n", b"help\n", b"", b"\n\n",
    b"x", b"\xff", WAKE_UP[:-1], WAKE_UP.lower(),
)  # fmt: skip


def test_read_commands_are_sent_and_nothing_else():
    class Serial:
        baudrate, sent = 1200, []

        def write(self, data):
            self.sent.append(data)

    port = Port(Serial())
    for data in READ:
        port.write(data)
    for data in FORBIDDEN:
        with pytest.raises(Forbidden, match="was not sent"):
            port.write(data)
    assert tuple(Serial.sent) == READ


# -- the framed protocol


@pytest.mark.parametrize(("baud", "address"), [(1200, 1), (4800, 2), (9600, 1), (19200, 0), (57600, 1), (115200, 1)])
def test_every_command_is_recorded_at_the_rate_found(baud, address):
    rig = Rig(baud, packs=3, address=address)
    assert rig.run() == (baud, FRAMED, False)
    for cid2 in COMMANDS - {frame.PROTOCOL_VERSION}:
        rows = [row for row in rig.of(cid2) if row["model"] or cid2 == frame.MANUFACTURER]  # not those of the search
        assert len(rows) == (3 if cid2 in OF_PACKS else 1)
        assert {(row["kind"], row["note"]) for row in rows} == {("recorded", f"at {baud} baud")}
        assert not any("raw" in row for row in rows)
    assert {row["model"] for row in rig.of(frame.ALARMS)} == {"US2KBPL"}
    assert "recorded" in {row["kind"] for row in rig.of(frame.PROTOCOL_VERSION)}


OPTIONS = {"dialect": "pace", "cells": 16, "temperatures": 6}


@pytest.mark.parametrize(("baud", "dialect", "options", "commands"), [
    (9600, RS485, {"dialect": "rs485", "echo": True}, COMMANDS - {frame.PACK_COUNT}),
    (115200, RS485, {"dialect": "rs485", "group_number": 2}, COMMANDS - {frame.PACK_COUNT}),
    (9600, PACE, OPTIONS, {0x42, 0x44, 0x90, 0xC1, 0xC2}),
    (9600, PACE, OPTIONS | {"version": 0x20}, {0x42, 0x44, 0x90, 0xC1, 0xC2}),
])  # fmt: skip
def test_relatives(baud, dialect, options, commands):
    """Each pack of an RS485 port or of PACE is asked every read command of its dialect; serial numbers are masked."""
    rig = Rig(baud, packs=2, group=options.get("group_number", 0), **options)
    assert rig.run() == (baud, dialect, False)
    family = {RS485: "pylontech", PACE: "pace"}[dialect]
    assert {row["kind"] for row in rig.rows} - {"error"} <= {"recorded", "silent"}, "an echo alone is silence"
    assert not options.get("echo") or "error" not in {row["kind"] for row in rig.rows}
    rows = [row for row in rig.rows if row["family"] == family and row["kind"] == "recorded"]
    assert {int(row["request"][7:9], 16) for row in rows} == commands
    for cid2 in commands & {0x42, 0x44, 0x92}:
        assert len({row["response"] for row in rows if int(row["request"][7:9], 16) == cid2}) >= 2
    for number in rig.serials():
        assert number.encode().hex().upper() not in rig.text() and number not in rig.text()


def test_only_the_rate_that_was_asked_for():
    rig = Rig(4800)
    assert rig.run(2400) is None and {rate for _, rate, _ in rig.uart.written} == {2400}
    assert Rig(4800).run(4800)
    asleep = Rig(console={"asleep": True})
    assert asleep.run(115200) is None and asleep.battery.baud == 1200


@pytest.mark.parametrize("console", [None, {}])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_line_that_never_falls_silent_has_an_end(console, at_once):
    """Bytes come all the time, from the beginning or behind the search: every step is bounded, and every row."""
    rig = Rig(115200 if console is not None else 1200, console=console, packs=2)
    if at_once:
        rig.battery.fault("babble")
    rig.run(faults=[("babble",)])
    assert rig.clock.passed_ms < 600_000 and rig.battery.counts["babble"]
    assert max(len(row["response"]) for row in rig.rows) < 20_000


def test_all_bytes_are_kept():
    """Noise before SOI, NUL behind EOI, what is damaged: `raw` has what the response does not say."""
    rig = Rig(9600, packs=4)
    rig.run(faults=[(fault, 0.4) for fault in ("noise", "nul", "truncated")])
    assert {"recorded", "damaged"} <= {row["kind"] for row in rig.rows}
    for row in rig.rows:
        raw = bytes.fromhex(row["raw"]) if "raw" in row else b""
        assert row["response"].encode("latin-1") in raw or not raw
        assert raw or row["kind"] in ("recorded", "error", "silent")
    assert any(bytes.fromhex(row["raw"])[-1] == 0 for row in rig.rows if "raw" in row and row["valid"])


@pytest.mark.parametrize(("fault", "kind", "count", "said"), [
    (("rtn:06", 1.0), "error", 7, "47H system parameters: RTN 06H invalid data"),
    (("empty", 1.0), "recorded", 5, "a reply without data"),
    (("silent", 1.0), "silent", 12, "47H system parameters: no reply"),
])  # fmt: skip
def test_refusals_and_silence_are_recorded_and_said(fault, kind, count, said):
    rig = Rig(packs=1)
    rig.run(faults=[fault])
    assert [row["kind"] for row in rig.rows].count(kind) >= count and said in rig.text()


def test_a_reply_to_another_question_is_not_taken_for_an_answer():
    rig = Rig(packs=2)
    rig.battery.fault("wrong_pack", 1.0)
    rig.run()
    strangers = [row for row in rig.rows if not row["request"]]
    assert strangers and all("asked was ~2001" in row["note"] for row in strangers)
    for row in rig.of(frame.ANALOG_VALUES):
        if row["valid"]:
            asked, answered = frame.decode(row["request"].encode()), frame.decode(row["response"].encode())
            assert answered.code or messages.analog_values(answered.info)[0] == asked.info[0]


# -- the text console


@pytest.mark.parametrize(("firmware", "console"), [
    ("us2000c", {}), ("us5000", {"asleep": True}), ("us3000d", {}), ("us5000-v2", {"pager": 6}), ("pytes", {}),
], ids=str)  # fmt: skip
def test_every_console_command_is_recorded(firmware, console):
    rig = Rig(115200, console={"firmware": firmware, **console}, packs=3)
    assert rig.run() == (115200, CONSOLE, "asleep" in console)
    commands = ["pwr", "time", *(f"{command} {pack}" for pack in (1, 2, 3) for command in CONSOLE_OF_A_PACK)]
    refused = [one for one in commands if one[:4] in ("info", "stat")] if firmware == "us3000d" else []
    for command in [*(set(commands) - set(refused)), *(["info", "stat"] if refused else [])]:
        (row,) = rig.of(command)
        assert (row["kind"], row["valid"]) == ("recorded", True) and row["response"].rstrip().endswith(">")
        assert ("Press [Enter]" in row["response"]) == ("pager" in console and command != "time")
    for command in refused:
        (row,) = rig.of(command)
        assert (row["kind"], row["valid"]) == ("error", True) and "Invalid command" in row["response"]
        assert any(line.startswith(f"{command}: ") and "Invalid" in line for line in rig.said), "in the battery's words"
    assert rig.of("bat 1")[0]["model"] == rig.battery.console.firmware.device


def test_other_tables_and_unknown_commands_are_told_and_recorded():
    """A Force battery, which answers all with its own table and lacks one command."""
    rig = Rig(115200, console={}, packs=1)
    found = rig.steps.find()
    end = ["Command completed successfully", "$$"]
    rig.battery.console._lines = lambda words, now: None if words[0] == "soh" else [
        "AverageTempr   : 20466       ", "Volt   Curr   UTlow  CoulombAH", "235573 -292   26000  7%", *end]
    rig.steps.ask(found)
    assert any("of the Force family" in line for line in rig.said)
    (table,), (unknown,) = rig.of("pwr"), rig.of("soh 1")
    assert table["kind"] == "recorded" and "UTlow" in table["response"]
    assert (unknown["kind"], unknown["valid"]) == ("error", True) and "Unknown command" in unknown["response"]
    assert any(line.startswith("soh 1: Unknown command") for line in rig.said)
