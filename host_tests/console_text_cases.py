"""Checks of console_text and console_details: numbers, units, the table of all packs, counters. They need no pytest."""
# ruff: noqa: RUF005 - of MicroPython

import console_answers as made
from console_answers import console, on, raised, replaced

from firmware.battery import NoReply, console_details
from firmware.battery import console_text as text

QUANTITIES = (
    (b"49952", b"mV0", 49952), (b"50", b"V0", 50000), (b"-391", b"mA1", -391), (b"-2", b"A1", -2000),
    (b"23560", b"mC2", 236), (b"-50", b"mC2", -1), (b"23", b"C2", 230), (b"73", b"%3", 73), (b"100", b"AH4", 100000),
    (b"360000", b"AS4", 100000), (b"1008000000", b"mAS4", 280000), (b"1799", b"mAS4", 0), (b"5000", b"mAH4", 5000),
)  # fmt: skip
NO_NUMBERS = (b"", b"-", b"--1", b"1_0", b"+1", b" 1", b"1.5", b"0x1", b"45%", b"12345678901")
NO_QUANTITIES = (b"49952", b"0"), (b"", b"mV0"), (b"49952", b"mA0"), (b"50", b"xAH4"), (b"5 0", b"mAH4")
HEADER = b"Power Volt   Curr   Tempr  Tlow   Base.St  Time                 Barcode   "
NAMES = HEADER.split()
END = b"Dischg   2024-04-05 18:24:33  LB123   "
# a row without its end, and its words from the second on; None: it does not fit
ROWS = (
    (b"1     49952  -10000026000  22000  ", (b"49952", b"-100000", b"26000")),
    (b"1     49952  -1000000      22000  ", (b"49952", b"-100000", b"0")),
    (b"1     49952  0      -40000022000  ", (b"49952", b"0", b"-400000")),
    (b"1     49952  -100000026000 22000  ", None),  # a digit more, a blank lost
    (b"1     49952  -1000000026000 22000  ", None),  # one digit too many
    (b"1     49952  -10000-026000  22000  ", None), (b"1     49952  -6300  23500  22000x", None),
    (b"1     49952  -6300  23500  2200000", None), (b"1     49952  -6300 23500  22000  ", None),  # a blank is lost
    (b"1     49952  -6300   3500  22000  ", None),  # one blank too many
)  # fmt: skip
# What the table of all packs says instead of something: (layout, words) of each row that are found by the columns of
# the header; those that fit nothing
OTHER_WORDS = (
    ("us2000c", {"Time": "2024-04-05"}), ("us2000c", {"Time": "2024- 4- 5 18:24:33"}),
    ("us2000c", {"Base.St": "Sys Fail"}), ("pytes", {"DevType": "E-BOX 48R"}), ("pytes", {"Barcode": ""}),
    ("us2000c", {"Curr": "-100000", "Tempr": "26000"}),  # 100 A or more touch the temperature
)  # fmt: skip
# Headers and rows that do not stand below each other
OTHER_TABLES = (
    ("Power Volt   Base.St  Time", "%d 49952 Dischg 2024-04-05 18:24:33"),
    ("Power Volt   Base.St  Time", "%d 49952 Idle -"), ("Power Base.St  Coulomb  Volt", "%d Dischg 83% 49952"),
)  # fmt: skip
UNFIT_WORDS = ({"Volt": ""}, {"Base.St": ""}, {"Volt.St": "Normal Normal "}, {"Tempr": "-1234567"})
UNFIT_CHANGES = (
    (b"Power Volt", b"PowerVolt"), (b"Base.St", b"Base St"), (b"\r\r\n2     ", b"\r\r\n3     "), (b"Absent", b"Absen"),
    (b"2024-04-05 ", b"2024-04-05"), (b"Absent   -", b"Absent   7"),
)  # fmt: skip
FORCE = (
    "Volt   Curr   Tempr  BTlow  UTlow  UThigh Base.St  Volt.St  Curr.St  Temp.St  CoulombAH Time",
    "235573 -292   30000  17000  26000  27000  Dischg   Normal   Normal   Normal",
)
# a word of a column that stands only in the table; the flag and the words that it makes
TABLE_WORDS = (
    ("Normal", "M.T.St", "", ()), ("High", "M.T.St", "OT", ()), ("Low", "M.T.St", "UT", ()), ("-", "M.T.St", "", ()),
    ("Odd", "M.T.St", "Other", ("M.T.St Odd",)), ("High", "SysAlarm.St", "Other", ("SysAlarm.St High",)),
)  # fmt: skip
# items of `stat N` -> cycles, SOH, discharged mAh, protections, resets, shutdowns
COUNTERS = (
    ((("Charge Times", 26076), ("COC Times", 1), ("Bat OV Times", 2), ("Bat HV Times", 25), ("Pwr UV Times", 4),
      ("COCA Times", 9), ("Shut Times", 3256), ("Reset Times", 35), ("CYCLE Times", 666), ("SOH", 93),
      ("Dsg Cap", 33318354)), [666, 93, 33318354, 7, 35, 3256]),
    ((("CYCLE Times", 0), ("SOH", "98%"), ("SC Times", 0)), [0, 98, -1, 0, -1, -1]),
    ((("CYCLE Times", 62), ("SOH", "-")), [62, -1, -1, -1, -1, -1]), ((("SOH", 101),), [-1] * 6),
    ((("SOH", 100),), [-1, 100, -1, -1, -1, -1]),
)  # fmt: skip


