"""Recorded replies of RS485 ports and of PACE batteries, each through its dialect; read where they are."""

from __future__ import annotations

import pytest
from battery_line import Log, ScriptedUart
from fakes import Clock
from test_recorded_frames import PARSERS, command, line_of

from firmware.battery import Refusal, frame, pace, pace_messages
from firmware.battery.pace import PaceLink
from firmware.battery.pylontech import Pylontech
from firmware.battery.rs485 import Rs485Link
from firmware.battery.search import PACE, RS485, answers, probes

ANALOG, ALARM, PARAMETERS, MANUFACTURER = 0x42, 0x44, 0x47, 0x51
PACE_PARSERS = {ANALOG: pace_messages.analog_values, ALARM: pace_messages.alarms,
                0x90: pace_messages.pack_count, 0xC1: pace_messages.text,
                0xC2: pace_messages.serial_number}  # fmt: skip


def of(frames, family):
    """Yields (row, CID2, reply) of the valid rows of a family that answer a command of its dialect."""
    commands = frame.COMMANDS if family == "pylontech" else pace.COMMANDS
    for row in frames:
        if row["family"] == family and row["valid"] and row["request"] and command(row) in commands:
            yield row, command(row), frame.decode(line_of(row["response"]))


def asked(row):
    return frame.decode(line_of(row["request"]))


def single(row):
    """The number of the pack that was asked alone, in the usual form; else None."""
    info = asked(row).info
    return info[0] if len(info) == 1 and info != b"\xff" else None


def rs485(row):
    """The dialect at a battery that answers one question as recorded, behind an echo."""
    clock = Clock()
    echo = line_of(row["request"]) if len(asked(row).info) < 2 else b""  # others asked in another form than we do
    uart = ScriptedUart(clock, [[(10, echo + line_of(row["response"]))]])
    return Pylontech(Rs485Link(uart, clock, 9600, 0), "rs485")


def test_each_reply_of_an_rs485_port_through_the_dialect(recorded_frames):
    """Behind an echo of the question. 42H for all packs at once is never asked, but its layout is the same."""
    count = 0
    for row, cid2, reply in of(recorded_frames, "pylontech"):
        if not reply.info:  # of 4FH, or an error
            continue
        if asked(row).info == b"\xff":
            assert len(PARSERS[cid2](reply.info)[1]) == PARSERS[cid2](reply.info)[0]
            continue
        link = rs485(row).link
        pack = asked(row).address - 1
        found = link.request(cid2, PARSERS[cid2], pack if cid2 not in (PARAMETERS, MANUFACTURER) else None)
        assert found == PARSERS[cid2](reply.info) and link.frame_errors == 0
        count += 1
    assert count >= 15


def test_each_reply_of_pace_through_the_dialect(recorded_frames):
    count = 0
    for row, cid2, reply in of(recorded_frames, "pace"):
        assert PACE_PARSERS[cid2](reply.info), row
        pack = single(row)
        if cid2 in (ANALOG, ALARM) and pack and asked(row).address == pack:
            clock = Clock()
            link = PaceLink(ScriptedUart(clock, [[(10, line_of(row["response"]))]]), clock, 9600)
            assert link.request(cid2, PACE_PARSERS[cid2], pack)[0] == pack
            assert link.uart.written[0][1] == line_of(row["request"]), row
            count += 1
        if cid2 in (ANALOG, ALARM):
            with_more = len(reply.info) in (62, 39)  # SOH; a byte behind the alarms
            for bad in (reply.info[: -2 if with_more else -1], reply.info + bytes(1 if with_more else 2)):
                if reply.info[1] == single(row):  # one pack
                    with pytest.raises(pace_messages.DataError):
                        PACE_PARSERS[cid2](bad)
    assert count >= 15


