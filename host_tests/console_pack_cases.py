"""Checks of console_pack: `bat N` and `pwr N` of one pack as a Reading. They need no pytest."""
# ruff: noqa: RUF005 - of MicroPython

import console_answers as made
from console_answers import console, on, raised, replaced

from firmware.battery import NoReply
from firmware.reading import summarize

NORMAL = ("Normal", "Normal", "Normal")
FULL = {"Coul. Status": "Full", "Power Events": "0x2000     COULFULL"}
# What `pwr N` says, the words of cell 7 or None; flags that are set. Where there is Other, words are told
FLAGS = (
    ({"Volt Status": "High"}, None, "Pack_OV"), ({"Volt Status": "Low"}, None, "Pack_UV"),
    ({"Volt Status": "Over"}, None, "Pack_OV Pack_OVP"), ({"Volt Status": "Under"}, None, "Pack_UV Pack_UVP"),
    ({"Current Status": "High", "Current": "6300"}, None, "CHG_OC"),
    ({"Current Status": "Over"}, None, "DSG_OC DSG_OCP"),
    ({"Current Status": "Over", "Current": "0"}, None, "CHG_OC Other"),  # of charging or of discharging?
    ({"Tmpr. Status": "Under", "Current": "1"}, None, "UT CHG_TP"), ({"Tmpr. Status": "Over"}, None, "OT DSG_TP"),
    ({"Tmpr. Status": "Melted"}, None, "Other"), ({"Heater Status": "ON"}, None, "Heater"),
    ({"Heater Status": "HOT"}, None, "Other"), ({"Heater Status": "-"}, None, ""),
    ({"Soh. Status": "Gone"}, None, "Other"), ({"Coul. Status": "Odd"}, None, "Other"),
    ({"Coul. Status": "Full"}, None, "Fully_Charged"), ({"Coul. Status": "Low"}, None, "Low_SOC"),
    ({"CMOS Status": "ON", "DMOS Status": "OFF"}, None, "Charge_MOS"),
    ({"CFetState": "OFF", "DFetState": "ON"}, None, "Discharge_MOS"),
    ({"Power Events": "0x3     POV PHV", "Bat Events": "0x8 BUV"}, None, "Pack_OV Cell_UVP Pack_OVP"),
    ({"Power Events": "0x8000 LCOUL", "Coul. Status": None}, None, "Low_SOC"), ({"Power Events": "0x4000"}, None, ""),
    ({}, ("Dischg", "High", "Normal", "Normal"), "Cell_OV"),
    ({}, ("Dischg", "Under", "Normal", "Normal"), "Cell_UV Cell_UVP"), ({}, ("Balance",) + NORMAL, ""),
    ({}, ("Dischg", "Normal", "Over", "Normal"), "DSG_OC DSG_OCP"), ({}, ("BLV",) + NORMAL, "Other"),
    ({}, ("Dischg", "Normal", "Normal", "High"), "OT"),
    ({"Current Status": "High"}, ("Dischg", "Normal", "Odd", "Normal"), "DSG_OC Other"),
)  # fmt: skip
# What `pwr N` says -> base, BatteryState, problem, warning, text, events
STATES = (
    ({"Bat Events": None, "Power Events": None}, "Dischg", "discharging", False, False, "OK", None),
    (FULL, "Dischg", "discharging", False, False, "OK", "Power Events 0x2000 COULFULL"),
    (dict(FULL, **{"Basic Status": "Charge"}), "Charge", "full", False, False, "OK", "Power Events 0x2000 COULFULL"),
    ({"Basic Status": "Balance", "Coul. Status": "-"}, "Balance", "balancing", False, False, "OK", "none"),
    ({"Basic Status": "Sleep", "Coul. Status": "Low"}, "Sleep", "sleeping", False, True, "Low charge", "none"),
    ({"Basic Status": "Burning"}, "Burning", "other", True, True, "Status Burning", "none"),
    ({"Power Events": "0x10000 SC"}, "Dischg", "discharging", True, False, "Discharge over-current protection",
     "Power Events 0x10000 SC"),
    ({"System Fault": "0x40", "Bat Events": "0x4", "System Alarm": "0x1"}, "Dischg", "discharging", True, True,
     "System Fault 0x40", "Bat Events 0x4; System Alarm 0x1"),
    ({"Bat Events": "0x4 " + "A" * 150, "Power Events": "0x8 " + "B" * 99}, "Dischg", "discharging", False, False, "OK",
     "Bat Events 0x4 " + "A" * 150 + "; Power Events 0x8 " + "B" * 71),  # Home Assistant takes no longer state
)  # fmt: skip
# SOC %, mAh of the first cell -> mAh that count: of a pack of 50 Ah just within what it can hold, and beyond
CHARGES = (
    (80, 10834, 10834), (80, 10833, 40000), (80, 62500, 50000), (80, 62501, 40000), (20, 834, 834), (20, 833, 10000),
    (20, 17500, 17500), (20, 17501, 10000), (5, 0, 0), (0, 0, 0), (107, 53500, 50000), (94, 44600, 44600),
)  # fmt: skip
UNFIT_CELLS = (
    (b"Temp. State  ", b"Temperature  "), (b"Base State  ", b"Bass State  "), (b"\r\r\n5  ", b"\r\r\n6  "),
    (b"41502 mAH", b"41502    "), (b"83%", b"83 "), (b" 3332 ", b" 333x "), (b"Coulomb", b"Coul   "),
)  # fmt: skip
UNFIT_WORDS = (
    ({"Total Coulomb": None}, "Total Coulomb does not fit"), ({"Coulomb": "-1"}, "Coulomb does not fit"),
    ({"Total Coulomb": "50 xAH"}, "50xAH4 does not fit"), ({"Total Coulomb": "0"}, "does not fit"),
    ({"Basic Status": None}, "does not fit"),
)  # fmt: skip
# US3000D: of a cell's temperature one state is for discharging, one for charging
TWO_STATES = (
    ("High", "Normal", "OT", "Over-temperature: cell 7"), ("Normal", "Low", "UT", "Under-temperature: cell 7"),
    ("Low", "High", "OT", "Over-temperature: cell 7"), ("Odd", "High", "Other", "Cell 7 DTemp. State Odd"),
)  # fmt: skip


