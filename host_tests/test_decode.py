"""tools/decode.py: what a frame says and every fault in its place."""

from __future__ import annotations

import random

import pytest
from codec_cases import FRAMES, made
from decode_vectors import VECTOR, reply, run, text_of
from messages_cases import GOLDEN, MANAGEMENT, MANUFACTURER, PARAMETERS, SERIAL, WIDE, WILD, analog_block

from firmware.battery import frame
from tools import decode, decode_values
from tools.decode_frame import REPLY, REQUEST, examine

FUZZ = 3000
ALPHABET = "0123456789ABCDEFabgxz~\r\n\0\x11\xb0\xff {}\""
SMALL_BLOCK = analog_block((3300, 3301), (2981,), -15, 6601, 40000, 50000, 3)


def fields(report):
    return {part.name: part.value for part in report.parts}


@pytest.mark.parametrize(("line", "words", "info"), [
    ("~20014642E00201FD35", "42H, analog values", ("Command", "1")),
    ("~20014642E002FFFD0A", "42H, analog values", ("Command", "all packs")),
    ("~200146470000FDA8", "47H, system parameters", None),
    ("~20014691E00203FD2F", "91H, set communication rate", ("rate", "4800 baud")),
    ("~20014682C0048520FCC3", "82H, wake-up of the text console, undocumented", None),
    (text_of(made(b"", head=b"20014694")), "94H, set charge/discharge limits; this project never sends it", None),
])  # fmt: skip
def test_requests(capsys, line, words, info):
    report = examine(line)
    assert (report.role, report.good) == (REQUEST, True) and (info is None or fields(report)[info[0]] == info[1])
    status, out, _ = run(capsys, line)
    assert status == 0 and f"good: request {words}\n" in out


# reply, CID2 that it answers, section, some values of it
REPLIES = (
    (VECTOR, 0x42, "3.5", {
        "Command or pack count": "1", "temperatures": "28.0, 28.0, 28.0, 29.0, 29.0 °C", "current": "0.0 A",
        "voltage": "50981 mV", "remaining": "49000 mAh", "capacity": "50000 mAh", "cycles": "2"}),
    (reply(b"\x00\x02" + SMALL_BLOCK + WIDE), 0x42, "3.5", {
        "pack 1: cells": "3300, 3301 mV", "pack 1: current": "-1.5 A (discharge)", "pack 2: current": "11.0 A (charge)",
        "pack 2: remaining": "75480 mAh", "pack 2: capacity": "74000 mAh"}),
    (reply(b"\x00\x02" + WILD + b"\x07"), 0x44, "3.7", {
        "charge_current": "above", "voltage": "below", "discharge_current": "other error",
        "status": "01 02 04 08 80: Pack_OVP, Charge_MOS, cell 4 faulty, cell 16 faulty"}),
    (reply(PARAMETERS), 0x47, "3.6", {
        "cell high voltage": "3650 mV", "charge low temperature": "-10.0 °C", "charge current": "25.0 A (charge)"}),
    (reply(MANUFACTURER), 0x51, "3.3", {"device": "US2KBPL", "version": "2.3", "maker": "Pylon"}),
    (reply(b"\x10"), 0x90, "3", {"number of packs": "16"}),
    (reply(MANAGEMENT), 0x92, "3.9", {
        "charge voltage": "53250 mV", "discharge current": "-25.0 A (discharge)",
        "status": "C0H: charge enabled, discharge enabled"}),
    (reply(SERIAL), 0x93, "3.10", {"Command": "2", "serial number": "'PPTBP02311711100'"}),
)  # fmt: skip


@pytest.mark.parametrize(("line", "cid2", "section", "said"), REPLIES, ids=[f"{row[1]:02X}" for row in REPLIES])
def test_replies_are_told_apart_and_named(line, cid2, section, said):
    for known in (None, cid2):
        report = examine(line, REPLY, known, "asked")
        assert (report.role, report.cid2, report.faults) == (REPLY, cid2, [])
        assert said.items() <= fields(report).items()
        assert {part.section for part in report.parts if part.at == 0 or part.name == "INFO"} == {section}


def test_alarms_name_what_is_not_normal():
    assert fields(examine(reply(b"\x11\x01" + WILD)))["cells"].startswith("16, 2 below, 3 above, 4 other error")


def test_the_frame_around_info():
    said = [(part.at, part.characters, part.name, part.value, part.section) for part in examine(VECTOR + "\r").parts]
    assert said[:7] == [
        (1, "~", "SOI", "start", "2.2"), (2, "20", "VER", "protocol version 2.0", "2.2"),
        (4, "01", "ADR", "address 1", "2.2"), (6, "46", "CID1", "lithium battery data", "2.2"),
        (8, "00", "RTN", "normal", "2.9"), (10, "C", "LCHKSUM", "for LENID", "2.4"),
        (11, "06E", "LENID", "110 characters of INFO", "2.4"),
    ]  # fmt: skip
    assert said[-1] == (124, "E553", "CHKSUM", "right", "2.5")


