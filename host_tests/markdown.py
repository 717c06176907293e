"""What the tests read out of the project's Markdown: headings, tables, code blocks, links."""

from __future__ import annotations

import functools
import re
from collections import namedtuple

from markdown_it import MarkdownIt

# heading: the last one before it; columns: texts of its head; rows: lists of texts
Table = namedtuple("Table", "heading columns rows")
# heading and line: the last heading and paragraph before it; language: behind the fence
Block = namedtuple("Block", "heading line language text")


@functools.cache
def _read(text):
    """-> (headings, [Table], [Block], targets of links and pictures)."""
    headings, tables, blocks, links = [""], [], [], []
    line = before = ""
    for token in MarkdownIt().enable("table").parse(text):
        if before == "heading_open":
            headings.append(token.content)
        elif before == "th_open":
            tables[-1].columns.append(token.content)
        elif before == "td_open":
            tables[-1].rows[-1].append(token.content)
        elif token.type == "inline":
            line = token.content
        elif token.type == "table_open":
            tables.append(Table(headings[-1], [], []))
        elif token.type == "tr_open" and tables[-1].columns:
            tables[-1].rows.append([])
        elif token.type == "fence":
            blocks.append(Block(headings[-1], line, token.info, token.content.rstrip("\n")))
        links += [part.attrs[key] for part in token.children or () for key in ("href", "src") if key in part.attrs]
        before = token.type
    return headings[1:], tables, blocks, links


def blocks(text, language=None):
    """-> the code blocks, of one language or all."""
    return [block for block in _read(text)[2] if language in (None, block.language)]


def tables(text):
    """-> [Table]."""
    return _read(text)[1]


def table(text, *columns):
    """-> the rows of all tables that begin with these columns."""
    return [row for one in tables(text) if one.columns[: len(columns)] == list(columns) for row in one.rows]


def links(text):
    """-> the targets of links and pictures, outside of code."""
    return _read(text)[3]


def anchors(text):
    """-> the anchors that its headings have, as GitHub makes them."""
    found = []
    for heading in _read(text)[0]:
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        again = sum(re.fullmatch(re.escape(name) + r"(-\d+)?", one) is not None for one in found)
        found.append(f"{name}-{again}" if again else name)
    return found
