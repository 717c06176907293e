"""Checks of console_text that need no pytest: numbers, units, columns, fields, words."""
# ruff: noqa: RUF005 - of MicroPython

from console_answers import raised

from firmware.battery import console_text as text
from firmware.problems import ABOVE, BELOW, NORMAL, OTHER

HEADER = "Power Volt   Curr   Tempr  Tlow   Base.St  Time                 Barcode   "
NAMES = ("Power", "Volt", "Curr", "Tempr", "Tlow", "Base.St", "Time", "Barcode")


def check_numbers():
    assert (text.number(b"-6300"), text.number(b"360000000"), text.percent(b"45%")) == (-6300, 360000000, 45)
    for word in (b"", b"-", b"--1", b"1_0", b"+1", b" 1", b"1.5", b"1e3", b"0x1", b"45%", b"12345678901", b"\xff"):
        raised(ValueError, text.number, word)
    for word in (b"", b"%", b"45", b"45%%"):
        raised(ValueError, text.percent, word)


def check_units():
    for value, unit, expected in (
        (b"49952   mV", b"mV", 49952), (b"-391 mA", b"mA", -391),
        (b"23560 mC", b"mC", 236), (b"-50 mC", b"mC", -1), (b"73 %", b"%", 73),
        (b"50000 mAH", b"mAH", 50000), (b"100 AH", b"mAH", 100000), (b"360000000 mAS", b"mAH", 100000),
        (b"360000 AS", b"mAH", 100000), (b"1008000000 mAS", b"mAH", 280000), (b"1799 mAS", b"mAH", 0),
    ):  # fmt: skip
        assert text.quantity(value, unit) == expected, value
    for value, unit in (
        (b"49952", b"mV"), (b"", b"mV"), (b"49952 mA", b"mV"), (b"50 xAH", b"mAH"), (b"5 0 mAH", b"mAH"),
    ):  # fmt: skip
        raised(ValueError, text.quantity, value, unit)


def check_columns():
    assert text.columns("Battery  Volt Base State   Volt. State  BAL ") == [
        "Battery", "Volt", "Base State", "Volt. State", "BAL"]  # fmt: skip


def check_rows_are_cut_where_the_names_begin():
    for row, words in (
        (b"1     49952  -6300  23500  22000  Dischg   2024-04-05 18:24:33  LB123   ", (b"49952", b"-6300", b"23500")),
        (b"1     49952  -10000026000  22000  Dischg   2024-04-05 18:24:33  LB123   ", (b"49952", b"-100000", b"26000")),
        (b"1     49952  0      -40000022000  Dischg   2024-04-05 18:24:33  LB123   ", (b"49952", b"0", b"-400000")),
        (b"1     49952  -6300  23500  22000  Sys Fail 2024- 4- 5           LB 123  ", (b"49952", b"-6300", b"23500")),
        (b"1     49952  -6300  23500  22000  Dischg   2024-04-05 18:24:33          ", (b"49952", b"-6300", b"23500")),
    ):
        cut = text.cut(row, HEADER, NAMES)
        assert len(cut) == len(NAMES) and tuple(cut[1:4]) == words, cut
    for row in (
        b"1     49952  -100000026000 22000  Dischg   2024-04-05 18:24:33  LB123   ",  # one digit too many, a blank lost
        b"1     49952  -1000000026000 22000  Dischg   2024-04-05 18:24:33  LB123   ",  # one digit too many
        b"1     49952  -10000-026000  22000  Dischg   2024-04-05 18:24:33  LB123   ",
        b"1     49952  -6300  23500  22000xDischg   2024-04-05 18:24:33  LB123   ",
        b"1     49952  -6300  23500  2200000Dischg   2024-04-05 18:24:33  LB123   ",
        b"1     49952  -6300 23500  22000  Dischg   2024-04-05 18:24:33  LB123   ",  # a blank is lost
        b"1     49952  -630",
    ):
        assert not text.cut(row, HEADER, NAMES) or text.cut(row, HEADER, NAMES)[3] == b"", row


def check_fields():
    wanted = b";Soft version=;Barcode=x;SOH="
    lines = [b"Device address      : 2", b"Soft  version       : V1.3 ", b"Barcode             : A:B", b"Other : 5"]
    found, form = text.fields(iter(lines), 2, wanted)
    assert found == {b"Soft version": b"V1.3", b"Barcode": b"A:B"}
    assert text.fields(iter(lines + [b"New : 1"]), 2, wanted)[1] == form  # who else is there does not matter
    for other in (lines[:2], lines[:2] + [lines[2] + b" "], lines[1:], [lines[0], lines[2], lines[1]]):
        assert text.fields(iter(other), 2, wanted)[1] != form, other
    assert text.fields(iter(lines + [lines[1]]), 2, wanted)[0][b"Soft version"] == b""  # which one is it?
    for first in (b"Device address           1", b" Power  1", b"Device address : 1"):
        assert "another pack" in str(raised(ValueError, text.fields, iter([first]), 2, wanted))
        assert text.fields(iter([first]), 1, wanted)[0] == {}


def check_states():
    words = []
    for word, value in ((b"Normal", NORMAL), (b"-", NORMAL), (b"Low", BELOW), (b"High", ABOVE)):
        assert text.state(word, b"Volt Status", words) == value
    for word, value in ((b"Under", BELOW), (b"Over", ABOVE)):
        assert text.state(word, b"Volt Status", words) == value | text.PROTECTED
    assert words == [] and text.published(bytes((0, 5, 6, 2, 240))) == bytes((0, 1, 2, 2, 240))
    for _ in range(20):
        assert text.state(b"Od\xff", b"Volt Status", words) == OTHER
    assert words == ["Volt Status Od?"] * 8


def check_events():
    for value, said, flags in (
        (b"0x0       ", "", []), (b"0x00", "", []), (b"0x2000     COULFULL", "Power Events 0x2000 COULFULL", []),
        (b"0x4000", "Power Events 0x4000", []), (b"0x3 POV XYZ BHV", "Power Events 0x3 POV XYZ BHV",
        ["Pack_OVP", "Cell_OV"]), (b"LCOUL", "Power Events LCOUL", ["Low_SOC"]),
    ):  # fmt: skip
        found = []
        assert (text.event(b"Power Events", value, found), found) == (said, flags), value
