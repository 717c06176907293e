"""Checks of what time does to a console: it is slow, is cut off for a moment, was away; they need no pytest."""

import console_answers as made
from console_cases import console, raised
from fakes import Clock

from firmware.battery import NoReply, ReturnCode, console_line
from firmware.battery.console import Console

_PER_MS = 11  # characters at 115200 baud


class Slow(made.Uart):
    """What it says comes as fast as the line is, behind `think_ms` after the echo, with `row_ms` behind each row; once,
    at the row number `at`, comes nothing for `stall_ms`.
    """

    def __init__(self, answers, clock, think_ms=0, row_ms=0, at=-1, stall_ms=0):
        super().__init__(answers)
        self._clock = clock
        self._times = think_ms, row_ms, at, stall_ms
        self._due = []  # (ms, bytes)
        self._free = 0  # ms, when what was said before is through

    def write(self, data):
        super().write(data)
        think_ms, row_ms, at, stall_ms = self._times
        when = max(self._clock.passed_ms, self._free)
        rows = self._waiting.split(b"\n")
        self._waiting = b""
        for number, row in enumerate(rows):
            if row.find(b"@") >= 0:
                when += think_ms
            if number == at:
                when += stall_ms
                self._times = think_ms, row_ms, -1, 0
            row = row + b"\n" if number < len(rows) - 1 else row
            when += len(row) // _PER_MS + (row_ms if number > 2 else 0)
            self._due.append((when, row))
        self._free = when

    def readinto(self, view):
        while self._due and self._due[0][0] <= self._clock.passed_ms:
            self._waiting += self._due.pop(0)[1]
        return super().readinto(view)


def _slow(**times):
    clock = Clock()
    uart = Slow(made.rack(), clock, **times)
    return Console(console_line.Line(uart, clock)), uart, clock


def check_a_console_that_thinks():
    for think_ms in (100, 900, 1400):
        it, _, _ = _slow(think_ms=think_ms)
        assert it.ask("packs", None) == (1, 2) and it.read(1).voltage == 49952, think_ms
        assert it.link.timeouts == it.link.frame_errors == 0, think_ms


def check_an_answer_that_stalls():
    """What is left of it comes while it is asked again: that costs one attempt, not all."""
    for at in (2, 3, 9, 16):
        for stall_ms in (1600, 2000, 2500):
            for row_ms in (0, 30):
                it, uart, clock = _slow(row_ms=row_ms)
                it.read(1)
                clock.advance(1000)
                uart._times = 0, row_ms, at, stall_ms
                errors = it.link.frame_errors
                assert it.read(1).voltage == 49952, (at, stall_ms, row_ms)
                assert it.link.frame_errors + it.link.timeouts - errors == 1, (at, stall_ms, row_ms)


def check_counters_are_of_the_pack_that_is_there():
    """One that did not answer may have been swapped."""
    for gone in (b"", made.wrapped("bat 1", ["Invalid command or fail to excute."], done=False)):
        it, uart = console()
        assert it.read(1)[7:9] == (62, 98)
        uart.answers["bat 1"] = gone
        uart.sent.clear()
        for _ in range(2):
            raised((NoReply, ReturnCode), it.read, 1)
        assert b"stat 1\n" not in uart.sent
        uart.answers.update({"bat 1": made.bat(), "stat 1": made.stat(items=(("CYCLE Times", 7), ("SOH", 100)))})
        assert it.read(1)[7:9] == (7, 100)
        assert it.read(2)[7:9] == (62, 98)


def check_what_is_asked_now_and_then_behind_a_pause_of_days():
    for days in (1, 6, 7, 9, 12):
        it, uart = console()
        it.ask("packs", None)
        it.read(1)
        it.link.clock.advance(days * 86_400_000)
        uart.sent.clear()
        it.read(1)
        assert uart.sent[0] == b"pwr\n" and b"stat 1\n" in uart.sent, days


def check_a_reading_is_bounded():
    it, _ = console(layout="us5000-v2")
    clock = it.link.clock
    it.ask("packs", None)
    request = it.link.request

    def slow(*arguments):
        """As slow as a request can be that brings an answer after all."""
        clock.advance(10_000)
        return request(*arguments)

    it.link.request = slow
    for pack in (1, 2):
        clock.advance(31_000)
        began = clock.passed_ms
        assert "too long" in str(raised(NoReply, it.read, pack))
        assert clock.passed_ms - began < 26_000
    it.link.request = request
    assert it.read(1).voltage == 49952
