"""What the tests read out of the project's Markdown: headings, tables, code blocks, links."""

from __future__ import annotations

import re
from collections import namedtuple

# heading: the last one before it; columns: texts of its head; rows: lists of texts
Table = namedtuple("Table", "heading columns rows")
# heading and line: the last ones before it; language: behind the fence
Block = namedtuple("Block", "heading line language text")

_FENCE = re.compile(r"\s*```(\S*)")
_HEADING = re.compile(r"(#+) (.*)")
_CELL = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\]\(<?([^)\s>]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)|(?:src|srcset|href)=\"([^\"]+)\"", re.MULTILINE)
_NO_ANCHOR = re.compile(r"[^\w\- ]")


def parts(text):
    """Yields (kind, what): ("heading", text), ("block", Block), ("line", text)."""
    heading, last, block = "", "", None
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if block is not None:
            if fence:
                yield "block", Block(heading, last, block[0], "\n".join(block[1:]))
                block = None
            else:
                block.append(line)
        elif fence:
            block = [fence[1]]
        elif found := _HEADING.match(line):
            heading = found[2]
            yield "heading", heading
        else:
            last = line or last
            yield "line", line


def blocks(text, language=None):
    """-> the code blocks, of one language or all."""
    return [what for kind, what in parts(text) if kind == "block" and language in (None, what.language)]


def tables(text):
    """-> [Table]."""
    found, heading, lines = [], "", []
    for kind, what in [*parts(text), ("line", "")]:
        if kind == "line" and what.startswith("|"):
            lines.append([cell.strip() for cell in _CELL.split(what.strip())[1:-1]])
            continue
        if len(lines) > 2:
            found.append(Table(heading, lines[0], lines[2:]))
        lines = []
        if kind == "heading":
            heading = what
    return found


def table(text, *columns):
    """-> the rows of all tables that begin with these columns."""
    return [row for one in tables(text) if one.columns[: len(columns)] == list(columns) for row in one.rows]


def links(text):
    """-> the targets of links and pictures, outside of code."""
    lines = [what for kind, what in parts(text) if kind != "block"]
    prose = re.sub(r"`[^`]*`", "", "\n".join(lines))
    return [next(filter(None, groups)) for groups in _LINK.findall(prose)]


def anchors(text):
    """-> the anchors that its headings have, as GitHub makes them."""
    found = []
    for heading in (what for kind, what in parts(text) if kind == "heading"):
        name = _NO_ANCHOR.sub("", heading.replace("`", "").lower()).replace(" ", "-")
        again = sum(one == name or re.fullmatch(re.escape(name) + r"-\d+", one) is not None for one in found)
        found.append(f"{name}-{again}" if again else name)
    return found
