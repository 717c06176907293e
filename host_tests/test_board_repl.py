"""The virtual board's serial port: the real mpremote works with it as with an ESP32."""

from __future__ import annotations

import re

import pytest
import repl_helpers
from repl_helpers import HARD, READY, SOFT, Terminal, mpremote, said

idle, busy = repl_helpers.idle, repl_helpers.busy


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("ls",), "one.txt"),
        (("cat", "sub/two.txt"), "second"),
        (("sha256sum", ":one.txt"), "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"),
        (("eval", "'x' * 3"), "xxx"),
        (("exec", "import os; print(os.uname().sysname, os.statvfs('/')[0])"), "esp32 4096"),
        (("exec", "print('x' * 9000 + 'end')"), "xend"),
    ],
    ids=lambda value: " ".join(value[:1]) if isinstance(value, tuple) else "",
)
def test_what_mpremote_asks(idle, words, shown):
    assert shown in mpremote(idle, *words)


def test_cp_in_both_directions_and_rm(idle, tmp_path):
    data = bytes(range(256)) * 40
    (tmp_path / "sent").write_bytes(data)
    mpremote(idle, "cp", str(tmp_path / "sent"), ":sent", "+", "cp", ":sent", str(tmp_path / "back"))
    assert (idle.flash / "sent").read_bytes() == data == (tmp_path / "back").read_bytes()
    assert "Up to date: sent" in mpremote(idle, "cp", str(tmp_path / "sent"), ":sent")
    mpremote(idle, "rm", ":sent", "+", "mkdir", ":new")
    assert not (idle.flash / "sent").exists() and (idle.flash / "new").is_dir()


@pytest.mark.parametrize(
    ("word", "after"), [("soft-reset", [f"boot {SOFT}"]), ("reset", [f"boot {HARD}", "main"])], ids=["soft", "hard"]
)
def test_which_files_run_after_a_reset(busy, word, after):
    (busy.flash / "kept.txt").write_text("flash")
    mpremote(busy, "resume", "exec", "print('at the REPL')")
    mark = busy.line_count
    mpremote(busy, "resume", word)
    busy.wait_for(after[-1], after=mark)
    if word == "soft-reset":
        mpremote(busy, "resume", "exec", "print('so main.py was left out')")
    assert said(busy, mark) == after
    assert busy.resets[-1] == (SOFT if word == "soft-reset" else HARD)
    assert (busy.flash / "kept.txt").read_text() == "flash"


def test_ctrl_c_interrupts_main_py_whose_names_are_there_then(busy):
    assert "5" in mpremote(busy, "resume", "exec", "print(kept)")
    assert busy.resets == []
    assert any("KeyboardInterrupt" in line for line in busy.lines)


@pytest.mark.parametrize(
    ("main", "line"),
    [("print('main ends')", "main ends"), ("1 / 0", "ZeroDivisionError: divide by zero")],
)
def test_when_main_py_has_ended_there_is_the_repl(board, main, line):
    one = board(files={"main.py": main}, repl=True)
    one.wait_for(READY)
    assert line in one.lines
    assert "42" in mpremote(one, "resume", "exec", "print(6 * 7)")


def test_ctrl_c_at_the_prompt_forgets_the_line_and_nothing_else(idle):
    with Terminal(idle.port) as terminal:
        terminal.send(b"x = 7\r")
        terminal.expect(b">>> ")
        terminal.send(b"1 +\x03")
        terminal.expect(b"1 +\r\n>>> ")
        terminal.send(b"x\r")
        terminal.expect(b"7\r\n>>> ")
    assert idle.resets == []


def test_a_program_of_mpremote_can_be_interrupted(idle):
    with Terminal(idle.port) as terminal:
        terminal.send(b"\x01")
        terminal.expect(b"raw REPL; CTRL-B to exit\r\n>")
        terminal.send(b"print('on')\nwhile True: pass\x04")
        terminal.expect(b"OKon\r\n")
        terminal.send(b"\x03")
        terminal.expect(b"KeyboardInterrupt: \r\n\x04>")


def test_what_was_said_to_nobody_is_lost(board):
    main = "import time\nn = 0\nwhile True:\n    n += 1\n    print('main', n, 'x' * 90)\n    time.sleep_ms(1)\n"
    one = board(files={"main.py": main}, repl=True)
    one.wait_for("main 300 ")
    with Terminal(one.port) as terminal:
        first = terminal.expect(b"x\r\nmain ")
    numbers = [int(n) for n in re.findall(rb"main (\d+) x", first)]
    assert all(n >= 300 for n in numbers)
    assert "42" in mpremote(one, "exec", "print(6 * 7)"), "and mpremote gets through the flood at the first try"


def test_mpremote_connects_while_it_boots(busy):
    mpremote(busy, "resume", "exec", "print('at the REPL')")
    for _ in range(3):
        mark = busy.line_count
        mpremote(busy, "resume", "exec", "--no-follow", "import machine; machine.reset()")
        busy.wait_for(f"boot {HARD}", after=mark)
        assert "42" in mpremote(busy, "exec", "print(6 * 7)")
