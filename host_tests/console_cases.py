"""Checks of console.Console: what comes twice, contradictions, times, damage. They need no pytest."""
# ruff: noqa: B905, SIM105, UP031 - of MicroPython

import sys
import time

import console_answers as made
from console_answers import console, raised

from firmware.battery import NoReply, Refusal
from firmware.battery.console import Console
from firmware.battery.console_line import Line

STEP = 1 if sys.implementation.name == "cpython" else 9
HOUR_MS, DAY_MS = 3_600_000, 86_400_000  # counters are asked again after an hour
NOTHING = (None,) * 5 + ("console", 115200, None)
STAT, PWR, BAT = b"stat 1\r\n", b"pwr 1\r\n", b"bat 1\r\n"


def counted(it, pack=1):
    return it.read(pack)[7:9]


def check_what_is_not_said():
    it, uart = console()
    assert it.limits(1) is None and it.parameters() is None and uart.sent == [] and not it.exact
    for answer, error in ((made.refusal("info 2", "Command failed"), Refusal), (b"", NoReply)):
        uart.answers["info 2"] = answer
        identity, why = it.identity(2)
        assert identity == NOTHING and isinstance(why, error), answer
    uart.answers["pwr 1"] = made.pwr_of(2).replace(b"pwr 2", b"pwr 1")
    assert "another pack" in str(raised(NoReply, it.read, 1))


def check_bare_commands():
    """US3000D answers `info` and `stat` only without a number, for the master."""
    answers = made.rack()
    for command in ("info", "stat"):
        answers[command] = answers[command + " 1"].replace(command.encode() + b" 1", command.encode())
        for pack in "12":
            answers["%s %s" % (command, pack)] = made.refusal("%s %s" % (command, pack), "Command failed")
    it, uart = console(answers)
    for _ in range(2):
        assert it.identity(1)[0].serial == "PMADE00000000001" and it.identity(2)[0] == NOTHING
        assert counted(it) == (62, 98) and counted(it, 2) == (None, None)
        it.link.clock.advance(HOUR_MS)
    assert b"info\r\n" in uart.sent and it.link.timeouts == it.link.frame_errors == 0
    answers["info"] = answers["info"].replace(b"address      : 1", b"address      : 2")
    assert "another pack" in str(it.identity(1)[1])
    answers["info 1"] = made.info(1)
    assert it.identity(1)[0].device == "US5000"  # it was exchanged


def check_counters_are_asked_now_and_then():
    """Also by the board's own clock, and behind a pause of days."""
    if hasattr(time, "ticks_diff"):
        it = Console(Line(made.Uart(made.rack()), time))
        assert [counted(it) for _ in range(3)] == [(62, 98)] * 3 and it.link.uart.sent.count(STAT) == 2
    it, uart = console()
    for pause_ms, cycles, asked in (
        (0, 62, [PWR, PWR, STAT, STAT, BAT, BAT]), (HOUR_MS, 63, [PWR, STAT, BAT]), (HOUR_MS - 1, 63, [PWR, BAT]),
        (1, 63, [PWR, STAT, BAT]), (7 * DAY_MS, 63, [PWR, STAT, BAT]), (12 * DAY_MS, 63, [PWR, STAT, BAT]),
    ):  # fmt: skip
        it.link.clock.advance(pause_ms)
        assert it.read(1).cycles == cycles and it.counters(1)[0] == cycles, pause_ms
        assert [text for text in uart.sent if text.strip()] == asked, pause_ms
        uart.sent.clear()
        uart.answers["stat 1"] = uart.answers["stat 1"].replace(b" 62", b" 63")
    assert Console(it.link).read(1).cycles == 63 and STAT in uart.sent  # at once


def check_counters_are_never_in_the_way():
    """A pack is read without them, and they are asked for again after a minute."""
    good = made.rack()["stat 1"]
    for bad in (b"", made.stat(2), good.replace(b"\r\r\nCommand", b"\r\r\nCmd")):
        it, uart = console()
        it.read(1)
        for answer, pause_ms, asked in ((bad, HOUR_MS, STAT), (good, 59_999, PWR), (good, 1, STAT)):
            uart.answers["stat 1"] = answer
            it.link.clock.advance(pause_ms)
            assert counted(it) == ((62, 98) if pause_ms == 1 else (None, None)), (bad, pause_ms)
            assert uart.sent[-2:] == [asked, BAT] and it.link.failures == 0


