"""Checks of the console's line that need no pytest: what is sent, what is refused, the pager, the wake-up."""
# ruff: noqa: RUF005 - of MicroPython

import console_answers as made
from console_cases import console, raised
from fakes import Clock

from firmware.battery import NoReply, ReturnCode, console_line, console_text
from firmware.battery.console_wake import Waker


def _why(answers, what="packs", pack=1):
    it, uart = console(answers)
    error = raised(NoReply, it.read if what == "read" else lambda pack: it.ask(what, pack), pack)
    assert it.link.failures == 1
    return str(error), uart


def check_only_read_commands_are_sent():
    it, uart = console({})
    for command, pack in (("pwr", None), ("time", None), ("pwr", 1), ("bat", 16), ("info", 1), ("stat", 1), ("soh", 1)):
        uart.sent.clear()
        raised(NoReply, it.link.request, command, pack, list, 1)
        assert uart.sent[-1].split() == [word.encode() for word in (command, str(pack or "")) if word]
    uart.sent.clear()
    for command, pack in (
        ("config", None), ("ctrl", 1), ("prot", None), ("eepw", None), ("shut", 1), ("login", None),
        ("login debug", None), ("bat", None), ("info", None), ("stat", None), ("bat", 0), ("bat", 17),
        ("pwr", "1\nshut"), ("time", 1), ("pwr\nshut", None), ("", None),
    ):  # fmt: skip
        raised(ValueError, it.link.request, command, pack, list)
    assert uart.sent == []
    uart.answers = made.rack()
    it.ask("packs", None)
    it.ask("identity", 1)
    it.read(1)
    assert {sent.split()[0] for sent in uart.sent if sent.strip()} == {b"pwr", b"info", b"stat", b"bat"}


def check_force_is_refused_with_its_name():
    lines = [
        "Power Volt   Curr   Tempr  UTlow  UThigh UVlow  UVhigh Base.St  Volt.St  Curr.St  Temp.St  CoulombAH Time",
        "1     204800 0      25000  24000  26000  3300   3310   Idle     Normal   Normal   Normal   74       -",
    ]
    why, _ = _why({"pwr": made.wrapped("pwr", lines)})
    assert "Force" in why and "UTlow" in why


def check_errors():
    unknown = "Unknown command 'pwr' - try 'help'"
    it, uart = console({"pwr": made.wrapped("pwr", [unknown], done=False)})
    assert raised(ReturnCode, it.ask, "packs", None).code == 4
    assert (len(uart.sent), it.link.return_codes, it.link.failures) == (1, 1, 0)
    uart.answers["bat 9"] = made.wrapped("bat 9", ["Invalid command or fail to excute.", "Usage: bat"], done=False)
    assert raised(ReturnCode, it.read, 9).code == 6
    uart.answers["pwr"] = made.wrapped("pwr", [unknown.replace("pwr", "pw")], done=False)
    assert "Unknown command" in str(raised(NoReply, it.ask, "packs", None))


def check_silence():
    why, uart = _why({})
    assert "no reply" in why and uart.sent == [b"pwr\n", b"\n", b"pwr\n", b"\n", b"pwr\n"]


def check_whole_answers_only():
    good = made.pwr()
    for change, why in (
        ((b"pylon>pwr", b"pylon>pw"), "echo"),
        ((b"pylon>pwr", b"pylon>pwr 1"), "echo"),
        ((b"@", b""), "no @"),
        ((b"$$", b"$"), "end mark"),
        ((b"$$", b""), "end mark"),
        ((b"completed", b"complete"), "not the next"),
        ((b"Command completed successfully\r\r\n", b""), "end mark"),
        ((b"Power Volt", b"PowerVolt"), "no Power"),
        ((b"Base.St", b"Base St"), "no Base.St"),
        ((b"\r\r\n2     ", b"\r\r\n3     "), "not the next"),
        ((b"\r\r\n16    ", b"\r\r\n61    "), "not the next"),
        ((b"Absent", b"Absen"), "does not fit"),
        ((b"49952  ", b"       "), "does not fit"),
        ((b"2024-04-05 ", b"2024-04-05"), "does not fit"),
    ):
        text, _ = _why({"pwr": good.replace(change[0], change[1])})
        assert why in text, (change, text)


def check_lines_that_ran_together():
    good = made.pwr()
    at = good.find(b"\r\r\nCommand")
    text, _ = _why({"pwr": good[: at + 2] + good[at + 3 :]})
    assert "line end" in text


def check_rows_are_8_or_16():
    good = made.pwr()
    at, end = good.find(b"\r\r\n16 "), good.find(b"\r\r\nCommand")
    text, _ = _why({"pwr": good[:at] + good[end:]})
    assert "15 rows" in text


def check_another_pack_is_refused():
    for command, what in (("pwr 1", "read"), ("info 1", "identity")):
        answers = made.rack()
        answers[command] = answers[command[:-1] + "2"].replace(command[:-1].encode() + b"2", command.encode())
        text, _ = _why(answers, what)
        assert "another pack" in text, command