# By hand: model, pack, first cell and the last mV, temperatures 0.1 °C, mA, mV, mAh, mAh, cycles, design, SOH
BY_HAND = (
    ("Jakiper (PACE P16S100A-1B470) 16S", 1, 0x0D8B, 0x0D2C, (209, 233), 0, 54151, 104580, 104700, 99, 100000, 99),
    ("Jakiper (PACE P16S100A-1B470) 16S", 4, 0x0D2B, 0x0D36, (196, 205), 0, 54099, 101870, 102130, 123, 100000, 99),
    ("Jakiper (PACE P16S100A-1B470) 16S", 2, 0x0D2F, 0x0D2E, (176, 219), 0, 54009, 306770, 307140, 31, 280000, 100),
    ("Jakiper 16S", 1, 0x0D20, 0x0D21, (120, 163), 800, 53795, 101910, 101980, 11, 100000, 99),
    ("3x Gobel 15S 200Ah PACE", 3, 0x0D0A, 0x0D0A, (205, 231), 2120, 50159, 148410, 190620, 240, 200000, 78),
    ("8S 24V PACE", 1, 0x0C14, 0x0C25, (236, 250), 0, 24752, 29060, 40000, 0, 40000, None),
)  # fmt: skip


@pytest.mark.parametrize("expected", BY_HAND, ids=str)
def test_values_by_hand_of_pace(recorded_frames, expected):
    model, pack, first, last, temperatures, *values = expected
    for row, cid2, reply in of(recorded_frames, "pace"):
        if (row["model"], cid2, reply.info[1:2]) == (model, ANALOG, bytes([pack])):
            one = pace_messages.analog_values(reply.info)[1][0]
            if (one.cells[0], one.cells[-1]) == (first, last):
                assert (one.temperatures[0], one.temperatures[-1]) == temperatures
                assert list(one[2:]) == values
                return
    raise AssertionError("no such reply is recorded")


RS485_BY_HAND = (
    ("US3000C", 0x0D0B, 0x0D0A, (274, 258), 2300, 50087, 50068, 74000, 55),
    ("US2000 (2019)", 0x0CA3, 0x0CA4, (100, 70), 0, 48541, 5500, 50000, 643),
    ("US2000C/US2KBPL", 0x0CC9, 0x0CC8, (246, 230), 0, 49088, 31080, 74000, 0),
    ("US3000", 0x0CC5, 0x0CC6, (140, 130), -3200, 49037, 48100, 74000, 27),
)  # fmt: skip


@pytest.mark.parametrize("expected", RS485_BY_HAND, ids=str)
def test_values_by_hand_of_rs485(recorded_frames, expected):
    model, first, last, temperatures, current, *rest = expected
    for row, cid2, _ in of(recorded_frames, "pylontech"):
        if row["model"] == model and cid2 == ANALOG and single(row):
            one = rs485(row).read(1)
            if (one.cells[0], one.cells[-1]) == (first, last):
                assert (one.temperatures[0], one.temperatures[-1], one.current) == (*temperatures, current)
                assert [one.voltage, one.remaining, one.capacity, one.cycles] == rest
                return
    raise AssertionError("no such reply is recorded")


@pytest.mark.parametrize("family", ["pylontech", "pace", "pylontech-rs232", "seplos", "lifepower4"])
def test_which_dialect_a_recorded_reply_to_42h_is_of(recorded_frames, family):
    """Of each probe with which it is looked for: none takes the reply of another for its own."""
    right = {"pylontech": RS485, "pylontech-rs232": RS485, "pace": PACE}.get(family, "")
    for row in recorded_frames:
        if row["family"] == family and row["valid"] and row["request"] and command(row) == ANALOG:
            reply = frame.decode(line_of(row["response"]))
            if reply.info and single(row):
                for probe in probes(RS485) + probes(PACE):
                    clock, log = Clock(), Log()
                    found = answers(ScriptedUart(clock, [[(50, line_of(row["response"]))]]), clock, probe, log)
                    expected = "framed" if right == RS485 and probe[0] == PACE else right
                    assert found == expected, (row, probe)
                    assert bool(log.texts("info")) == (family == "seplos"), row


def test_an_error_reply_is_a_refusal():
    it = rs485({"request": "~20024642E00202FD33", "response": "~200246040000FDAE"})
    with pytest.raises(Refusal):
        it.read(1)
