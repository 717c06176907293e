"""tools/decode.py: every field named, and every fault in its place."""

from __future__ import annotations

import pytest
from decode_vectors import BAD, BAD_INFO, REPLIES_SAY, REQUESTS_SAY, VECTOR, reply, run
from messages_cases import GOLDEN

from firmware.battery import frame, hunt, messages
from tools import decode, decode_info, decode_layouts
from tools.decode_frame import REPLY, REQUEST, Hint, examine


def fields(report):
    return {part.at: (part.name, part.value) for part in report.parts if part.characters}


@pytest.mark.parametrize(("line", "words", "info"), REQUESTS_SAY, ids=[row[0] for row in REQUESTS_SAY])
def test_requests(capsys, line, words, info):
    report = examine(line)
    assert (report.role, report.good) == (REQUEST, True)
    said = [(part.name, part.value) for part in report.parts if part.at >= 14 and part.section[:1] == "3"]
    assert said == list(info)
    status, out, _ = run(capsys, line)
    assert status == 0 and f"good: request {words}\n" in out


@pytest.mark.parametrize(("line", "cid2", "section", "said"), REPLIES_SAY, ids=[row[0][:20] for row in REPLIES_SAY])
def test_replies_are_told_apart_and_named(line, cid2, section, said):
    for hint in (None, Hint(REPLY, cid2, "asked")):
        report = examine(line, hint)
        assert (report.role, report.cid2, report.faults) == (REPLY, cid2, [])
        for at, name, value in said:
            assert fields(report)[at] == (name, value)
        assert {part.section for part in report.parts if 14 <= part.at < len(line) - 4} == {section}


def test_the_frame_around_info():
    said = [(part.at, part.characters, part.name, part.value, part.section) for part in examine(VECTOR + "\r").parts]
    assert said[:7] == [
        (1, "~", "SOI", "start", "2.2"), (2, "20", "VER", "protocol version 2.0", "2.2"),
        (4, "01", "ADR", "address 1", "2.2"), (6, "46", "CID1", "lithium battery data", "2.2"),
        (8, "00", "RTN", "normal", "2.9"), (10, "C", "LCHKSUM", "right", "2.4"),
        (11, "06E", "LENID", "110 characters of INFO, 55 bytes", "2.4"),
    ]  # fmt: skip
    assert said[-2:] == [(124, "E553", "CHKSUM", "right", "2.5"), (128, "CR", "EOI", "end", "2.2")]


@pytest.mark.parametrize("code", sorted(decode_layouts.RETURN_CODES))
def test_return_codes_in_the_words_of_the_firmware(code):
    report = examine(reply(b"", code), Hint(REPLY, 0x42, "asked"))
    words = decode_layouts.RETURN_CODES[code]
    assert fields(report)[8] == ("RTN", words) and report.good
    assert code == frame.NORMAL or f"\nRTN {code:02X}H {words}\n" in hunt._RETURN_CODES


def test_every_read_command_has_its_names():
    assert set(decode_layouts.REPLIES) == set(frame.COMMANDS) <= set(decode_layouts.COMMANDS)


@pytest.mark.parametrize(("line", "faults"), BAD, ids=[repr(row[0][:24]) for row in BAD])
def test_bad_frames(capsys, line, faults):
    report = examine(line)
    assert [fault[:2] for fault in report.faults] == sorted(fault[:2] for fault in faults)
    for at, width, text in faults:
        assert [one for one in report.faults if one[:2] == (at, width) and text in one.text], (text, report.faults)
    with pytest.raises(frame.FrameError):
        frame.decode(line.encode("latin-1"))
    if line.startswith("~20") and line.isascii() and line.isprintable():
        status, out, _ = run(capsys, line)
        assert status == 1 and "BAD" in out and "^" in out


def test_marks_stand_under_what_is_wrong(capsys):
    _, out, _ = run(capsys, "~20014642D00201FD35")
    assert out.splitlines()[1:3] == ["     1  ~20014642D00201FD35", "                 ^     ^^^^"]
    long = VECTOR[:104] + "x" + VECTOR[105:]
    lines = run(capsys, long)[1].splitlines()
    assert lines[2:4] == [f"   101  {long[100:]}", "            ^                  ^^^^"]


@pytest.mark.parametrize(("line", "cid2", "at", "width", "text"), BAD_INFO, ids=[row[-1] for row in BAD_INFO])
def test_bad_info(capsys, line, cid2, at, width, text):
    report = examine(line, Hint(REPLY, cid2, "asked"))
    (fault,) = report.faults
    assert fault[:2] == (at, width) and text in fault.text
    assert run(capsys, line, *(["--cid2", f"{cid2:02X}"] if cid2 else []))[0] == 1


@pytest.mark.parametrize(("given", "cid2"), [("42", 0x42), ("4fH", 0x4F), ("0x93", 0x93)])
def test_cid2_is_taken(given, cid2):
    assert decode._command(given) == cid2


