"""Links and pictures of the pages that owners read lead somewhere; tools take the flags that the pages give them."""

from __future__ import annotations

import re
import subprocess
import sys

import markdown
import pytest

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


def test_the_pages_are_there():
    assert {"README.md", "CONTRIBUTING.md", "docs/mqtt.md", "docs/protocol.md", "docs/developing.md",
            "docs/numbers.md"} <= set(PAGES)  # fmt: skip


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


@pytest.mark.parametrize(("text", "dead"), [
    ("[a](README.md)", []),
    ("[a](missing.md)", ["missing.md"]),
    ("![a](docs/none.svg)", ["docs/none.svg"]),
    ('<img src="none.png">', ["none.png"]),
    ("[a](https://example.org/x)", []),
    ("# Two words, `code`\n[a](#two-words-code)", []),
    ("# Two words\n[a](#two-word)", ["#two-word"]),
    ("[a](README.md#no-such-heading)", ["README.md#no-such-heading"]),
    ("[a](../outside.md)", ["../outside.md"]),
    ("[a](../../issues/new/choose) [b](../../issues/x)", ["../../issues/x"]),
    ("`[a](missing.md)`\n```\n[a](missing.md)\n```", []),
])  # fmt: skip
def test_dead_links_are_seen(text, dead):
    assert dead_links("page.md", text) == dead


def test_the_forms_are_not_where_a_page_of_a_folder_seeks_them():
    assert dead_links("docs/page.md", f"[a]({FORMS})") == [FORMS]


def test_commands_are_seen():
    text = "`python3 tools/a.py --x 1 -n` and\n    python3 tools/b.py --set K=V  # --not-this\n"
    assert commands(text) == {"tools/a.py": {"--x", "-n"}, "tools/b.py": {"--set"}}
