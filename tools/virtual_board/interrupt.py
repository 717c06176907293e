"""Ctrl-C for the interpreter, when it can take it.

The unix port raises KeyboardInterrupt out of the signal handler, wherever it is, also in the middle of a garbage
collection, after which its heap stays locked; the board never does. And while its REPL waits for input, a SIGINT ends
it. So it is stopped, looked at, and gets its SIGINT while it is inside a system call: a collection makes none but
close(), for a forgotten file, and that does not count.
"""

import contextlib
import os
import platform
import signal
import time

COMPUTED_S = 0.3  # what computed for so long and was never found in a system call (arithmetic) is interrupted anyway
STEP_S = 0.001
# Numbers of close(), and of brk(), mmap() and their like, where the C library's own locks may be held
UNFIT = {"x86_64": (3, 9, 10, 11, 12, 25, 28), "aarch64": (57, 214, 215, 216, 222, 226, 233)}
SIGINT_BIT = 1 << (signal.SIGINT - 1)


def interrupt(process, always=False):
    """SIGINT, within a system call -> False where it was not sent: the REPL waits for input.

    always: send it there too. Where the system does not tell (macOS) it is always sent, and at once.
    """
    if platform.system() != "Linux":
        process.send_signal(signal.SIGINT)
        return True
    pid = process.pid
    computed_s = _computed_s(pid)
    while True:
        process.send_signal(signal.SIGSTOP)  # so that it does not go on between the look and the signal
        try:
            with contextlib.suppress(ChildProcessError):  # it has just ended
                os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            if not always and not _catches(pid):
                return False
            if _in_system_call(pid) or _computed_s(pid) - computed_s >= COMPUTED_S:
                process.send_signal(signal.SIGINT)
                return True
        finally:
            process.send_signal(signal.SIGCONT)
        time.sleep(STEP_S)


def _told(pid, name):
    """-> what /proc says of the process; "" where it has just ended."""
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
    mask = _told(pid, "status").partition("SigCgt:")[2].split()[:1] or ["0"]
    return bool(int(mask[0], 16) & SIGINT_BIT)


def _in_system_call(pid):
    """Is the stopped process inside one that may be interrupted? True where the kernel does not say."""
    number = _told(pid, "syscall").partition(" ")[0]
    return not number[-1:].isdigit() or (int(number) >= 0 and int(number) not in UNFIT.get(platform.machine(), ()))
