"""The virtual board's serial port: the real mpremote and a terminal work with it as with an ESP32."""

from __future__ import annotations

import re
import signal

import pytest
from repl_helpers import Terminal, mpremote
from tool_process import Tool

from tools.virtual_board.runner import HARD_RESET, PWRON_RESET, SOFT_RESET

BOOT = "import machine\nprint('boot', machine.reset_cause())"
LOOPS = "import time\nprint('main')\nkept = 5\nwhile True: time.sleep_ms(20)"
READY = "help()"  # the last words of the REPL's banner


@pytest.fixture
def busy(board):
    """A board whose main.py never ends."""
    one = board(files={"boot.py": BOOT, "main.py": LOOPS}, repl=True)
    one.wait_for("main")
    return one


def test_files_and_commands_of_mpremote(board, tmp_path):
    one = board(files={"main.py": "1 / 0"}, repl=True)
    one.wait_for(READY)
    assert "ZeroDivisionError: divide by zero" in one.lines
    data = bytes(range(256)) * 40
    (tmp_path / "sent").write_bytes(data)
    said = mpremote(one, "cp", str(tmp_path / "sent"), ":sent", "+", "cp", ":sent", str(tmp_path / "back"), "+", "ls")
    assert (one.flash / "sent").read_bytes() == data == (tmp_path / "back").read_bytes() and " main.py\n" in said
    assert "Up to date: sent" in mpremote(one, "cp", str(tmp_path / "sent"), ":sent")
    said = mpremote(one, "rm", ":sent", "+", "exec", "import os; print(os.uname().sysname, 'x' * 9000 + 'end')")
    assert "esp32 xxx" in said and "xend" in said and not (one.flash / "sent").exists()


@pytest.mark.parametrize(("word", "cause", "after"), [
    ("soft-reset", SOFT_RESET, ["boot 5"]), ("reset", HARD_RESET, ["boot 2", "main"]),
])  # fmt: skip
def test_ctrl_c_and_which_files_run_after_a_reset(busy, word, cause, after):
    assert "5" in mpremote(busy, "resume", "exec", "print(kept)")
    assert busy.resets == [] and any("KeyboardInterrupt" in line for line in busy.lines)
    mark = busy.line_count
    mpremote(busy, "resume", word)
    busy.wait_for(after[-1], after=mark)
    if word == "soft-reset":
        mpremote(busy, "resume", "exec", "print('so main.py was left out')")
    assert [line for line in list(busy.lines)[mark:] if line.startswith(("boot", "main"))] == after
    assert busy.resets == [cause]


def test_ctrl_c_at_the_prompt_forgets_the_line_and_a_program_ends_by_it(board):
    one = board(repl=True)
    one.wait_for(READY)
    with Terminal(one.port) as terminal:
        for typed, answer in ((b"x = 7\r", b">>> "), (b"1 +\x03", b"1 +\r\n>>> "), (b"x\r", b"7\r\n>>> "),
                              (b"\x01", b"raw REPL; CTRL-B to exit\r\n>"),
                              (b"print('on')\nwhile True: pass\x04", b"OKon\r\n"),
                              (b"\x03", b"KeyboardInterrupt: \r\n\x04>")):  # fmt: skip
            terminal.send(typed)
            terminal.expect(answer)
    assert one.resets == []


def test_what_was_said_to_nobody_is_lost(board):
    main = "import time\nn = 0\nwhile True:\n    n += 1\n    print('main', n, 'x' * 90)\n    time.sleep_ms(1)\n"
    one = board(files={"main.py": main}, repl=True)
    one.wait_for("main 300 ")
    with Terminal(one.port) as terminal:
        first = terminal.expect(b"x\r\nmain ")
    assert all(int(n) >= 300 for n in re.findall(rb"main (\d+) x", first))
    assert "42" in mpremote(one, "exec", "print(6 * 7)"), "and mpremote gets through the flood at the first try"


def test_mpremote_connects_while_it_boots(busy):
    mpremote(busy, "resume", "exec", "print('at the REPL')")
    for _ in range(3):
        mark = busy.line_count
        mpremote(busy, "resume", "exec", "--no-follow", "import machine; machine.reset()")
        busy.wait_for("boot 2", after=mark)
        assert "42" in mpremote(busy, "exec", "print(6 * 7)")


TURNS = 20
COLLECTS = f"""
import gc, time
kept = [[] for _ in range(500)]
count = 0
while count < {TURNS}:
    try:
        print("turn", count)
        while True:
            for _ in range(10): gc.collect()
            time.sleep_ms(1)
    except KeyboardInterrupt:
        count += 1
print("room for", len(bytearray(1000)))
"""


@pytest.mark.parametrize("repl", [False, True])
def test_ctrl_c_does_not_come_in_the_middle_of_a_collection(board, repl):
    one = board(files={"main.py": COLLECTS}, repl=repl)
    for turn in range(TURNS):
        one.wait_for(re.compile(rf"^turn {turn}$"))
        one.interrupt()
    one.wait_for("room for 1000")


# -- as a program of its own ------------------------------------------------------------------------------------------

WRITES = """
import machine, os, time
print("main", machine.reset_cause(), machine.RTC().memory())
if "long" not in os.listdir():
    machine.RTC().memory(b"lost")
    with open("long", "wb") as file:
        for n in range(100000):
            file.write(b"line %6d\\n" % n)
            if n == 20:
                print("writing")
            time.sleep_ms(1)
"""


def test_the_program_prints_its_port_and_cuts_the_power_in_the_middle_of_a_write(tmp_path):
    (tmp_path / "main.py").write_text(WRITES)
    with Tool("virtual_board", "--flash", str(tmp_path), "--state", str(tmp_path / "state")) as program:
        program.port = program.wait_for(r"/dev/\S+")[0]
        program.wait_for("writing")
        program.process.send_signal(signal.SIGUSR1)
        program.wait_for(rf"main {PWRON_RESET} b''", count=2)
        program.wait_for(re.escape(READY))
        assert 21 <= len((tmp_path / "long").read_bytes()) // 12 < 100000
        assert "42" in mpremote(program, "exec", "print(6 * 7)"), "the same port as before"
        assert program.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize(("option", "value", "words"), [
    ("--heap", "5x", "'5x' is no heap size"), ("--uart", "/dev/null", "no serial port"),
])  # fmt: skip
def test_the_program_tells_what_is_wrong_with_its_options(tmp_path, option, value, words):
    with Tool("virtual_board", "--flash", str(tmp_path), option, value) as program:
        assert program.end() == 2 and f"error: {option}" in program.output and words in program.output
