"""Replies of real batteries, as owners recorded them; read where they are, beside the project. With --frames PATH also
those of a capture, such as tools/capture.py makes.

Lines of JSON: family, model, request, response (without CR), valid, kind. Families pylontech-rs232 and pylontech speak
this protocol, the others are relatives of other makers.
"""

import pytest

from firmware.battery import frame, messages
from firmware.plausible import Judge
from firmware.reading import Reading
from tools import decode_values

PARSERS = {cid2: parse for cid2, (_, _, parse) in decode_values.COMMANDS.items() if parse}
OWN = ("pylontech-rs232", "pylontech")
# Why blocks of the relatives are refused: family, command, reason
RELATIVES = {
    ("pace", frame.ANALOG_VALUES): r"ends too early|without cells|user-defined count is (9|3),",
    ("pace", frame.ALARMS): r"ends too early|without cells",
    ("seplos", frame.ANALOG_VALUES): r"user-defined count is 10,",
    ("lifepower4", frame.ANALOG_VALUES): r"user-defined count is 19,",
    ("lifepower4", frame.ALARMS): r"ends too early|without cells",
}


def line_of(text):
    return text.encode() + b"\r"


def command(row):
    """CID2 of the request, None where it is not known."""
    return frame.decode(line_of(row["request"])).code if row["request"] else None


def replies(frames):
    """Yields (row, CID2, INFO) of the valid replies that bring data to a command we know; INFO is empty for a pack that
    is absent.
    """
    for row in frames:
        if row["valid"]:
            reply, cid2 = frame.decode(line_of(row["response"])), command(row)
            if reply.code == frame.NORMAL and reply.info and cid2 in PARSERS:
                yield row, cid2, reply.info


def test_recordings_have_what_is_to_be_tested(recorded_frames):
    seen = {cid2 for row, cid2, _ in replies(recorded_frames) if row["family"] in OWN}
    assert seen >= {frame.ANALOG_VALUES, frame.ALARMS, frame.SYSTEM_PARAMETERS, frame.MANUFACTURER, frame.SERIAL_NUMBER}
    assert {"error", "recorded", "truncated"} <= {row["kind"] for row in recorded_frames}


def test_frames_decode_and_damaged_ones_are_refused(frames):
    reader = frame.Reader()
    assert any(row["valid"] for row in frames)
    for row in frames:
        line = line_of(row["response"])
        damaged = [line]
        if row["valid"]:
            for given in (line, line[:-1]):
                reply = frame.decode(given)
                assert (reply.cid1 == frame.CID1) == (row["family"] != "lifepower4"), row
                assert (reply.code == frame.NORMAL) <= (row["kind"] != "error"), row
            found = []
            for byte in b"\xb0\xf7\0" + line + b"\0":
                reader.feed(bytes([byte]))
                found.append(reader.next())
            assert [one for one in found if one] == [line]
            damaged = [line[:at] + (b"1" if line[at] == 0x30 else b"0") + line[at + 1 :] for at in range(len(line))]
        for bad in damaged:
            with pytest.raises(frame.FrameError):
                frame.decode(bad)


def test_requests_are_encoded_as_they_were_recorded(frames):
    count = 0
    for row in frames:
        if row["request"] and row["family"] != "lifepower4":
            asked = frame.decode(line_of(row["request"]))
            if asked.code in PARSERS:
                assert frame.encode(asked.code, asked.info, asked.address, asked.version) == line_of(row["request"])
                count += 1
    assert count


def test_replies_of_the_family_parse_to_the_last_byte(frames):
    """They name the pack that was asked; its cells sum to its voltage, and said twice its reading is plausible."""
    for row, cid2, info in replies(frames):
        if row["family"] not in OWN:
            continue
        values = PARSERS[cid2](info)
        asked = frame.decode(line_of(row["request"])).info
        if cid2 in (frame.ANALOG_VALUES, frame.ALARMS, frame.SERIAL_NUMBER) and asked != b"\xff" and len(asked) == 1:
            assert values[0] == asked[0], row
        spare = 1 if cid2 == frame.ALARMS else 0  # some have one more byte
        for other in (info[: -1 - spare], info + bytes(1 + spare)):
            with pytest.raises(messages.DataError):
                PARSERS[cid2](other)
        for pack, block in enumerate(values[1], 1) if cid2 == frame.ANALOG_VALUES else ():
            assert sum(block.cells) == block.voltage, row
            reading, judge = Reading(pack, *block, None, None, None, None), Judge()
            assert judge.refusal(reading) and judge.refusal(reading, True) is None, row


def test_blocks_of_relatives_are_refused(frames):
    """With a reason that is expected; nobody takes their numbers for ours."""
    for row, cid2, info in replies(frames):
        if row["family"] not in OWN and cid2 in (frame.ANALOG_VALUES, frame.ALARMS):
            with pytest.raises(messages.DataError, match=RELATIVES[row["family"], cid2]):
                PARSERS[cid2](info)
