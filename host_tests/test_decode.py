"""tools/decode.py: what a frame says and every fault in its place; frames in files of all kinds, never a traceback."""

import json
import random

import pytest
from codec_cases import ANALOG, FRAMES, characters, made, refused
from messages_cases import MANAGEMENT, MANUFACTURER, PARAMETERS, SERIAL, WIDE, WILD, analog_block

from tools import decode
from tools.decode_frame import REPLY, Report

FUZZ = 3000
ALPHABET = "0123456789ABCDEFabgxz~\r\n\0\x11\xb0\xff {}\""
SMALL_BLOCK = analog_block((3300, 3301), (2981,), -15, 6601, 40000, 50000, 3)
PACE_ANALOG = bytes.fromhex("0002100D2F0D320D300D320D300D300D2D0D300D310D310D2D0D310D2B0D2F0D310D2E060B5B0B680B5F0B690B"
                            "780B86FF9CD2F977D50977FA001F6D6064")
PACE_ALARM = bytes.fromhex("000204000100F00400000002000002408106021000054880")
GOOD, OTHER, WRONG = "~20014642E00201FD35", "~200146900000FDAA", "~20014642E00201FD36"


def text_of(line):
    """A line as decode.py takes it: without its CR."""
    return line.rstrip(b"\r").decode("latin-1")


def reply(info, version=b"20"):
    return text_of(made(characters(info), head=version + b"014600"))


VECTOR = text_of(ANALOG)
LONG = VECTOR[:104] + "x" + VECTOR[105:]


def run(capsys, *arguments):
    """-> exit status, stdout, stderr of decode.py in this process."""
    status = decode.main(list(arguments))
    out = capsys.readouterr()
    return status, out.out, out.err


def fields(report):
    return {name: value for _, _, name, value, _ in report.parts}


@pytest.mark.parametrize(("line", "words"), [
    (GOOD, "good: request 42H, analog values"), ("~20014642E002FFFD0A", "Command                     all packs"),
    ("~200146470000FDA8", "good: request 47H, system parameters"), ("~250146C1E00201FD22", "request C1H, version"),
    ("~20014682C0048520FCC3", "good: request 82H, wake-up of the text console, undocumented"),
    ("~200146950000FDA5", "good: request 95H, turn a pack off"), ("~20014691E00203FD2F", "4800 baud"),
    (f' "{GOOD[1:]}"', "wrong at 1: SOI must be '~' (7EH), ' ' stands here\n  BAD: request 42H, analog values"),
    ("~20", "wrong at 4: it ends here, after 3 characters; the shortest has 17"),
    ("~2O014642E00201FD16", "wrong at 3: 'O' is none of 0 to 9 and A to F\n  BAD"),
    ("~200146910000FDA9", "good: reply, RTN 91H communication error"), ("~20014A440000FDA0", "of another maker"),
    (f"12:01 RX {WRONG} \n", "BAD: request"), (f"{GOOD}{OTHER}", "2 frames: 2 good"),
    (f"{GOOD} ~200146000000FDB3", "for a pack that is absent"),
    ("~2001464F0000FD99 ~210146000000FDB2", "reply, RTN 00H normal, to 4FH protocol version (by the request"),
    (LONG, f"   101  {LONG[100:]}\n            ^                  ^^^^\n\n  wrong at 105: 'x' is none of"),
    (reply(b"\0\1" + analog_block((3300,) * 15, (2981,), -15, 49500, 7000, 14999, 3)), "in units of 10 mAh"),
])
def test_what_is_said_of_a_frame(capsys, line, words):
    status, out, _ = run(capsys, line)
    assert words in out and status == ("  BAD" in out)


