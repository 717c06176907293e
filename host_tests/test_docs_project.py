"""What a project has beside its code: issue forms that ask for a capture, the changelog, the license."""

from __future__ import annotations

import re

import pytest

from firmware import __version__
from tools import environment

PROJECT = environment.PROJECT
FORMS = sorted(path for path in (PROJECT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config")
CHANGES = (PROJECT / "CHANGELOG.md").read_text()
LONGEST_CHANGE = 160
FIELD = re.compile(r"^  - type: (\w+)\n(.*?)(?=^  - type|\Z)", re.MULTILINE | re.DOTALL)
KINDS = {"markdown", "textarea", "input", "dropdown", "checkboxes"}


def fields(text):
    """-> [(type, id or None, is it required)] of a form."""
    found = []
    for kind, rest in FIELD.findall(text):
        name = re.search(r"^    id: (\w+)$", rest, re.MULTILINE)
        found.append((kind, name and name[1], "required: true" in rest))
    return found


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_forms(form):
    text = form.read_text()
    assert re.match(r"name: \S.*\ndescription: \S.*\n", text) and "\nbody:\n" in text and "\t" not in text
    found = fields(text)
    names = [name for kind, name, _ in found if kind != "markdown"]
    assert {kind for kind, _, _ in found} <= KINDS and None not in names and len(set(names)) == len(names)
    assert "capture" in names and "python3 tools/capture.py --port /dev/ttyUSB0" in text


def test_a_battery_comes_with_a_capture():
    (form,) = [form for form in FORMS if form.stem == "battery"]
    assert ("textarea", "capture", True) in fields(form.read_text())


def test_changelog():
    """Newest first, each version with its changes, a line each: a sentence."""
    title, *versions = re.split(r"^## ", CHANGES, flags=re.MULTILINE)
    assert title == "# Changelog\n\n"
    assert versions[0].split()[0] == __version__
    for version in versions:
        head, blank, *changes = version.rstrip("\n").split("\n")
        assert re.fullmatch(r"\d+\.\d+\.\d+( \(\d{4}-\d\d-\d\d\))?", head) and blank == "" and changes
        for change in changes:
            assert re.fullmatch(r"- [A-Z`].*\.", change) and len(change) <= LONGEST_CHANGE, change


def test_license():
    text = (PROJECT / "LICENSE").read_text()
    assert text.startswith("MIT License\n\nCopyright (c) ") and "WITHOUT WARRANTY OF ANY KIND" in text
