"""Replies of real batteries, as owners recorded them; read where they are, beside the project. With --frames PATH also
those of a capture, such as tools/capture.py makes.

Lines of JSON: family, model, request, response (without CR), valid, kind. Families pylontech-rs232 and pylontech speak
this protocol, the others are relatives of other makers.
"""

import re

import pytest

from firmware.battery import frame, messages
from firmware.plausible import Judge
from firmware.reading import Reading

PARSERS = {
    frame.ANALOG_VALUES: messages.analog_values,
    frame.ALARMS: messages.alarms,
    frame.SYSTEM_PARAMETERS: messages.system_parameters,
    frame.MANUFACTURER: messages.manufacturer,
    frame.PACK_COUNT: messages.pack_count,
    frame.MANAGEMENT: messages.management,
    frame.SERIAL_NUMBER: messages.serial_number,
}
# What the protocol's own family may be refused for: model, command, reason. So far nothing.
OWN_REFUSALS = ()
# Why blocks of the relatives are refused: family, command, reason
RELATIVES_REFUSALS = (
    ("pace", frame.ANALOG_VALUES, r"ends too early|without cells|user-defined count is (9|3),"),
    ("pace", frame.ALARMS, r"ends too early|without cells"),
    ("seplos", frame.ANALOG_VALUES, r"user-defined count is 10,"),
    ("lifepower4", frame.ANALOG_VALUES, r"user-defined count is 19,"),
    ("lifepower4", frame.ALARMS, r"ends too early|without cells"),
)
OWN = ("pylontech-rs232", "pylontech")


def line_of(text):
    return text.encode() + b"\r"


def command(row):
    """CID2 of the request, None where it is not known."""
    return frame.decode(line_of(row["request"])).code if row["request"] else None


def replies(frames, families):
    """Yields (row, CID2, INFO) of the valid replies that bring data to a command we know; INFO is empty for a pack that
    is absent.
    """
    for row in frames:
        if row["family"] in families and row["valid"]:
            reply, cid2 = frame.decode(line_of(row["response"])), command(row)
            if reply.code == frame.NORMAL and reply.info and cid2 in PARSERS:
                yield row, cid2, reply.info


def test_valid_frames_decode_and_others_are_refused(frames):
    valid = [row for row in frames if row["valid"]]
    assert valid
    for row in valid:
        for given in (row["response"].encode(), line_of(row["response"])):
            reply = frame.decode(given)
            assert (reply.cid1 == frame.CID1) == (row["family"] != "lifepower4"), row
            assert reply.code != frame.NORMAL or row["kind"] != "error", row
    for row in frames:
        if not row["valid"]:
            with pytest.raises(frame.FrameError):
                frame.decode(line_of(row["response"]))


def test_recordings_have_what_is_to_be_tested(recorded_frames):
    seen = {cid2 for _, cid2, _ in replies(recorded_frames, OWN)}
    assert seen >= {frame.ANALOG_VALUES, frame.ALARMS, frame.SYSTEM_PARAMETERS, frame.MANUFACTURER, frame.SERIAL_NUMBER}
    assert {"error", "recorded", "truncated"} <= {row["kind"] for row in recorded_frames}


def test_requests_are_encoded_as_they_were_recorded(frames):
    count = 0
    for row in frames:
        if row["request"] and row["family"] != "lifepower4":
            asked = frame.decode(line_of(row["request"]))
            if asked.code in PARSERS:
                assert frame.encode(asked.code, asked.info, asked.address, asked.version) == line_of(row["request"])
                count += 1
    assert count


def test_reader_finds_each_frame(frames):
    reader, valid = frame.Reader(), [line_of(row["response"]) for row in frames if row["valid"]]
    for line in valid:
        found = []
        for byte in b"\xb0\xf7\0" + line + b"\0":
            reader.feed(bytes([byte]))
            found.append(reader.next())
        assert [one for one in found if one] == [line]
    reader.feed(b"".join(valid[:20]))
    assert [reader.next() for _ in valid[:20]] == valid[:20]


def test_one_changed_character_is_seen(frames):
    for row in frames:
        if row["valid"]:
            line = line_of(row["response"])
            for at in range(len(line)):
                changed = bytearray(line)
                changed[at] = 0x31 if line[at] == 0x30 else 0x30
                with pytest.raises(frame.FrameError):
                    frame.decode(changed)


def test_replies_of_the_family_parse(frames):
    for row, cid2, info in replies(frames, OWN):
        try:
            PARSERS[cid2](info)
        except messages.DataError as error:
            assert any(row["model"] == model and cid2 == of and re.search(reason, str(error))
                       for model, of, reason in OWN_REFUSALS), (row, error)  # fmt: skip


def test_every_other_length_is_refused(frames):
    for _, cid2, info in replies(frames, OWN):
        spare = 1 if cid2 == frame.ALARMS else 0  # some have one more byte
        for other in (info[: -1 - spare], info + bytes(1 + spare)):
            with pytest.raises(messages.DataError):
                PARSERS[cid2](other)


def test_blocks_of_relatives_are_refused(frames):
    """With a reason that is expected; nobody takes their numbers for ours."""
    for row, cid2, info in replies(frames, ("pace", "seplos", "lifepower4")):
        if cid2 in (frame.ANALOG_VALUES, frame.ALARMS):
            reasons = [reason for family, of, reason in RELATIVES_REFUSALS if (family, of) == (row["family"], cid2)]
            with pytest.raises(messages.DataError, match=reasons[0]):
                PARSERS[cid2](info)


def test_error_replies_have_their_code(frames):
    codes = [frame.decode(line_of(row["response"])).code for row in frames if row["valid"] and row["kind"] == "error"]
    assert frame.NORMAL not in codes


def test_cells_sum_to_the_pack_voltage_exactly(frames):
    for row, cid2, info in replies(frames, OWN):
        if cid2 == frame.ANALOG_VALUES:
            for block in messages.analog_values(info)[1]:
                assert sum(block.cells) == block.voltage, row


def test_readings_are_plausible(frames):
    """Each pack of each reply, said twice; its cells sum to its voltage."""
    for row, cid2, info in replies(frames, OWN):
        if cid2 == frame.ANALOG_VALUES:
            for pack, block in enumerate(messages.analog_values(info)[1], 1):
                assert sum(block.cells) == block.voltage, row
                reading = Reading(pack, *block, None, None, None, None)
                judge = Judge()
                assert judge.refusal(reading), row
                assert judge.refusal(reading, True) is None, row


def test_replies_echo_the_pack(frames):
    for row, cid2, info in replies(frames, OWN):
        asked = frame.decode(line_of(row["request"])).info
        if cid2 in (frame.ANALOG_VALUES, frame.ALARMS, frame.SERIAL_NUMBER) and asked != b"\xff" and len(asked) == 1:
            assert PARSERS[cid2](info)[0] == asked[0], row
