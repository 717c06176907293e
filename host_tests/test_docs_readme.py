"""README.md: what it quotes is said by the firmware or its tools, its defaults are those of the settings."""

from __future__ import annotations

import json
import re

import markdown
import pytest

from firmware import led
from firmware.config import SETTINGS
from tools import environment

PROJECT = environment.PROJECT
TEXT = (PROJECT / "README.md").read_text()
LONGEST_LINE = 130
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


def test_what_nobody_says_is_seen():
    assert len(quotes()) > 20
    assert pieces("no Wi-Fi …: the access point likes us: …") == ["no Wi-Fi", "the access point likes us"]
    everything = said()
    assert is_said("the access point refuses us", everything) and is_said("config.json is not JSON", everything)
    assert not is_said("the access point likes us", everything) and not is_said("no cattery at", everything)


def test_defaults_are_those_of_the_settings():
    defaults = {key: default for key, default, *_ in SETTINGS if default not in (None, "", "needed")}
    shown = {}
    for keys, values, _ in markdown.table(TEXT, "key", "default"):
        shown |= dict(zip(markdown.quoted(keys), values.replace("`", "").split(", "), strict=False))
    wrong = {key: shown[key] for key, default in defaults.items()
             if shown[key] != (default if isinstance(default, str) else json.dumps(default))}  # fmt: skip
    assert wrong == {}


def test_led():
    """A row for each pattern, and one for an LED that shows none."""
    rows = [row[0] for row in markdown.table(TEXT, "LED")]
    patterns = {"flickers": led.NO_WIFI, "two flashes": led.NO_BROKER, "slowly on and off": led.NO_BATTERY,
                "one flash": led.WELL}  # fmt: skip
    assert rows == [*patterns, "does not blink"]
    flashes = {words: f"{pattern:016b}".replace("0", " ").split() for words, pattern in patterns.items()}
    assert {words: len(lit) for words, lit in flashes.items()} == {
        "flickers": 8, "two flashes": 2, "slowly on and off": 1, "one flash": 1}  # fmt: skip
    assert len(flashes["slowly on and off"][0]) > len(flashes["one flash"][0])


def section(title):
    """-> the text below a heading of the second level."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", ["wiring-rj45.svg", "wiring-rj11.svg"])
def test_what_the_pictures_of_the_wiring_have_is_bought_and_put_in(name):
    picture = (PROJECT / "docs" / name).read_text()
    parts = [part for part in ("MAX3232", "ESP32", "10 kΩ") if part in picture]
    bought = " ".join(row[0] for row in markdown.table(section("What to buy"), "what"))
    assert parts == [part for part in parts if part in bought and part in section("Wiring")]
    assert "10 kΩ" in parts and name in section("Wiring")


def test_which_pack_is_the_master_is_told_where_it_is_wired():
    assert re.search(r"The master is the pack whose link port 0 is free\b.*\baddress switch\b", " ".join(
        section("Wiring").split()))  # fmt: skip


def test_lines_can_be_read():
    assert [line for line in TEXT.splitlines() if len(line) > LONGEST_LINE] == []
