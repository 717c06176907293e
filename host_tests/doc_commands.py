"""The commands in the code blocks of the pages, what they print, how each is tried, and the folder where it is run."""

import os
import re
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import markdown
from tool_process import Tool

from tools import environment

PROJECT = environment.PROJECT
PAGES = [page for pattern in ("README.md", "CONTRIBUTING.md", "docs/**/*.md") for page in sorted(PROJECT.glob(pattern))]
TEXTS = {str(page.relative_to(PROJECT)): page.read_text() for page in PAGES}  # as somebody reads them
SHELL, REPL = "$ ", ">>> "
WIDEST = 400  # characters that a … stands for at most
TIMEOUT_S = 90

AT_ONCE, ON_A_BOARD, AS_ROOT = "at once", "on a board", "as root"
PORT = r"(?:/dev/ttyUSB0|/dev/pts/7)"
# A regex of the whole command, and how it is run, or why it is not
ROWS = (
    (r"python3 tools/(decode|capture)\.py .*|python3 tools/test\.py --frames .*", AT_ONCE),
    (r"python3 tools/simulator --packs 2 --link /tmp/battery", ON_A_BOARD),
    (r"mkdir /tmp/board; python3 tools/virtual_board --flash /tmp/board --uart /tmp/battery", ON_A_BOARD),
    (rf"python3 tools/(deploy|configure)\.py --port {PORT}(?!.*--new-key).*", ON_A_BOARD),
    (r"python3 tools/deploy\.py .*(--new-key|--mqtt 192.168.2.245)", "test_deploy_key and test_demo do"),
    (r"python3 tools/monitor\.py --broker (127\.0\.0\.1|192\.168\.2\.245)", ON_A_BOARD),
    (r"from firmware import .*|config\.(set|unset)\(.*\)|import machine; machine\.reset\(\)", ON_A_BOARD),
    (r"(mkdir -p|install -m 600|cat >|cp|rm -r) (.|\n)*/pylon2mqtt(.|\n)*|echo MICROPYTHON=.*", AS_ROOT),
    (rf"\.venv/bin/mpremote connect {PORT}", "test_virtual_board and test_deploy have mpremote at a board's port"),
    (r"python3 tools/demo\.py.*", "test_demo runs it"),
    (r"python3 tools/pylon2mqtt\.py .*", "test_pylon2mqtt runs it"),
    (r"python3 tools/(test|bench)\.py( --quick)?", "takes too long"),
    (r"mpremote mip install .*", "test_package_json does, from this tree's package.json"),
    (r"~/esptool/bin/esptool .*", "needs an ESP32"),
    (r"(git|python3 -m venv|apt|systemctl|journalctl|nano|make|mosquitto|cd)\b.*", "internet, or a PC of its own"),
)

# prompt: SHELL or REPL; text as it is to be typed; promised: lines that it prints, as the page has them
Command = namedtuple("Command", "prompt text promised")

_COMMENT = re.compile(r"\s+# .*$")
_HEREDOC = re.compile(r"<<(\w+)$")


def commands(block):
    """-> [Command] of a code block: lines behind a prompt, or all lines of a block in the language sh."""
    found, end = [], None
    for line in block.text.splitlines():
        prompt = next((one for one in (SHELL, REPL) if line.startswith(one)), SHELL if block.language == "sh" else None)
        if end:  # of a here-document: it belongs to its command
            found[-1] = found[-1]._replace(text=f"{found[-1].text}\n{line}")
            end = None if line == end else end
        elif found and "demo.py --board" in found[0].text:  # what it prints has commands in it, too
            found[0].promised.append(line)
        elif prompt:
            found.append(Command(prompt, _COMMENT.sub("", line.removeprefix(prompt)), []))
            end = (_HEREDOC.findall(found[-1].text) or [None])[0]
        elif found and line.strip() not in ("", "…"):
            found[-1].promised.append(line)
    return found


COMMANDS = [command for text in TEXTS.values() for block in markdown.blocks(text) for command in commands(block)]


def ways(command):
    return [how for known, how in ROWS if re.fullmatch(known, command.text)]


def to_run(how):
    """-> the commands that are run in this way, each text once, with all that is promised of it."""
    found = {}
    for one in COMMANDS:
        if ways(one) == [how]:
            found.setdefault(one.text, one._replace(promised=[])).promised.extend(one.promised)
    return list(found.values())


def missing(promised, output):
    """-> the promised lines that `output` has not. Numbers, gaps and line breaks may differ; … is anything."""
    return [line for line in promised if not re.search(_loose(line.strip()), re.sub(r"\s+", " ", output))]


def _loose(line):
    line = re.sub(r"\d+(\\\.\d+)?", lambda _: r"\d+(?:\.\d+)?", re.escape(line))
    line = re.sub(r"\\[+-](?=\\d)", lambda _: "[+-]", line)
    return re.sub(r"(\\ )+", lambda _: r"\s+", line).replace("…", f".{{0,{WIDEST}}}?")


class Stage:
    """A folder like a fresh clone. `directory`: an empty one; `stands_for`: {text of a page: what is here instead}."""

    def __init__(self, directory, stands_for):
        self.directory, self.stands_for = Path(directory), dict(stands_for)
        for path in PROJECT.iterdir():
            if path.name not in (".venv", ".git", "flash"):
                (self.directory / path.name).symlink_to(path)
        (self.directory / ".venv").symlink_to(environment.VENV)

    def here(self, text):
        """A text of a page, as it is here."""
        theirs = "|".join(map(re.escape, sorted(self.stands_for, key=len, reverse=True)))
        return re.sub(theirs, lambda found: self.stands_for[found[0]], text)

    def run(self, command, typed=""):
        """A command at a shell, to its end -> (exit status, all that it printed). It has no terminal."""
        variables = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(["/bin/sh", "-c", self.here(command)], cwd=self.directory, env=variables, input=typed,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S,
                              start_new_session=True, check=False)  # fmt: skip
        print(f"$ {self.here(command)}\n{done.stdout}")
        return done.returncode, done.stdout

    def start(self, command):
        """`python3 tools/…`, which ends at Ctrl-C only -> tool_process.Tool, to be entered."""
        _, tool, *arguments = self.here(command).split()
        return Tool(tool.removeprefix("tools/"), *arguments, COLUMNS="130")
