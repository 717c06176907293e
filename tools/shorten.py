"""Shortens names of a module before it is compiled: the board keeps every different name in its memory.

Names that begin with one underscore are nobody else's, so each module counts its own from `_0` on; parameters are their
function's own, and become `_a`, `_b` … All modules share the same few. `python3 tools/shorten.py firmware/loop.py`
tells which name a traceback of the board means.
"""

import argparse
import ast
import functools
import io
import re
import threading
import tokenize
from pathlib import Path

_PRIVATE = re.compile(r"_[A-Za-z]\w*$")
_CONSTANTS = re.compile(r"^((?:_\w+, )+_\w+) = (const\(.*?\)(?:, const\(.*?\))+)", re.MULTILINE)
_parsing = threading.Lock()  # CPython 3.11 parses for one thread at a time
_LETTERS = [f"_{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]


@functools.lru_cache(maxsize=256)
def shorten(source, keywords=None):
    """Python source -> the same with short private names; where `keywords` are given, names of parameters that must
    stay, with short parameters, too.
    """
    source = _CONSTANTS.sub(_one_by_one, source)
    short = short_names(source)
    source = _replaced(source, [(*token.start, token.string, short[token.string]) for token in _private(source)])
    if keywords is None:
        return source
    lines = [line.encode() for line in source.splitlines()]
    found = sorted(_parameters(_parse(source), {}, keywords))
    return _replaced(source, [(line, len(lines[line - 1][:at].decode()), *names) for line, at, *names in found])


def _one_by_one(constants):
    """Constants of one line, as statements of their own: MicroPython keeps others as variables."""
    pairs = zip(constants[1].split(", "), constants[2].split(", "), strict=True)
    return "; ".join(f"{name} = {value}" for name, value in pairs)


def short_names(source):
    """Python source -> {private name: the short one}."""
    short = {}
    for token in _private(source):
        short.setdefault(token.string, f"_{len(short)}")
    return short


@functools.lru_cache
def keywords(sources):
    """Tuple of Python sources -> the names that any gives to a parameter by `name=value`, and self. SyntaxError."""
    calls = [node for source in sources for node in ast.walk(_parse(source)) if isinstance(node, ast.Call)]
    return frozenset({"self"}).union(keyword.arg for call in calls for keyword in call.keywords)


def _parse(source):
    with _parsing:
        return ast.parse(source)


def _private(source):
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token for token in tokens if token.type == tokenize.NAME and _PRIVATE.match(token.string)]


def _parameters(node, short, keep):
    """-> [(line, column in bytes, name, short name)] of parameters below `node`; `short`: of functions around it."""
    if isinstance(node, ast.Name) and node.id in short:
        return [(node.lineno, node.col_offset, node.id, short[node.id])]
    found, inside = [], short
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        arguments = [one for one in (*node.args.args, node.args.vararg, *node.args.kwonlyargs, node.args.kwarg) if one]
        free = (name for name in _LETTERS if name not in short.values())
        inside = short | {one.arg: one.arg if one.arg in keep else next(free) for one in arguments}
        found = [(one.lineno, one.col_offset, one.arg, inside[one.arg]) for one in arguments]
        for default in node.args.defaults:  # they are evaluated outside
            found += _parameters(default, short, keep)
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.arguments):
            found += _parameters(child, inside, keep)
    return found


def _replaced(source, changes):
    """`source` with each (line, column, name, new name) of `changes`, which are sorted, carried out."""
    lines = source.splitlines(keepends=True)
    for line, column, name, new in reversed(changes):  # from the end, so that the columns before stay right
        text = lines[line - 1]
        lines[line - 1] = text[:column] + new + text[column + len(name) :]
    return "".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="shorten.py", description=__doc__)
    parser.add_argument("module", type=Path, help="its private names are told, each with its short one")
    for name, short in short_names(parser.parse_args().module.read_text()).items():
        print(f"{short:5} {name}")
