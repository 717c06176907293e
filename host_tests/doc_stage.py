"""Where the pages' commands are run: a folder like a fresh clone, with stand-ins for what only a reader has."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tool_process import Tool

from tools import environment

TIMEOUT_S = 90


class Stage:
    """`directory`: an empty one, for the folder. `stands_for`: {text of a page: what is here in its place}."""

    def __init__(self, directory, stands_for):
        self.directory = Path(directory)
        self.stands_for = dict(stands_for)
        for path in environment.PROJECT.iterdir():
            if path.name not in (".venv", ".git", "flash"):
                (self.directory / path.name).symlink_to(path)
        (self.directory / ".venv").symlink_to(environment.VENV)

    def here(self, text):
        """A text of a page, as it is here."""
        theirs = sorted(self.stands_for, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, theirs)), lambda found: self.stands_for[found[0]], text)

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
        _, tool, *arguments = self.here(command).split()
        return Tool(tool.removeprefix("tools/"), *arguments, COLUMNS="130")
