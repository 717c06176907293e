"""Checks of console_line: what is sent, what is refused, line ends, the pager, damage, time. They need no pytest."""
# ruff: noqa: RUF005, UP031 - of MicroPython

import console_answers as made
from console_answers import console, raised
from fakes import Clock

from firmware.battery import NoReply, Refusal, console_line
from firmware.battery.console import Console

_PER_MS = 11  # characters at 115200 baud
READ_COMMANDS = (
    ("pwr", None), ("time", None), ("info", None), ("stat", None), ("pwr", 1), ("bat", 16), ("info", 1), ("stat", 1),
    ("soh", 1),
)  # fmt: skip
OTHERS = (
    ("config", None), ("ctrl", 1), ("prot", None), ("eepw", None), ("shut", None), ("shut", 1), ("login", None),
    ("login debug", None), ("bat", None), ("soh", None), ("bat", 0), ("bat", 17), ("pwr", "1\nshut"), ("time", 1),
    ("pwr\nshut", None), ("", None),
)  # fmt: skip
# Words that refuse, the code, how often it is asked: twice where it may be damage
REFUSALS = (
    (("Unknown command 'pwr' - try 'help'",), 4, 1),
    (("Invalid command or fail to excute.", "Usage: pwr [id]", "Usage: more", "more", "more", "more"), 6, 1),
    (("Command failed",), 6, 1), (("Target device is not present",), 6, 1),
    (("Command completed unccessfully",), 6, 1), (("Error 12",), 6, 1), (("Access denied",), 6, 1), (("Later",), 6, 2),
    (("",), 6, 2),
)  # fmt: skip
# What the answer to `pwr` says instead of something: (old, new)
DONE = b"Command completed successfully"
PROMPTS = (b"\r\npylon>pwr\r\npylon>", b"pylon#", b"[US5000]>", b"US 5000 >", b"\r\npylon>\r\npylon>",
           b"Event 12\r\npylon>")  # fmt: skip
FINE = ((b"$$", b" $$ "), (DONE, DONE + b"!"), (DONE, DONE + b" "), (DONE, DONE + b".")) \
    + tuple([(b"pylon>", prompt) for prompt in PROMPTS])
DAMAGED = (
    (b"pylon>pwr", b"pylon>pw"), (b"pylon>pwr", b"pylon>pwr 1"), (b"pylon>pwr", b"pylon1pwr"), (b"@", b""),
    (b"$$", b"$"), (b"$$", b""), (b"$$", b"$$$"), (b"completed", b"complete"),
    (DONE + b"\r\r\n", b""), (b"Normal", b"Norm\xc3\xa9l"),
    (b"$$", b"1 -\r\r\n$$"),
)  # fmt: skip


def check_only_read_commands_are_sent():
    it, uart = console({})
    for command, pack in READ_COMMANDS:
        uart.sent.clear()
        raised(NoReply, it.link.request, command, pack, list, 1)
        assert uart.sent[-1] == (command + (" %d" % pack if pack else "") + "\r\n").encode()
    uart.sent.clear()
    for command, pack in OTHERS:
        raised(ValueError, it.link.request, command, pack, list)
    assert uart.sent == []
    uart.answers = made.rack()
    it.packs()
    it.identity(1)
    it.read(1)
    assert {sent.split()[0] for sent in uart.sent if sent.strip()} == {b"pwr", b"info", b"stat", b"bat"}


def check_line_ends():
    """Consoles that take only CR LF, only LF, or CR and LF each; what their lines end in."""
    for takes, each in ((b"\r\n", False), (b"\n", False), (b"", True)):
        uart = made.Uart(made.rack(), takes=takes, each=each)
        it = Console(console_line.Line(uart, Clock()))
        for _ in range(2):
            assert it.packs() == (1, 2) and it.read(1).voltage == 49952, (takes, each)
        assert it.link.frame_errors == it.link.timeouts == 0 and {sent[-2:] for sent in uart.sent} == {b"\r\n"}
    for end in ("\r\r\n", "\r\n", "\n", "\r", "\n\n", "\n\r", "\r\r"):
        it, _ = console({"pwr": made.pwr(there=(1, 2, 4), end=end, prompt="PYTES>"), "info 1": made.info(1, end=end)})
        assert it.packs() == (1, 2, 4) and it.identity(1)[0].serial == "PMADE00000000001", repr(end)
        assert it.link.frame_errors == 0


def check_refusals():
    """In whatever words, a refusal is told once, with them."""
    for words, code, times in REFUSALS:
        it, uart = console({"pwr 9": made.refusal("pwr 9", *words)})
        error = raised(Refusal, it.read, 9)
        assert error.code == code and str(error).startswith("pwr 9: " + (words[0] or "refused")), error
        assert len([sent for sent in uart.sent if sent.strip()]) == times
        assert (it.link.return_codes, it.link.failures, it.link.frame_errors, it.link.timeouts) == (1, 0, times - 1, 0)
    it, _ = console({"pwr 9": made.refusal("pwr 9", "Usage", "Command failed")})
    assert str(raised(Refusal, it.read, 9)) == "pwr 9: Usage"
    for count, error in ((4, Refusal), (5, NoReply)):  # so many lines that nobody knows
        raised(error, console({"pwr 9": made.refusal("pwr 9", *["Later"] * count)})[0].read, 9)
    it, _ = console({"info 1": made.info(1, {"Device name": "no failure"})})
    assert it.identity(1)[0].device == "no failure"  # values may say anything
    it, _ = console({"pwr": made.refusal("pwr", "Unknown command 'pw' - try 'help'")})
    assert "Unknown command 'pw'" in str(raised(NoReply, it.packs))  # that was not the question


