"""The pages that owners read: links lead somewhere, flags and defaults are those of the tools and settings."""

from __future__ import annotations

import json
import re
import runpy
import sys

import markdown
import pytest

from firmware.config import SETTINGS
from tools import environment

PROJECT = environment.PROJECT
PAGES = {
    str(path.relative_to(PROJECT)): path.read_text()
    for pattern in ("*.md", "docs/**/*.md", ".github/**/*.md")
    for path in sorted(PROJECT.glob(pattern))
}
ELSEWHERE = re.compile(r"[a-z]+:|\.\./\.\./issues/")
COMMAND = re.compile(r"python3 (tools/[\w/]+(?:\.py)?)([^`\n#]*)")
TOOLS = {}  # name: flags that the pages give to it
for _text in PAGES.values():
    for _tool, _rest in COMMAND.findall(_text):
        TOOLS.setdefault(_tool, set()).update(re.findall(r"(?<!\S)\[?(--?[a-z][\w-]*)", _rest))


def is_dead(page, target):
    path, _, anchor = target.partition("#")
    file = ((PROJECT / page).parent / path).resolve() if path else PROJECT / page
    if not file.exists() or not file.is_relative_to(PROJECT.resolve()):
        return True
    return anchor != "" and anchor not in markdown.anchors(file.read_text())


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page):
    found = [target for target in markdown.links(PAGES[page]) if not ELSEWHERE.match(target)]
    assert [target for target in found if is_dead(page, target)] == []


@pytest.mark.parametrize("page", PAGES)
def test_names_of_files_are_those_of_files(page):
    """What stands in backticks and looks like a path of ours."""
    paths = re.findall(r"`((?:docs|firmware|host_tests|tools)/[\w./-]+)`", PAGES[page])
    assert [path for path in paths if not any((PROJECT / f"{path}{end}").exists() for end in ("", ".py"))] == []


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_tools_take_the_flags_that_the_pages_give_them(tool, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [tool, "--help"])
    with pytest.raises(SystemExit):
        runpy.run_path(str(PROJECT / tool), run_name="__main__")
    said = capsys.readouterr().out
    assert [flag for flag in sorted(TOOLS[tool]) if not re.search(rf"(?<![\w-]){re.escape(flag)}\b", said)] == []


def test_settings_and_defaults_of_the_readme():
    shown = {}
    for keys, values, _ in markdown.table(PAGES["README.md"], "key", "default"):
        names = re.findall(r"`([^`]+)`", keys)
        shown |= dict(zip(names, re.sub(r" \(.*?\)|`", "", values).split(", "), strict=False))
        shown |= {name: "none" for name in names if name not in shown}
    assert set(shown) == {row[0] for row in SETTINGS}
    for key, default, *_ in SETTINGS:
        if default not in (None, "", "needed"):
            assert shown[key] == (default if isinstance(default, str) else json.dumps(default)), key
