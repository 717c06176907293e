"""tools/capture.py: finds the battery, asks nothing but read commands, records all that comes."""

import pytest
from capture_rig import Rig
from codec_cases import characters, made
from messages_cases import SERIAL

from firmware.battery import frame, messages
from firmware.battery.search import CONSOLE, FRAMED, PACE, RS485
from tools import ToolError, capture_rows
from tools.capture_port import WAKE_UP
from tools.capture_steps import CONSOLE_OF_A_PACK

COMMANDS = set(frame.COMMANDS) - {frame.SET_RATE}

READ = (
    *(frame.encode(cid2, info) for cid2 in COMMANDS for info in (b"", b"\x01", b"\xff")), made(b"01", head=b"250146C2"),
    b"pwr\n", b"time\n", b"info\r\n", b"pwr 1\r\n", b"bat 16\n", b"info 9\n", b"stat 10\n", b"soh 2\n",
    b"\r", b"\r\n", WAKE_UP,
)
FORBIDDEN = (
    frame.encode(frame.SET_RATE, b"\x03"), *(made(b"01", head=b"200146%02X" % cid2) for cid2 in (
        *range(0x42), 0x45, 0x46, 0x49, *range(0x80, 0x90), 0x91, *range(0x94, 0xC1), *range(0xC3, 0x100))),
    b"~20014642E00201FD35", b"~20014642E00201FD36\r", b"~20014642E00201FD35\r~200146950000FDA5\r",
    b"pwr", b"pwr 0\n", b"pwr 17\n", b"pwr 1\npwr 2\n", b"bat\n", b"soh\n", b"login debug\n", b"config\n", b"ctrl\n",
    b"shut 1\n", b"pwr 1;shut\n", b"time 2026-01-01\n", b"", b"\n\n", b"x", b"\xff", WAKE_UP[:-1], WAKE_UP.lower(),
)


def test_read_commands_are_sent_and_nothing_else():
    rig = Rig()
    for data in READ:
        rig.port.write(data)
    for data in FORBIDDEN:
        with pytest.raises(ToolError, match="was not sent"):
            rig.port.write(data)
    assert tuple(data for _, _, data in rig.uart.written) == READ


PACE_OPTIONS = {"dialect": "pace", "cells": 16, "temperatures": 6}
OF_PACE = {0x42, 0x44, 0x90, 0xC1, 0xC2}


@pytest.mark.parametrize(("baud", "dialect", "options", "commands"), [
    *((baud, FRAMED, {"address": address}, COMMANDS)
      for baud, address in ((1200, 1), (4800, 2), (19200, 0), (57600, 1), (115200, 1))),
    (9600, RS485, {"dialect": "rs485", "echo": True}, COMMANDS - {frame.PACK_COUNT}),
    (115200, RS485, {"dialect": "rs485", "group_number": 2}, COMMANDS - {frame.PACK_COUNT}),
    (9600, PACE, PACE_OPTIONS, OF_PACE), (9600, PACE, PACE_OPTIONS | {"version": 0x20}, OF_PACE),
])
def test_every_command_is_recorded_at_the_rate_found(baud, dialect, options, commands):
    rig = Rig(baud, packs=2, group=options.get("group_number", 0), **options)
    assert rig.run() == (baud, dialect, False) and rig.packs == 2
    assert {row["kind"] for row in rig.rows} - {"error"} <= {"recorded", "silent"}, "an echo alone is silence"
    rows = [row for row in rig.rows if (row["family"], row["kind"]) == (capture_rows.FAMILIES[dialect], "recorded")]
    assert {int(row["request"][7:9], 16) for row in rows} == commands
    for cid2 in commands & {frame.ANALOG_VALUES, frame.ALARMS, frame.MANAGEMENT, frame.SERIAL_NUMBER, 0xC2}:
        assert len({row["request"] for row in rig.of(cid2) if row in rows}) == 2, "of each pack"
    assert {row["note"] for row in rows} == {f"at {baud} baud"} and rig.leaks() == []
    assert {row["model"] for row in rig.of(frame.ALARMS)} == {{FRAMED: "US2KBPL", RS485: "US3000C", PACE: ""}[dialect]}
    assert options.get("echo") or not any("raw" in row for row in rows)


@pytest.mark.parametrize(("firmware", "console"), [
    ("us2000c", {}), ("us5000", {"asleep": True}), ("us3000d", {}), ("us5000-v2", {"pager": 6})], ids=str)
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


