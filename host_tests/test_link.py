"""The link: one request, one checked reply; over a scripted UART, in simulated time."""

import pytest
from battery_line import ScriptedUart
from codec_cases import made
from fakes import Clock

from firmware.battery import ADR_ERROR, NoReply, Refusal, frame, messages
from firmware.battery.link import Link
from tools.simulator import framed

POLL_MS, DRAIN_MS, AFTER_DAMAGE_MS = 5, 500, 200
MOST = 400  # bytes
LIMIT_MS = 168 * 10_000 // 4800 + 1000  # of 42H at 4800 baud
ANALOG_1 = b"~20014642E00201FD35\r"  # known good (§3)
OK = framed.OK


def analog(pack, mv=3300):
    block = framed.analog_block({
        "cells": [mv] * 15, "temperatures": [230] * 5, "current": 100, "voltage": 15 * mv, "remaining": 40000,
        "capacity": 50000, "cycles": 7, "wide": False,
    })  # fmt: skip
    return framed.encode(OK, bytes([0x11, pack]) + block)


def link_of(*answers, baud=4800, ticks=0):
    """-> (Link, its UART, its clock); `answers` as for ScriptedUart, or bytes that come after 20 ms."""
    clock = Clock(ticks)
    made = [[(20, answer)] if isinstance(answer, bytes) else answer for answer in answers]
    uart = ScriptedUart(clock, made)
    return Link(uart, clock, baud), uart, clock


def ask(link, pack=1, attempts=3):
    """The first cell of a pack, all are alike."""
    cells = link.request(frame.ANALOG_VALUES, messages.analog_values, pack, attempts)[1][0].cells
    assert cells == cells[:1] * 15
    return cells[0]


def counts(link):
    return link.polls, link.timeouts, link.frame_errors, link.return_codes, link.failures


