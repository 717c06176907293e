"""The tools on a PC. An older Python is told so here, before any other module of theirs is imported."""

import sys
import types

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"set-up failed: this is Python {sys.version.split()[0]}; 3.11 or newer is needed")

# What MicroPython has and CPython lacks, for those parts of the firmware that say const().
sys.modules.setdefault("micropython", types.SimpleNamespace(const=lambda value: value))


class ToolError(Exception):
    """A tool cannot go on; the text says why, and what to do."""
