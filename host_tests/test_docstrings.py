"""Every public function, class and method says what comes in, in which unit, what it raises, and where it is from."""

from __future__ import annotations

import docstring_rules as rules
import pytest

from tools import environment

PROJECT = environment.PROJECT
# They imitate modules of MicroPython, whose documentation is theirs; bench_main.py is such a board's main program.
STAND_INS = ("tools/virtual_board/modules/", "tools/virtual_board/chip/", "tools/bench_main.py")
FILES = sorted(
    name for folder in ("firmware", "tools") for path in (PROJECT / folder).rglob("*.py")
    if not (name := str(path.relative_to(PROJECT))).startswith(STAND_INS)
)  # fmt: skip
# The battery's codecs: bytes in, values out
CODECS = {f"firmware/battery/{name}.py" for name in (
    "frame", "blocks", "layouts", "messages", "details", "console_text", "console_words", "console_values",
    "console_cells", "console_table", "console_seldom", "console_pack",
)}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_docstrings(name):
    assert list(rules.faults((PROJECT / name).read_text(), cites=name in CODECS)) == []


def test_all_files_are_looked_at():
    assert len(FILES) > 90 and set(FILES) >= CODECS


GOOD = '"""Layouts (§3)."""\ndef f(cells, voltage):\n    """Cells and a voltage, in mV. DataError."""\n'
RULES = (
    (GOOD, None),
    (GOOD.replace("Cells and a voltage, in mV. DataError.", "").replace('""""""', "pass"), "f has no docstring"),
    (GOOD.replace("Cells", "They"), "f: what is cells?"),
    (GOOD.replace(", in mV", ""), "f: in which unit is voltage?"),
    (GOOD + "    raise DataError(1)\n", None),
    (GOOD.replace("DataError", "") + "    raise DataError(1)\n", "f raises DataError, and does not say so"),
    (GOOD.replace("DataError", "") + "    raise blocks.DataError\n", "f raises DataError, and does not say so"),
    (GOOD + "    return 1, 2\n", "f: what does it return?"),
    (GOOD.replace("voltage,", "voltage -> (low, high)") + "    return 1, 2\n", None),
    (GOOD.replace("(§3)", ""), "f: which section of the protocol is it from?"),
    ('"""(§3)"""\nclass A:\n    """One."""\n    def __init__(self, size):\n        pass\n', "A: what is size?"),
    ('"""(§3)"""\nclass A:\n    """Of a size."""\n    def __init__(self, size):\n        pass\n', None),
    ('"""(§3)"""\nclass A:\n    """Of a size."""\n    def grow(self):\n        pass\n', "A.grow has no docstring"),
    ('"""(§3)"""\ndef f(wait_ms):\n    """Waits."""\n', None),
    ('"""(§3)"""\ndef f(wait):\n    """Has a wait."""\n', "f: in which unit is wait?"),
    ("def _private(x):\n    pass\n", None),
)


@pytest.mark.parametrize(("source", "fault"), RULES)
def test_rules(source, fault):
    assert list(rules.faults(source, cites=True)) == ([fault] if fault else [])
