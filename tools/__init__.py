"""The tools on a PC. An older Python is told so here, before any other module of theirs is imported."""

import sys
import types

OLDEST_PYTHON = (3, 11)

if sys.version_info < OLDEST_PYTHON:
    oldest = ".".join(map(str, OLDEST_PYTHON))
    sys.exit(f"set-up failed: this is Python {sys.version.split()[0]}; {oldest} or newer is needed")

# What MicroPython has and CPython lacks, for those parts of the firmware that say const().
sys.modules.setdefault("micropython", types.SimpleNamespace(const=lambda value: value))


class ToolError(Exception):
    """A tool cannot go on; the text says why, and what to do."""
