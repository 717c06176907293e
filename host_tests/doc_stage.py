"""Where the pages' commands are run: a folder like a fresh clone, with stand-ins for what only a reader has."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tty
from pathlib import Path

from repl_helpers import Terminal
from tool_process import Tool

from tools import environment

TIMEOUT_S = 90
PROMPT = b">>> "
SECRET = "s3cret-marker"  # what a reader types unseen
CTRL_C, LEAVE = b"\x03", b"\x1d"  # Ctrl-]
PRESSES, PRESS_S = 5, 4


class Stage:
    """`directory`: an empty one, for the folder. `stands_for`: {text of a page: what is here in its place}."""

    def __init__(self, directory, stands_for=()):
        self.directory = Path(directory)
        self.stands_for = dict(stands_for)
        for path in environment.PROJECT.iterdir():
            if path.name not in (".venv", ".git", "flash"):
                (self.directory / path.name).symlink_to(path)
        (self.directory / ".venv").symlink_to(environment.VENV)

    def here(self, text):
        """A text of a page, as it is here."""
        theirs = sorted(self.stands_for, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, theirs)) or "$^", lambda found: self.stands_for[found[0]], text)

    def run(self, command, typed=None):
        """A command at a shell, to its end -> (exit status, all that it printed). It has no terminal."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", self.here(command)], cwd=self.directory, env=os.environ | {"PATH": path}, input=typed,
            stdin=None if typed else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=TIMEOUT_S, start_new_session=True, check=False,
        )  # fmt: skip
        print(f"$ {self.here(command)}\n{done.stdout}")
        return done.returncode, done.stdout

    def start(self, command):
        """`python3 tools/…`, which ends at Ctrl-C only -> tool_process.Tool, to be entered."""
        python, tool, *arguments = self.here(command).split()
        assert python == "python3" and tool.startswith("tools/")
        return Tool(tool.removeprefix("tools/"), *arguments, COLUMNS="130")


class Typed(Terminal):
    """A program in a terminal: `words` as it is started, in `directory`."""

    def __init__(self, directory, *words):
        super().__init__(None)
        self._directory, self._words = directory, words

    def __enter__(self):
        self._fd, end = os.openpty()
        tty.setraw(end)  # what is typed before the program has done so goes to it, too
        self._process = subprocess.Popen(self._words, cwd=self._directory, stdin=end, stdout=end, stderr=end,
                                         start_new_session=True)  # fmt: skip
        os.close(end)
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        super().__exit__()

    def interrupt(self):
        """Ctrl-C, again where it comes to nothing, as while the board starts: until the prompt is there."""
        for _ in range(PRESSES - 1):
            self.send(CTRL_C)
            with contextlib.suppress(AssertionError):
                self.expect(PROMPT, PRESS_S)
                return
        self.send(CTRL_C)
        self.expect(PROMPT)

    def leave(self):
        """Ctrl-] -> exit status."""
        self.send(LEAVE)
        return self._process.wait(TIMEOUT_S)

    def type(self, line, answers=()):
        """A line at the REPL -> what is printed until its next prompt; `answers`: (question, what is typed then)."""
        self.send(line.encode() + b"\r")
        self.expect(line.encode() + b"\r\n")
        said = b""
        for question, answer in answers:
            said += self.expect(question.encode())
            self.send(answer.encode() + b"\r")
        return (said + self.expect(PROMPT)).decode().replace("\r\n", "\n")
