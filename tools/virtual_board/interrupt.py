"""Ctrl-C for the interpreter, when it can take it.

The unix port raises KeyboardInterrupt out of the signal handler, wherever it is, also in the middle of a garbage
collection, after which its heap stays locked; the board never does. And while its REPL waits for input, a SIGINT ends
it. So it is stopped, looked at, and gets its SIGINT while it is inside a system call: a collection makes none but
close(), for a forgotten file, and that does not count.
"""

from __future__ import annotations

import os
import platform
import signal
import time

CALM_S = 0.2  # it is best interrupted in its sleep
# What was never found in a system call while it computed for so long (a loop of arithmetic) is interrupted anyway; on a
# machine that has no time for it, that takes longer than the clock on the wall says
COMPUTED_S = 0.3
BOUND_S = 10.0
STOP_S = 1.0
STEP_S = 0.001
SENT, REFUSED = "sent", "refused"
# Numbers of close(), and of brk(), mmap() and their like, where the C library's own locks may be held
UNFIT = {"x86_64": (3, 9, 10, 11, 12, 25, 28), "aarch64": (57, 214, 215, 216, 222, 226, 233)}
SIGINT_BIT = 1 << (signal.SIGINT - 1)


def interrupt(process, always=False):
    """SIGINT, within a system call -> False where it was not sent: the REPL waits for input.

    always: send it there too. Where the system does not tell (no /proc) it is always sent, and at once.
    """
    pid = process.pid
    if not os.path.exists(f"/proc/{pid}/stat"):
        process.send_signal(signal.SIGINT)
        return True
    began = time.monotonic()
    computed_s = _computed_s(pid)
    _await(pid, b"S", began + CALM_S)
    is_late = False
    while not (answer := _attempt(process, always, is_late)):
        time.sleep(STEP_S)
        is_late = _computed_s(pid) - computed_s >= COMPUTED_S or time.monotonic() - began >= BOUND_S
    return answer == SENT


def _computed_s(pid):
    """CPU time that the process has had, in s; a lot when it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            user, system = file.read().rpartition(b")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return float("inf")


def _attempt(process, always, is_late):
    """One look -> SENT, REFUSED, or None where it was not inside a system call and there is time to look again."""
    process.send_signal(signal.SIGSTOP)  # so that it does not go on between the look and the signal
    try:
        _await(process.pid, b"T", time.monotonic() + STOP_S)
        if not always and not _catches(process.pid):
            return REFUSED
        if is_late or _in_system_call(process.pid):
            process.send_signal(signal.SIGINT)
            return SENT
        return None
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


def _in_system_call(pid):
    """Is the stopped process inside one that may be interrupted? True where the kernel does not say."""
    try:
        with open(f"/proc/{pid}/syscall") as file:
            number = int(file.read().split()[0])
    except (OSError, ValueError, IndexError):
        return True
    return number >= 0 and number not in UNFIT.get(platform.machine(), ())


def _await(pid, state, deadline):
    """Wait until the process sleeps (b"S") or is stopped (b"T"), or has ended, or the time is up."""
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                if file.read().rpartition(b")")[2].split()[0] in (state, b"Z"):
                    return
        except OSError:
            return
        time.sleep(STEP_S)
