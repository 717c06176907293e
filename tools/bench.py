"""Measures the project's budgets: instructions of a reading and of a config, the heap, the time of a cycle.

Instructions are counted by valgrind's callgrind around the 64-bit unix port; two measurements differ by about 2 %.
Takes about ten minutes, with --quick (instructions only) about one. The exit status is 1 where a budget is not met.
"""

import contextlib
import itertools
import json
import queue
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options
from tools.broker import Broker
from tools.monitor import Listener
from tools.show import MESSAGE
from tools.simulator import Simulator
from tools.virtual_board import layout
from tools.virtual_board.runner import Board

MILLION = 1_000_000
READING_BUDGETS = {"framed": 8, "console": 15}  # millions of instructions
CONFIG_BUDGET = 91.5  # a quarter of what it took when every part of a config was loaded for its moment
HEAP_BUDGET_K = 120
VALGRIND = shutil.which("valgrind")  # None: instructions cannot be counted
BAUD = 4800
USUAL = {"framed": {"wide": True, "baud": BAUD}, "pace": {"cells": 16, "temperatures": 6}}  # of a simulated battery
BIRTH = "homeassistant/status", "online"
# Counted runs: so many packs that there is always one to read; by the first cycle all slow questions are asked
COUNTED_PACKS, FIRST_CYCLES, LAST_CYCLES, COUNTED_TIMEOUT_S = 8, 5, 15, 900
BIRTH_CYCLES, LAST_BIRTH_CYCLE = 5, 23  # Home Assistant starts so often; by the last one it has all configs
# Runs with a heap of so many KB, and at the pace of the wire
HEAPS_K, HEAP_PACKS, HEAP_CYCLES, HEAP_BIRTH_CYCLES, HEAP_TIMEOUT_S = range(104, 161, 4), 16, 24, 20, 170
CYCLE_PACKS, CYCLES, CYCLE_TIMEOUT_S = (2, 16), 4, 60


def main(arguments=None):
    """-> exit status: 0, or 1 where a budget is not met or something could not be measured."""
    parser = options.parser("bench.py", __doc__)
    parser.add_argument("--quick", action="store_true", help="instructions only")
    given = parser.parse_args(arguments)
    environment.ensure()
    return options.guarded("bench", lambda: bench(given.quick))


def bench(quick):
    """Measures and prints a line each -> exit status. `quick`: instructions only."""
    print(f"{'what':<40} {'measured':<14} budget", flush=True)
    if VALGRIND:
        met = [row(f"instructions of a reading, {dialect}", reading_instructions(dialect), "million", budget)
               for dialect, budget in READING_BUDGETS.items()]  # fmt: skip
        met.append(row("instructions of a Home Assistant config", config_instructions(), "million", CONFIG_BUDGET))
    else:
        met = []
        print("instructions are not counted: there is no valgrind here (Debian: apt install valgrind)")
    for dialect in () if quick else READING_BUDGETS:
        heap_k = next((size for size in HEAPS_K if not trouble(size, dialect)), HEAPS_K.stop)
        met.append(row(f"heap for {HEAP_PACKS} packs, {dialect}", heap_k, "KB", HEAP_BUDGET_K))
    for packs in () if quick else CYCLE_PACKS:
        row(f"cycle of {packs} packs, on this PC", cycle_time(packs), "s")
    return int(not all(met))


def row(what, number, unit, budget=None):
    """Prints a line of the table -> is the budget met?"""
    is_met = budget is None or number <= budget
    judged = "" if budget is None else f"≤ {f'{budget:g} {unit}':<14} {'met' if is_met else 'MISSED'}"
    print(f"{what:<40} {f'{number:.3g} {unit}':<14} {judged}".rstrip(), flush=True)
    return is_met


def reading_instructions(dialect):
    """-> millions of instructions of one reading, from the question to the bytes in the socket. ToolError."""
    return _difference("Pack", lambda cycles: _count(cycles, dialect, discovery=False), (FIRST_CYCLES, LAST_CYCLES))


def config_instructions():
    """-> millions of instructions of one of Home Assistant's configs: a run with starts of it and one without."""
    return _difference("/config", lambda births: _count(LAST_BIRTH_CYCLE, births=births), (False, True))


def _difference(of, run, arguments):
    """-> millions of instructions for one `of` that the second run has more; both run side by side."""
    with ThreadPoolExecutor() as pool:
        less, more = pool.map(run, arguments)
    return (more["instructions"] - less["instructions"]) / (more[of] - less[of]) / MILLION