def read(words=(), cells=None, pwr=None, bat=None, **more):
    answers = dict(made.rack())
    answers["pwr 1"] = pwr or made.pwr_of(words=words)
    answers["bat 1"] = bat or made.bat(states=cells, **more)
    return console(answers)[0].read(1)


def check_reading():
    reading = read()
    assert reading[:9] == (1, made.CELLS, (235,), -6300, 49952, 41500, 50000, 62, 98)
    assert reading[10:] == ((220,) * 4 + (221,) * 4 + (222,) * 4 + (223,) * 3, None, 83, "Dischg", "discharging",
                            (), (), "none", None, None)  # fmt: skip
    assert reading.alarms.cell_states == bytes(15) and read({"Current": "-391"}).current == -391
    flags = {key: key in reading.alarms.on for key in reading.alarms.keys}
    assert flags["Discharging"] and [flags[key] for key in ("Charging", "Heater", "Fully_Charged")] == [False] * 3
    assert "Charge_MOS" not in flags and "Cell_Fault" not in flags  # what is not said is left out
    for name, columns, _ in made.BATS:
        reading = read(bat=made.bat(1, name, balancing=(2, 14)))
        assert reading.cells == made.CELLS and reading.remaining == 41500, name
        assert reading.balancing == ((3, 15) if "BAL" in columns else None), name
    assert len(read({"Voltage": "53280"}, bat=made.bat(cells=(3330,) * 16)).cells) == 16


def check_charges():
    for soc, charge, remaining in CHARGES:
        reading = read({"Coulomb": str(soc)}, soc=soc, charge=charge)
        assert (reading.remaining, reading.capacity, reading.soc) == (remaining, 50000, min(soc, 100)), soc
    for soc, times in (("80", 1), ("86", 1), ("79", 2), ("87", 2)):  # beside the 83 % of each cell: 3 more or less
        it, uart = console(dict(made.rack(), **{"pwr 1": made.pwr_of(words={"Coulomb": soc})}))
        it.read(1)
        uart.sent.clear()
        assert it.read(1).soc == int(soc) and uart.sent.count(b"pwr 1\r\n") == times, soc
    bat = made.bat(soc=34, charge=34000)  # a pack of 100 Ah in units of its own
    for total in ("360000000 mAS", "100 AH"):
        assert read({"Total Coulomb": total, "Coulomb": "34"}, bat=bat)[5:7] == (34000, 100000)
    bat = replaced(made.bat(soc=34, charge=122760000), (b"mAH", b"mAS"))
    assert read({"Total Coulomb": "100000", "Coulomb": "34"}, bat=bat).remaining == 34100


def check_states_and_flags():
    for words, cell, expected in FLAGS:
        reading = read(words, {6: cell} if cell else None)
        assert set(on(reading.alarms).split()) == set(expected.split()), (words, cell, on(reading.alarms))
        assert bool(reading.words) == ("Other" in expected) and max(reading.alarms.cell_states) < 3, words
    for words, *expected in STATES:
        reading = read(words)
        summary = summarize(reading)
        said = [reading.base, reading.state, summary.problem, summary.warning, summary.text, reading.events]
        assert said == expected and summary.state == reading.state, (words, said)
    for discharging, charging, flag, text in TWO_STATES:
        states = {}
        for number in range(15):
            words = (discharging, charging) if number == 6 else ("Normal", "Normal")
            states[number] = ("Dischg", "Normal", "Normal", "{:13}{} ".format(*words))
        reading = read(bat=replaced(made.bat(states=states), (b"Temp. State  ", b"DTemp. State CTemp. State ")))
        assert on(reading.alarms) == flag and summarize(reading).text == text, flag


def check_what_does_not_fit():
    """Pytes' model C prints its heater's line in place of the one about SOH: then it is left out."""
    reading = read(pwr=replaced(made.pwr_of(), (b"Soh. Status  ", b"Heater Status")))
    assert "Heater" not in reading.alarms.keys and reading.words == ()
    twice = replaced(made.pwr_of(), (b"Soh. Status   ", b"Volt Status   "))
    assert "does not fit" in str(raised(NoReply, read, (), None, twice))
    for word, balancing in ((b"N", ()), (b"-", None), (b"ON", None)):
        reading = read(bat=replaced(made.bat(balancing=(2, 5)), (b"mAH      Y", b"mAH      " + word)))
        assert reading.balancing == balancing and on(reading.alarms) == ("Other" if word == b"ON" else ""), word
        assert reading.words[:1] == (("Cell 3 BAL ON",) if word == b"ON" else ())
    for change in UNFIT_CELLS:
        assert "does not fit" in str(raised(NoReply, read, (), None, None, replaced(made.bat(), change))), change
    for words, why in UNFIT_WORDS:
        assert why in str(raised(NoReply, read, words)), words
    for cells in ((3330,) * 17, ()):
        assert "does not fit" in str(raised(NoReply, read, (), None, None, made.bat(cells=cells)))
    assert "do not sum" in str(raised(NoReply, read, (), None, None, replaced(made.bat(), (b"3330   ", b"4330   "))))
