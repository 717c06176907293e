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
COMPUTED_S = 0.3  # what computed for so long and was never found in a system call (arithmetic) is interrupted anyway
BOUND_S = 10.0  # and so is, after this time, what the machine has no time for
STOP_S = 1.0
STEP_S = 0.001
# Numbers of close(), and of brk(), mmap() and their like, where the C library's own locks may be held
UNFIT = {"x86_64": (3, 9, 10, 11, 12, 25, 28), "aarch64": (57, 214, 215, 216, 222, 226, 233)}
SIGINT_BIT = 1 << (signal.SIGINT - 1)


def interrupt(process, always=False):
    """SIGINT, within a system call -> False where it was not sent: the REPL waits for input.

    always: send it there too. Where the system does not tell (no /proc) it is always sent, and at once.
    """
    if not os.path.exists(f"/proc/{process.pid}/stat"):
        process.send_signal(signal.SIGINT)
        return True
    began, computed_s = time.monotonic(), _computed_s(process.pid)
    _await(process.pid, "S", CALM_S)
    is_late = False
    while True:
        process.send_signal(signal.SIGSTOP)  # so that it does not go on between the look and the signal
        try:
            _await(process.pid, "T", STOP_S)
            if not always and not _catches(process.pid):
                return False
            if is_late or _in_system_call(process.pid):
                process.send_signal(signal.SIGINT)
                return True
        finally:
            process.send_signal(signal.SIGCONT)
        time.sleep(STEP_S)
        is_late = _computed_s(process.pid) - computed_s >= COMPUTED_S or time.monotonic() - began >= BOUND_S


def _told(pid, name):
    """-> what /proc says of the process; "" where it does not, or the process has just ended."""
    try:
        with open(f"/proc/{pid}/{name}") as file:
            return file.read()
    except OSError:
        return ""


def _computed_s(pid):
    """CPU time that the process has had, in s."""
    times = _told(pid, "stat").rpartition(")")[2].split()[11:13]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def _catches(pid):
    """Has the interpreter a handler for SIGINT? It has one exactly while a program runs."""
    masks = dict(line.split(":", 1) for line in _told(pid, "status").splitlines())
    return bool(int(masks.get("SigCgt", "0"), 16) & SIGINT_BIT)


def _in_system_call(pid):
    """Is the stopped process inside one that may be interrupted? True where the kernel does not say."""
    number = _told(pid, "syscall").partition(" ")[0]
    return not number[-1:].isdigit() or (int(number) >= 0 and int(number) not in UNFIT.get(platform.machine(), ()))


def _await(pid, state, timeout_s):
    """Wait until the process sleeps ("S") or is stopped ("T"), or has ended, or the time is up."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and _told(pid, "stat").rpartition(")")[2][1:2] not in (state, "Z", ""):
        time.sleep(STEP_S)
