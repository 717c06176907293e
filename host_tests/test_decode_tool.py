"""tools/decode.py: frames in files of all kinds, any bytes, wrong arguments; no traceback whatever comes in."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest
from codec_cases import FRAMES
from decode_vectors import REPLIES_SAY, VECTOR, reply, run, text_of
from messages_cases import GOLDEN

from firmware.battery import frame
from tools import decode, decode_check, decode_find, decode_info, decode_layouts
from tools.decode_frame import REPLY, REQUEST, Hint, examine

FUZZ = 3000
ALPHABET = "0123456789ABCDEFabgxz~\r\n\0\x11\xb0\xff {}\""
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
            {"family": "console", "request": "pwr", "response": "~20014642E00201FD36"},
            {"family": "console", "request": "time", "response": ""}]  # fmt: skip
    path = tmp_path / "capture.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    status, out, _ = run(capsys, str(path))
    said = "requests without an answer: 2; answers of the text console, which are not looked at: 1"
    assert status == 1 and out.endswith(f"5 frames: 4 good, 1 bad; {said}\n")
    assert "capture.jsonl, line 1, response:" in out and "to 90H pack count (by the request before it)" in out
    assert "SOI must be '~' (7EH), 'g' stands here" in out


GOOD, OTHER, BAD = "~20014642E00201FD35", "~200146900000FDAA", "~20014642E00201FD36"
PASTED = (
    (f" {GOOD} ", [GOOD]),
    (f"{GOOD}\r\n", [f"{GOOD}\r"]),
    (f'"{GOOD}"', [GOOD]),
    (f"12:01 RX {GOOD}", [GOOD]),
    (f"12:01 RX {BAD} \n", [BAD]),
    (f"{GOOD}{OTHER}", [GOOD, OTHER]),
    (f"{BAD}\r\n{OTHER}\n", [f"{BAD}\r", OTHER]),
    (f"{GOOD[:10]} {GOOD[10:]}\n", [f"{GOOD[:10]} {GOOD[10:]}"]),
    (f" {GOOD[1:]}\n", [GOOD[1:]]),
    ("~20", ["~20"]),
    ("~", ["~"]),
    ("log.txt", []),
    ("", []),
)


@pytest.mark.parametrize(("text", "found"), PASTED, ids=[repr(row[0]) for row in PASTED])
def test_a_frame_as_it_is_pasted(text, found):
    assert [one.text for one in decode_find.pasted(text)] == found


def test_each_of_two_pasted_frames_says_where_it_stands(capsys):
    status, out, _ = run(capsys, GOOD + OTHER)
    assert status == 0 and out.startswith("frame at 1:\n") and "\nframe at 20:\n" in out and "2 frames: 2 good" in out


def test_a_frame_without_soi_is_explained_as_a_file_too(tmp_path, capsys):
    path = tmp_path / "pasted"
    path.write_text(f"{GOOD[1:]}\n")
    status, out, _ = run(capsys, str(path))
    assert status == 1 and "SOI must be '~' (7EH), '2' stands here" in out


ROW = json.dumps({"family": "console", "request": "pwr", "response": "pwr\r\n@\r\n"})


@pytest.mark.parametrize("text", ["\n\rpylon>pwr\n\r@\n\r", "pylon_debug>", "x\r\nUS-5000>info\n", f"{ROW}\n" * 2])
def test_the_text_console_is_told(tmp_path, capsys, text):
    path = tmp_path / "console"
    path.write_text(text)
    status, _, err = run(capsys, str(path))
    assert status == 2 and err == f"decode: {path} is of the text console; decode.py reads frames only\n"


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
    ([""], "'' is neither a file that is there nor a frame"),
    ([" "], "' ' is neither a file that is there nor a frame"),
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
