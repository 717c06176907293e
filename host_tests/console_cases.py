"""Checks of the text console that need no pytest: layouts, damage, words."""
# ruff: noqa: B905, SIM105, UP031 - of MicroPython

import sys

import console_answers as made
from fakes import Clock

from firmware.battery import NoReply, console_cells, console_line, console_seldom, console_table, console_values
from firmware.battery.console import BAT, INFO, PWR, STAT, TABLE, Console

# every position where that takes no time
STEP = 1 if sys.implementation.name == "cpython" else 29
PARSERS = {
    "table": (TABLE, console_table.table),
    "pwr": (PWR, console_values.pack_values),
    "bat": (BAT, console_cells.cell_values),
    "stat": (STAT, console_seldom._stat),
    "info": (INFO, console_seldom._info),
}
FLAGS_OFF = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")


def console(answers=None, **more):
    """-> (a Console over `answers`, the UART behind it)."""
    uart = made.Uart(made.rack(**more) if answers is None else answers)
    return Console(console_line.Line(uart, Clock())), uart


def raised(error, function, *arguments):
    try:
        function(*arguments)
    except error as it:
        return it
    raise AssertionError("nothing was raised")


def check_reading():
    it, _ = console()
    reading = it.read(2)
    assert reading[:9] == (2, made.CELLS, (235,), -6300, 49952, 41500, 50000, 62, 98)
    flags = dict(reading.alarms.flags)
    assert flags.pop("Discharging") and not flags.pop("Charging") and not flags.pop("Heater")
    assert sorted(flags) == sorted(FLAGS_OFF) and not any(flags.values())
    extra = it.extra
    assert extra.temperatures == (220,) * 4 + (221,) * 4 + (222,) * 4 + (223,) * 3
    assert extra[1:] == (None, 83, "Dischg", "discharging", (), ())
    assert it.ask("limits", 1) is None and it.ask("parameters", None) is None


def check_layouts_of_the_cells():
    for name, columns, _ in made.BATS:
        it, uart = console()
        uart.answers["bat 1"] = made.bat(1, name, balancing=(2, 14))
        reading, extra = it.read(1), it.extra
        assert reading.cells == made.CELLS and reading.remaining == 41500, name
        assert extra.balancing == ((3, 15) if "BAL" in columns else None), name


def check_identity():
    it, uart = console()
    assert it.ask("identity", 2) == ("PMADE00000000001", "2.0", "1.3", "Pylon", "US5000", "console", 115200)
    uart.answers["info 1"] = made.info(1, {"Soft  version": "", "Barcode": ""})
    assert it.ask("identity", 1) == (None, "2.0", "B69.16", "Pylon", "US5000", "console", 115200)


def check_counters_are_asked_now_and_then():
    it, uart = console()
    for _ in range(3):
        it.read(1)
    assert uart.sent.count(b"stat 1\n") == 2  # its form has to come twice
    it.link.clock.advance(600_000)
    uart.answers["stat 1"] = made.stat(items=(("CYCLE Times", 63), ("SOH", 98)))
    assert it.read(1).cycles == 63
    uart.answers["stat 1"] = b""
    it.link.clock.advance(600_000)
    assert it.read(1)[7:9] == (None, None)  # it could not be asked


def check_what_counters_lack():
    for items, expected in (((("CYCLE Times", 62),), (62, None)), ((("SOH", 255),), (None, None)), ((), (None, None))):
        it, uart = console()
        uart.answers["stat 1"] = made.stat(items=items)
        assert it.read(1)[7:9] == expected
    uart.answers["stat 2"] = made.wrapped("stat 2", ["Unknown command 'stat' - try 'help'"], done=False)
    assert it.read(2)[7:9] == (None, None)


def check_coulomb_above_100_percent():
    it, uart = console()
    uart.answers["pwr 1"] = made.pwr_of(words={"Coulomb": "107"})
    uart.answers["bat 1"] = made.bat(soc=107, charge=53500)
    assert (it.read(1).remaining, it.extra.soc) == (50000, 100)


def _damages(answer, step):
    """Yields the answer with a character lost, and doubled, at each position."""
    for at in range(0, len(answer), step):
        yield answer[:at] + answer[at + 1 :]
        yield answer[: at + 1] + answer[at:]


def _asked(it, command, pack):
    """What a command brings, as one value."""
    it.ask("limits", 1)  # a question of its own
    return it.take(command, pack, *PARSERS[command if pack else "table"])


def _check_damage(command, pack):
    """Another answer than the true one never comes of damage, whether the form is known or not."""
    it, uart = console()
    name = "%s %d" % (command, pack) if pack else command
    good = uart.answers[name]
    true = _asked(it, command, pack)
    for damaged in _damages(good, STEP):
        uart.answers[name] = [damaged, good]
        uart.sent.clear()
        assert _asked(it, command, pack) == true, damaged
    for damaged in _damages(good, 5 * STEP):
        uart.answers[name] = [damaged, good]
        uart.sent.clear()
        it._forms[:] = bytes(len(it._forms))
        try:
            assert _asked(it, command, pack) == true, damaged
        except NoReply:
            pass


