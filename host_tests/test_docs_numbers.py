"""docs/numbers.md: what was measured is what tools/bench.py measures, with its date and machine, and the command."""

from __future__ import annotations

import re

import markdown

from tools import bench, bench_codec, environment

TEXT = (environment.PROJECT / "docs" / "numbers.md").read_text()
(BLOCK,) = [block for block in markdown.blocks(TEXT) if block.text.startswith("$ python3 tools/bench.py\n")]
COMMAND, ABOUT, HEAD, *ROWS = BLOCK.text.splitlines()
RATIO = re.compile(r"\s\d+\.\d\d\s")


def titles():
    """-> the first column of a whole run."""
    found = [f"cycle, {bench.plural(packs)}" for packs in bench.FULL.packs]
    found += [f"start to first reading, {where}" for where, _ in bench.STARTS]
    found += ["decode + parse, times faster", "… and JSON, times faster", "decode + parse, MicroPython",
              "… and JSON, MicroPython", "allocated in a cycle, 1 pack"]  # fmt: skip
    found += [f"smallest heap, {bench.plural(packs)}" for packs in bench.FULL.heaps]
    return [*found, f"smallest heap, {bench.plural(bench.HEAP_GOAL_PACKS)}, text console"]


def test_it_is_a_whole_run():
    assert [row for row, title in zip(ROWS, titles(), strict=True) if not row.startswith(title + " ")] == []
    assert all(RATIO.search(row) for row in ROWS) and HEAD.split() == " ".join(bench.TITLES).split()


def test_it_says_when_and_where():
    assert re.fullmatch(r"\d{4}-\d\d-\d\d: .+ × \d+, .+, CPython .+, MicroPython .+, load [\d.]+", ABOUT)
    assert COMMAND == "$ python3 tools/bench.py"


def test_it_was_measured_against_what_the_bench_measures_against():
    name, version = bench_codec.THEIRS[0].split("==")
    assert f"{name} {version}" in TEXT


def test_goals_are_told_as_they_are():
    """What was missed stands in the text below, by its title."""
    below = TEXT.partition(BLOCK.text)[2]
    missed = [title for row, title in zip(ROWS, titles(), strict=True) if row.endswith("MISSED")]
    assert [title for title in missed if title not in below] == []
