"""Checks of console_pack: `bat N` and `pwr N` of one pack as a Reading. They need no pytest."""
# ruff: noqa: RUF005 - of MicroPython

import console_answers as made
from console_answers import console, on, raised

from firmware.battery import NoReply
from firmware.reading import summarize

WORN = (44600, 94)  # mAh that the cells of a worn pack of 50 Ah hold, and what it says of that, in %


def read(words=(), cells=None, pwr=None, bat=None, before=(), **more):
    """The Reading of pack 1 after these answers."""
    answers = dict(made.rack())
    answers["pwr 1"] = pwr or made.pwr_of(words=words, before=before)
    answers["bat 1"] = bat or made.bat(states=cells, **more)
    return console(answers)[0].read(1)


def replaced(answer, *changes):
    """The answer with each (what it says, what it says instead)."""
    for old, new in changes:
        assert old in answer, old
        answer = answer.replace(old, new)
    return answer


def check_reading():
    assert not console()[0].exact  # its cells need not sum to the millivolt
    reading = read()
    assert reading[:9] == (1, made.CELLS, (235,), -6300, 49952, 41500, 50000, 62, 98)
    assert on(reading.alarms) == "" and dict(reading.alarms.flags)["Discharging"]
    assert reading.extra == ((220,) * 4 + (221,) * 4 + (222,) * 4 + (223,) * 3, None, 83, "Dischg", "discharging",
                             (), (), "none")  # fmt: skip
    assert reading.alarms.cell_states == bytes(15)


def check_layouts_of_the_cells():
    for name, columns, _ in made.BATS:
        reading = read(bat=made.bat(1, name, balancing=(2, 14)))
        assert reading.cells == made.CELLS and reading.remaining == 41500, name
        assert reading.extra.balancing == ((3, 15) if "BAL" in columns else None), name


def check_units_of_charges():
    """A pack of 100 Ah in milliampere-seconds."""
    bat = made.bat(soc=34, charge=34000)
    for words, capacity in ({"Total Coulomb": "360000000 mAS"}, 100000), ({"Total Coulomb": "100 AH"}, 100000):
        reading = read(dict(words, Coulomb="34"), bat=bat)
        assert (reading.capacity, reading.remaining) == (capacity, 34000)
    bat = replaced(made.bat(soc=34, charge=122760000), (b"mAH", b"mAS"))
    assert read({"Total Coulomb": "100000", "Coulomb": "34"}, bat=bat).remaining == 34100
    assert "Total Coulomb does not fit" in str(raised(NoReply, read, {"Total Coulomb": None}))
    assert "50xAH4 does not fit" in str(raised(NoReply, read, {"Total Coulomb": "50 xAH"}))


def check_charges():
    reading = read({"Coulomb": "107"}, soc=107, charge=53500)
    assert (reading.remaining, reading.extra.soc) == (50000, 100)
    for soc, charge, remaining in (  # just within what it can hold, and beyond
        (80, 10834, 10834), (80, 10833, 40000), (80, 62500, 50000), (80, 62501, 40000),
        (20, 834, 834), (20, 833, 10000), (20, 17500, 17500), (20, 17501, 10000), (5, 0, 0), (0, 0, 0),
    ):  # fmt: skip
        assert read({"Coulomb": str(soc)}, soc=soc, charge=charge).remaining == remaining, (soc, charge)
    raised(NoReply, read, {"Coulomb": "-1"})
    for soc, times in (("80", 1), ("86", 1), ("79", 2), ("87", 2)):  # beside the 83 % of each cell: 3 more or less
        it, uart = console(dict(made.rack(), **{"pwr 1": made.pwr_of(words={"Coulomb": soc})}))
        it.read(1)
        uart.sent.clear()
        assert it.read(1).extra.soc == int(soc) and uart.sent.count(b"pwr 1\r\n") == times, soc
    charge, soc = WORN
    reading = read({"Coulomb": str(soc)}, soc=soc, charge=charge)
    assert (reading.remaining, reading.capacity, reading.extra.soc) == (charge, 50000, soc)


def check_milliamperes():
    assert read({"Current": "-391"}).current == -391


