"""README.md: what it quotes is said by the firmware or its tools, its defaults are those of the settings."""

from __future__ import annotations

import json
import re

import markdown
import pytest

from firmware.config import SETTINGS
from tools import environment

PROJECT = environment.PROJECT
TEXT = (PROJECT / "README.md").read_text()
TROUBLES = markdown.table(TEXT, "it says", "do") + markdown.table(TEXT, "you see", "do")
GAP = re.compile(r"…|\d+|%[sd]|[\[\]]")  # between what must stand in a source word for word
NOT_SAID = re.compile(r"python3 |config\.\w+\(|\{|auto|console$|framed$")
SHORTEST = 3


def said():
    """-> all texts of the firmware and of the tools that an owner sees, those over several lines put together."""
    sources = [*PROJECT.glob("firmware/**/*.py"), *PROJECT.glob("tools/*.py"), PROJECT / "firmware/mqtt/entities.txt"]
    return re.sub(r'"\s*\n\s*f?"', "", "\n".join(path.read_text() for path in sources))


def quotes():
    """-> the texts in backticks of the tables of troubles that somebody is said to say."""
    found = [text for row in TROUBLES for cell in row for text in markdown.quoted(cell)]
    return sorted({text for text in found if not NOT_SAID.match(text) and not text.startswith("[")})


def pieces(text):
    """-> the parts of a quote that must stand in a source."""
    return [part for part in (piece.strip(" ,:") for piece in GAP.split(text)) if len(part) >= SHORTEST]


def is_said(part, everything):
    """In one text, or in two that are put together."""
    ends = [0, *(gap.start() for gap in re.finditer(" ", part))]
    return any(part[:end].strip(" ,:") in everything and part[end:].strip(" ,:") in everything for end in ends)


@pytest.mark.parametrize("text", quotes())
def test_what_is_quoted_is_said(text):
    everything = said()
    parts = pieces(text) or [text]
    assert [part for part in parts if not is_said(part, everything)] == []


def test_defaults_are_those_of_the_settings():
    defaults = {key: default for key, default, *_ in SETTINGS if default not in (None, "", "needed")}
    shown = {}
    for keys, values, _ in markdown.table(TEXT, "key", "default"):
        shown |= dict(zip(markdown.quoted(keys), values.replace("`", "").split(", "), strict=False))
    wrong = {key: shown[key] for key, default in defaults.items()
             if shown[key] != (default if isinstance(default, str) else json.dumps(default))}  # fmt: skip
    assert wrong == {}
