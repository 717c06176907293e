"""Checks of console_line: what is sent, what is refused, line ends, the pager, damage, time. They need no pytest."""
# ruff: noqa: UP031 - of MicroPython

import console_answers as made
from console_answers import console, raised
from fakes import Clock

from firmware.battery import NoReply, Refusal, console_line
from firmware.battery.console import Console

READ_COMMANDS = ("pwr", None), ("time", None), ("stat", None), ("pwr", 1), ("bat", 16), ("info", 1), ("soh", 1)
OTHERS = (
    ("config", None), ("ctrl", 1), ("shut", None), ("shut", 1), ("login debug", None), ("bat", None), ("soh", None),
    ("bat", 0), ("bat", 17), ("pwr", "1\nshut"), ("time", 1), ("pwr\nshut", None), ("", None),
)  # fmt: skip
# Words that refuse, the code, how often it is asked: twice where it may be damage
REFUSALS = (
    (("Unknown command 'pwr' - try 'help'",), 4, 1), (("Unknown command 'pwr 9'",), 4, 1),
    (("Invalid command or fail to excute.", "Usage: pwr [id]", "Usage: more", "more", "more", "more"), 6, 1),
    (("Usage", "Command failed"), 6, 1), (("Target device is not present",), 6, 1), (("Error: 12",), 6, 1),
    (("Command completed unccessfully",), 6, 1), (("Access denied",), 6, 1), (("Later",) * 4, 6, 2), (("",), 6, 2),
)  # fmt: skip
# What the answer to `pwr` says instead of something: (old, new)
DONE = b"Command completed successfully"
FINE = (
    (b"$$", b" $$ "), (DONE, DONE + b"!"), (DONE, DONE + b"."), (b"Mos", b"M~s"), (b"pylon>", b"pylon#"),
    (b"pylon>", b"[US5000]>"), (b"pylon>", b"US 5000 >"), (b"pylon>", b"\r\npylon>pwr\r\npylon>"),
    (b"pylon>", b"\r\npylon>\r\npylon>"), (b"pylon>", b"Event 12\r\npylon>"),
)  # fmt: skip
DAMAGED = (
    (b"pylon>pwr", b"pylon>pw"), (b"pylon>pwr", b"pylon>pwr 1"), (b"pylon>pwr", b"pylon1pwr"), (b"@", b""),
    (b"$$", b"$"), (b"$$", b""), (b"$$", b"$$$"), (b"completed", b"complete"), (DONE + b"\r\r\n", b""),
    (b"Mos", b"M\x7fs"), (b"$$", b"1 -\r\r\n$$"),
)  # fmt: skip
HEAD = b"\r\r\npylon>time\r\r\n@\r\r\n"


def is_taken(line, head=HEAD):
    """Is the only line of an answer to `time` taken, as it is?"""
    it, _ = console({"time": head + b"\r\r\n".join((line, DONE, b"$$", b"pylon>"))})
    try:
        return it.link.request("time", None, list, 1) == [line]
    except NoReply:
        return False


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


def check_line_ends():
    """Consoles that take only CR LF, only LF, or CR and LF each; what their lines end in."""
    for takes, each in ((b"\r\n", False), (b"\n", False), (b"", True)):
        uart = made.Uart(made.rack(), takes, each)
        it = Console(console_line.Line(uart, Clock()))
        for _ in range(2):
            assert it.packs() == (1, 2) and it.read(1).voltage == 49952, (takes, each)
        assert it.link.frame_errors == it.link.timeouts == 0 and {sent[-2:] for sent in uart.sent} == {b"\r\n"}
    for end in ("\r\r\n", "\r\n", "\n", "\r", "\n\r"):
        it, _ = console({"pwr": made.pwr(there=(1, 2, 4), end=end, prompt="PYTES>")})
        assert it.packs() == (1, 2, 4) and it.link.frame_errors == 0, repr(end)


def check_refusals():
    for words, code, times in REFUSALS:
        it, uart = console({"pwr 9": made.refusal("pwr 9", *words)})
        error = raised(Refusal, it.read, 9)
        assert (error.code, str(error)) == (code, "pwr 9: " + (words[0] or "refused")), error
        assert len([sent for sent in uart.sent if sent.strip()]) == it.link.polls == times
        assert (it.link.return_codes, it.link.failures, it.link.frame_errors, it.link.timeouts) == (1, 0, times - 1, 0)
    raised(NoReply, console({"pwr 9": made.refusal("pwr 9", *["Later"] * 5)})[0].read, 9)  # nobody knows so many lines
    it, _ = console({"info 1": made.info(1, {"Device name": "no failure"})})
    assert it.identity(1)[0].device == "no failure"  # values may say anything
    it, _ = console({"pwr": made.refusal("pwr", "Unknown command 'pw' - try 'help'")})
    assert "Unknown command 'pw'" in str(raised(NoReply, it.packs))  # that was not the question
    it, _ = console({"pwr": made.refusal("pwr", "Command failed " + "x" * 99)})
    assert str(raised(Refusal, it.packs)) == "pwr: Command failed " + "x" * 45