def check_states_and_flags():
    alarm, normal = ("Dischg", "Normal", "Normal", "Normal"), {"Coul. Status": "Normal"}
    for words, cell, expected in (
        ({"Volt Status": "High"}, None, "Pack_OV"),
        ({"Volt Status": "Low"}, None, "Pack_UV"),
        ({"Volt Status": "Over"}, None, "Pack_OV Pack_OVP"),
        ({"Volt Status": "Under"}, None, "Pack_UV Pack_UVP"),
        ({"Current Status": "High", "Current": "6300"}, None, "CHG_OC"),
        ({"Current Status": "High"}, None, "DSG_OC"),
        ({"Current Status": "Over"}, None, "DSG_OC DSG_OCP"),
        ({"Current Status": "Over", "Current": "6300"}, None, "CHG_OC CHG_OCP"),
        ({"Current Status": "Over", "Current": "0"}, None, "CHG_OC Other"),  # of charging or of discharging?
        ({"Tmpr. Status": "Low"}, None, "UT"),
        ({"Tmpr. Status": "Under", "Current": "1"}, None, "UT CHG_TP"),
        ({"Tmpr. Status": "Over"}, None, "OT DSG_TP"),
        ({"Tmpr. Status": "Melted"}, None, "Other"),
        ({"Volt Status": "?"}, None, "Other"),
        ({"Basic Status": "Burning"}, None, "Other"),
        ({"Basic Status": "Balance"}, None, ""),
        ({"Heater Status": "ON"}, None, "Heater"),
        ({"Heater Status": "HOT"}, None, "Other"),
        ({"Heater Status": "-"}, None, ""),
        ({"Soh. Status": "Gone"}, None, "Other"),
        ({"System Fault": "0x40"}, None, "Other"),
        ({"Coul. Status": "Low"}, None, "Low_SOC"),
        ({"Coul. Status": "Full"}, None, "Fully_Charged"),
        ({"Coul. Status": "Odd"}, None, "Other"),
        ({"Soh. Status": None, "Coul. Status": None, "System Fault": None}, None, ""),
        ({"CMOS Status": "ON", "DMOS Status": "OFF"}, None, "Charge_MOS"),
        ({"CFetState": "OFF", "DFetState": "ON"}, None, "Discharge_MOS"),
        ({"Power Events": "0x2000     COULFULL"}, None, ""),
        ({"Power Events": "0x3     POV PHV", "Bat Events": "0x8 BUV"}, None, "Pack_OV Cell_UVP Pack_OVP"),
        ({"Power Events": "0x4000"}, None, ""),
        ({"Power Events": "0x8000 LCOUL", "Coul. Status": None}, None, "Low_SOC"),
        (normal, ("Dischg", "High") + alarm[2:], "Cell_OV"),
        (normal, ("Dischg", "Low") + alarm[2:], "Cell_UV"),
        (normal, ("Dischg", "Under") + alarm[2:], "Cell_UV Cell_UVP"),
        (normal, ("Dischg", "Normal", "Over", "Normal"), "DSG_OC DSG_OCP"),
        (normal, ("Dischg", "Normal", "Normal", "High"), "OT"),
        ({"Current Status": "High"}, ("Dischg", "Normal", "Odd", "Normal"), "DSG_OC Other"),
        (normal, ("BLV",) + alarm[1:], "Other"),
        (normal, ("Balance",) + alarm[1:], ""),
    ):
        reading = read(words, {6: cell} if cell else None)
        assert set(on(reading.alarms).split()) == set(expected.split()), (words, cell, on(reading.alarms))
        assert bool(reading.extra.words) == ("Other" in expected), (words, cell)
        assert max(reading.alarms.cell_states) in (0, 1, 2), words


def check_flags_that_are_not_told_are_left_out():
    without = ("Charge_MOS", "Discharge_MOS")
    flags = dict(read().alarms.flags)
    assert not [key for key in without if key in flags] and flags["Heater"] is False and "Fully_Charged" in flags
    flags = dict(read({"Coul. Status": None, "Heater Status": None}).alarms.flags)
    assert not [key for key in ("Fully_Charged", "Low_SOC", "Heater") if key in flags]
    flags = dict(read(before=("CFetState:ON", "DFetState:ON")).alarms.flags)
    assert flags["Charge_MOS"] and flags["Discharge_MOS"]


def check_problems_in_words():
    """At the top of each charge nothing is wrong."""
    for words, problem, warning, said in (
        ({"Coul. Status": "Full", "Power Events": "0x2000     COULFULL"}, False, False, "OK"),
        ({"Coul. Status": "Low"}, False, True, "Low charge"),
        ({"Power Events": "0x10000 SC"}, True, False, "Discharge over-current protection"),
        ({"System Fault": "0x40"}, True, True, "System Fault 0x40"),
    ):
        reading = read(words)
        summary = summarize(reading)
        assert (summary.problem, summary.warning, summary.text) == (problem, warning, said), words