def check_counters_are_of_the_pack_that_is_there():
    """One that did not answer may have been swapped."""
    for gone in (b"", made.refusal("pwr 1", "Target device is not present")):
        it, uart = console()
        assert counted(it) == (62, 98)
        uart.answers["pwr 1"] = gone
        uart.sent.clear()
        for _ in range(2):
            raised((NoReply, Refusal), it.read, 1)
        assert STAT not in uart.sent and it.counters(1) is None
        uart.answers.update({"pwr 1": made.pwr_of(), "stat 1": made.stat(items=(("CYCLE Times", 7), ("SOH", 100)))})
        assert counted(it) == (7, 100) and counted(it, 2) == (62, 98)


def check_contradictions():
    """A single one is damage, two that are equal are how this battery is. Three others are no reading."""
    it, uart = console()
    it.read(1)
    good, cells = made.pwr_of(), made.bat(charge=4150)
    for other in (93, 73):
        odd = good.replace(b": 83 ", b": %d " % other)
        uart.answers["pwr 1"] = [odd, good]
        assert it.read(1).soc == 83
        uart.answers["pwr 1"] = odd
        assert it.read(1).soc == other
    uart.answers.update({"pwr 1": [odd, good, odd], "bat 1": [made.bat(), cells, cells, made.bat()]})
    assert "contradicts itself" in str(raised(NoReply, it.read, 1))


def check_a_reading_is_bounded():
    it, uart = console()
    it.read(1)
    request = it.link.request
    for took_ms in (14_999, 15_000):
        it.link.request = lambda *asked, ms=took_ms: it.link.clock.advance(ms) or request(*asked)
        uart.sent.clear()
        if took_ms < 15_000:
            assert it.read(1).voltage == 49952 and uart.sent == [PWR, BAT]
    assert "too long" in str(raised(NoReply, it.read, 1)) and uart.sent == [PWR]


def check_lost_and_doubled_characters():
    """Another answer than the true one never comes of damage, whether the form is known or not."""
    for command, asks in (
        ("pwr", lambda it: it.packs()), ("info 1", lambda it: it.identity(1)), ("pwr 1", lambda it: it.read(1)),
        ("bat 1", lambda it: it.read(1)), ("stat 1", lambda it: (it.read(1), it.counters(1))),
    ):  # fmt: skip
        it, uart = console()
        good, true = uart.answers[command], asks(it)
        for at in range(0, len(good), 9 * STEP):
            for damaged in (good[:at] + good[at + 1 :], good[: at + 1] + good[at:]):
                uart.answers[command] = [damaged, good]
                it.link.clock.advance(HOUR_MS)
                assert asks(it) == true, damaged
                if at % 4 == 0:
                    uart.answers[command] = [damaged, good]
                    try:
                        assert asks(console(uart.answers)[0]) == true or command == "info 1", damaged
                    except NoReply:
                        pass


def check_changed_characters():
    """A count or a sum tells: cells stay as many, and sum to the voltage; one value at most differs, or none comes."""
    for command in ("pwr 1", "bat 1"):
        it, uart = console()
        good, true = uart.answers[command], it.read(1)
        for at in range(0, len(good), 7 * STEP):
            for other in b"9 x":
                uart.answers[command] = [good[:at] + bytes((other,)) + good[at + 1 :], good]
                try:
                    reading = it.read(1)
                except NoReply:
                    continue
                assert (reading.pack, reading.cycles, reading.soh, len(reading.cell_temperatures)) == (1, 62, 98, 15)
                assert len(reading.cells) == 15 and abs(sum(reading.cells) - reading.voltage) * 100 <= reading.voltage
                cells = [one != two for one, two in zip(reading.cells, true.cells)]
                differ = [one != two for one, two in zip(reading[2:7], true[2:7])]
                assert sum(cells) <= 1 and sum(differ) + (sum(cells) > 0) <= 1, (at, reading)
