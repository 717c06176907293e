"""Modules that are needed for a while only: at the start, or once an hour. All others stay loaded."""

import gc
import sys


def forget(names):
    """Takes modules ("firmware.config") out of MicroPython's list: their memory is free once nobody holds them."""
    for name in names:
        package, _, leaf = name.rpartition(".")
        if sys.modules.pop(name, None) and package in sys.modules:
            delattr(sys.modules[package], leaf)


def discard(names):
    """Forgets modules and empties them: no function of theirs may be called any more. MicroPython takes a stale word on
    its stack for a pointer; one to such a function would keep the whole module as long as the loop runs.
    """
    for name in names:
        if module := sys.modules.get(name):
            forget([name])
            module.__dict__.clear()


class Temporary:
    """`with Temporary():` around an import: what was not loaded before is forgotten behind it."""

    def __enter__(self):
        gc.collect()  # a module needs memory in large pieces
        self._before = list(sys.modules)  # a set would need twice the memory in one piece

    def __exit__(self, *_):
        forget([name for name in sys.modules if name not in self._before])
