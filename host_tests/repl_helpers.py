"""At the virtual board's serial port: the real mpremote, a terminal, and the board as a program of its own."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time

import pytest

TIMEOUT_S = 30
BOOT = """
import machine
print("boot", machine.reset_cause())
"""
LOOPS = """
import time
print("main")
kept = 5
while True:
    time.sleep_ms(20)
"""
READY = "help()"  # the last words of the REPL's banner
POWER_ON, HARD, WATCHDOG, SOFT = 1, 2, 3, 5


def mpremote(board, *words, check=True, timeout_s=TIMEOUT_S):
    """Run mpremote on the board -> what it printed."""
    command = [sys.executable, "-m", "mpremote", "connect", board.port, *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert not check or result.returncode == 0, result.stdout + result.stderr
    return (result.stdout + result.stderr).replace("\r\n", "\n")


def said(board, after=0):
    """-> lines of boot.py and main.py in the tests above, from line number `after` on."""
    return [line for line in list(board.lines)[after:] if line.startswith(("boot ", "main"))]


@pytest.fixture
def idle(board):
    """A board that has a boot.py, a file, and waits at its REPL."""
    one = board(files={"boot.py": BOOT, "one.txt": "first", "sub/two.txt": "second"}, repl=True)
    one.wait_for(READY)
    return one


@pytest.fixture
def busy(board):
    """A board whose main.py never ends."""
    one = board(files={"boot.py": BOOT, "main.py": LOOPS}, repl=True)
    one.wait_for("main")
    return one


class Terminal:
    """A serial terminal at the board's port."""

    def __init__(self, path):
        self._path = path
        self._rest = b""

    def __enter__(self):
        self._fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        return self

    def __exit__(self, *_):
        os.close(self._fd)

    def send(self, data):
        os.write(self._fd, data)

    def expect(self, wanted, timeout_s=TIMEOUT_S):
        """Read until `wanted` has come -> all up to its end. AssertionError."""
        deadline = time.monotonic() + timeout_s
        while wanted not in self._rest:
            if not select.select([self._fd], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError(f"{wanted!r} never came: {self._rest!r}")
            self._rest += os.read(self._fd, 4096)
        end = self._rest.index(wanted) + len(wanted)
        found, self._rest = self._rest[:end], self._rest[end:]
        return found


class Program:
    """`python3 tools/virtual_board` as a program."""

    def __init__(self, project, *arguments):
        command = [sys.executable, str(project / "tools" / "virtual_board"), *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()

    def expect(self, text):
        """Read lines up to one that holds the text -> all of them."""
        lines = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if text in line:
                return lines
        raise AssertionError(f"{text!r} never came: {lines}")

    def end(self):
        self.process.terminate()
        self.process.stdout.read()
        return self.process.wait(TIMEOUT_S)