def check_whole_answers_only():
    for old, new in FINE:
        it, _ = console({"pwr": made.pwr().replace(old, new)})
        assert it.packs() == (1, 2) and it.link.frame_errors == 0, (old, new)
    for old, new in DAMAGED:
        it, uart = console({"pwr": made.pwr().replace(old, new)})
        raised(NoReply, it.packs)
        assert len(uart.sent) == 5 and it.link.failures == 1 and it.link.frame_errors == 3, (old, new)
    raised(NoReply, console({"pwr": b"\r\nEvent 12\r\n" + made.pwr_of()})[0].packs)
    it, uart = console({})
    assert "no reply" in str(raised(NoReply, it.packs)) and it.link.timeouts == 3
    assert uart.sent == [b"pwr\r\n", b"\r\n", b"pwr\r\n", b"\r\n", b"pwr\r\n"]
    it, uart = console()
    uart.waiting = b"\r\npylon>\r\npylon>"  # of the wake-up
    assert it.packs() == (1, 2)


def check_echoes():
    """Some consoles echo twice, some not at all; but not one time so and the other time otherwise."""
    for twice in (True, False):
        answers = made.rack()
        for command in answers:
            echo = command.encode() + b"\r\r\n"
            answers[command] = answers[command].replace(*((b"@", echo + b"@") if twice else (b"pylon>" + echo, b"")))
        it, uart = console(answers)
        assert it.packs() == (1, 2) and it.read(1).voltage == 49952 and it.link.frame_errors == 0
    del answers["bat 1"]
    began = it.link.clock.passed_ms
    raised(NoReply, it.read, 1)
    assert it.link.clock.passed_ms - began > 3 * 4000  # nothing tells what a late answer would be of
    it, uart = console(made.rack())
    it.packs()
    uart.answers["pwr"] = made.pwr().replace(b"pylon>pwr\r\r\n", b"")
    raised(NoReply, it.packs)  # it does echo


def check_long_answers():
    """The pager; many lines; what never ends."""
    for paged in (200, 1000, 2000):
        it, uart = console()
        uart.paged = paged
        assert it.packs() == (1, 2) and it.link.frame_errors == 0
        assert uart.sent.count(b"\r") == 3  # one an answer: two for its form, one more for what is new in it
    for count in (185, 186):
        items = tuple([("Item %d" % number, number) for number in range(count)]) + (("CYCLE Times", 62), ("SOH", 98))
        it, _ = console(dict(made.rack(), **{"stat 1": made.stat(items=items)}))
        assert it.read(1).cycles == (62 if count == 185 else None)
    it, _ = console({"pwr": made.pwr().replace(b"M.T.St", b"M.T.St" + b" " * 160)})  # a header of 318 characters
    assert it.packs() == (1, 2) and it.link.frame_errors == 0
    endless = b"\r\npylon>pwr\n@\n" + b"1 -\n" * 1000
    for noise in (b"x" * 5000, b"\n" * 5000, b"x\n" * 2000, endless, bytes(range(256)) * 9):
        it, _ = console({"pwr": noise})
        raised(NoReply, it.packs)
        assert it.link.clock.passed_ms < 3 * 4000


class Slow(made.Uart):
    """What it says comes as fast as the line is, behind `think_ms` after the echo, with `row_ms` behind each row; once,
    at the row number `at`, comes nothing for `stall_ms`.
    """

    def __init__(self, answers, clock, think_ms=0, row_ms=0, at=-1, stall_ms=0):
        super().__init__(answers)
        self._clock = clock
        self.times = think_ms, row_ms, at, stall_ms
        self._due = []  # (ms, bytes)
        self._free = 0  # ms, when what was said before is through

    def write(self, data):
        super().write(data)
        think_ms, row_ms, at, stall_ms = self.times
        when = max(self._clock.passed_ms, self._free)
        rows = self.waiting.split(b"\n")
        self.waiting = b""
        for number, row in enumerate(rows):
            if row.find(b"@") >= 0:
                when += think_ms
            if number == at:
                when += stall_ms
                self.times = think_ms, row_ms, -1, 0
            row = row + b"\n" if number < len(rows) - 1 else row
            when += len(row) // _PER_MS + (row_ms if number > 2 else 0)
            self._due.append((when, row))
        self._free = when

    def readinto(self, view):
        while self._due and self._due[0][0] <= self._clock.passed_ms:
            self.waiting += self._due.pop(0)[1]
        return super().readinto(view)


def check_a_console_that_thinks_or_stalls():
    """What is left of an answer comes while it is asked again: that costs one attempt, not all."""
    for think_ms in (100, 900, 1400):
        clock = Clock()
        it = Console(console_line.Line(Slow(made.rack(), clock, think_ms), clock))
        assert it.packs() == (1, 2) and it.read(1).voltage == 49952, think_ms
        assert it.link.timeouts == it.link.frame_errors == 0, think_ms
    for at, stall_ms, row_ms in ((2, 1600, 0), (3, 2000, 30), (9, 2500, 0), (16, 1600, 30), (16, 2500, 30)):
        clock = Clock()
        uart = Slow(made.rack(), clock, row_ms=row_ms)
        it = Console(console_line.Line(uart, clock))
        it.read(1)
        clock.advance(1000)
        uart.times = 0, row_ms, at, stall_ms
        errors = it.link.frame_errors
        assert it.read(1).voltage == 49952, (at, stall_ms, row_ms)
        assert it.link.frame_errors + it.link.timeouts - errors == 1, (at, stall_ms, row_ms)
