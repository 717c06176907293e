"""The virtual board's Ctrl-C: it comes, and never in the middle of a garbage collection."""

from __future__ import annotations

import re

import pytest

TURNS = 12
# Hardly asleep, much of the time collecting
COLLECTS = f"""
import gc, os
kept = [[] for _ in range(500)]
count = 0
while count < {TURNS}:
    try:
        print("turn", count)
        while True:
            gc.collect()
            for _ in range(20): os.stat("main.py")
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