# INFO of a reply, CID2 that it answers, section, some values of it
REPLIES = (
    (bytes.fromhex(VECTOR[13:-4]), 0x42, "3.5", {
        "SOI": "start", "VER": "protocol version 2.0", "ADR": "address 1", "CID1": "lithium battery data",
        "RTN": "normal", "LCHKSUM": "for LENID", "LENID": "110 characters of INFO", "CHKSUM": "right",
        "Command or pack count": "1", "temperatures": "28.0, 28.0, 28.0, 29.0, 29.0 °C", "current": "0.0 A",
        "voltage": "50981 mV", "remaining": "49000 mAh", "capacity": "50000 mAh", "cycles": "2"}),
    (b"\x00\x02" + SMALL_BLOCK + WIDE, 0x42, "3.5", {
        "pack 1: cells": "3300, 3301 mV", "pack 1: current": "-1.5 A (discharge)", "pack 2: current": "11.0 A (charge)",
        "pack 2: remaining": "75480 mAh", "pack 2: capacity": "74000 mAh"}),
    (b"\x00\x02" + WILD + b"\x07", 0x44, "3.7", {
        "cells": "16, 2 below, 3 above, 4 other error, 6 below, 7 above, 8 other error, 10 below, 11 above, "
                 "12 other error, 14 below, 15 above, 16 other error",
        "charge_current": "above", "voltage": "below", "discharge_current": "other error",
        "status": "01 02 04 08 80: Pack_OVP, Charge_MOS, Cell_Fault, Cell_UV, Cell_OV, Pack_UV, CHG_OC, UT, OT, Other, "
                  "cell 4 faulty, cell 16 faulty"}),
    (PARAMETERS, 0x47, "3.6", {
        "cell high voltage": "3650 mV", "charge low temperature": "-10.0 °C", "charge current": "25.0 A (charge)"}),
    (MANUFACTURER, 0x51, "3.3", {"device": "US2KBPL", "version": "2.3", "maker": "Pylon"}),
    (b"\x10", 0x90, "3", {"number of packs": "16"}),
    (MANAGEMENT, 0x92, "3.9", {
        "charge voltage": "53250 mV", "discharge current": "-25.0 A (discharge)",
        "status": "C0H: charge enabled, discharge enabled"}),
    (SERIAL, 0x93, "3.10", {"Command": "2", "serial number": "'PPTBP02311711100'"}),
)


@pytest.mark.parametrize(("info", "cid2", "section", "said"), REPLIES, ids=[f"{row[1]:02X}" for row in REPLIES])
def test_replies_are_told_apart_and_named(info, cid2, section, said):
    for known in (None, cid2):
        report = Report(reply(info), REPLY, known)
        assert (report.role, report.cid2, report.faults) == (REPLY, cid2, [])
        assert said.items() <= fields(report).items()
        assert {part[4] for part in report.parts if part[0] == 0 or part[2] == "INFO"} == {section}


@pytest.mark.parametrize(("info", "cid2", "said"), [
    (PACE_ANALOG, 0x42, {"current": "-1.0 A (discharge)", "remaining": "306770 mAh", "design": "280000 mAh",
                         "soh": "100 %"}),
    (PACE_ALARM, 0x44, {"status": "40 81 06 02 10: SCP, CHG_OTP, Fully_Charged, Charge_MOS, Discharge_MOS, "
                                  "Cell_Fault, Low_SOC, CHG_TP, Cell_UV, Pack_UV, DSG_OC, OT, Other",
                        "balancing": "cell 1, cell 3", "warn": "48 80"}),
    (b"P16S100A-1B470-1.04\0", 0xC1, {"version": "'P16S100A-1B470-1.04'"}), (b"\x05", 0x90, {"number of packs": "5"}),
], ids=["42", "44", "C1", "90"])
def test_replies_of_pace(info, cid2, said):
    """With its own VER, and with that of V2.8, where the layout tells."""
    for version in (b"25", b"20") if cid2 < 0x90 else (b"25",):
        report = Report(reply(info, version), REPLY, cid2)
        assert report.faults == [] and said.items() <= fields(report).items()
        assert bool(report.remarks) == (version == b"20")
        assert cid2 > 0x90 or Report(reply(info + b"\1\2", version), REPLY, cid2).faults


