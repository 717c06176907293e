"""Shortens the private names of a module before it is compiled: the board keeps every different name in its memory.

Names that begin with one underscore are nobody else's, so each module counts its own from `_0` on, and all modules
share the same few. Lines stay where they are, so that a traceback still tells the line.
"""

import io
import re
import tokenize

_PRIVATE = re.compile(r"_[A-Za-z]\w*$")


def shorten(source):
    """Python source -> the same with short private names."""
    lines = source.splitlines(keepends=True)
    found = [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.NAME and _PRIVATE.match(token.string)
    ]
    short = {}
    for token in found:
        short.setdefault(token.string, f"_{len(short)}")
    for token in reversed(found):  # from the end, so that the columns before stay right
        row, column = token.start
        line = lines[row - 1]
        lines[row - 1] = line[:column] + short[token.string] + line[column + len(token.string) :]
    return "".join(lines)