# A bad line, and each of its faults: number of the first character, how many, what it should be
BAD = (
    ("", ((1, 1, "SOI must be '~'"), (1, 1, "ends here, after 0 characters"))),
    ("~", ((2, 1, "ends here, after 1 characters; the shortest frame has 17"),)),
    ("20014642E00201FD35", ((1, 1, "SOI must be '~' (7EH), '2' stands here"),)),
    ("x20014642E00201FD35", ((1, 1, "'x' stands here"),)),
    ("~20014642E00202FD35", ((16, 4, "CHKSUM is 'FD35'; the characters before it make FD34"),)),
    ("~20014642D00201FD35", ((10, 1, "LCHKSUM is D; for LENID 002 it must be E"), (16, 4, "make FD36"))),
    ("~20014642E0020fFD35", ((15, 1, "lower-case hex 'f': it must be 'F'"), (16, 4, "make"))),
    ("~200\xb04642E00201FD35", ((5, 1, "B0H is no hex"), (16, 4, "make"))),
    ("~20014642E00201FD3", ((11, 3, "says 2 characters of INFO, there are 1: 1 missing. LENID fits its LCHKSUM"),
                            (15, 4, "make"))),
    ("~20014642E0020101FCD4", ((11, 3, "there are 4: 2 too many. CHKSUM is right, so it is LENGTH that is wrong: it "
                                        "must be C004"),)),
    (text_of(made(b"ABC")), ((11, 3, "LENID 003 is odd"),)),
    (VECTOR[:50] + "ZZ" + VECTOR[52:], ((51, 2, "'ZZ' is no hex"), (124, 4, "make"))),
)  # fmt: skip


@pytest.mark.parametrize(("line", "faults"), BAD, ids=[repr(row[0][:24]) for row in BAD])
def test_bad_frames(line, faults):
    report = examine(line)
    assert [fault[:2] for fault in report.faults] == sorted(fault[:2] for fault in faults)
    for at, width, text in faults:
        assert [one for one in report.faults if one[:2] == (at, width) and text in one.text], (text, report.faults)
    with pytest.raises(frame.FrameError):
        frame.decode(line.encode("latin-1"))


def test_marks_stand_under_what_is_wrong(capsys):
    status, out, _ = run(capsys, "~20014642D00201FD35")
    assert status == 1 and out.splitlines()[1:3] == ["     1  ~20014642D00201FD35", "                 ^     ^^^^"]
    long = VECTOR[:104] + "x" + VECTOR[105:]
    lines = run(capsys, long)[1].splitlines()
    assert lines[2:4] == [f"   101  {long[100:]}", "            ^                  ^^^^"]


# Good frames whose INFO is wrong: the line, --cid2, why
@pytest.mark.parametrize(("line", "cid2", "text"), [
    (VECTOR, 0x44, "INFO does not fit alarm data: INFO of 55 bytes"),
    (reply(MANUFACTURER), 0x93, "INFO does not fit serial number: INFO has 32 bytes, its layout 17"),
    (reply(b"\x11\x01\x00"), 0x42, "a pack without cells"),
    (reply(b"\x01\x02"), 0x4F, "INFO of 2 bytes where none belongs"),
    (reply(b"\x01\x02\x03"), None, "INFO has the layout of no reply"),
])  # fmt: skip
def test_bad_info(capsys, line, cid2, text):
    (fault,) = examine(line, REPLY, cid2, "asked").faults
    assert fault[:2] == (14, len(line) - 17) and text in fault.text
    assert run(capsys, line, *(["--cid2", f"{cid2:02X}"] if cid2 else []))[0] == 1


@pytest.mark.parametrize(("given", "cid2"), [("42", 0x42), ("4fH", 0x4F), ("0x93", 0x93)])
def test_cid2_is_taken(given, cid2):
    assert decode.command(given) == cid2


@pytest.mark.parametrize(("lines", "words"), [
    (["~200146900000FDAA"], "ambiguous: as a reply 90H would be RTN ADR error"),
    (["--reply", "~200146900000FDAA"], "good: reply, RTN 90H ADR error"),
    (["~200146910000FDA9"], "good: reply, RTN 91H communication error"),
    (["~2001464F0000FD99", "~210146000000FDB2"], "reply, RTN 00H normal, to 4FH protocol version (by the request"),
    (["~20014642E00201FD35", "~200146000000FDB3"], "for a pack that is absent"),
    (["~20014A440000FDA0"], "another maker's battery"),
    (["~20014642C0040202FCD1"], "2 bytes of INFO; by the protocol a request for analog values has 1"),
    (["--cid2", "42", VECTOR], "to 42H analog values (as --cid2 says)"),
])  # fmt: skip
def test_what_the_surroundings_say(capsys, lines, words):
    assert words in run(capsys, *lines)[1]


