"""Replies of real batteries, as owners recorded them; read where they are, beside the project. With --frames PATH also
those of a capture. Families pylontech-rs232 and pylontech speak this protocol, the others are of other makers.
"""

import pytest
from battery_line import Log, ScriptedUart
from codec_cases import refused
from fakes import Clock, made_reading

from firmware.battery import Refusal, frame, messages, pace
from firmware.battery.link import Rs485Link
from firmware.battery.pylontech import Pylontech
from firmware.battery.search import PACE, RS485, answers, probes
from firmware.plausible import Judge
from tools import decode_values

PARSERS = {cid2: parse for cid2, (_, _, parse) in decode_values.COMMANDS.items() if parse}
PACE_PARSERS = {cid2: parse for cid2, (_, _, parse) in decode_values.PACE.items()}
OWN = ("pylontech-rs232", "pylontech")
# Why blocks of the relatives are refused: family, command, reason
RELATIVES = {
    ("pace", frame.ANALOG_VALUES): r"left over|ends too early|without cells|user-defined count is (9|3),",
    ("pace", frame.ALARMS): r"left over|ends too early|without cells",
    ("seplos", frame.ANALOG_VALUES): r"user-defined count is 10,",
    ("lifepower4", frame.ANALOG_VALUES): r"user-defined count is 19,",
    ("lifepower4", frame.ALARMS): r"left over|ends too early|without cells",
}


def line_of(text):
    return text.encode() + b"\r"


def replies(frames, families="", parsers=PARSERS):
    """Yields (row, the request, INFO of the reply) of the valid replies that bring data to a command of `parsers`."""
    for row in frames:
        if row["valid"] and row["request"] and row["family"] in (families or row["family"]):
            asked, reply = frame.decode(line_of(row["request"])), frame.decode(line_of(row["response"]))
            if reply.code == frame.NORMAL and reply.info and asked.code in parsers:
                yield row, asked, reply.info


def alone(asked):
    """The pack that was asked alone, or None."""
    return asked.info[0] if len(asked.info) == 1 and asked.info != b"\xff" else None


def test_frames_decode_and_damaged_ones_are_refused(frames):
    reader = frame.Reader()
    assert any(row["valid"] for row in frames)
    for row in frames:
        line = line_of(row["response"])
        damaged = [line]
        if row["valid"]:
            reply = frame.decode(line)
            assert (reply.cid1 == frame.CID1) == (row["family"] != "lifepower4"), row
            assert (reply.code == frame.NORMAL) <= (row["kind"] != "error"), row
            reader.feed(b"\xb0\xf7\0" + line + b"\0")
            assert (reader.next(), reader.next()) == (line, None)
            damaged = [line[:at] + (b"1" if line[at] == 0x30 else b"0") + line[at + 1 :] for at in range(len(line))]
        assert all(map(refused, damaged))


def test_replies_of_the_family_parse_to_the_last_byte(frames):
    """They name the pack that was asked; its cells sum to its voltage, and said twice its reading is plausible."""
    for row, asked, info in replies(frames, OWN):
        cid2, values = asked.code, PARSERS[asked.code](info)
        if cid2 in (frame.ANALOG_VALUES, frame.ALARMS, frame.SERIAL_NUMBER):
            assert alone(asked) in (None, values[0]), row
        spare = 1 if cid2 == frame.ALARMS else 0  # some have one more byte
        for other in (info[: -1 - spare], info + bytes(1 + spare)):
            with pytest.raises(messages.DataError):
                PARSERS[cid2](other)
        for pack, block in enumerate(values[1], 1) if cid2 == frame.ANALOG_VALUES else ():
            assert sum(block.cells) == block.voltage, row
            reading, judge = made_reading(**block._asdict(), pack=pack), Judge()
            assert judge.refusal(reading) and judge.refusal(reading, True) is None, row


def test_blocks_of_relatives_are_refused(frames):
    """With a reason that is expected; nobody takes their numbers for ours."""
    for row, asked, info in replies(frames):
        if row["family"] not in OWN and asked.code in (frame.ANALOG_VALUES, frame.ALARMS):
            with pytest.raises(messages.DataError, match=RELATIVES[row["family"], asked.code]):
                PARSERS[asked.code](info)


# -- RS485 ports and PACE batteries, each through its dialect