def check_counters_are_never_in_the_way():
    """A pack is read without them, and they are asked for again."""
    good = made.rack()["stat 1"]
    for bad in (b"", made.stat(2), good.replace(b"\r\r\nCommand", b"\r\r\nCmd")):
        it, uart = console(dict(made.rack(), **{"stat 1": bad}))
        assert it.read(1)[7:9] == (None, None), bad
        uart.answers["stat 1"] = good
        it.link.clock.advance(59_000)
        assert it.read(1)[7:9] == (None, None)
        it.link.clock.advance(2_000)
        assert it.read(1)[7:9] == (62, 98)
    for said, soh in (("98%", 98), ("-", None), ("", None)):
        it, _ = console(dict(made.rack(), **{"stat 1": made.stat(items=(("CYCLE Times", 62), ("SOH", said)))}))
        assert it.read(1)[7:9] == (62, soh), said


def check_cells_that_do_not_sum_to_the_voltage():
    answers = made.rack()
    answers["bat 1"] = made.bat(cells=(4330,) + made.CELLS[1:])
    it, _ = console(answers)
    assert "do not sum" in str(raised(NoReply, it.read, 1))


def check_soc_that_contradicts_the_charge():
    answers = made.rack()
    answers["bat 1"] = made.bat(charge=4150)
    it, uart = console(answers)
    assert it.read(1).remaining == 41500  # what is said twice is how this battery is; its SOC counts
    assert uart.sent.count(b"pwr 1\n") == 3


def check_soc_of_the_pack_and_of_its_cells():
    """A single contradiction is damage, the same twice is not."""
    it, uart = console()
    it.read(1)
    good = made.pwr_of()
    uart.answers["pwr 1"] = [good.replace(b": 83 ", b": 93 "), good]
    assert it.read(1) and it.extra.soc == 83
    uart.answers["pwr 1"] = good.replace(b": 83 ", b": 93 ")
    assert it.read(1) and it.extra.soc == 93


def check_numbers():
    assert (console_text.number("-6300"), console_text.percent("45%")) == (-6300, 45)
    for text in ("", "-", "--1", "1_0", "+1", " 1", "1.5", "1e3", "0x1", "45%", "9999999999"):
        raised(ValueError, console_text.number, text)
    for text in ("", "%", "45", "45%%"):
        raised(ValueError, console_text.percent, text)


def check_pager():
    for paged in (200, 1000, 2000):
        it, uart = console()
        uart.paged = paged
        assert it.ask("packs", None) == (1, 2)
        assert uart.sent.count(b"\r") == 3  # one an answer: two for its form, one more for what is new in it
        assert it.link.frame_errors == 0


def check_everything_is_bounded():
    endless = b"\r\npylon>pwr\n@\n" + b"1 -\n" * 1000
    for noise in (b"x" * 5000, b"\n" * 5000, b"x\n" * 2000, endless, bytes(range(256)) * 9):
        clock = Clock()
        it = console({"pwr": noise})[0]
        it.link.clock = clock
        raised(NoReply, it.ask, "packs", None)
        assert clock.passed_ms < 3 * 4000


class Sleeper(made.Uart):
    """Says nothing until it was woken at 1200 baud; `ignores`: so many CR LF stay without a prompt."""

    def __init__(self, awake=False, wakes=True, ignores=0, prompt=b"pylon>"):
        super().__init__({}, prompt)
        self.awake, self.wakes, self.ignores = awake, wakes, ignores

    def write(self, data):
        data = bytes(data)
        self.sent.append((self.rates[-1], data))
        if data == b"~20014682C0048520FCC3\r" and self.rates[-1] == 1200:
            self.awake = self.wakes
        elif self.awake and self.rates[-1] == 115200 and data in (b"\n", b"\r\n"):
            self.ignores -= 1
            if self.ignores < 0:
                self._waiting += b"\n\r" + self.prompt


def _woken(uart):
    """-> (what the last step said, steps, the longest in ms)."""
    clock = Clock()
    waker = Waker(console_line.Line(uart, clock), [])
    steps = longest = 0
    while True:
        began = clock.passed_ms
        said = waker.step()
        steps += 1
        longest = max(longest, clock.passed_ms - began)
        if said is not None:
            return said, steps, longest, clock.passed_ms


def check_awake():
    for prompt in (b"pylon>", b"PYTES>", b"pylon_debug>", b"pylon> "):
        uart = Sleeper(awake=True, prompt=prompt)
        assert _woken(uart)[:2] == (True, 1)
        assert uart.sent == [(115200, b"\n")]


def check_asleep():
    uart = Sleeper(ignores=3)
    said, steps, longest, _ = _woken(uart)
    assert said is True and steps == 6 and longest < 2500
    assert uart.sent[:3] == [(115200, b"\n"), (1200, b"~20014682C0048520FCC3\r"), (115200, b"\r\n")]
    assert uart.rates[-1] == 115200


def check_dead():
    uart = Sleeper(wakes=False)
    said, steps, longest, all_ms = _woken(uart)
    assert (said, steps) == (False, 12) and longest < 2500 and all_ms < 15_000
    assert [data for _, data in uart.sent].count(b"\r\n") == 10
    assert not [data for _, data in uart.sent if data[:1] == b"~"][1:]


def check_what_is_no_prompt():
    for text in (b">", b"x>", b"~2002460>", b"pylon", b"pylon>\r\nmore", b"\xff\xfe>"):
        assert _woken(Sleeper(awake=True, prompt=text))[0] is False, text


def check_first_read_after_the_wake():
    """What the wake-up left on the line does not disturb."""
    it, uart = console()
    uart._waiting = b"\r\npylon>\r\npylon>"
    assert it.ask("packs", None) == (1, 2)
