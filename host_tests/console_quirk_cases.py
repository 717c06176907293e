"""Checks of what one console says in another way than the rest, and is read all the same; they need no pytest."""


import console_answers as made
from console_cases import console, raised

from firmware.battery import NoReply, ReturnCode


def _instead(answer, *changes):
    """The answer with each (what it says, what it says instead)."""
    for old, new in changes:
        assert old in answer, old
        answer = answer.replace(old, new)
    return answer


def check_a_name_that_comes_twice():
    """Pytes' model C prints its heater's line in place of the one about SOH."""
    twice = _instead(made.pwr_of(), (b"Soh. Status  ", b"Heater Status"))
    it, _ = console(dict(made.rack(), **{"pwr 1": twice}))
    assert "Heater" not in dict(it.read(1).alarms.flags) and it.extra.words == ()
    for name in (b"Volt Status   ", b"Coulomb       "):
        twice = _instead(made.pwr_of(), (b"Max Voltage   ", name), (b"Soh. Status   ", name))
        it, _ = console(dict(made.rack(), **{"pwr 1": twice}))
        assert "is missing" in str(raised(NoReply, it.read, 1)), name


def check_a_pack_that_does_not_say_who_it_is():
    """It is told of without, at once when it refuses; silence may be chance once. What was once said is not lost."""
    nobody = (None,) * 5 + ("console", 115200)
    it, uart = console()
    for why in ("Unknown command 'info' - try 'help'", "Invalid command or fail to excute."):
        uart.answers["info 1"] = made.wrapped("info 1", [why], done=False)
        assert it.ask("identity", 1) == nobody, why
    for silence in (b"", made.info(2)):
        it, uart = console()
        uart.answers["info 1"] = silence
        raised(NoReply, it.ask, "identity", 1)
        assert it.ask("identity", 1) == it.ask("identity", 1) == nobody
        uart.answers["info 1"] = made.info(1)
        assert it.ask("identity", 1)[0] == "PMADE00000000001"
        for other, error in ((silence, NoReply), (made.wrapped("info 1", [why], done=False), ReturnCode)):
            uart.answers["info 1"] = other
            for _ in range(3):
                raised(error, it.ask, "identity", 1)


def check_two_states_of_a_cells_temperature():
    """US3000D: one is for discharging, one for charging."""
    for discharging, charging, on in (
        ("Normal", "Normal", None), ("High", "Normal", "OT"), ("Normal", "Low", "UT"), ("Low", "High", "OT"),
        ("Odd", "High", "Other"),
    ):  # fmt: skip
        states = {6: ("Dischg", "Normal", "Normal", made.padded(discharging, 13) + charging)}
        for number in range(15):
            states.setdefault(number, ("Dischg", "Normal", "Normal", made.padded("Normal", 13) + "Normal"))
        said = _instead(made.bat(states=states), (b"Temp. State  ", b"DTemp. State CTemp. State "))
        it, _ = console(dict(made.rack(), **{"bat 1": said}))
        flags = it.read(1).alarms.flags
        assert [key for key, is_set in flags if is_set and key != "Discharging"] == ([on] if on else []), on
        assert it.extra.words == (("Cell 7 DTemp. State Odd",) if on == "Other" else ())
    without = _instead(made.bat(), (b"Temp. State  ", b"Temperature  "))
    it, _ = console(dict(made.rack(), **{"bat 1": without}))
    assert "no Temp. State" in str(raised(NoReply, it.read, 1))


def check_a_balance_that_is_not_said():
    for word, words in ((b"N", ()), (b"-", ()), (b"ON", ("Cell 3 BAL ON",))):
        said = _instead(made.bat(balancing=(2, 5)), (b"mAH      Y", b"mAH      " + word))
        it, _ = console(dict(made.rack(), **{"bat 1": said}))
        flags = dict(it.read(1).alarms.flags)
        assert it.extra.balancing == (() if word == b"N" else None), word
        assert (flags["Other"], it.extra.words[:1]) == (bool(words), words)


def check_an_echo_that_comes_twice():
    answers = made.rack()
    for command in answers:
        answers[command] = answers[command].replace(b"@", command.encode() + b"\r\r\n@")
    it, _ = console(answers)
    assert it.ask("packs", None) == (1, 2) and it.read(1).voltage == 49952 and it.link.frame_errors == 0
    answers["pwr"] = made.pwr().replace(b"@", b"pwr\r\npwr\r\n@")
    assert "no @" in str(raised(NoReply, it.ask, "packs", None))


def check_what_comes_before_the_echo():
    answers = made.rack()
    for before in (b"\r\npylon>\r\n", b"\r\nEvent 12\r\n"):
        it, _ = console({"pwr": before + answers["pwr"]})
        assert it.ask("packs", None) == (1, 2) and it.link.frame_errors == 0, before
    it, _ = console({"pwr": b"\r\nEvent 12\r\n" + answers["pwr 1"]})
    assert "no echo, but Event 12" in str(raised(NoReply, it.ask, "packs", None))