@pytest.mark.parametrize(("lines", "words"), [
    (["~200146900000FDAA"], "ambiguous: as a reply 90H would be RTN ADR error"),
    (["--reply", "~200146900000FDAA"], "good: reply, RTN 90H ADR error"),
    (["~200146910000FDA9"], "good: reply, RTN 91H communication error"),
    (["~200146000000FDB3"], "ambiguous: INFO is empty in replies to 4FH"),
    (["~2001464F0000FD99", "~210146000000FDB2"], "reply, RTN 00H normal, to 4FH protocol version (by the request"),
    (["~20014642E00201FD35", "~200146000000FDB3"], "INFO is empty: as batteries answer for a pack that is absent"),
    (["~20014A440000FDA0"], "CID1 is not 46H: another maker's battery"),
    (["~20024696E00202FD2A", "~20024600400C020103000609FB46"], "it answers 96H, which V2.8 does not have"),
    (["~20024642C0040202FCD1"], "2 bytes of INFO; by the protocol a request for analog values has 1"),
    ([VECTOR[:17] + "x" + VECTOR[18:]], "does not show which command it answers: --cid2 helps"),
    (["--cid2", "42", VECTOR[:17] + "x" + VECTOR[18:]], "to 42H analog values (as --cid2 says)"),
    ([VECTOR[:60] + "x" + VECTOR[61:]], "cell 11 voltage                     damaged"),
])  # fmt: skip
def test_what_the_surroundings_say(capsys, lines, words):
    assert words in run(capsys, *lines)[1]


def test_an_ambiguous_layout_is_said(monkeypatch):
    monkeypatch.setattr(decode_info, "fitting", lambda info: [0x47, 0x44])
    report = examine(reply(bytes(25)))
    assert report.cid2 == 0x47 and "also has the layout of 44H alarm data" in report.remarks[0]


def test_a_request_is_answered_once(tmp_path, capsys):
    log = tmp_path / "log"
    log.write_text(f"tx ~20014644E00201FD33\nrx {reply(b'')}\nrx {VECTOR}\n")
    status, out, _ = run(capsys, str(log))
    assert status == 0 and "to 44H alarm data (by the request before it)" in out
    assert "to 42H analog values (guessed: INFO has its layout)" in out and out.endswith("3 frames: 3 good, 0 bad\n")


def test_recorded_frames_are_named_to_the_last_character(frames):
    for row in frames:
        for text in (row["request"], row["response"]):
            report = examine(text)
            assert "".join(part.characters for part in report.parts) == text
            if row["family"].startswith("pylontech") and row["valid"] and text == row["response"]:
                known = frame.decode(row["request"].encode()).code in frame.COMMANDS if row["request"] else False
                assert report.good or not known


def values_in_words(parser, answer):
    """The values that the firmware reads, as [(name of a field, what stands behind it)]."""
    if parser is messages.system_parameters:
        scales = {"mV": (1, "d"), "°C": (10, ".1f"), "A": (1000, ".1f")}
        units = ["mV"] * 3 + ["°C"] * 2 + ["A"] + ["mV"] * 3 + ["°C"] * 2 + ["A"]
        return [(None, f"{value / scales[unit][0] if scales[unit][0] > 1 else value:{scales[unit][1]}} {unit}")
                for value, unit in zip(answer, units, strict=True)]  # fmt: skip
    said = []
    for cells, temperatures, current, voltage, remaining, capacity, cycles in answer[1]:
        said += [(f"cell {number} voltage", f"{cell} mV") for number, cell in enumerate(cells, 1)]
        said += [(f"temperature {number}", f"{one / 10:.1f} °C") for number, one in enumerate(temperatures, 1)]
        said += [("current", f"{current / 1000:.1f} A"), ("pack voltage", f"{voltage} mV"), ("cycles", str(cycles)),
                 ("remaining capacity", f"{remaining} mAh"), ("total capacity", f"{capacity} mAh")]  # fmt: skip
    return said


SHOWN = [row for row in GOLDEN if row[0] in (messages.analog_values, messages.system_parameters)]


@pytest.mark.parametrize(("parser", "info", "answer"), SHOWN, ids=range(len(SHOWN)))
def test_what_the_firmware_reads_is_what_is_shown(parser, info, answer):
    cid2 = next(cid2 for cid2, layout in decode_layouts.REPLIES.items() if layout.parse is parser)
    shown = []
    for one in decode_info.reply(info, cid2).fields:
        name = one.name.rpartition(": ")[2]
        if name.endswith(" in 3 bytes"):
            name = name.removesuffix(" in 3 bytes")
            last = max(at for at, row in enumerate(shown) if row[0] == name)
            del shown[last]
        if not name.startswith(("INFOFLAG", "Command", "M,", "N,", "U,")):
            shown.append((name, one.value.partition(" (")[0]))
    wanted = values_in_words(parser, answer)
    if parser is messages.system_parameters:
        shown = [(None, value) for _, value in shown]
    assert sorted(map(str, shown)) == sorted(map(str, wanted))
