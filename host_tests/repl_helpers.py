"""At the virtual board's serial port: the real mpremote, and a terminal."""

import os
import select
import subprocess
import sys
import time

TIMEOUT_S = 30


def mpremote(board, *words, check=True, timeout_s=TIMEOUT_S):
    """Run mpremote on the board -> what it printed."""
    command = [sys.executable, "-m", "mpremote", "connect", board.port, *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert not check or result.returncode == 0, result.stdout + result.stderr
    return (result.stdout + result.stderr).replace("\r\n", "\n")


class Terminal:
    """A serial terminal at the board's port."""

    def __init__(self, path):
        self._path = path
        self._rest = b""

    def __enter__(self):
        self.fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        return self

    def __exit__(self, *_):
        os.close(self.fd)

    def send(self, data):
        os.write(self.fd, data)

    def expect(self, wanted, timeout_s=TIMEOUT_S):
        """Read until `wanted` has come -> all up to its end. AssertionError."""
        deadline = time.monotonic() + timeout_s
        while wanted not in self._rest:
            left_s = max(0, deadline - time.monotonic())
            assert select.select([self.fd], [], [], left_s)[0], f"{wanted!r} never came: {self._rest!r}"
            self._rest += os.read(self.fd, 4096)
        end = self._rest.index(wanted) + len(wanted)
        found, self._rest = self._rest[:end], self._rest[end:]
        return found