class _CountingBoard(Board):
    """A board whose interpreter runs under callgrind, which writes a file beside its flash at the end."""

    def command(self):
        return [VALGRIND, "--tool=callgrind", f"--callgrind-out-file={self.flash}.callgrind", *super().command()]


def _count(cycles, dialect="framed", births=False, **config):
    """Runs the firmware for so many `cycles`; `births`: does Home Assistant start now and then? `config`: more settings
    -> {end of topics: number}. ToolError.
    """
    counts = Counter()
    run = _running(COUNTED_PACKS, dialect, "chip", COUNTED_TIMEOUT_S, _CountingBoard, **config)
    with run as (board, client, topics):
        for topic in topics:
            kind = topic.rpartition("/")[2].rstrip("0123456789") if "stat/readings" in topic else topic[-7:]
            counts[kind] += 1
            if kind == "Rack" and counts[kind] == cycles:
                break
            if kind == "Rack" and births and counts[kind] % BIRTH_CYCLES == 0:
                client.publish(*BIRTH)
        else:
            raise ToolError("the run did not come to its end:\n" + "\n".join(list(board.lines)[-20:]))
        board.stop(COUNTED_TIMEOUT_S)
        result = Path(f"{board.flash}.callgrind").read_text()
    return counts | {"instructions": int(re.search(r"^(?:totals|summary): (\d+)", result, re.M)[1])}


@contextlib.contextmanager
def _running(packs, dialect, heap, timeout_s, board=Board, paced=False, **config):
    """The firmware as it is deployed, a broker and a battery -> (Board, Listener, _topics())."""
    events = queue.SimpleQueue()
    config |= {"wifi_ssid": "virtual", "mqtt_root": "Bench", "publish_rate": 1, "baud": BAUD, "dialect": dialect}
    simulator = Simulator(packs, paced=paced, truth_limit=1, dialect=dialect, **USUAL.get(dialect, {"wide": True}))
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, Broker(directory) as broker, simulator:
        flash = Path(directory, "flash")
        layout.lay_out(flash)
        config |= {"mqtt_host": broker.host, "mqtt_port": broker.port}
        (flash / "config.json").write_text(json.dumps(config))
        given = SimpleNamespace(broker=(broker.host, broker.port), user=None)
        with Listener(events, given, "") as client:
            with board(flash, simulator.path, heap=heap) as one:
                yield one.start(), client, _topics(one, events, timeout_s)
                one.kill()


def _topics(board, events, seconds):
    """Yields the topics on which something is published, while the board runs well, and for so many `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not board.resets and board.status is None:
        if any("emory" in line for line in board.lines):
            return
        with contextlib.suppress(queue.Empty):
            kind, *what = events.get(timeout=1)
            if kind == MESSAGE:
                yield what[0]


def trouble(heap_k, dialect):
    """-> "" where 16 packs run for HEAP_CYCLES, and on until all configs are published, in `heap_k` KB; else what the
    board said last. Meanwhile commands come and Home Assistant starts. `dialect`: as in config.json.
    """
    cycles, missing = 0, {"homeassistant/device/Bench_Main/config", "Bench/Main/stat/status"}
    for number in range(1, HEAP_PACKS + 1):
        missing |= {f"Bench/Main/stat/readings/Pack{number}", f"homeassistant/device/Bench_Main_Pack{number}/config"}
    with _running(HEAP_PACKS, dialect, f"{heap_k}k", HEAP_TIMEOUT_S) as (board, client, topics):
        for topic in topics:
            missing.discard(topic)
            if topic.endswith("/stat/readings/Rack"):
                cycles += 1
                if cycles % HEAP_BIRTH_CYCLES == 1:
                    client.publish(*BIRTH)
                elif cycles % 3 == 0:
                    client.publish("Bench/Main/cmnd/bench", '{"status": 1, "publishRate": 1000}')
            if not missing and cycles >= HEAP_CYCLES:
                return ""
        return "\n".join([*list(board.lines)[-3:], f"after {cycles} cycles; {len(missing)} topics lack"])


def cycle_time(packs):
    """-> median seconds from the totals of one cycle to those of the next, at the pace of the wire."""
    with _running(packs, "framed", "chip", CYCLE_TIMEOUT_S, paced=True) as (*_, topics):
        totals = (time.monotonic() for topic in topics if topic.endswith("/Rack"))
        ends = list(itertools.islice(totals, CYCLES))
    return median(end - start for start, end in itertools.pairwise(ends))


if __name__ == "__main__":
    sys.exit(main())
