"""The link: one request, one checked reply; over a scripted UART, in simulated time."""

from __future__ import annotations

import pytest
from battery_line import ScriptedUart
from fakes import Clock

from firmware.battery import ADR_ERROR, NoReply, Refusal, frame, messages
from firmware.battery.link import Link
from tools.simulator import framed

POLL_MS = 5
DRAIN_MS = 500
AFTER_DAMAGE_MS = 200
MOST = 400
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
    """The cells of a pack."""
    return link.request(frame.ANALOG_VALUES, messages.analog_values, pack, attempts)[1][0].cells


def counts(link):
    return link.polls, link.timeouts, link.frame_errors, link.return_codes, link.failures


# what it costs: baud, CID2, INFO of the question, characters of question and longest answer (16 cells, 6 sensors,
# 3-byte capacities)
WIRE = (
    (1200, 0x42, 1, 20 + 148), (2400, 0x42, 1, 20 + 148), (4800, 0x42, 1, 20 + 148), (19200, 0x42, 16, 20 + 148),
    (4800, 0x44, 1, 20 + 86), (1200, 0x47, None, 18 + 68), (4800, 0x4F, None, 18 + 18), (1200, 0x51, None, 18 + 82),
    (1200, 0x90, None, 18 + 20), (4800, 0x91, 3, 20 + 18), (1200, 0x92, 1, 20 + 38), (4800, 0x93, 1, 20 + 52),
)  # fmt: skip