# A bad line, and each of its faults: number of the first character, how many, what it should be
BAD = (
    ("", ((1, 1, "SOI must be '~'"), (1, 1, "it ends here, after 0 characters"))),
    ("x20014642E00201FD35", ((1, 1, "'x' stands here"),)),
    (WRONG, ((16, 4, "CHKSUM is 'FD36'; the characters before it make FD35"),)),
    ("~20014642D00201FD35", ((10, 1, "LCHKSUM is D; for LENID 002 it must be E"), (16, 4, "make FD36"))),
    ("~20014642E0020fFD35", ((15, 1, "'f' is none of 0 to 9 and A to F: it must be 'F'"), (16, 4, "make"))),
    ("~20014642E00201FD3", ((11, 3, "says 2 characters of INFO, there are 1"), (15, 4, "make"))),
    ("~20014642E0020101FCD4", ((11, 3, "there are 4, for which LENGTH must be C004"),)),
    (text_of(made(b"ABC")), ((11, 3, "LENID 003 is odd"),)),
    (VECTOR[:50] + "\xb0Z" + VECTOR[52:], ((51, 2, "'\\xb0Z' is none of"), (124, 4, "make"))),
    (reply(b"\x01\x02\x03"), ((14, 6, "INFO has the layout of no reply"),)),
    (reply(MANUFACTURER), ((14, 64, "INFO does not fit serial number: INFO has 32 bytes, its layout 17"),)),
)


@pytest.mark.parametrize(("line", "faults"), BAD, ids=[repr(row[0][:24]) for row in BAD])
def test_bad_frames(line, faults):
    report = Report(line, REPLY, 0x93) if "serial" in faults[0][2] else Report(line)
    assert [fault[:2] for fault in report.faults] == [fault[:2] for fault in faults]
    assert all(text in fault[2] for fault, (_, _, text) in zip(report.faults, faults, strict=True))


@pytest.mark.parametrize(("log", "said", "status"), [
    (b"10:02 RX: b'\\xb0~20014642E00201FD35\\r' ok", "good: request 42H", 0),
    (b"~20014642E00201FD35, then (~200146900000FDAA).\r\n", "2 frames: 2 good, 0 bad", 0),
    (b"\xb0~20014642E00201FD35\r\0~20014\xb0642E00201FD35\r~2001464~20014642E00201FD35", "4 frames: 2 good, 2 bad", 1),
    (b"about ~5 V in ~/logs ~ \r\n~\n~~~\n", "no frame is there", 1), (b"", "no frame is there", 1),
    (b"\n\rpylon>pwr\n\r@\n\r", "is of the text console; decode.py reads frames only", 1),
    (b'{"family": "console", "request": "pwr", "response": "pwr\\r\\n@\\r\\n"}', "is of the text console;", 1),
    (b"AverageTempr   : 20466\nVolt   Curr   Tempr  UTlow\n", "is of the text console of the Force family, which", 1),
    (json.dumps({"request": OTHER, "response": reply(b"\x02")}).encode(), "to 90H pack count (by the request", 0),
    ("\n".join(json.dumps({"family": family, "request": asked, "response": answer}) for family, asked, answer in (
        ("pace", OTHER, reply(b"\x02")), ("pace", GOOD, "garbage"), ("pace", GOOD, ""), ("console", "pwr", WRONG),
        ("console", "time", ""))).encode(), "5 frames: 4 good, 1 bad; requests without an answer: 2; answers of the "
     "text console, which are not looked at: 1", 1),
], ids=range(10))
def test_files(tmp_path, capsys, log, said, status):
    path = tmp_path / "log"
    path.write_bytes(log)
    found, out, err = run(capsys, str(path))
    assert said in out + err and found == status


def test_fuzz_a_frame_is_bad_when_the_firmware_refuses_it():
    dice = random.Random(7)
    lines = [text_of(line) for line, _ in FRAMES if len(line) < 300] + [reply(row[0]) for row in REPLIES]
    bad = 0
    for number in range(FUZZ):
        line = dice.choice(lines) if number % 10 else "".join(dice.choices(ALPHABET, k=number % 90))
        for _ in range(dice.randrange(3)):
            at = dice.randrange(len(line) + 1)
            line = line[:at] + dice.choice(("", dice.choice(ALPHABET))) + line[at + dice.randrange(2) :]
        report = Report(line.removesuffix("\r"), REPLY, 0x82)  # which no INFO can be held against
        is_bad = refused(line.encode("latin-1"))
        bad += is_bad
        assert bool(report.faults) == is_bad, line
        assert "".join(part[1] for part in report.parts) == line.removesuffix("\r"), line
        assert number % 20 or decode.main([line]) in (0, 1)
    assert FUZZ // 2 < bad < FUZZ
