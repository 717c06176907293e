"""A tool of ours as a process, on a pipe or on a terminal, whose output can be waited for."""

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

from tools import environment

READ_BYTES = 65536
END_TIMEOUT_S = 60
SIZE = (40, 100)  # rows and columns of a terminal


class Tool:
    """tools/<name> with arguments. variables: more of the environment (None: less). terminal: it prints to a pty."""

    def __init__(self, name, *arguments, terminal=False, **variables):
        self.command = [sys.executable, str(environment.PROJECT / "tools" / name), *arguments]
        self._environment = {key: value for key, value in (os.environ | variables).items() if value is not None}
        self._terminal, self._data = terminal, b""

    @property
    def output(self):
        return self._data.decode("utf-8", "replace")

    def __enter__(self):
        self._fd, end = os.openpty() if self._terminal else os.pipe()
        if self._terminal:
            termios.tcsetwinsize(end, SIZE)
            self._environment["TERM"] = "xterm-256color"
        self.process = subprocess.Popen(self.command, env=self._environment, stdin=subprocess.DEVNULL, stdout=end,
                                        stderr=end, process_group=0)  # fmt: skip
        os.close(end)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._fd)
        print(f"-- output of {' '.join(self.command[1:])}\n{self.output}")

    def wait_for(self, pattern, timeout_s=60, count=1):
        """Wait until the regex was found `count` times in all that was said -> the last match. AssertionError."""
        deadline = time.monotonic() + timeout_s
        while len(found := list(re.finditer(pattern, self.output))) < count:
            left_s = max(0, deadline - time.monotonic())
            assert select.select([self._fd], [], [], left_s)[0], f"no {pattern!r} within {timeout_s} s"
            assert self._read(), f"it ended without {pattern!r}"
        return found[count - 1]

    def stop(self, number=signal.SIGINT):
        """Send the signal, and wait for the end -> exit status."""
        self.process.send_signal(number)
        return self.end()

    def end(self):
        """Wait for the end -> exit status; all that was said is in `output` then."""
        while self._read():
            pass
        return self.process.wait(END_TIMEOUT_S)

    def _read(self):  # -> whether there was something
        before = len(self._data)
        with contextlib.suppress(OSError):  # a pty that nobody has open any more
            self._data += os.read(self._fd, READ_BYTES)
        return len(self._data) > before


def processes_with(text):
    """-> processes in whose environment `text` stands (Linux; elsewhere none is seen)."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # it has just ended, or is not ours
            found += [environ] * (text.encode() in environ.read_bytes())
    return found