def test_a_request_is_answered_once(tmp_path, capsys):
    log = tmp_path / "log"
    log.write_text(f"tx ~20014644E00201FD33\nrx {reply(b'')}\nrx {VECTOR}\n")
    status, out, _ = run(capsys, str(log))
    assert status == 0 and "to 44H alarm data (by the request before it)" in out
    assert "to 42H analog values (guessed: INFO has its layout)" in out and out.endswith("3 frames: 3 good, 0 bad\n")


def test_recorded_frames_are_good_where_they_are_valid(frames):
    for row in frames:
        known = row["request"] and frame.decode(row["request"].encode()).code in frame.COMMANDS
        if known and row["family"].startswith("pylontech") and row["valid"]:
            assert examine(row["response"]).good


def damaged(dice, line):
    """A line with some characters inserted, lost, changed, cut off."""
    out = list(line)
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(out) + 1)
        how = dice.randrange(4)
        out[at : at + (how > 0)] = [dice.choice(ALPHABET)] if how < 2 else []
        if how == 3:
            del out[at:]
    return "".join(out)


def test_fuzz_a_frame_is_bad_when_the_firmware_refuses_it():
    dice = random.Random(7)
    lines = [text_of(line) for line, _ in FRAMES if len(line) < 300] + [row[0] for row in REPLIES]
    refused = 0
    for number in range(FUZZ):
        line = damaged(dice, dice.choice(lines)) if number % 10 else "".join(dice.choices(ALPHABET, k=number % 90))
        report = examine(line, REPLY, 0xC1, "x")  # which no INFO can be held against
        try:
            frame.decode(line.encode("latin-1"))
        except frame.FrameError:
            refused += 1
            assert not report.good, line
        else:
            assert report.good, line
        shown = "".join(part.characters for part in report.parts)
        assert shown == line.removesuffix("\r"), line
    assert FUZZ // 2 < refused < FUZZ


def test_fuzz_info_is_bad_when_the_firmware_refuses_it():
    dice = random.Random(8)
    for _ in range(FUZZ // 3):
        _, info, _ = dice.choice(GOLDEN)
        info = bytearray(info[:400])
        info[dice.randrange(len(info))] = dice.randrange(256)
        line = reply(bytes(info))
        for cid2 in decode_values.COMMANDS:
            report = examine(line, REPLY, cid2, "asked")
            assert report.good == (not decode_values.refusal(bytes(info), cid2))
            assert report.good == (any(part.at == 0 for part in report.parts))


PACE_BLOCK = "100D2F0D320D300D320D300D300D2D0D300D310D310D2D0D310D2B0D2F0D310D2E060B5B0B680B5F0B690B780B86"
PACE_ANALOG = bytes.fromhex("0002" + PACE_BLOCK + "FF9CD2F977D50977FA001F6D6064")
PACE_ALARM = bytes.fromhex("000204000100F00400000002000002408106021000054880")


@pytest.mark.parametrize(("info", "cid2", "said"), [
    (PACE_ANALOG, 0x42, {"current": "-1.0 A (discharge)", "remaining": "306770 mAh", "design": "280000 mAh",
                         "soh": "100 %"}),
    (PACE_ALARM, 0x44, {"status": "40 81 06 02 10: SCP, Fully_Charged, CHG_OTP, Discharge_MOS, Charge_MOS, Cell_Fault",
                        "balancing": "cell 1, cell 3", "warn": "48 80: Pack_UV, Low_SOC"}),
    (b"P16S100A-1B470-1.04\0", 0xC1, {"text": "'P16S100A-1B470-1.04'"}),
    (b"1B470102170999D     Mar 30 2022,18:18:16", 0xC2, {"text": "'1B470102170999D'"}),
    (b"\x05", 0x90, {"number of packs": "5"}),
], ids=["42", "44", "C1", "C2", "90"])  # fmt: skip
def test_frames_of_pace(info, cid2, said):
    """With its own VER, and with that of V2.8, where the layout tells."""
    for version in (b"25", b"20") if cid2 in (0x42, 0x44) else (b"25",):
        report = examine(text_of(made(info.hex().upper().encode(), head=version + b"014600")), REPLY, cid2, "asked")
        assert report.faults == [] and said.items() <= fields(report).items()
        assert bool(report.remarks) == (version == b"20")
        longer = text_of(made((info + b"\1\2").hex().upper().encode(), head=version + b"014600"))
        assert cid2 > 0x90 or not examine(longer, REPLY, cid2, "").good


def test_requests_of_pace():
    assert fields(examine("~250146C1E00201FD22"))["CID2"] == "version"
    assert not examine("~200146C1E00201FD27").role, "C1H is none of V2.8"


@pytest.mark.parametrize(("capacity", "is_told"), [(10470, True), (14999, True), (15000, False), (50000, False)])
def test_a_reading_that_is_a_factor_of_ten_off(capacity, is_told):
    block = analog_block((3300,) * 15, (2981,), -15, 49500, capacity // 2, capacity, 3)
    said = [one for one in examine(reply(b"\0\1" + block)).remarks if "in units of 10 mAh" in one]
    assert bool(said) is is_told
