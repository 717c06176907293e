"""The virtual board's Ctrl-C: it comes, and never in the middle of a garbage collection."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.virtual_board import interrupt

TURNS = 30
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
TICKS = 3  # of 10 ms
COMPUTES = """
try:
    print("begun")
    while True: pass
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("repl", [False, True])
def test_a_collection_is_not_interrupted(board, repl):
    one = board(files={"main.py": COLLECTS}, repl=repl)
    for turn in range(TURNS):
        one.wait_for(re.compile(rf"^turn {turn}$"))
        one.interrupt()
    one.wait_for("room for 1000")


@pytest.mark.parametrize("repl", [False, True])
def test_what_never_sleeps_is_interrupted_too(board, repl):
    one = board(files={"main.py": COMPUTES}, repl=repl)
    one.wait_for("begun")
    one.interrupt()
    one.wait_for("interrupted")


SLEEPS, BUSY = "time.sleep(1000)", "pass"
# what a program does over and over, has it a handler, is the time up; what the look says
LOOKS = (
    (SLEEPS, True, False, interrupt.SENT),
    (SLEEPS, False, False, interrupt.REFUSED),
    (SLEEPS, False, True, interrupt.REFUSED),
    (BUSY, True, False, None),
    (BUSY, True, True, interrupt.SENT),
    (BUSY, False, True, interrupt.REFUSED),
)


@pytest.fixture
def program():
    """start(what it does over and over, has it a handler) -> the process, which does so by now."""
    made = []

    def start(what, handler):
        text = "import os, signal, time\n"
        text += f"signal.signal(signal.SIGINT, {'lambda *_: os._exit(7)' if handler else 'signal.SIG_DFL'})\n"
        text += f"print('on', flush=True)\nwhile True: {what}"
        made.append(subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE))
        assert made[-1].stdout.readline() == b"on\n"
        return made[-1]

    yield start
    for process in made:
        process.kill()
        process.wait()
        process.stdout.close()


def compute(process):
    """Wait until it has been at its arithmetic for a while, and is not still saying that it is on."""

    def used():
        return int(Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11])

    enough = used() + TICKS
    while used() < enough:
        assert process.poll() is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells where a process is")
@pytest.mark.parametrize(("what", "handler", "is_late", "answer"), LOOKS)
def test_one_look(program, what, handler, is_late, answer):
    process = program(what, handler)
    if what == SLEEPS:
        interrupt._await(process.pid, b"S", float("inf"))
    else:
        compute(process)
    assert interrupt._attempt(process, False, is_late) == answer
    if answer == interrupt.SENT:
        assert process.wait(20) == 7
    else:
        assert process.poll() is None
        interrupt._await(process.pid, b"S" if what == SLEEPS else b"R", float("inf"))  # it goes on


@pytest.mark.parametrize(("said", "answer"), [
    ("230 0x0 0x0 0x7ff 0x7f\n", True), ("-1 0x7ffd 0x7f8e\n", False), ("running\n", True), ("", True),
    ("3 0x5 0x0 0x7ff 0x7f\n", False), ("12 0x5 0x0 0x7ff 0x7f\n", False),
])  # fmt: skip
def test_system_calls_that_will_do(monkeypatch, said, answer):
    monkeypatch.setattr(interrupt, "open", lambda _: io.StringIO(said), raising=False)
    monkeypatch.setattr(interrupt.platform, "machine", lambda: "x86_64")
    assert interrupt._in_system_call(1) is answer


def test_where_the_system_does_not_tell_it_is_sent_at_once(monkeypatch, program):
    monkeypatch.setattr(interrupt.os.path, "exists", lambda _: False)
    process = program(BUSY, True)
    assert interrupt.interrupt(process) and process.wait(20) == 7