@pytest.mark.parametrize(("baud", "cid2", "byte", "characters"), WIRE)
def test_a_request_is_given_its_wire_time_and_a_second(baud, cid2, byte, characters):
    link, uart, clock = link_of(baud=baud)
    with pytest.raises(NoReply, match=f"{cid2:02X}H at {baud} baud: no reply"):
        link.request(cid2, messages.analog_values, byte, attempts=1)
    assert 0 <= clock.passed_ms - (characters * 10_000 // baud + 1000) < 2 * POLL_MS
    assert len(uart.written) == link.polls == link.timeouts == link.failures == 1


@pytest.mark.parametrize("ticks", [0, 2**30 - 500], ids=["ticks go on", "ticks wrap"])
def test_an_answer_just_in_time_is_taken_and_one_too_late_is_not(ticks):
    limit_ms = 168 * 10_000 // 4800 + 1000
    link, uart, _ = link_of([(limit_ms - POLL_MS, analog(1))], [(limit_ms + POLL_MS, analog(1))], ticks=ticks)
    assert ask(link, attempts=1) == (3300,) * 15
    assert uart.written[0][1] == ANALOG_1
    with pytest.raises(NoReply):
        ask(link, attempts=1)
    assert counts(link) == (2, 1, 0, 0, 1)


def test_it_asks_three_times_and_counts_the_failures_in_a_row():
    link, uart, _ = link_of(*[[]] * 8, analog(1))
    for failures in (1, 2):
        with pytest.raises(NoReply):
            ask(link)
        assert counts(link) == (3 * failures, 3 * failures, 0, 0, failures)
    assert ask(link) == (3300,) * 15  # the third attempt
    assert counts(link) == (9, 8, 0, 0, 0) and [data for _, data in uart.written] == [ANALOG_1] * 9


def test_what_lies_there_before_a_question_is_dropped():
    link, uart, _ = link_of(analog(1, 3400))
    uart.bring(0, analog(1, 3200) * 3)
    assert ask(link) == (3400,) * 15
    assert counts(link) == (1, 0, 0, 0, 0)


def test_a_line_that_is_not_silent_is_waited_for_before_asking_again():
    link, uart, _ = link_of([(0, b"~2001\r")], analog(1))
    for ms in range(0, 600, 20):  # from the damaged line to 40 ms before the bound of the drain
        uart.bring(ms, b"\0")
    assert ask(link) == (3300,) * 15
    last_ms = uart.written[1][0]
    assert 560 <= last_ms <= 580 + 40 + 2 * POLL_MS


FOREIGN = (
    ("another pack", analog(2, 3200)),
    ("another command", framed.encode(OK, b"\x03")),
    ("an empty answer to 4FH or 91H for a pack", framed.encode(OK, address=2)),
    ("another ADR", framed.encode(OK, b"\x11\x01", address=2)),
    ("two packs", framed.encode(OK, b"\x11\x02" + 2 * framed.parse(analog(1)[:-1])[0].info[2:])),
)


@pytest.mark.parametrize(("name", "late"), FOREIGN, ids=[row[0] for row in FOREIGN])
def test_a_late_reply_to_another_question_is_passed_over(name, late):
    link, _, _ = link_of([(300, late), (900, analog(1))])
    assert ask(link, attempts=1) == (3300,) * 15
    assert counts(link) == (1, 0, 1, 0, 0)


def test_frames_that_are_none_of_ours_are_passed_over():
    body = b"20014A00E00211"  # another maker's
    link, _, _ = link_of(b"~%s%04X\r" % (body, framed.checksum(body)))
    with pytest.raises(NoReply, match="CID1 is 4AH"):
        ask(link, attempts=1)
    link, _, _ = link_of(framed.encode(OK, b"\x02"), framed.encode(OK, version=0x21))
    with pytest.raises(NoReply, match="INFO where none belongs"):
        link.request(frame.PROTOCOL_VERSION, attempts=1)
    assert link.request(frame.PROTOCOL_VERSION, attempts=1) == 0x21


RTN = (
    (0x01, 1), (0x02, 3), (0x03, 3), (0x04, 1), (0x05, 1), (0x06, 1), (0x90, 1), (0x91, 1), (0x77, 1),
)  # fmt: skip


@pytest.mark.parametrize(("code", "questions"), RTN)
def test_return_codes(code, questions):
    answers = [framed.encode(code)] * 3
    link, uart, _ = link_of(*answers)
    link.failures = 2
    with pytest.raises(Refusal, match=f"^RTN {code:02X}H") as raised:
        ask(link)
    assert raised.value.code == code
    assert len(uart.written) == questions
    assert counts(link) == (questions, 0, 0, questions, 0)


@pytest.mark.parametrize("code", [0x02, 0x03])
def test_a_question_that_arrived_damaged_is_asked_again(code):
    link, _, _ = link_of(framed.encode(code), analog(1))
    assert ask(link) == (3300,) * 15
    assert counts(link) == (2, 0, 0, 1, 0)


@pytest.mark.parametrize(("answer", "code"), [
    (framed.encode(0x90, address=2), ADR_ERROR),  # whatever address it comes from
    (framed.encode(OK), frame.INVALID_DATA),  # a pack that is not there
])  # fmt: skip
def test_other_refusals(answer, code):
    link, uart, _ = link_of(answer)
    with pytest.raises(Refusal) as raised:
        ask(link)
    assert raised.value.code == code and len(uart.written) == 1


HARMLESS = (
    ("noise before", [(20, b"\xff~\x00~20" + analog(1))]),
    ("NUL behind", [(20, analog(1) + b"\0\0")]),
    ("cut by a pause", [(20, analog(1)[:50]), (820, analog(1)[50:])]),
    ("byte by byte", [(20 + n, analog(1)[n : n + 1]) for n in range(len(analog(1)))]),
    ("a damaged line, and the whole one soon", [(20, b"~2001460000\r"), (20 + AFTER_DAMAGE_MS - 10, analog(1))]),
)


@pytest.mark.parametrize(("name", "pieces"), HARMLESS, ids=[row[0] for row in HARMLESS])
def test_harmless(name, pieces):
    link, _, _ = link_of(pieces)
    assert ask(link, attempts=1) == (3300,) * 15
    assert link.timeouts == link.failures == 0


def test_after_a_damaged_line_it_does_not_wait_long():
    link, uart, _ = link_of([(20, analog(1).replace(b"0", b"1", 1))], analog(1))
    assert ask(link) == (3300,) * 15
    assert uart.written[1][0] < 20 + AFTER_DAMAGE_MS + 50 + 3 * POLL_MS
    assert counts(link) == (2, 0, 1, 0, 0)


BABBLE = (
    ("nothing that looks like a frame", b"\x55" * 64),
    ("starts", b"~20014600C06E" * 5),
    ("a start and no end", b"0123456789ABCDEF" * 4),
    ("lines", b"~20014600C06E11010F0D\r" * 3),
    ("ends", b"\r" * 64),
)


class BabblingUart(ScriptedUart):
    """There is always more than one can read; it takes its time on the wire."""

    def __init__(self, clock, text):
        super().__init__(clock)
        self._text = text
        self.read = 0

    def readinto(self, view):
        count = min(len(view), len(self._text))
        self.read += count
        view[:count] = self._text[:count]
        self._clock.advance(count * 10_000 // 4800)
        return count


@pytest.mark.parametrize(("name", "text"), BABBLE, ids=[row[0] for row in BABBLE])
def test_babble_is_bounded(name, text):
    clock = Clock()
    uart = BabblingUart(clock, text)
    link = Link(uart, clock, 4800)
    with pytest.raises(NoReply):
        ask(link)
    attempt_ms = 168 * 10_000 // 4800 + 1000 + 200
    assert clock.passed_ms <= 3 * (attempt_ms + DRAIN_MS + 200)
    assert uart.read <= 3 * (MOST + 2 * 64 + DRAIN_MS * 480 // 1000)  # of which only MOST are kept at a time
    assert link.failures == 1


def test_the_reply_is_parsed_as_it_is_asked():
    link, _, _ = link_of(framed.encode(OK, b"\x02PSIM010123456789"), framed.encode(OK, b"\x03"))
    assert link.request(frame.SERIAL_NUMBER, messages.serial_number, 2) == (2, "PSIM010123456789")
    assert link.request(frame.PACK_COUNT, messages.pack_count) == 3