def check_damage_in_the_table():
    _check_damage("pwr", None)


def check_damage_in_a_pack():
    _check_damage("pwr", 1)


def check_damage_in_the_cells():
    _check_damage("bat", 1)


def check_damage_in_the_counters():
    _check_damage("stat", 1)


def check_damage_in_the_identity():
    _check_damage("info", 1)


def check_changed_characters():
    """A count or a sum tells: cells stay as many, and sum to the voltage; one value at most differs, or none comes."""
    for command in ("pwr 1", "bat 1"):
        it, uart = console()
        true = it.read(1)
        good = uart.answers[command]
        for at in range(0, len(good), 2 * STEP):
            for other in b"9 x":
                uart.answers[command] = [good[:at] + bytes((other,)) + good[at + 1 :], good]
                try:
                    reading = it.read(1)
                except NoReply:
                    continue
                assert len(reading.cells) == 15 and abs(sum(reading.cells) - reading.voltage) * 100 <= reading.voltage
                assert (reading.pack, reading.cycles, reading.soh) == (1, 62, 98)
                differ = sum([one != two for one, two in zip(reading[1:7], true[1:7])])
                differ += sum([one != two for one, two in zip(reading.cells, true.cells)]) > 1
                assert differ <= 1, (reading, uart.answers[command][0])
                assert len(it.extra.temperatures) == 15


def check_words_and_flags():
    for words, states, on in (
        ({"Volt Status": "High"}, None, "Pack_OV"),
        ({"Volt Status": "Low"}, None, "Pack_UV"),
        ({"Volt Status": "Under"}, None, "Pack_UV"),
        ({"Current Status": "Over"}, None, "DSG_OC"),
        ({"Current Status": "High", "Current": "6300"}, None, "CHG_OC"),
        ({"Tmpr. Status": "Low"}, None, "UT"),
        ({"Tmpr. Status": "Melted"}, None, "Other"),
        ({"Volt Status": "?"}, None, "Other"),
        ({"Basic Status": "Burning"}, None, "Other Discharging-"),
        ({"Basic Status": "Balance"}, None, "Discharging-"),
        ({"Basic Status": "Charge"}, None, "Charging Discharging-"),
        ({"Heater Status": "ON"}, None, "Heater"),
        ({"Soh. Status": "Gone"}, None, "Other"),
        ({"System Fault": "0x40"}, None, "Other"),
        ({"Coul. Status": "Low"}, None, "Other"),
        ({"Heater Status": ""}, None, ""),
        ({"Current Status": "High"}, {6: ("Dischg", "Normal", "Odd", "Normal")}, "DSG_OC Other"),
        ({"Soh. Status": None, "Coul. Status": None, "System Fault": None}, None, ""),
        ({}, {6: ("Dischg", "High", "Normal", "Normal")}, "Cell_OV"),
        ({}, {6: ("Dischg", "Low", "Normal", "Normal")}, "Cell_UV"),
        ({}, {6: ("Dischg", "Normal", "Over", "Normal")}, "DSG_OC"),
        ({}, {6: ("Dischg", "Normal", "Normal", "High")}, "OT"),
        ({}, {6: ("BLV", "Normal", "Normal", "Normal")}, "Other"),
        ({}, {6: ("Balance", "Normal", "Normal", "Normal")}, ""),
    ):
        it, uart = console()
        uart.answers["pwr 1"] = made.pwr_of(words=words)
        uart.answers["bat 1"] = made.bat(states=states)
        alarms = it.read(1).alarms
        expected = {"Discharging"} | {flag for flag in on.split() if flag[-1:] != "-"}
        expected -= {flag[:-1] for flag in on.split() if flag[-1:] == "-"}
        assert {key for key, is_set in alarms.flags if is_set} == expected, (words, states)
        assert bool(it.extra.words) == ("Other" in on), (words, states)


def check_words_are_kept():
    it, uart = console()
    uart.answers["pwr 1"] = made.pwr_of(words={"Volt Status": "Odd", "Basic Status": "Burning", "System Fault": "0x4"})
    uart.answers["bat 1"] = made.bat(states={6: ("Dischg", "High", "Normal", "Normal")})
    reading = it.read(1)
    assert it.extra.base == "Burning"
    assert it.extra.state == "other"
    assert set(it.extra.words) == {"Volt Status Odd", "Status Burning", "System Fault 0x4"}
    assert reading.alarms.cell_states[6] == 2 and reading.alarms.voltage_state == 240


def check_many_words_are_bounded():
    it, uart = console()
    uart.answers["bat 1"] = made.bat(states=dict.fromkeys(range(15), ("a", "b", "c", "d")))
    it.read(1)
    assert len(it.extra.words) == 8
