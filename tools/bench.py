"""Measures what the project promises, each figure as a ratio of two things that were measured in one run.

Makes .venv like the other tools, and puts python-pylontech into a corner of it, for the comparison only. Takes about
eight minutes, with --quick four. The exit status tells whether it could be measured, not whether the goals are met.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import environment

CYCLE_GOAL, CODEC_GOAL, HEAP_GOAL_K = 1.1, 20, 80
HEAP_GOAL_PACKS = 16
Sizes = namedtuple("Sizes", "rounds packs cycles heaps")
FULL = Sizes(rounds=9, packs=(1, 2, 8, 16), cycles=3, heaps=(1, 2, 16))
QUICK = Sizes(rounds=3, packs=(1, 2), cycles=2, heaps=(16,))
CONSOLE = {"dialect": "console"}
STARTS = (
    ("battery at 4800 baud", {"baud": 4800}),
    ("battery at 1200 baud, as after power on", {"baud": 1200}),
    ("text console, awake", CONSOLE),
    ("text console, asleep", CONSOLE | {"console": {"asleep": True}}),
)
TITLES = ("what", "measured", "ratio", "to", "goal", "")

# One line of the table. measured: text with its unit; ratio: a number; to: what it is a ratio to; goal: text or None;
# met: bool or None; figures: all numbers behind it.
Row = namedtuple("Row", "what measured ratio to goal met figures", defaults=(None, None, None))


def main(arguments=None):
    """-> exit status: 0, or 1 where something could not be measured."""
    parser = argparse.ArgumentParser(prog="bench.py", description=__doc__, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="fewer packs and rounds, heaps of 16 packs only")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout instead of the table")
    options = parser.parse_args(arguments)
    with contextlib.redirect_stdout(sys.stderr) if options.json else contextlib.nullcontext():
        environment.ensure()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        rows = measure(QUICK if options.quick else FULL)
        about = machine()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except (environment.SetupError, RuntimeError, TimeoutError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    said = {"machine": about, "rows": [row._asdict() for row in rows]}
    print(json.dumps(said, ensure_ascii=False) if options.json else text(about, rows))
    return 0


def measure(sizes):
    """-> [Row], of as much as `sizes` (FULL, QUICK) say. RuntimeError where something cannot be measured."""
    from tools import bench_memory as memory
    from tools import bench_system as system
    from tools.bench_codec import times
    from tools.broker import Broker, BrokerError

    rows = []
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as directory, Broker(directory) as broker:
            for packs in sizes.packs:
                say(f"cycles of {plural(packs)}, at the pace of the wire")
                rows.append(cycle_row(packs, system.cycle_times(broker, packs, sizes.cycles)))
            for where, battery in STARTS:
                say(f"start, {where}")
                rows.append(start_row(where, system.first_reading(broker, 2, **battery)))
            say("decode, parse, JSON")
            rows += codec_rows(times(sizes.rounds))
            say("bytes of a cycle")
            rows.append(allocation_row(memory.allocation(broker)))
            for packs in sizes.heaps:
                say(f"the smallest heap, {plural(packs)}")
                rows.append(heap_row(plural(packs), memory.smallest(lambda k, n=packs: memory.fits(broker, n, k))))
            say(f"the smallest heap, {plural(HEAP_GOAL_PACKS)}, text console")
            found_k = memory.smallest(lambda k: memory.fits(broker, HEAP_GOAL_PACKS, k, **CONSOLE))
            rows.append(heap_row(f"{plural(HEAP_GOAL_PACKS)}, text console", found_k))
    except BrokerError as error:
        raise RuntimeError(error) from None
    return rows


def say(what):
    """What is measured now, for who waits."""
    print(f"measuring: {what} …", file=sys.stderr, flush=True)


# -- rows -------------------------------------------------------------------------------------------------------------


def cycle_row(packs, found):
    """-> Row of bench_system.cycle_times(), `found` for so many packs."""
    to = f"wire, {found['wire_s']:.3f} s ({found['ratio_without_turn_round']:.3f} with the battery's own pauses)"
    ratio, measured = found["ratio"], f"{found['seconds']:.3f} s"
    return Row(f"cycle, {plural(packs)}", measured, ratio, to, f"≤ {CYCLE_GOAL}", ratio <= CYCLE_GOAL, found)


def start_row(where, found):
    """-> Row of bench_system.first_reading(), `found`; `where`: in words, what the battery does at that moment."""
    resets = f", {found['resets']} resets on the way" if found["resets"] else ""
    to = f"wire, {found['wire_s']:.2f} s{resets}"
    return Row(f"start to first reading, {where}", f"{found['seconds']:.1f} s", found["ratio"], to, figures=found)


def codec_rows(found):
    """-> [Row] of bench_codec.times(), `found`."""
    theirs = f"python-pylontech, {found['theirs']:.0f} µs"
    rows = []
    for what, name, goal in (("decode + parse", "parsed", CODEC_GOAL), ("… and JSON", "as_json", None)):
        ratio = found[f"{name}_ratio"]
        met = None if goal is None else ratio >= goal
        figures = {key: found[key] for key in ("theirs", name, f"{name}_ratio")}
        rows.append(Row(f"{what}, times faster", f"{found[name]:.1f} µs", ratio, theirs, goal and f"≥ {goal}", met,
                        figures))  # fmt: skip
    for what, name in (("decode + parse, MicroPython", "parsed"), ("… and JSON, MicroPython", "as_json")):
        us, ratio = found[f"board_{name}"], found[f"board_{name}_ratio"]
        to = f"CPython, {found[name]:.1f} µs"
        rows.append(Row(what, f"{us:.0f} µs", ratio, to, figures={"us": us, "cpython_us": found[name]}))
    return rows


def allocation_row(found):
    """-> Row of bench_memory.allocation(), `found`."""
    heap = HEAP_GOAL_K * 1024
    to = f"heap of {HEAP_GOAL_K} KB ({found['published'] / found['bytes']:.0%} of it by publishing)"
    return Row("allocated in a cycle, 1 pack", f"{found['bytes']:.0f} bytes", found["bytes"] / heap, to, figures=found)


def heap_row(what, found_k):
    """-> Row of the smallest heap, `found_k` KB; `what`: in words, for what."""
    limited = what.startswith(plural(HEAP_GOAL_PACKS))
    ratio = found_k / HEAP_GOAL_K
    to = f"heap of {HEAP_GOAL_K} KB"
    return Row(f"smallest heap, {what}", f"{found_k} KB", ratio, to, "≤ 1" if limited else None,
               ratio <= 1 if limited else None, {"kilobytes": found_k})  # fmt: skip


def plural(packs):
    """"1 pack", "2 packs"."""
    return f"{packs} pack{'s' if packs > 1 else ''}"


# -- what is printed --------------------------------------------------------------------------------------------------


def machine():
    """-> what the figures were measured on."""
    command = [str(environment.micropython()), "-c", "import sys; print(sys.version.split('; ')[1])"]
    version = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "cpython": platform.python_version(),
        "micropython": version,
        "load": round(os.getloadavg()[0], 1),
    }


def _processor():
    """Its name where the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def text(about, rows):
    """-> the table of `rows` ([Row]), under what machine() says `about` this PC."""
    cells = [TITLES] + [
        (row.what, row.measured, f"{row.ratio:.2f}", row.to, row.goal or "",
         "" if row.met is None else "met" if row.met else "MISSED")
        for row in rows
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["{date}: {processor} × {cores}, {system}, CPython {cpython}, {micropython}, load {load}".format(
        **about)]  # fmt: skip
    for row in cells:
        what, *rest = [cell.rjust(width) if index in (1, 2) else cell.ljust(width)
                       for index, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
        lines.append("  ".join([what, *rest]).rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