# what it costs: baud, CID2, INFO of the question, characters of question and longest answer (16 cells, 6 sensors,
# 3-byte capacities)
@pytest.mark.parametrize(("baud", "cid2", "byte", "characters"), [
    (1200, 0x42, 1, 20 + 148), (4800, 0x42, 16, 20 + 148), (19200, 0x44, 1, 20 + 86), (4800, 0x4F, None, 18 + 18),
    (1200, 0x47, None, 18 + 68),
])  # fmt: skip
def test_a_request_is_given_its_wire_time_and_a_second(baud, cid2, byte, characters):
    link, uart, clock = link_of(baud=baud)
    with pytest.raises(NoReply, match=f"{cid2:02X}H at {baud} baud: no reply"):
        link.request(cid2, messages.analog_values, byte, attempts=1)
    limit_ms = characters * 10_000 // baud + 1000
    assert clock.passed_ms == -(-limit_ms // POLL_MS) * POLL_MS  # rounded up
    assert len(uart.written) == link.polls == link.timeouts == link.failures == 1


@pytest.mark.parametrize("ticks", [0, 2**30 - 500], ids=["ticks go on", "ticks wrap"])
def test_an_answer_just_in_time_is_taken_and_one_too_late_is_not(ticks):
    link, uart, _ = link_of([(LIMIT_MS - POLL_MS, analog(1))], [(LIMIT_MS + POLL_MS, analog(1))], ticks=ticks)
    assert ask(link, attempts=1) == 3300 and uart.written[0][1] == ANALOG_1
    with pytest.raises(NoReply):
        ask(link, attempts=1)
    assert counts(link) == (2, 1, 0, 0, 1)


def test_it_asks_three_times_and_counts_the_failures_in_a_row():
    link, uart, _ = link_of(*[[]] * 8, analog(1))
    for failures in (1, 2):
        with pytest.raises(NoReply):
            ask(link)
        assert counts(link) == (3 * failures, 3 * failures, 0, 0, failures)
    assert ask(link) == 3300 and counts(link) == (9, 8, 0, 0, 0) and uart.written[8][1] == ANALOG_1


def test_a_line_that_is_not_silent():
    """What lies there before a question is dropped; before the next attempt silence is waited for, up to a bound."""
    link, uart, _ = link_of([(0, b"~2001\r")], analog(1))
    uart.bring(0, analog(1, 3200) * 3)
    for ms in range(POLL_MS, 600, 20):  # from the damaged line to 40 ms before the bound of the drain
        uart.bring(ms, b"\0")
    assert ask(link) == 3300
    assert 560 <= uart.written[1][0] <= 580 + 40 + 3 * POLL_MS


# what comes first at 300 ms, before the answer at 900 ms; is it a frame that is counted?
@pytest.mark.parametrize(("data", "errors"), {
    "another pack": (analog(2, 3200), 1),
    "another command": (framed.encode(OK, b"\x03"), 1),
    "an empty answer to 4FH or 91H for a pack": (framed.encode(OK, address=2), 1),
    "two packs": (framed.encode(OK, b"\x11\x02" + 2 * bytes.fromhex(analog(1)[17:-5].decode())), 1),
    "noise": (b"\xff~\x00~20", 0), "an echo": (ANALOG_1, 0),
}.values())
def test_what_is_not_the_answer_is_passed_over(data, errors):
    link, _, _ = link_of([(300, data), (900, analog(1))])
    assert ask(link, attempts=1) == 3300
    assert counts(link) == (1, 0, errors, 0, 0)


@pytest.mark.parametrize("answer", {
    "NUL behind": [(20, analog(1) + b"\0\0")],
    "cut by a pause": [(20, analog(1)[:50]), (820, analog(1)[50:])],
    "byte by byte": [(20 + n, analog(1)[n : n + 1]) for n in range(len(analog(1)))],
    "a damaged line, and the whole one soon": [(20, b"~2001460000\r"), (20 + AFTER_DAMAGE_MS - 10, analog(1))],
    "damage at the end of the time": [(LIMIT_MS - 20, b"~2001460000\r"), (LIMIT_MS - POLL_MS, analog(1))],
}.values())
def test_harmless(answer):
    link, _, _ = link_of(answer)
    assert ask(link, attempts=1) == 3300 and link.timeouts == link.failures == 0


@pytest.mark.parametrize("answer", [analog(1).replace(b"0", b"1", 1), b"~2001460000\r" * 2])
def test_after_a_damaged_line_it_does_not_wait_long(answer):
    link, uart, _ = link_of(answer, analog(1))
    assert ask(link) == 3300
    assert 0 <= uart.written[1][0] - (20 + AFTER_DAMAGE_MS + 40) <= 4 * POLL_MS
    assert counts(link) == (2, 0, answer.count(b"\r"), 0, 0)


def test_frames_that_are_none_of_ours():
    link, _, _ = link_of(made(b"11", head=b"20014A00"))  # another maker's
    with pytest.raises(NoReply, match="CID1 is 4AH"):
        ask(link, attempts=1)
    link, _, _ = link_of(framed.encode(OK, b"\x02"), framed.encode(OK, version=0x21))
    with pytest.raises(NoReply, match="INFO where none belongs"):
        link.request(frame.PROTOCOL_VERSION, attempts=1)
    assert link.request(frame.PROTOCOL_VERSION, attempts=1) == 0x21
    link, _, _ = link_of(framed.encode(OK, b"\x02PSIM010123456789"), framed.encode(OK, b"\x03"))
    assert link.request(frame.SERIAL_NUMBER, messages.serial_number, 2) == (2, "PSIM010123456789")
    assert link.request(frame.PACK_COUNT, messages.pack_count) == 3


# the answer, its code, how many times it is asked: again only where the question arrived damaged
@pytest.mark.parametrize(("answer", "code", "questions"), [
    *((framed.encode(code), code, 3 if code in (2, 3) else 1) for code in (1, 2, 3, 4, 6, 0x90, 0x91, 0x77)),
    (framed.encode(0x90, address=2), ADR_ERROR, 1),  # whatever address it comes from
    (framed.encode(OK), frame.INVALID_DATA, 1),  # a pack that is not there
])  # fmt: skip
def test_refusals(answer, code, questions):
    link, _, _ = link_of(*[answer] * questions, analog(1))
    link.failures = 2
    with pytest.raises(Refusal) as raised:
        ask(link)
    assert raised.value.code == code and str(raised.value) in (frame.return_code(code), "a reply without data")
    assert counts(link) == (questions, 0, 0, questions, 0)
    if questions > 1:
        link, _, _ = link_of(answer, analog(1))
        assert ask(link) == 3300 and counts(link) == (2, 0, 0, 1, 0)


class BabblingUart(ScriptedUart):
    def __init__(self, clock, text):
        super().__init__(clock)
        self._text, self.read = text, 0

    def write(self, data):
        self.dropped = self.read

    def readinto(self, view):
        count = min(len(view), len(self._text))
        self.read += count
        view[:count] = self._text[:count]
        self._clock.advance(count * 10_000 // 4800)
        return count


@pytest.mark.parametrize("text", [b"\x55", b"~20014600C06E" * 5, b"~20014600C06E11010F0D\r" * 3, b"\r" * 64])
def test_babble_is_bounded(text):
    clock = Clock()
    uart = BabblingUart(clock, text)
    link = Link(uart, clock, 4800)
    with pytest.raises(NoReply):
        ask(link)
    assert text != b"\x55" or uart.read - uart.dropped == MOST + 1
    assert clock.passed_ms <= 3 * (LIMIT_MS + 200 + DRAIN_MS + 200)
    assert uart.read <= 3 * (MOST + 2 * 64 + DRAIN_MS * 480 // 1000)  # of which only MOST are kept at a time
    assert link.failures == 1
