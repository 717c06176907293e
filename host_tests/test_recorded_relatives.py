"""Recorded replies of RS485 ports and of PACE batteries, each through its dialect; read where they are."""

from __future__ import annotations

import pytest
from battery_line import Log, ScriptedUart
from fakes import Clock
from test_recorded_frames import PARSERS, command, line_of

from firmware.battery import Refusal, frame, pace, pace_readings
from firmware.battery.link import Rs485Link
from firmware.battery.pace import PaceLink
from firmware.battery.pylontech import Pylontech
from firmware.battery.search import PACE, RS485, answers, probes
from tools import decode_values

ANALOG, ALARM, PARAMETERS, MANUFACTURER = 0x42, 0x44, 0x47, 0x51
PACE_PARSERS = {cid2: parse for cid2, (_, _, parse) in decode_values.PACE.items()}
# family, model, pack that is asked or None; first and last cell mV, temperature 0.1 °C; mA, mV, mAh, mAh, cycles;
# design mAh, SOH of PACE
JAKIPER = "Jakiper (PACE P16S100A-1B470) 16S"
BY_HAND = (
    ("pace", JAKIPER, 1, (3467, 3372), (209, 233), 0, 54151, 104580, 104700, 99, 100000, 99),
    ("pace", JAKIPER, 4, (3371, 3382), (196, 205), 0, 54099, 101870, 102130, 123, 100000, 99),
    ("pace", JAKIPER, 2, (3375, 3374), (176, 219), 0, 54009, 306770, 307140, 31, 280000, 100),
    ("pace", "Jakiper 16S", 1, (3360, 3361), (120, 163), 800, 53795, 101910, 101980, 11, 100000, 99),
    ("pace", "3x Gobel 15S 200Ah PACE", 3, (3338, 3338), (205, 231), 2120, 50159, 148410, 190620, 240, 200000, 78),
    ("pace", "8S 24V PACE", 1, (3092, 3109), (236, 250), 0, 24752, 29060, 40000, 0, 40000, None),
    ("pylontech", "US3000C", None, (3339, 3338), (274, 258), 2300, 50087, 50068, 74000, 55),
    ("pylontech", "US2000 (2019)", None, (3235, 3236), (100, 70), 0, 48541, 5500, 50000, 643),
    ("pylontech", "US2000C/US2KBPL", None, (3273, 3272), (246, 230), 0, 49088, 31080, 74000, 0),
    ("pylontech", "US3000", None, (3269, 3270), (140, 130), -3200, 49037, 48100, 74000, 27),
)  # fmt: skip


def of(frames, family, commands):
    """Yields (row, CID2, INFO, INFO of the question, the pack that was asked alone, or None) of the valid replies that
    bring something.
    """
    for row in frames:
        if row["family"] == family and row["valid"] and row["request"] and command(row) in commands:
            info = frame.decode(line_of(row["response"])).info
            asked = frame.decode(line_of(row["request"])).info
            if info:
                yield row, command(row), info, asked, asked[0] if len(asked) == 1 and asked != b"\xff" else None


def rs485(row):
    """The dialect at a battery that answers one question as recorded, behind an echo."""
    asked = frame.decode(line_of(row["request"]))
    echo = line_of(row["request"]) if len(asked.info) < 2 else b""  # others asked in another form than we do
    clock = Clock()
    uart = ScriptedUart(clock, [[(10, echo + line_of(row["response"]))]])
    return Pylontech(Rs485Link(uart, clock, 9600, 0), "rs485"), asked.address - 1


def test_each_reply_of_an_rs485_port_through_the_dialect(recorded_frames):
    """42H for all packs at once is never asked, but its layout is the same."""
    count = 0
    for row, cid2, info, asked, _ in of(recorded_frames, "pylontech", frame.COMMANDS):
        if asked == b"\xff":
            assert len(PARSERS[cid2](info)[1]) == PARSERS[cid2](info)[0]
            continue
        dialect, pack = rs485(row)
        found = dialect.link.request(cid2, PARSERS[cid2], pack if cid2 not in (PARAMETERS, MANUFACTURER) else None)
        assert found == PARSERS[cid2](info) and dialect.link.frame_errors == 0
        count += 1
    assert count >= 15
    with pytest.raises(Refusal):
        rs485({"request": "~20024642E00202FD33", "response": "~200246040000FDAE"})[0].read(1)


def test_each_reply_of_pace_through_the_dialect(recorded_frames):
    count = 0
    for row, cid2, info, _, pack in of(recorded_frames, "pace", pace.COMMANDS):
        assert PACE_PARSERS[cid2](info), row
        if cid2 not in (ANALOG, ALARM) or pack is None:
            continue
        if frame.decode(line_of(row["request"])).address == pack:
            clock = Clock()
            link = PaceLink(ScriptedUart(clock, [[(10, line_of(row["response"]))]]), clock, 9600)
            assert link.request(cid2, PACE_PARSERS[cid2], pack)[0] == pack
            assert link.uart.written[0][1] == line_of(row["request"]), row
            count += 1
        more = len(info) in (62, 39)  # SOH; a byte behind the alarms
        for bad in (info[: -2 if more else -1], info + bytes(1 if more else 2)) if info[1] == pack else ():
            with pytest.raises(pace_readings.DataError):
                PACE_PARSERS[cid2](bad)
    assert count >= 15


def test_values_by_hand(recorded_frames):
    for family, model, of_pack, cells, temperatures, *values in BY_HAND:
        found = []
        for row, _, info, _, pack in of(recorded_frames, family, (ANALOG,)):
            if row["model"] == model and (pack or of_pack) and of_pack in (None, info[1]):
                one = pace_readings.analog_values(info)[1][0] if family == "pace" else rs485(row)[0].read(1)[1:8]
                found.append([(one[0][0], one[0][-1]), (one[1][0], one[1][-1]), *one[2:]])
        assert [cells, temperatures, *values] in found, model


@pytest.mark.parametrize("family", ["pylontech", "pace", "pylontech-rs232", "seplos", "lifepower4"])
def test_which_dialect_a_recorded_reply_to_42h_is_of(recorded_frames, family):
    """Of each probe with which it is looked for: none takes the reply of another for its own."""
    right = {"pylontech": RS485, "pylontech-rs232": RS485, "pace": PACE}.get(family, "")
    for row, _, _, _, pack in of(recorded_frames, family, (ANALOG,)):
        for probe in probes(RS485) + probes(PACE) if pack else ():
            clock, log = Clock(), Log()
            found = answers(ScriptedUart(clock, [[(50, line_of(row["response"]))]]), clock, probe, log)
            assert found == ("framed" if right == RS485 and probe[0] == PACE else right), (row, probe)
            assert bool(log.texts("info")) == (family == "seplos"), row
