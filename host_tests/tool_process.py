"""A tool of ours as a process, on a pipe or on a terminal, whose output can be waited for."""

from __future__ import annotations

import codecs
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from tools import environment

READ_BYTES = 65536
END_TIMEOUT_S = 60
ROWS, COLUMNS = 40, 100


class Tool:
    """Runs tools/<name> with arguments; use as a context manager. variables: more of the environment (None: take out).
    terminal: its stdout and stderr are a pty of ROWS × COLUMNS."""

    def __init__(self, name, *arguments, terminal=False, **variables):
        self.command = [sys.executable, str(environment.PROJECT / "tools" / name), *arguments]
        kept = {key: value for key, value in (os.environ | variables).items() if value is not None}
        self._environment = kept | ({"TERM": "xterm-256color"} if terminal else {})
        self._terminal = terminal
        self.output = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def __enter__(self):
        if self._terminal:
            self._fd, end = os.openpty()
            fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        else:
            self._fd, end = os.pipe()
        self.process = subprocess.Popen(
            self.command, env=self._environment, stdin=subprocess.DEVNULL, stdout=end, stderr=end, process_group=0
        )
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
        while True:
            found = list(re.finditer(pattern, self.output))
            if len(found) >= count:
                return found[count - 1]
            left_s = max(0, deadline - time.monotonic())
            assert select.select([self._fd], [], [], left_s)[0], f"no {pattern!r} within {timeout_s} s"
            assert self._read(), f"it ended without {pattern!r}"

    def stop(self, number=signal.SIGINT):
        """Send the signal, and wait for the end -> exit status."""
        self.process.send_signal(number)
        return self.end()

    def end(self):
        """Wait for the end -> exit status; all that was said is in `output` then."""
        while self._read():
            pass
        return self.process.wait(END_TIMEOUT_S)

    def _read(self):
        """-> whether there was something."""
        try:
            data = os.read(self._fd, READ_BYTES)
        except OSError:  # a pty that nobody has open any more
            data = b""
        self.output += self._decoder.decode(data)
        return bool(data)


def processes_with(text):
    """-> command lines of all processes in whose environment `text` stands (Linux; elsewhere none is seen)."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if text.encode() in (directory / "environ").read_bytes():
                found.append((directory / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has just ended, or is not ours
            continue
    return found
