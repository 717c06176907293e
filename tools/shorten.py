"""Shortens the private names of a module before it is compiled: the board keeps every different name in its memory.

Names that begin with one underscore are nobody else's, so each module counts its own from `_0` on, and all modules
share the same few. `python3 tools/shorten.py firmware/loop.py` tells which name a traceback of the board means.
"""

import argparse
import io
import re
import tokenize
from pathlib import Path

_PRIVATE = re.compile(r"_[A-Za-z]\w*$")


def shorten(source):
    """Python source -> the same with short private names."""
    lines = source.splitlines(keepends=True)
    found = _private(source)
    short = short_names(source)
    for token in reversed(found):  # from the end, so that the columns before stay right
        row, column = token.start
        line = lines[row - 1]
        lines[row - 1] = line[:column] + short[token.string] + line[column + len(token.string) :]
    return "".join(lines)


def short_names(source):
    """Python source -> {private name: the short one}."""
    short = {}
    for token in _private(source):
        short.setdefault(token.string, f"_{len(short)}")
    return short


def _private(source):
    return [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.NAME and _PRIVATE.match(token.string)
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="shorten.py", description=__doc__)
    parser.add_argument("module", type=Path, help="its private names are told, each with its short one")
    for name, short in short_names(parser.parse_args().module.read_text()).items():
        print(f"{short:5} {name}")
