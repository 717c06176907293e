"""The commands that the project's pages tell somebody to type, and what the pages promise that they print."""

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
PROGRAMS = (
    "python3", "mpremote", "git", "apt", "systemctl", "journalctl", "mosquitto", "kill", "ls", "cp", "rm", "cat",
    "mkdir", "install", "nano", "make", "echo", "sudo", ".venv/bin/mpremote", "~/esptool/bin/pip",
    "~/esptool/bin/esptool",
)  # fmt: skip
SHOWS_COMMANDS = "demo.py --board"  # what it prints has commands in it, too
MODULES = ("from firmware ", "import ", "config.", "diagnose.", "setup.")
WIDEST = 400  # characters that a … stands for at most

# page; prompt: SHELL or REPL; text as it is to be typed; promised: lines that it prints, as the page has them
Command = namedtuple("Command", "page prompt text promised")

_COMMENT = re.compile(r"\s+# .*$")
_HEREDOC = re.compile(r"<<(\w+)$")
_LOOSE = re.compile(r"…|\d+(?:\.\d+)?|[+-](?=\d)|\s+|[^…\d\s+-]+|.")


def commands(page, text):
    """-> [Command], in the order of the page: of code blocks, of lines that are indented by four, in backticks."""
    found, prose = [], []
    for kind, what in [*markdown.parts(text), ("end", "")]:
        indented = kind == "line" and what.startswith("    ") and _is_command(what.strip())
        if kind == "line" and what and not indented:
            prose.append(what)  # what stands in backticks may go over two lines
            continue
        quoted = markdown.quoted(" ".join(prose))
        found += [Command(page, prompt, one, []) for one in quoted if (prompt := _inline(one))]
        prose = []
        if kind == "block":
            found += _of_block(page, what)
        elif indented:
            found.append(Command(page, SHELL, what.strip(), []))
    return found


def _of_block(page, block):
    """A line is a command behind a prompt, or when it begins with a program's name and there is no prompt around."""
    found, end = [], None
    prompted = any(line.startswith((SHELL, REPL)) for line in block.text.splitlines())
    for line in block.text.splitlines():
        prompt = next((one for one in (SHELL, REPL) if line.startswith(one)), None)
        if end:  # of a here-document: it belongs to its command
            found[-1] = found[-1]._replace(text=f"{found[-1].text}\n{line}")
            end = None if line == end else end
        elif found and SHOWS_COMMANDS in found[0].text:
            found[0].promised.extend([line] if line.strip() not in ("", "…") else [])
        elif prompt or (not prompted and _is_command(line)):
            text = _COMMENT.sub("", line.removeprefix(prompt or ""))
            found.append(Command(page, prompt or SHELL, text, []))
            end = (_HEREDOC.findall(text) or [None])[0]
        elif found and line.strip() not in ("", "…"):
            found[-1].promised.append(line)
    return found


def _is_command(text):
    return text.split(" ", 1)[0] in PROGRAMS


def _inline(text):
    """-> the prompt that a text in backticks belongs to, or None: it is no whole command."""
    if "…" in text or ("(" not in text and " " not in text):
        return None
    if text.startswith(MODULES):
        return REPL
    return SHELL if _is_command(text) and " " in text else None


def of_all_pages():
    """-> [Command]."""
    return [one for page in PAGES for one in commands(page, (PROJECT / page).read_text())]


def pattern(line):
    """A promised line -> a regex: numbers and the width of gaps may differ, … is anything."""
    said = []
    for token in _LOOSE.findall(line.strip()):
        if token == "…":
            said.append(f".{{0,{WIDEST}}}?")
        elif token[0].isdigit():
            said.append(r"\d+(?:\.\d+)?")
        elif token.isspace():
            said.append(r"\s+")
        else:
            said.append("[+-]" if token in "+-" else re.escape(token))
    return re.compile("".join(said), re.DOTALL)


def missing(promised, output):
    """-> the promised lines that `output` has not; where it breaks its lines does not matter."""
    text = re.sub(r"\s+", " ", output)
    return [line for line in promised if not pattern(line).search(text)]
