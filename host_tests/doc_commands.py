"""The commands in the code blocks of the pages, what the pages promise that they print, and how each one is tried."""

from __future__ import annotations

import re
from collections import namedtuple

import markdown

from tools import environment

PROJECT = environment.PROJECT
PAGES = [
    path.relative_to(PROJECT).as_posix()
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/**/*.md")  # as somebody reads them
    for path in sorted(PROJECT.glob(pattern))
]
SHELL, REPL = "$ ", ">>> "
WIDEST = 400  # characters that a … stands for at most

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

# page; prompt: SHELL or REPL; text as it is to be typed; promised: lines that it prints, as the page has them
Command = namedtuple("Command", "page prompt text promised")

_COMMENT = re.compile(r"\s+# .*$")
_HEREDOC = re.compile(r"<<(\w+)$")
_LOOSE = re.compile(r"…|\d+(?:\.\d+)?|[+-](?=\d)|\s+|[^…\d\s+-]+|.")


def commands(page, block):
    """-> [Command] of a code block: lines behind a prompt, or all lines of a block in the language sh."""
    found, end = [], None
    plain = block.language == "sh"
    for line in block.text.splitlines():
        prompt = SHELL if plain else next((one for one in (SHELL, REPL) if line.startswith(one)), None)
        if end:  # of a here-document: it belongs to its command
            found[-1] = found[-1]._replace(text=f"{found[-1].text}\n{line}")
            end = None if line == end else end
        elif found and "demo.py --board" in found[0].text:  # what it prints has commands in it, too
            found[0].promised.append(line)
        elif prompt:
            text = _COMMENT.sub("", line if plain else line.removeprefix(prompt))
            found.append(Command(page, prompt, text, []))
            end = (_HEREDOC.findall(text) or [None])[0]
        elif found and line.strip() not in ("", "…"):
            found[-1].promised.append(line)
    return found


COMMANDS = [
    command
    for page in PAGES
    for block in markdown.blocks((PROJECT / page).read_text())
    for command in commands(page, block)
]


def ways(command):
    """-> how it is tried; more or less than one is a fault of ROWS."""
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
    text = re.sub(r"\s+", " ", output)
    return [line for line in promised if not re.search("".join(map(_loose, _LOOSE.findall(line.strip()))), text)]


def _loose(token):
    if token == "…":
        return f".{{0,{WIDEST}}}?"
    if token[0].isdigit():
        return r"\d+(?:\.\d+)?"
    if token.isspace():
        return r"\s+"
    return "[+-]" if token in "+-" else re.escape(token)
