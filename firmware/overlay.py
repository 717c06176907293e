"""Modules that are needed for a moment only: what is seldom done is not kept in the board's small memory."""

import sys


def drop(name):
    """Forgets the imported module `name` ("firmware.config"); its memory is free when nobody holds a part of it."""
    package, _, leaf = name.rpartition(".")
    if sys.modules.pop(name, None):
        delattr(sys.modules[package], leaf)