# family, model, pack that is asked or None; first and last cell mV, temperature 0.1 °C; mA, mV, mAh, mAh, cycles;
# design mAh, SOH of PACE
JAKIPER = "Jakiper (PACE P16S100A-1B470) 16S"
BY_HAND = (
    ("pace", JAKIPER, 1, (3467, 3372), (209, 233), 0, 54151, 104580, 104700, 99, 100000, 99),
    ("pace", JAKIPER, 2, (3375, 3374), (176, 219), 0, 54009, 306770, 307140, 31, 280000, 100),
    ("pace", "Jakiper 16S", 1, (3360, 3361), (120, 163), 800, 53795, 101910, 101980, 11, 100000, 99),
    ("pace", "3x Gobel 15S 200Ah PACE", 3, (3338, 3338), (205, 231), 2120, 50159, 148410, 190620, 240, 200000, 78),
    ("pace", "8S 24V PACE", 1, (3092, 3109), (236, 250), 0, 24752, 29060, 40000, 0, 40000, None),
    ("pylontech", "US3000C", None, (3339, 3338), (274, 258), 2300, 50087, 50068, 74000, 55),
    ("pylontech", "US2000 (2019)", None, (3235, 3236), (100, 70), 0, 48541, 5500, 50000, 643),
    ("pylontech", "US3000", None, (3269, 3270), (140, 130), -3200, 49037, 48100, 74000, 27),
)


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
    for row, asked, info in replies(recorded_frames, ["pylontech"]):
        parse = PARSERS[asked.code]
        if asked.info == b"\xff":
            assert len(parse(info)[1]) == parse(info)[0]
            continue
        dialect, pack = rs485(row)
        names_no_pack = asked.code in (frame.SYSTEM_PARAMETERS, frame.MANUFACTURER)
        assert dialect.link.request(asked.code, parse, None if names_no_pack else pack) == parse(info)
        assert dialect.link.frame_errors == 0
        count += 1
    assert count >= 15
    with pytest.raises(Refusal):
        rs485({"request": "~20024642E00202FD33", "response": "~200246040000FDAE"})[0].read(1)


def test_each_reply_of_pace_through_the_dialect(recorded_frames):
    count = 0
    for row, asked, info in replies(recorded_frames, ["pace"], PACE_PARSERS):
        cid2, pack = asked.code, alone(asked)
        assert PACE_PARSERS[cid2](info), row
        if cid2 not in (frame.ANALOG_VALUES, frame.ALARMS) or pack is None:
            continue
        if asked.address == pack:
            clock = Clock()
            link = pace.PaceLink(ScriptedUart(clock, [[(10, line_of(row["response"]))]]), clock, 9600)
            assert link.request(cid2, PACE_PARSERS[cid2], pack)[0] == pack
            assert link.uart.written[0][1] == line_of(row["request"]), row
            count += 1
        more = len(info) in (62, 39)  # SOH; a byte behind the alarms
        for bad in (info[: -2 if more else -1], info + bytes(1 if more else 2)) if info[1] == pack else ():
            with pytest.raises(frame.DataError):
                PACE_PARSERS[cid2](bad)
    assert count >= 15


def test_values_by_hand(recorded_frames):
    for family, model, of_pack, cells, temperatures, *values in BY_HAND:
        found = []
        for row, asked, info in replies(recorded_frames, [family]):
            is_it = asked.code == frame.ANALOG_VALUES and row["model"] == model
            if is_it and (alone(asked) or of_pack) and of_pack in (None, info[1]):
                one = PACE_PARSERS[asked.code](info)[1][0] if family == "pace" else rs485(row)[0].read(1)[1:8]
                found.append([(one[0][0], one[0][-1]), (one[1][0], one[1][-1]), *one[2:]])
        assert [cells, temperatures, *values] in found, model


@pytest.mark.parametrize("family", ["pylontech", "pace", "pylontech-rs232", "seplos", "lifepower4"])
def test_which_dialect_a_recorded_reply_to_42h_is_of(recorded_frames, family):
    """Of each probe with which it is looked for: none takes the reply of another for its own."""
    right = {"pylontech": RS485, "pylontech-rs232": RS485, "pace": PACE}.get(family, "")
    for row, asked, _ in replies(recorded_frames, [family]):
        for probe in probes(RS485) + probes(PACE) if asked.code == frame.ANALOG_VALUES and alone(asked) else ():
            clock, log = Clock(), Log()
            found = answers(ScriptedUart(clock, [[(50, line_of(row["response"]))]]), clock, probe, log)
            assert found == ("framed" if right == RS485 and probe[0] == PACE else right), (row, probe)
            assert bool(log.texts("info")) == (family == "seplos"), row