def check_whole_answers_only():
    for old, new in FINE:
        it, _ = console({"pwr": made.pwr().replace(old, new)})
        assert it.packs() == (1, 2) and it.link.frame_errors == 0, (old, new)
    for old, new in DAMAGED:
        it, uart = console({"pwr": made.pwr().replace(old, new)})
        raised(NoReply, it.packs)
        assert len(uart.sent) == 5 and it.link.failures == 1 and it.link.frame_errors == 3, (old, new)
    raised(NoReply, console({"pwr": b"\r\nEvent 12\r\n" + made.pwr_of()})[0].packs)
    it, uart = console()
    uart.waiting = b"\r\npylon>"  # of the wake-up
    assert it.packs() == (1, 2)
    assert is_taken(b"123456 $9") and not is_taken(b"12345 $8")  # a short line: a damaged end


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
    """The pager; many lines; long ones, at a place of 64 bytes that are read at once; what never ends."""
    for paged, pager in ((200, None), (2000, None), (1000, (b"[Enter] for more", b""))):
        it, uart = console()
        uart.paged, uart.pager = paged, pager or uart.pager
        assert it.packs() == (1, 2) and it.link.frame_errors == 0
        assert uart.sent.count(b"\r") == 3  # one an answer: two for its form, one more for what is new in it
    for count in (185, 186):
        items = [("Item %d" % number, number) for number in range(count)] + [("CYCLE Times", 62), ("SOH", 98)]
        it, _ = console(dict(made.rack(), **{"stat 1": made.stat(items=items)}))
        assert it.read(1).cycles == (62 if count == 185 else None)
    for place in (64, 63):
        assert is_taken(b"x" * 340, HEAD + b"\n" * (place - len(HEAD))) == (place == 64)


class Slow(made.Uart):
    """Its rows come `row_ms` apart, number n of an answer `delays[0][n]` ms later; the last of `delays` stays."""

    def __init__(self, answers, delays=None, row_ms=0):
        super().__init__(answers)
        self.clock, self.delays, self._row_ms, self._due = Clock(), [delays or {}], row_ms, []
        self.console = Console(console_line.Line(self, self.clock))

    def write(self, data):
        super().write(data)
        delays = self.delays.pop(0) if len(self.delays) > 1 else self.delays[0]
        when = max([self.clock.passed_ms] + [ms for ms, _ in self._due])
        for number, row in enumerate(self.waiting.replace(b"\n", b"\n\0").split(b"\0")):
            when += self._row_ms + delays.get(number, 0)
            self._due.append((when, row))
        self.waiting = b""

    def readinto(self, view):
        while self._due and self._due[0][0] <= self.clock.passed_ms:
            self.waiting += self._due.pop(0)[1]
        return super().readinto(view)


def check_a_console_that_thinks_or_stalls():
    """What is left of an answer comes while it is asked again: that costs one attempt, not all."""
    it = Slow(made.rack(), {2: 1400}).console
    assert it.read(1).voltage == 49952 and it.link.timeouts == it.link.frame_errors == 0
    for at, stall_ms, row_ms in ((2, 1600, 0), (3, 2000, 30), (9, 2500, 0), (16, 1600, 30)):
        uart = Slow(made.rack(), row_ms=row_ms)
        it = uart.console
        it.read(1)
        uart.delays.insert(0, {at: stall_ms})
        errors = it.link.frame_errors
        assert it.read(1).voltage == 49952, (at, stall_ms, row_ms)
        assert it.link.frame_errors + it.link.timeouts - errors == 1, (at, stall_ms, row_ms)


def check_how_long_it_takes():
    endless = b"\r\npylon>pwr\n@\n" + b"1 -\n" * 200
    for answer, row_ms, took_ms in (
        (b"", 0, 3 * 1500 + 2 * 60), (made.pwr()[:200], 0, 3 * 1500 + 2 * 300), (endless, 20, 3 * 3000 + 2 * 500),
        (endless, 0, 2 * 300), (b"x" * 1000, 0, 2 * 300), (bytes(range(256)) * 2, 0, 2 * 300),
        (b"\n" * 500, 0, 3 * 1500 + 2 * 300),
    ):  # fmt: skip
        uart = Slow({"pwr": answer}, row_ms=row_ms)
        raised(NoReply, uart.console.packs)
        assert uart.sent == [b"pwr\r\n", b"\r\n"] * 2 + [b"pwr\r\n"]
        assert uart.clock.passed_ms == took_ms and uart.console.link.timeouts == (0 if answer else 3), answer[:20]
    uart = Slow({"pwr": made.pwr()})
    uart.paged = 1000
    assert uart.console.packs() == (1, 2) and uart.clock.passed_ms == 3 * 60 + 60
