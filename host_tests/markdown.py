"""What the tests read out of the project's Markdown: tables and code blocks."""

import functools
from collections import namedtuple

from markdown_it import MarkdownIt

# heading: the last one before it; columns: texts of its head; rows: lists of texts
Table = namedtuple("Table", "heading columns rows")
# heading and line: the last heading and paragraph before it; language: behind the fence
Block = namedtuple("Block", "heading line language text")


@functools.cache
def _read(text):
    """-> ([Table], [Block])."""
    tables, blocks = [], []
    heading = line = before = ""
    for token in MarkdownIt().enable("table").parse(text):
        if before == "heading_open":
            heading = token.content
        elif before == "th_open":
            tables[-1].columns.append(token.content)
        elif before == "td_open":
            tables[-1].rows[-1].append(token.content)
        elif token.type == "inline":
            line = token.content
        elif token.type == "table_open":
            tables.append(Table(heading, [], []))
        elif token.type == "tr_open" and tables[-1].columns:
            tables[-1].rows.append([])
        elif token.type == "fence":
            blocks.append(Block(heading, line, token.info, token.content.rstrip("\n")))
        before = token.type
    return tables, blocks


def blocks(text, language=None):
    """-> the code blocks, of one language or all."""
    return [block for block in _read(text)[1] if language in (None, block.language)]


def tables(text):
    """-> [Table]."""
    return _read(text)[0]


def table(text, *columns):
    """-> the rows of all tables that begin with these columns."""
    return [row for one in tables(text) if one.columns[: len(columns)] == list(columns) for row in one.rows]
