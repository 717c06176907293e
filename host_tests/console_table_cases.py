"""Checks of the table of all packs, `pwr`, that need no pytest: its layouts, its rows, and what only it says."""

import console_answers as made
from console_cases import console, raised

from firmware.battery import NoReply


def check_layouts_of_the_table():
    for name, _, extra, _ in made.LAYOUTS:
        for end in ("\r\r\n", "\r\n", "\n", "\n\n", "\n\r"):
            it, _ = console({"pwr": made.pwr(name, (1, 2, 4), end=end, prompt="PYTES>")})
            assert it.ask("packs", None) == (1, 2, 4), (name, end)
            assert it.mos == (dict.fromkeys((1, 2, 4), 275) if "27500" in extra else {}), name


def check_dash_in_a_slaves_row():
    it, _ = console({"pwr": made.pwr(words={"MosTempr": "-", "M.T.St": "-"})})
    assert it.ask("packs", None) == (1, 2) and it.mos == {}


def check_mosfet_temperature_comes_with_a_reading():
    it, uart = console()
    it.ask("packs", None)
    it.read(1)
    assert it.extra.mos == 275
    uart.answers["pwr"] = made.pwr(words={"MosTempr": "28100"})
    it.link.clock.advance(31_000)
    it.read(1)
    assert it.extra.mos == 281
    uart.answers["pwr"] = b""
    it.link.clock.advance(31_000)
    assert it.read(1).voltage == 49952 and it.extra.mos is None


def check_mosfet_temperature_that_jumps_is_asked_again():
    it, uart = console()
    it.ask("packs", None)
    hot = made.pwr(words={"MosTempr": "97500"})
    for answers, expected in (([hot, made.pwr()], None), (made.pwr(), 275), ([hot, hot], 975)):
        uart.answers["pwr"] = answers
        it.link.clock.advance(31_000)
        it.read(1)
        assert it.extra.mos == expected, expected


def check_states_that_only_the_table_says():
    for word, column, flag, said in (
        ("Normal", "M.T.St", None, None), ("High", "M.T.St", "OT", None), ("Low", "M.T.St", "UT", None),
        ("Odd", "M.T.St", "Other", "M.T.St Odd"), ("-", "M.T.St", None, None),
        ("Alarm", "SysAlarm.St", "Other", "SysAlarm.St Alarm"), ("High", "SysAlarm.St", "Other", "SysAlarm.St High"),
    ):  # fmt: skip
        it, uart = console(dict(made.rack(), pwr=made.pwr("us5000-v2", words={column: word})))
        it.ask("packs", None)
        flags = it.read(1).alarms.flags
        assert [key for key, is_set in flags if is_set and key != "Discharging"] == ([flag] if flag else []), word
        assert it.extra.words == ((said,) if said else ())
        odd = uart.answers["pwr"]
        for answer, there in ((b"", False), (odd, flag), (made.pwr("us5000-v2"), False)):
            uart.answers["pwr"] = answer
            it.link.clock.advance(31_000)
            flags = [key for key, is_set in it.read(1).alarms.flags if is_set and key != "Discharging"]
            assert flags == ([flag] if there else []), (word, answer)


def check_an_odd_word_has_to_come_twice():
    it, uart = console(dict(made.rack(), pwr=made.pwr("us5000-v2")))
    it.ask("packs", None)
    it.read(1)
    uart.answers["pwr"] = [made.pwr("us5000-v2", words={"SysAlarm.St": "Normel"}), made.pwr("us5000-v2")]
    it.link.clock.advance(31_000)
    it.read(1)
    assert it.extra.words == ()


def check_words_by_where_their_names_stand():
    """A value of another number of words than the usual one is found by the columns of the header."""
    for words in (
        {"Time": "2024-04-05"}, {"Time": "2024- 4- 5 18:24:33"}, {"Base.St": "Sys Fail"}, {"DevType": "E-BOX 48R"},
        {"Barcode": ""}, {"Time": "2024-04-05", "DevType": "E-BOX 48R"},
    ):  # fmt: skip
        layout = "us2000c" if "Base.St" in words or (len(words) == 1 and "Time" in words) else "pytes"
        it, _ = console({"pwr": made.pwr(layout, (1, 3), words=words)})
        assert it.ask("packs", None) == (1, 3), words
    for words in ({"Volt": ""}, {"Base.St": ""}, {"Volt.St": "Normal Normal"}):
        it, _ = console({"pwr": made.pwr(words=words)})
        assert "does not fit" in str(raised(NoReply, it.ask, "packs", None)), words


def check_bytes_that_are_no_text():
    it, _ = console({"pwr": made.pwr().replace(b"Normal", b"Norm\xc3\xa9l", 1)})
    assert "C3" in str(raised(NoReply, it.ask, "packs", None))