def check_numbers_and_units():
    assert (text.number(b"-6300"), text.number(b"3600000000")) == (-6300, 3600000000)
    for word in NO_NUMBERS:
        raised(ValueError, text.number, word)
    for word, unit, expected in QUANTITIES:
        assert text.quantity(word, unit) == expected, (word, unit)
    for word, unit in NO_QUANTITIES:
        raised(ValueError, text.quantity, word, unit)


def check_columns_and_rows():
    for row, words in ROWS:
        cut = console_details._cut(row + END, HEADER, NAMES)
        assert (len(cut) == len(NAMES) and tuple(cut[1:4]) == words) if words else cut == (), row
    for row, third in ((b"1     49952  -630", b""), (b"1     4995222", None)):  # it is cut off
        cut = console_details._cut(row, HEADER, NAMES)
        assert cut == () if third is None else cut[3] == third


def packs_of(answer):
    return console({"pwr": answer})[0].packs()


def check_layouts_of_the_table():
    for name, *_ in made.LAYOUTS:
        for there in ((1, 2, 4), (3,)) if name != "us3000d" else ((1,), (1, 2, 3), tuple(range(1, 17))):
            it, _ = console({"pwr": made.pwr(name, there)})
            assert it.packs() == there, (name, there)
            assert it._mos == ({} if name == "pytes" else dict([(pack, 275) for pack in there])), name
    for header, row in OTHER_TABLES:
        lines = ["AverageTempr   : 21900       ", header, row.replace("%d", "1"), row.replace("%d", "2")]
        assert packs_of(made.wrapped("pwr", lines)) == (1, 2), header
    for layout, words in OTHER_WORDS:
        assert packs_of(made.pwr(layout, (1, 3), words=words)) == (1, 3), words
    bad = [made.pwr(words=words) for words in UNFIT_WORDS] + [replaced(made.pwr(), change) for change in UNFIT_CHANGES]
    for answer in bad + [made.pwr(there=()), made.pwr("us3000d", range(1, 18))]:
        assert "does not fit" in str(raised(NoReply, packs_of, answer)), answer
    why = str(raised(NoReply, packs_of, made.wrapped("pwr", ("AverageTempr   : 20466", "DC Volt : 235008") + FORCE)))
    assert "a battery of the Force family (UTlow in its table), which is not known here" in why


def read_after(it, uart, answer):
    uart.answers["pwr"] = answer
    it.packs() if answer else raised(NoReply, it.packs)
    return it.read(1)


def check_what_only_the_table_says_comes_with_a_reading():
    it, uart = console()
    hot, warm, warmer = [made.pwr(words={"MosTempr": word}) for word in ("97500", "30500", "33600")]
    for answer, mos in (
        (made.pwr(), 275), (b"", None), (made.pwr(), 275), ([hot, made.pwr()], None), (made.pwr(), 275),
        ([warm, made.pwr()], 305), ([warmer, warm], None), ([hot, hot], 975),
        (made.pwr(words={"MosTempr": "-"}), None),
    ):  # fmt: skip
        reading = read_after(it, uart, answer)
        assert reading.voltage == 49952 and reading.mos == mos, (answer, mos)
    calm = made.pwr("us5000-v2")
    for word, column, flag, said in TABLE_WORDS:
        odd = made.pwr("us5000-v2", words={column: word})
        it, uart = console()
        for answer, there in ((odd, True), (b"", False), (odd, True), (calm, False), ([odd, calm], False)):
            reading = read_after(it, uart, answer)
            assert on(reading.alarms) == (flag if there else ""), (word, answer)
            assert reading.words == (said if there else ()), word


def check_identity_and_counters():
    it, uart = console()
    expected = ("PMADE00000000001", "2.0", "1.3", "Pylon", "US5000", "console", 115200, "V10R04")
    assert it.identity(2) == (expected, None) and it.counters(1) is None
    uart.answers["info 1"] = made.info(1, {"Soft  version": "", "Barcode": ""})
    assert it.identity(1)[0][:3] == (None, "2.0", "B69.16")
    for items, expected in COUNTERS:
        it, _ = console({"stat 1": made.stat(items=items)})
        assert it.link.request("stat", 1, lambda lines: console_details.stat(lines, 1)) == expected, items
    it, _ = console(dict(made.rack(), **{"stat 1": made.stat(items=(("CYCLE Times", 0),))}))
    assert it.read(1)[7:9] == (0, None) and it.counters(1) == (0, None, None, None, None, None)
