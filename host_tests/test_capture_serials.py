"""tools/capture.py: serial numbers are masked in all that it keeps, whatever happens on the line."""

from __future__ import annotations

import random

import console_answers
import pytest
from capture_rig import Rig
from codec_cases import characters, made
from messages_cases import SERIAL

from firmware.battery import frame, messages
from tools import capture_rows

NOISES = ("noise", "nul", "truncated", "changed", "lost", "doubled", "split", "late", "swapped", "cancel")


def leaks(rig):
    """Serial numbers that can be read in what was recorded: as text, or in hex; with a lost end, too."""
    text = rig.text().upper()
    found = []
    for serial in rig.serials():
        for part in (serial[:10], serial[-10:], serial[3:13]):
            found += [part for form in (part, part.encode().hex().upper(), part.encode().hex().upper().encode().hex())
                      if form.upper() in text]  # fmt: skip
    return found


def faults(fault):
    return [(fault, 0.6)] if fault else []


@pytest.mark.parametrize("fault", (None, *NOISES))
def test_no_serial_number_is_in_a_framed_capture(fault):
    for seed in range(4 if fault else 1):
        rig = Rig(packs=3, seed=seed)
        rig.run(faults=faults(fault))
        assert leaks(rig) == [] and (fault or rig.of(frame.SERIAL_NUMBER))
        for row in rig.of(frame.SERIAL_NUMBER):
            if row["valid"] and row["kind"] == "recorded" and fault not in ("swapped", "cancel"):
                assert messages.serial_number(frame.decode(row["response"].encode()).info)[1] == "X" * 16


@pytest.mark.parametrize("fault", (None, "lost", "doubled", "truncated", "noise", "nul", "split"))
@pytest.mark.parametrize("firmware", ("us5000", "pytes"))
def test_no_serial_number_is_in_a_console_capture(firmware, fault):
    for seed in range(3 if fault else 1):
        rig = Rig(115200, console={"firmware": firmware, "pager": 6 if seed == 1 else None}, packs=2, seed=seed)
        rig.run(faults=faults(fault))
        assert rig.of("info 1") and leaks(rig) == []


def test_serial_numbers_are_there_when_they_are_wanted():
    framed, console = Rig(serials=True), Rig(115200, console={"firmware": "pytes"}, serials=True)
    for rig in (framed, console):
        rig.run()
        assert all(any(form in rig.text() for form in (one, one.encode().hex().upper())) for one in rig.serials())
    assert all(one in console.of("pwr")[0]["response"] for one in console.serials())


ASK = b"~20014693E00201FD2F\r"
GOOD = made(characters(SERIAL))
HIDDEN = made(characters(b"\x02" + b"X" * 16))
SHORT = made(characters(b"\x02" + b"SHORT7\0\0\0\0\0\0\0\0\0\0"))[:-1]
MASKED = (
    (ASK, GOOD, HIDDEN),
    (ASK, SHORT, made(characters(b"\x02" + b"X" * 6 + b"\0" * 10))[:-1]),
    (ASK, b"\xb0" + GOOD + b"\0", b"x" + HIDDEN + b"\0"),
    (ASK, GOOD[:30], GOOD[:13] + b"x" * 17),
    (ASK, GOOD[1:], b"x" * 50 + b"\r"),
    (ASK, GOOD[:20] + GOOD, GOOD[:13] + b"x" * 7 + HIDDEN),
    (ASK, b"~200146040000FDAF\r", b"~200146040000FDAF\r"),
    (ASK, b"", b""),
    (b"~20014642E00201FD35\r", b"\xb0" + GOOD, b"\xb0" + HIDDEN),
    (b"~20014642E00201FD35\r", b"\xb0garbage\r", b"\xb0garbage\r"),
)


@pytest.mark.parametrize(("request_", "raw", "masked"), MASKED, ids=range(len(MASKED)))
def test_masked_frames(request_, raw, masked):
    assert capture_rows.masked_frames(request_, raw) == masked


@pytest.mark.parametrize(("command", "text", "whole", "masked"), [
    ("info 1", "Barcode  : SN 42\r\nDevice name : US5000", True, "Barcode  : XX XX\r\nDevice name : US5000"),
    ("pwr 1", " Serial number : SHORT7\r\n", True, " Serial number : XXXXXX\r\n"),
    ("info 1", "Board version : PHANTOMSAV10R03\nModule : PPTBP02311711", True,
     "Board version : PHANTOMSAV10R03\nModule : XXXXXXXXXXXXX"),
    ("pwr", "1  52382 -391 PT12345 2026-11-28", True, "1  52382 -391 XXXXXXX 2026-11-28"),
    ("stat 1", "Pwr Coulomb : 3184286160", True, "Pwr Coulomb : 3184286160"),
    ("stat 1", "Pwr Coulomb : PPT\xb0P02311711", False, "Pwr Coulomb : PPT\xb0XXXXXXXXX"),
], ids=range(6))  # fmt: skip
def test_masked_text(command, text, whole, masked):
    assert capture_rows.masked_text(command, text, whole) == masked


def test_fuzz_whatever_was_masked_stays_so():
    """Damage of any kind to an answer to 93H, and to `info` and `pwr`: ten characters in a row are never seen."""
    dice = random.Random(3)
    info = console_answers.info(words={"Barcode": "PMADE90817263544"}).decode()
    table = console_answers.pwr("pytes").decode()
    for _ in range(1500):
        at = dice.randrange(len(GOOD))
        raw = GOOD[:at] + dice.randbytes(dice.randrange(3)) + GOOD[at + dice.randrange(3) :]
        masked = capture_rows.masked_frames(ASK, raw)
        assert SERIAL[1:].hex().upper()[:20].encode() not in masked and SERIAL[7:].hex().upper().encode() not in masked
        for command, text, serial in (("info 1", info, "PMADE90817263544"), ("pwr", table, "LB12345678901234")):
            at = dice.randrange(len(text))
            text = text[:at] + dice.choice(("", "\0", "x", "\xb0")) + text[at + dice.randrange(3) :]
            masked = capture_rows.masked_text(command, text, False)
            assert not any(part in masked for part in (serial[:10], serial[6:], serial[3:13]))
