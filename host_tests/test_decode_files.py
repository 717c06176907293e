"""tools/decode.py: frames in files of all kinds and as arguments, any bytes; never a traceback."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter

import pytest
from test_decode import GOOD, VECTOR, reply, run

from tools import decode_find

OTHER, WRONG = "~200146900000FDAA", "~20014642E00201FD36"


@pytest.mark.parametrize(("log", "found"), [
    (b"10:02 RX: b'\\xb0~20014642E00201FD35\\r' ok", [GOOD]),
    (b"~20014642E00201FD35, then (~200146900000FDAA).\r\n", [GOOD, OTHER]),
    (b"\xb0\xf7~20014642E00201FD35\r\0~20014\xb0642E00201FD35\r", [GOOD + "\r", "~20014\xb0642E00201FD35\r"]),
    (b"~2001464~20014642E00201FD35\r\n", ["~2001464", GOOD + "\r"]),
    (b"got ~20014642E00201FD36 why?\r\n", [WRONG]),
    (b"about ~5 V in ~/logs ~ \r\n~\n~~~\n", []),
], ids=lambda value: str(value)[:20])  # fmt: skip
def test_frames_in_the_midst_of_text(log, found):
    assert [one.text for one in decode_find.frames(log, "log", Counter())] == found


@pytest.mark.parametrize(("argument", "said"), [
    (f" {GOOD} ", "good: request 42H"), (f'"{GOOD}"', "good: request 42H"), (f"12:01 RX {WRONG} \n", "BAD: request"),
    (f"{GOOD}{OTHER}", "2 frames: 2 good"), (f" {GOOD[1:]}\n", "wrong at 1: SOI"), ("~20", "the shortest frame has 17"),
])  # fmt: skip
def test_a_frame_as_it_is_pasted(capsys, argument, said):
    assert said in run(capsys, argument)[1]


def test_a_capture_of_json_lines(tmp_path, capsys):
    rows = [{"family": "pylontech-rs232", "request": OTHER, "response": reply(b"\x02")},
            {"family": "pylontech-rs232", "request": GOOD, "response": "garbage"},
            {"family": "pylontech-rs232", "request": GOOD, "response": ""},
            {"family": "console", "request": "pwr", "response": WRONG},
            {"family": "console", "request": "time", "response": ""}]  # fmt: skip
    path = tmp_path / "capture.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    status, out, _ = run(capsys, str(path))
    said = "requests without an answer: 2; answers of the text console, which are not looked at: 1"
    assert status == 1 and out.endswith(f"5 frames: 4 good, 1 bad; {said}\n")
    assert "capture.jsonl, line 1, response:" in out and "to 90H pack count (by the request before it)" in out


@pytest.mark.parametrize(("text", "whose"), [
    ("\n\rpylon>pwr\n\r@\n\r", ""), ("Power Volt   Curr   Tempr  Tlow\r1     52382  -391   28800  25400\r", ""),
    (json.dumps({"family": "console", "request": "pwr", "response": "pwr\r\n@\r\n"}), ""),
    ("AverageTempr   : 20466\nVolt   Curr   Tempr  UTlow\n", " of the Force family, which the firmware does not know"),
])
def test_the_text_console_is_told(tmp_path, capsys, text, whose):
    path = tmp_path / "console"
    path.write_text(text)
    status, _, err = run(capsys, str(path))
    assert status == 2 and err == f"decode: {path} is of the text console{whose}; decode.py reads frames only\n"


def test_fuzz_files_of_any_bytes(tmp_path, capsys):
    dice = random.Random(9)
    path = tmp_path / "noise"
    for number in range(150):
        seeds = [VECTOR.encode(), b"~", b'{"request": "~2001', b'", "response": 5}', b"\n", b"\r", b"{" * 2000,
                 b"~2001464", dice.randbytes(60)]  # fmt: skip
        path.write_bytes(b"".join(dice.choices(seeds, k=number % 12)))
        status, out, err = run(capsys, str(path))
        assert status in (0, 1, 2) and bool(out) == (status != 2) and (not err) == (status != 2)


@pytest.mark.parametrize(("arguments", "words"), [
    (["nowhere.txt"], "'nowhere.txt' is neither a file that is there nor a frame"), ([""], "'' is neither a file"),
    (["x" * 5000], "is neither a file"), (["/"], "cannot read /: Is a directory"),
    (["--cid2", "43", VECTOR], "'43' is no command; known are: 42 analog values, 44"),
], ids=range(5))  # fmt: skip
def test_unusable_arguments(capsys, arguments, words):
    status, _, err = run(capsys, *arguments)
    assert status == 2 and words in err


def test_standard_input_and_exit_status_under_a_bare_python(project):
    """Nothing is installed for it."""
    command = [getattr(sys, "_base_executable", None) or sys.executable, "-I", "-S", "tools/decode.py"]
    good, bad = b"rx ~20014642E00201FD35\n", b"rx ~20014642E00201FD36\n"
    for data, status in ((good, 0), (good + bad, 1), (b"nothing\n", 2)):
        result = subprocess.run(command, cwd=project, input=data, capture_output=True, timeout=60, check=False)
        assert result.returncode == status and b"Traceback" not in result.stderr, result