def check_events():
    for words, said in (
        ({}, "none"), ({"Bat Events": None, "Power Events": None}, None),
        ({"Power Events": "0x2000     COULFULL"}, "Power Events 0x2000 COULFULL"),
        ({"Bat Events": "0x4", "System Alarm": "0x1"}, "Bat Events 0x4; System Alarm 0x1"),
    ):  # fmt: skip
        assert read(words).extra.events == said, words


def check_base_and_state():
    for base, coulomb, state in (
        ("Charge", "Normal", "charging"), ("Charge", "Full", "full"), ("Idle", "Full", "full"), ("Idle", "-", "idle"),
        ("Dischg", "Full", "discharging"), ("Balance", "Normal", "balancing"), ("Sleep", "Low", "sleeping"),
        ("Burning", "Normal", "other"),
    ):  # fmt: skip
        extra = read({"Basic Status": base, "Coul. Status": coulomb}).extra
        assert (extra.base, extra.state) == (base, state)


def check_words_are_kept():
    words = {"Volt Status": "Odd", "Basic Status": "Burning", "System Fault": "0x4"}
    reading = read(words, {6: ("Dischg", "High", "Normal", "Normal")})
    assert set(reading.extra.words) == {"Volt Status Odd", "Status Burning", "System Fault 0x4"}


def check_a_name_that_comes_twice():
    """Pytes' model C prints its heater's line in place of the one about SOH."""
    twice = replaced(made.pwr_of(), (b"Soh. Status  ", b"Heater Status"))
    reading = read(pwr=twice)
    assert "Heater" not in dict(reading.alarms.flags) and reading.extra.words == ()
    for name in (b"Volt Status   ", b"Coulomb       "):
        twice = replaced(made.pwr_of(), (b"Max Voltage   ", name), (b"Soh. Status   ", name))
        answers = dict(made.rack(), **{"pwr 1": twice})
        assert "does not fit" in str(raised(NoReply, console(answers)[0].read, 1)), name


def check_two_states_of_a_cells_temperature():
    """US3000D: one is for discharging, one for charging."""
    for discharging, charging, flag in (
        ("Normal", "Normal", ""), ("High", "Normal", "OT"), ("Normal", "Low", "UT"), ("Low", "High", "OT"),
        ("Odd", "High", "Other"),
    ):  # fmt: skip
        states = {}
        for number in range(15):
            words = (discharging, charging) if number == 6 else ("Normal", "Normal")
            states[number] = ("Dischg", "Normal", "Normal", made.padded(words[0], 13) + words[1])
        said = replaced(made.bat(states=states), (b"Temp. State  ", b"DTemp. State CTemp. State "))
        reading = read(bat=said)
        assert on(reading.alarms) == flag, flag
        names = {"": "OK", "OT": "Over-temperature: cell 7", "UT": "Under-temperature: cell 7"}
        assert summarize(reading).text == names.get(flag, "Cell 7 DTemp. State Odd"), flag
        assert reading.extra.words == (("Cell 7 DTemp. State Odd",) if flag == "Other" else ())


def check_a_balance_that_is_not_said():
    for word, words in ((b"N", ()), (b"-", ()), (b"ON", ("Cell 3 BAL ON",))):
        reading = read(bat=replaced(made.bat(balancing=(2, 5)), (b"mAH      Y", b"mAH      " + word)))
        assert reading.extra.balancing == (() if word == b"N" else None), word
        assert (on(reading.alarms), reading.extra.words[:1]) == ("Other" if words else "", words)


def check_what_cannot_be():
    for change in (
        (b"Temp. State  ", b"Temperature  "), (b"Base State  ", b"Bass State  "), (b"\r\r\n5  ", b"\r\r\n6  "),
        (b"41502 mAH", b"41502    "), (b"83%", b"83 "), (b" 3332 ", b" 333x "),
    ):  # fmt: skip
        why = str(raised(NoReply, read, (), None, None, replaced(made.bat(), change)))
        assert "does not fit" in why, (change, why)
    assert "do not sum" in str(raised(NoReply, read, (), None, None, replaced(made.bat(), (b"3330   ", b"4330   "))))
