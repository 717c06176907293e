"""Ctrl-C for the interpreter, when it can take it.

The unix port raises KeyboardInterrupt out of the signal handler, wherever it is: also in the middle of a garbage
collection; the board never does. And while its REPL waits for input a SIGINT ends it.
"""

from __future__ import annotations

import os
import signal
import time

CALM_S = 0.2
STOP_S = 1.0
STEP_S = 0.001
SIGINT_BIT = 1 << (signal.SIGINT - 1)


def interrupt(process, always=False):
    """SIGINT, between two system calls -> False where it was not sent: the REPL waits for input.

    always: send it anyway. Where the system does not tell (no /proc) it is always sent.
    """
    pid = process.pid
    _await(pid, b"S", CALM_S)
    if always or not os.path.exists(f"/proc/{pid}/status"):
        process.send_signal(signal.SIGINT)
        return True
    process.send_signal(signal.SIGSTOP)  # so that it does not come to its prompt between the look and the signal
    try:
        _await(pid, b"T", STOP_S)
        if not _catches(pid):
            return False
        process.send_signal(signal.SIGINT)
        return True
    finally:
        process.send_signal(signal.SIGCONT)


def _catches(pid):
    """Has the interpreter a handler for SIGINT? It has one exactly while a program runs."""
    try:
        with open(f"/proc/{pid}/status") as file:
            masks = dict(line.split(":", 1) for line in file)
    except OSError:  # it has just ended
        return False
    return bool(int(masks.get("SigCgt", "0"), 16) & SIGINT_BIT)


def _await(pid, state, timeout_s):
    """Wait, not long, until the process sleeps (b"S") or is stopped (b"T")."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                if file.read().rpartition(b")")[2].split()[0] == state:
                    return
        except OSError:
            return
        time.sleep(STEP_S)
