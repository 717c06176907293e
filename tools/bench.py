"""Measures the project's budgets: instructions of a reading and of a config, the heap, the time of a cycle.

Instructions are counted by valgrind's callgrind around the 64-bit unix port; they are the same on any machine. Takes
about eight minutes, with --quick (instructions only) about one. The exit status is 1 where a budget is not met.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import bench_runs as runs
from tools import environment

MILLION = 1_000_000
READING_BUDGETS = {"framed": 8 * MILLION, "console": 15 * MILLION}
CONFIG_BUDGET = 366 * MILLION // 4  # a quarter of what it took when every part of a config was loaded for its moment
HEAP_BUDGET_K = 120
HEAP_CHIP_K = 128  # what an ESP32 has is 130: for 16 packs of PACE
HEAP_SEARCH_FROM_K = 48
HEAP_LONG_CYCLES = 36
CYCLE_PACKS = (2, 16)
NO_VALGRIND = "instructions are not counted: there is no valgrind here (Debian: apt install valgrind)"

# One line of the table, all in words but `met`: True, False, or None where there is no budget.
Row = namedtuple("Row", "what measured budget met", defaults=("", None))


def main(arguments=None):
    """-> exit status: 0, or 1 where a budget is not met or something could not be measured."""
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="instructions only")
    options = parser.parse_args(arguments)
    environment.ensure()
    from tools.broker import Broker, BrokerError

    rows = []
    try:
        if runs.has_valgrind():
            rows += instruction_rows()
        if not options.quick:
            with tempfile.TemporaryDirectory(prefix="bench-") as directory, Broker(directory) as broker:
                rows += heap_rows(broker) + cycle_rows(broker)
    except (environment.SetupError, runs.BenchError, BrokerError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(machine())
    print(table(rows))
    if not runs.has_valgrind():
        print(NO_VALGRIND)
    return int(any(row.met is False for row in rows))


def instruction_rows():
    """-> [Row] of what bench_runs counts."""
    wanted = [(f"a reading, {dialect}", budget, lambda d=dialect: runs.reading_instructions(d))
              for dialect, budget in READING_BUDGETS.items()]  # fmt: skip
    rows = []
    for what, budget, count in (*wanted, ("a Home Assistant config", CONFIG_BUDGET, runs.config_instructions)):
        what = f"instructions of {what}"
        say(what)
        found = count()
        rows.append(Row(what, f"{found / MILLION:.2f} million", f"≤ {budget / MILLION:g} million", found <= budget))
    return rows


def heap_rows(broker):
    """-> [Row] of the smallest heaps, found at `broker` (broker.Broker); each one holds for a longer run too."""
    rows = []
    for dialect in READING_BUDGETS:
        say(f"the smallest heap, {runs.HEAP_PACKS} packs, {dialect}")
        found_k = runs.smallest(lambda k, d=dialect: runs.fits(broker, k, d), HEAP_SEARCH_FROM_K, 2 * HEAP_BUDGET_K)
        while not runs.fits(broker, found_k, dialect, HEAP_LONG_CYCLES):
            found_k += 1
        what = f"smallest heap, {runs.HEAP_PACKS} packs, {dialect}"
        rows.append(Row(what, f"{found_k} KB", f"≤ {HEAP_BUDGET_K} KB", found_k <= HEAP_BUDGET_K))
    return rows


def cycle_rows(broker):
    """-> [Row] of how long a cycle takes at `broker` (broker.Broker) on a PC, whose processor has no budget."""
    rows = []
    for packs in CYCLE_PACKS:
        say(f"cycles of {packs} packs, at the pace of the wire")
        seconds, ratio = runs.cycle_time(broker, packs, f"{HEAP_BUDGET_K}k")
        rows.append(Row(f"cycle of {packs} packs, on this PC", f"{seconds:.2f} s, {ratio:.2f} × wire"))
    return rows


def say(what):
    """What is measured now, for who waits."""
    print(f"measuring: {what} …", file=sys.stderr, flush=True)


def machine():
    """-> when and on what it was measured, in one line."""
    system = f"{platform.system()} {platform.machine()}"
    return f"{datetime.date.today()}: {system}, {os.cpu_count()} cores, CPython {platform.python_version()}"


def table(rows):
    """-> the text of `rows` ([Row]), with titles."""
    cells = [("what", "measured", "budget", "")]
    cells += [(*row[:3], {True: "met", False: "MISSED", None: ""}[row.met]) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


if __name__ == "__main__":
    sys.exit(main())