def test_a_force_battery_which_lacks_a_command():
    rig = Rig(115200, console={}, packs=1)
    baud, _, _ = rig.steps.find()
    rig.battery.console._lines = lambda words, now: None if words[0] == "soh" else [
        "Volt   Curr   UTlow  CoulombAH", "235573 -292   26000  7%", "Command completed successfully", "$$"]
    rig.steps.ask(baud)
    assert any("of the Force family" in line for line in rig.said) and "UTlow" in rig.of("pwr")[0]["response"]
    (unknown,) = rig.of("soh 1")
    assert (unknown["kind"], unknown["valid"]) == ("error", True) and "Unknown command" in unknown["response"]


@pytest.mark.parametrize("console", [None, {}])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_line_that_never_falls_silent_has_an_end(console, at_once):
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
    ("rtn:06", "error", 7, "47H system parameters: RTN 06H invalid data"),
    ("empty", "recorded", 5, "a reply without data"), ("silent", "silent", 12, "47H system parameters: no reply"),
])
def test_refusals_and_silence_are_recorded_and_said(fault, kind, count, said):
    rig = Rig(packs=1)
    rig.run(faults=[(fault, 1.0)])
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


# -- serial numbers are masked in all that is kept and said, whatever happens on the line, unless asked for

NOISES = ("noise", "nul", "truncated", "changed", "lost", "doubled", "split", "late", "swapped", "cancel")


@pytest.mark.parametrize(("firmware", "fault", "serials"), [
    *((None, fault, False) for fault in ("", *NOISES)),
    *((firmware, "", True) for firmware in (None, "us5000", "pytes")),
    *((firmware, fault, False) for firmware in ("us5000", "pytes")
      for fault in ("", *NOISES[:3], "lost", "doubled", "split")),
])
def test_serial_numbers_are_in_a_capture_only_when_asked_for(firmware, fault, serials):
    for seed in range(3 if fault else 1):
        console = firmware and {"firmware": firmware, "pager": 6 if seed == 1 else None}
        rig = Rig(115200 if firmware else 1200, console, packs=2, serials=serials, seed=seed)
        rig.run(faults=[(fault, 0.6)] if fault else [])
        assert rig.of("info 1" if firmware else frame.ANALOG_VALUES) and bool(rig.leaks()) == serials
        for row in rig.of(frame.SERIAL_NUMBER) if not (fault or firmware or serials) else ():
            assert messages.serial_number(frame.decode(row["response"].encode()).info)[1] == "X" * 16


ASK, OTHER = b"~20014693E00201FD2F\r", b"~20014642E00201FD35\r"
GOOD, HIDDEN = made(characters(SERIAL)), made(characters(b"\x02" + b"X" * 16))


@pytest.mark.parametrize(("asked", "came", "masked"), [
    (ASK, GOOD, HIDDEN),
    (ASK, made(characters(b"\x02SHORT7" + bytes(10)))[:-1], made(characters(b"\x02XXXXXX" + bytes(10)))[:-1]),
    (ASK, b"\xb0" + GOOD + b"\0", b"x" + HIDDEN + b"\0"),
    (ASK, GOOD[:30], GOOD[:13] + b"x" * 17),
    (ASK, GOOD[1:], b"x" * 50 + b"\r"),
    (ASK, GOOD[:20] + GOOD, GOOD[:13] + b"x" * 7 + HIDDEN),
    (ASK, b"~200146040000FDAF\r", b"~200146040000FDAF\r"),
    (OTHER, b"\xb0" + GOOD, b"\xb0" + HIDDEN),
    (OTHER, b"\xb0garbage\r", b"\xb0garbage\r"),
    ("info 1", "Barcode  : SN 42\r\nDevice name : US5000", "Barcode  : XX XX\r\nDevice name : US5000"),
    ("pwr 1", " Serial number : SHORT7\r\n", " Serial number : XXXXXX\r\n"),
    ("info 1", "Main version : PHANTOMSAV10R\nA : PPTBP02311711", "Main version : PHANTOMSAV10R\nA : XXXXXXXXXXXXX"),
    ("pwr", "1  52382 -391 PT12345 2026-11-28", "1  52382 -391 XXXXXXX 2026-11-28"),
    ("stat 1", "Pwr Coulomb : 3184286160", "Pwr Coulomb : 3184286160"),
    ("stat 1, damaged", "Pwr Coulomb : PPT\xb0P02311711", "Pwr Coulomb : PPT\xb0XXXXXXXXX"),
], ids=range(15))
def test_what_is_masked(asked, came, masked):
    if isinstance(asked, bytes):
        assert capture_rows.masked_frames(asked, came) == masked
    else:
        assert capture_rows.masked_text(asked, came, "damaged" not in asked) == masked
