"""A child process that ends when this program is gone, however that came: also after a SIGKILL, on Linux."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess


class Leash:
    """A pipe that nobody writes to. The child holds its reading end; when the writing end is gone, so is this program,
    and the kernel sends the child SIGTERM."""

    def __init__(self):
        self._read, self._write = os.pipe()

    def start(self, command, **options):
        """subprocess.Popen(command, **options) with this leash -> Popen."""
        # Its own process group: Ctrl-C of the terminal is for us, who end the children one after the other.
        process = subprocess.Popen(command, pass_fds=(self._read,), process_group=0, **options)
        if hasattr(fcntl, "F_SETSIG"):  # not on macOS: there only an orderly end ends the children
            fcntl.fcntl(self._read, fcntl.F_SETOWN, process.pid)
            fcntl.fcntl(self._read, fcntl.F_SETSIG, signal.SIGTERM)
            fcntl.fcntl(self._read, fcntl.F_SETFL, fcntl.fcntl(self._read, fcntl.F_GETFL) | os.O_ASYNC)
        return process

    def close(self):
        """Give the pipe back; the child must have ended."""
        os.close(self._read)
        os.close(self._write)
