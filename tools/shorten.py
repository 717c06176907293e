"""Shortens a module before it is compiled: the board keeps every different name in its memory.

Names that begin with one underscore are nobody else's, so each module counts its own from `_0` on; parameters are their
function's own, and become `_a`, `_b` … All modules share the same few. A constant in capitals that is a whole number
is replaced by the number, in all modules. `python3 tools/shorten.py firmware/loop.py` tells which name a traceback of
the board means.
"""

import argparse
import ast
import functools
import re
import threading
from pathlib import Path

_PRIVATE = re.compile(r"_[A-Za-z]\w*$")
_LETTERS = [f"_{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
_NAME_FIELDS = {ast.Name: "id", ast.Attribute: "attr", ast.FunctionDef: "name", ast.ClassDef: "name"}
_parsing = threading.Lock()  # CPython 3.11 parses for one thread at a time


@functools.lru_cache
def known(sources):
    """Tuple of Python sources, all modules -> (names that a call gives to a parameter by `name=value`, and self: they
    stay; (name, whole number) of constants which all modules that have them agree on). SyntaxError.
    """
    trees = [_parse(source) for source in sources]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    values = {}
    for name, value in (pair for tree in trees for node in tree.body for pair in _pairs(node)):
        values.setdefault(name, set()).add(ast.unparse(value))
    numbers = frozenset((name, int(*texts)) for name, texts in values.items()
                        if re.match(r"[A-Z]", name) and len(texts) == 1 and str(*texts).isdigit())  # fmt: skip
    return frozenset({"self"}).union(keyword.arg for call in calls for keyword in call.keywords), numbers


@functools.lru_cache(maxsize=256)
def shorten(source, of_all):
    """Python source, known() of all -> the same program, shorter. SyntaxError."""
    tree, short = _parse(source), short_names(source)
    for node in ast.walk(tree):
        if name := short.get(_name(node)):
            setattr(node, _NAME_FIELDS[type(node)], name)
    return ast.unparse(ast.fix_missing_locations(_Shorter(tree, of_all).visit(tree)))


@functools.lru_cache(maxsize=256)
def short_names(source):
    """Python source -> {private name: the short one}. Constants come last: the compiler leaves no name of them."""
    nodes = list(ast.walk(_parse(source)))
    names = dict.fromkeys(_name(node) for node in nodes)
    constants = {name for node in nodes for name, value in _pairs(node) if ast.unparse(value).startswith("const(")}
    private = sorted((name for name in names if _PRIVATE.match(name)), key=constants.__contains__)
    return {name: f"_{number}" for number, name in enumerate(private)}


def _parse(source):
    with _parsing:
        return ast.parse(source)


def _name(node):
    return getattr(node, _NAME_FIELDS.get(type(node), ""), "")


def _pairs(node):
    """-> [(name, node of its value)] of the assignments `A = 1` and `A, B = 1, 2`; [] of any other node."""
    if not isinstance(node, ast.Assign) or len(node.targets) > 1:
        return []
    targets, values = node.targets, [node.value]
    if isinstance(targets[0], ast.Tuple):
        targets, values = targets[0].elts, getattr(node.value, "elts", [])
    if len(targets) != len(values) or not all(isinstance(one, ast.Name) for one in targets):
        return []
    return [(one.id, of_it) for one, of_it in zip(targets, values, strict=True)]


class _Shorter(ast.NodeTransformer):
    def __init__(self, tree, of_all):
        self._keywords, self._numbers, self._top = of_all[0], dict(of_all[1]), tree.body
        self._letters = {}  # of the parameters of the functions around
        arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names = {alias.asname or alias.name for node in imports for alias in node.names}
        self._modules = {name for name in names if name.islower()} - arguments

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id in self._numbers:
            return ast.Constant(self._numbers[node.id])
        node.id = self._letters.get(node.id, node.id)
        return node

    def visit_Attribute(self, node):
        if node.attr in self._numbers and getattr(node.value, "id", None) in self._modules:
            return ast.Constant(self._numbers[node.attr])
        return self.generic_visit(node)

    def visit_ImportFrom(self, node):
        """The compiler knows const() without its import, and leaves no call of it."""
        node.names = [alias for alias in node.names if alias.name not in self._numbers and alias.name != "const"]
        return node if node.names else None

    def visit_Assign(self, node):
        """Constants of one line become statements of their own: MicroPython keeps others as variables."""
        pairs = _pairs(node) if node in self._top else []
        if not pairs:
            return self.generic_visit(node)
        return [self.generic_visit(ast.Assign([ast.Name(name, ast.Store())], value)) for name, value in pairs
                if name not in self._numbers]  # fmt: skip

    def visit_FunctionDef(self, node):
        """Also of a lambda. The defaults are evaluated outside, where the parameters are not known."""
        defaults, node.args.defaults = [self.visit(default) for default in node.args.defaults], []
        around = self._letters
        free = (letter for letter in _LETTERS if letter not in around.values())
        for argument in (*node.args.args, *filter(None, (node.args.vararg, node.args.kwarg))):
            name, argument.arg = argument.arg, argument.arg if argument.arg in self._keywords else next(free)
            self._letters = self._letters | {name: argument.arg}
        self.generic_visit(node)
        node.args.defaults = defaults
        self._letters = around
        return node

    visit_Lambda = visit_FunctionDef


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="shorten.py", description=__doc__)
    parser.add_argument("module", type=Path, help="its private names are told, each with its short one")
    for name, short in short_names(parser.parse_args().module.read_text()).items():
        print(f"{short:5} {name}")
