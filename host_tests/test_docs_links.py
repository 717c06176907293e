"""The pages that owners read: links lead somewhere, flags and defaults are those of the tools and settings."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import markdown
import pytest

from firmware.config import SETTINGS
from tools import environment

PROJECT = environment.PROJECT
PAGES = sorted(
    str(path.relative_to(PROJECT))
    for pattern in ("*.md", "docs/**/*.md", ".github/**/*.md")
    for path in PROJECT.glob(pattern)
)
ELSEWHERE = re.compile(r"[a-z]+:")
FORMS = "../../issues/new/choose"  # of issues: where the forge has them, seen from a page of the topmost folder
COMMAND = re.compile(r"python3 (tools/[\w/.]+)([^`\n]*)")
HELP_TIMEOUT_S = 60


def dead_links(page, text, project=PROJECT):
    """-> what does not resolve."""
    return [target for target in markdown.links(text) if not ELSEWHERE.match(target)
            and not leads_somewhere(page, text, target, project)]  # fmt: skip


def leads_somewhere(page, text, target, project):
    path, _, anchor = target.partition("#")
    if path == FORMS:
        return "/" not in page
    if path:
        file = ((project / page).parent / path).resolve()
        if not file.exists() or not file.is_relative_to(project.resolve()):
            return False
        text = file.read_text() if anchor else ""
    return not anchor or anchor in markdown.anchors(text)


def commands(text):
    """-> {tool: flags that are given to it} of the commands `python3 tools/…`."""
    found = {}
    for tool, rest in COMMAND.findall(text):
        flags = re.findall(r"(?<!\S)\[?(--?[a-z][\w-]*)", rest.split("#")[0])
        found.setdefault(tool.rstrip(".,:;)"), set()).update(flags)
    return found


def named_tools():
    found = {}
    for page in PAGES:
        for tool, flags in commands((PROJECT / page).read_text()).items():
            found.setdefault(tool, set()).update(flags)
    return sorted(found.items())


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page):
    assert dead_links(page, (PROJECT / page).read_text()) == []


@pytest.mark.parametrize("page", PAGES)
def test_names_of_files_are_those_of_files(page):
    """What stands in backticks and looks like a path of ours."""
    text = "\n".join(what for kind, what in markdown.parts((PROJECT / page).read_text()) if kind == "line")
    paths = [word for word in markdown.quoted(text) if re.fullmatch(r"(docs|firmware|host_tests|tools)/[\w./-]+", word)]
    bare = [path for path in paths if not any((PROJECT / f"{path}{end}").exists() for end in ("", ".py"))]
    assert bare == []


@pytest.mark.parametrize(("tool", "flags"), named_tools(), ids=[tool for tool, _ in named_tools()])
def test_tools_take_the_flags_that_the_pages_give_them(tool, flags):
    command = [sys.executable, str(PROJECT / tool), "--help"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=HELP_TIMEOUT_S, check=True).stdout
    assert sorted(flag for flag in flags if not re.search(rf"(?<![\w-]){re.escape(flag)}\b", said)) == []


def test_the_defaults_of_the_readme_are_those_of_the_settings():
    shown = {}
    for keys, values, _ in markdown.table((PROJECT / "README.md").read_text(), "key", "default"):
        shown |= dict(zip(markdown.quoted(keys), values.replace("`", "").split(", "), strict=False))
    for key, default, *_ in SETTINGS:
        if default not in (None, "", "needed"):
            assert shown[key] == (default if isinstance(default, str) else json.dumps(default)), key
