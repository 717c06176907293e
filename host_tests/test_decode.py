"""tools/decode.py: every field named, every fault in its place, and no traceback whatever comes in."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest
from codec_cases import FRAMES
from decode_cases import BAD, BAD_INFO, REPLIES_SAY, REQUESTS_SAY, VECTOR, reply, text_of
from messages_cases import GOLDEN

from firmware.battery import frame, hunt, messages
from tools import decode, decode_check, decode_find, decode_info, decode_layouts
from tools.decode_frame import REPLY, REQUEST, Hint, examine

FUZZ = 3000
ALPHABET = "0123456789ABCDEFabgxz~\r\n\0\x11\xb0\xff {}\""


def run(capsys, *arguments):
    """-> exit status, stdout, stderr of decode.py in this process."""
    try:
        status = decode.main(list(arguments))
    except SystemExit as error:  # argparse
        status = error.code
    out = capsys.readouterr()
    return status, out.out, out.err


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
    if decode_find.in_text(line) and line[:3] == "~20" and "\xb0" not in line and "\0" not in line and len(line) > 8:
        status, out, _ = run(capsys, line)
        marks = [text[8:] for text in out.split("\n\n")[0].splitlines()[1:]][1::2]
        assert status == 1 and "BAD" in out and "^" in "".join(marks)


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


LOGS = (
    (b"10:02 RX: b'\\xb0~20014642E00201FD35\\r' ok", ["~20014642E00201FD35"]),
    (b"~20014642E00201FD35, then (~200146900000FDAA).\r\n", ["~20014642E00201FD35", "~200146900000FDAA"]),
    (b"\xb0\xf7~20014642E00201FD35\r\0~2001\xb0642E00201FD35\r", ["~20014642E00201FD35\r", "~2001\xb0642E00201FD35\r"]),
    (b"~2001464~20014642E00201FD35\r\n", ["~2001464", "~20014642E00201FD35\r"]),
    (b"got ~20014642E00201FD36 why?\r\n", ["~20014642E00201FD36"]),
    (b"about ~5 V in ~/logs ~ \r\n~\n~~~\n", []),
)


@pytest.mark.parametrize(("log", "found"), LOGS, ids=[str(row[0][:20]) for row in LOGS])
def test_frames_in_the_midst_of_text(log, found):
    assert [one.text for one in decode_find.frames(log, "log")] == found


def test_a_capture_of_json_lines(tmp_path, capsys):
    rows = [{"family": "pylontech-rs232", "request": "~200146900000FDAA", "response": reply(b"\x02")},
            {"family": "pylontech-rs232", "request": "~20014642E00201FD35", "response": "garbage"},
            {"family": "pylontech-rs232", "request": "~20014642E00201FD35", "response": ""},
            {"family": "console", "request": "pwr", "response": "~20014642E00201FD36"}]  # fmt: skip
    path = tmp_path / "capture.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    status, out, _ = run(capsys, str(path))
    assert status == 1 and out.endswith("5 frames: 4 good, 1 bad\n")
    assert "capture.jsonl, line 1, response:" in out and "to 90H pack count (by the request before it)" in out
    assert "SOI must be '~' (7EH), 'g' stands here" in out


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


def damaged(dice, line):
    """A line with some characters inserted, lost, changed, cut off."""
    out = list(line)
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(out) + 1)
        how = dice.randrange(4)
        out[at : at + (how > 0)] = [dice.choice(ALPHABET)] if how < 2 else []
        if how == 3:
            del out[at:]
    return "".join(out)


def test_fuzz_a_frame_is_bad_when_the_firmware_refuses_it():
    dice = random.Random(7)
    lines = [text_of(line) for line, _ in FRAMES if len(line) < 300] + [row[0] for row in REPLIES_SAY]
    refused = 0
    for number in range(FUZZ):
        line = damaged(dice, dice.choice(lines)) if number % 10 else "".join(dice.choices(ALPHABET, k=number % 90))
        report = examine(line, dice.choice((None, Hint(REPLY, 0x42, "x"), Hint(REQUEST), Hint(REPLY, 0xC1, "x"))))
        try:
            frame.decode(line.encode("latin-1"))
        except frame.FrameError:
            refused += 1
            assert decode_check.faults(line) and not report.good, line
        else:
            assert not decode_check.faults(line), line
        whole = line[:-1] + "CR" if line.endswith("\r") else line
        assert "".join(part.characters for part in report.parts) == whole, line
    assert FUZZ // 2 < refused < FUZZ


def test_fuzz_info_is_bad_when_the_firmware_refuses_it():
    dice = random.Random(8)
    for _ in range(FUZZ // 3):
        _, info, _ = dice.choice(GOLDEN)
        info = bytearray(info[:400])
        info[dice.randrange(len(info))] = dice.randrange(256)
        info = bytes(info[: dice.choice((len(info), len(info), dice.randrange(1, len(info) + 1)))])
        for cid2, layout in decode_layouts.REPLIES.items():
            named = decode_info.reply(info, cid2)
            refused = False
            try:
                if layout.parse:
                    layout.parse(info)
            except ValueError:
                refused = True
            assert bool(named.fault) == (refused or not layout.parse), (cid2, info)
            assert named.fault or named.end == len(info)


def test_fuzz_files_of_any_bytes(tmp_path, capsys):
    dice = random.Random(9)
    path = tmp_path / "noise"
    for number in range(150):
        seeds = [VECTOR.encode(), b"~", b'{"request": "~2001', b'", "response": 5}', b"\n", b"\r", b"{" * 2000,
                 b"~2001464", dice.randbytes(60)]  # fmt: skip
        path.write_bytes(b"".join(dice.choices(seeds, k=number % 12)))
        status, out, err = run(capsys, str(path))
        assert status in (0, 1, 2) and bool(out) == (status != 2) and (not err) == (status != 2)


UNUSABLE = (
    (["nowhere.txt"], "'nowhere.txt' is neither a file that is there nor a frame"),
    (["x" * 5000], "is neither a file"),
    (["/"], "cannot read /: Is a directory"),
    (["--cid2", "43", VECTOR], "'43' is no command; known are: 42 analog values, 44"),
    (["--cid2", "", VECTOR], "'' is no command"),
    (["--frame", VECTOR], "unrecognized arguments"),
    (["--reply", "--request", VECTOR], "not allowed with"),
)


@pytest.mark.parametrize(("arguments", "words"), UNUSABLE, ids=[row[1] for row in UNUSABLE])
def test_unusable_arguments(capsys, arguments, words):
    status, _, err = run(capsys, *arguments)
    assert status == 2 and words in err


def test_a_file_that_is_too_large(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(decode, "MOST_BYTES", 100)
    path = tmp_path / "large"
    path.write_text(VECTOR * 2)
    assert run(capsys, str(path))[0] == 2


# -- as a process, under a bare Python: nothing is installed for it


def process(project, *arguments, data=b"", **options):
    command = [getattr(sys, "_base_executable", None) or sys.executable, "-I", "-S", "tools/decode.py", *arguments]
    return subprocess.run(command, cwd=project, input=data, capture_output=True, timeout=60, check=False, **options)


def test_standard_input_and_exit_status(project):
    good, bad = b"rx ~20014642E00201FD35\n", b"rx ~20014642E00201FD36\n"
    for data, status in ((good, 0), (bad, 1), (good + bad, 1), (b"nothing\n", 2), (b"", 2)):
        for arguments in ((), ("-",)):
            result = process(project, *arguments, data=data)
            assert result.returncode == status and b"Traceback" not in result.stderr, result
    assert b"no frame in standard input" in process(project).stderr


def test_any_bytes_as_an_argument(project):
    result = process(project, b"~2001\xff\xb0464", env={"LC_ALL": "C", "PYTHONUTF8": "0"})
    assert result.returncode == 1 and not result.stderr and b"wrong at 6 to 7" in result.stdout


def test_who_reads_it_may_go(project):
    command = f"{sys.executable} tools/decode.py {' '.join([VECTOR] * 200)} | head -1"
    result = subprocess.run(["bash", "-c", command.replace("~", "\\~")], cwd=project, capture_output=True, check=False)
    assert result.stdout == b"frame:\n" and not result.stderr
