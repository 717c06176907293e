"""The virtual board's Ctrl-C: it comes, and never in the middle of a garbage collection."""

from __future__ import annotations

import io
import re

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


@pytest.mark.parametrize(("said", "answer"), [
    ("230 0x0 0x0 0x7ff 0x7f\n", True), ("-1 0x7ffd 0x7f8e\n", False), ("running\n", True), ("", True),
    ("3 0x5 0x0 0x7ff 0x7f\n", False), ("12 0x5 0x0 0x7ff 0x7f\n", False),
])  # fmt: skip
def test_system_calls_that_will_do(monkeypatch, said, answer):
    monkeypatch.setattr(interrupt, "open", lambda _: io.StringIO(said), raising=False)
    monkeypatch.setattr(interrupt.platform, "machine", lambda: "x86_64")
    assert interrupt._in_system_call(1) is answer


def test_where_the_system_does_not_tell_it_is_sent_at_once(board, monkeypatch):
    one = board(files={"main.py": COMPUTES})
    one.wait_for("begun")
    monkeypatch.setattr(interrupt.os.path, "exists", lambda _: False)
    one.interrupt()
    one.wait_for("interrupted")
