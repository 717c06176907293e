"""docs/developing.md speaks of the firmware as it is: all modules, and which of them stay in memory; settings too."""

from __future__ import annotations

import ast
import re

import markdown
import pytest

from firmware.config import SETTINGS
from tools import environment

PROJECT = environment.PROJECT
FIRMWARE = PROJECT / "firmware"
TEXT = (PROJECT / "docs" / "developing.md").read_text()
AT_THE_REPL = {"settings", "setup", "diagnose", "battery/messages"}


def modules():
    found = {str(path.relative_to(FIRMWARE).with_suffix("")) for path in FIRMWARE.rglob("*.py")}
    return {name for name in found if not name.endswith("__init__")}


def texts():
    """All texts in the firmware's source: drop() is given names of modules, whole or their last parts."""
    found = set()
    for path in [*FIRMWARE.rglob("*.py"), PROJECT / "main.py"]:
        nodes = ast.walk(ast.parse(path.read_text()))
        found |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return found


def said(column):
    return [name for row in markdown.table(TEXT, column) for name in markdown.quoted(row[0])]


def test_every_module_has_its_place():
    names = [*said("stays in memory"), *said("loaded for the moment, then dropped"), *said("for people and programs")]
    assert sorted(names) == sorted(modules())


def test_what_is_dropped():
    named, overlays = texts(), set(said("loaded for the moment, then dropped"))
    whole = {name.removeprefix("firmware.").replace(".", "/") for name in named if name.startswith("firmware.")}
    assert whole & modules() <= overlays
    assert [name for name in overlays - whole if name.rpartition("/")[2] not in named] == []
    assert set(said("for people and programs")) == AT_THE_REPL


@pytest.mark.parametrize("words", re.findall(r"`([a-z_]+)\.([A-Za-z_]+)`", TEXT), ids=".".join)
def test_names_in_the_text_are_there(words):
    """`payloads.summary`, `link.Link` …"""
    module, name = words
    files = [path for path in [*PROJECT.glob("firmware/**/*.py"), *PROJECT.glob("tools/*.py")] if path.stem == module]
    foreign = module in ("gc", "micropython", "config") or name in ("md", "py")
    assert foreign or any(re.search(rf"\b{name}\b", path.read_text()) for path in files)


def test_every_setting_is_in_the_readme():
    """In a table whose rows begin with their keys."""
    rows = [row for one in markdown.tables((PROJECT / "README.md").read_text()) for row in one.rows]
    known = {name for row in rows for name in markdown.quoted(row[0])}
    assert [key for key, *_ in SETTINGS if key not in known] == []
