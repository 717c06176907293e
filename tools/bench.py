"""Measures the project's budgets: instructions of a reading and of a config, the heap, the time of a cycle.

Instructions are counted by valgrind's callgrind around the 64-bit unix port; they are the same on any machine. Takes
about eight minutes, with --quick (instructions only) about one. The exit status is 1 where a budget is not met.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
import queue
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options
from tools.broker import Broker
from tools.simulator import Simulator
from tools.simulator.battery import Battery
from tools.virtual_board import layout
from tools.virtual_board.runner import Board

MILLION = 1_000_000
READING_BUDGETS = {"framed": 8, "console": 15}  # millions of instructions
CONFIG_BUDGET = 91.5  # a quarter of what it took when every part of a config was loaded for its moment
HEAP_BUDGET_K = 120
HEAP_CHIP_K = 128  # what an ESP32 has is 130: for 16 packs of PACE
VALGRIND = shutil.which("valgrind")  # None: instructions cannot be counted
MAIN = Path(__file__).with_name("bench_main.py")
BAUD = 4800
USUAL = {"framed": {"wide": True, "baud": BAUD}, "pace": {"cells": 16, "temperatures": 6}}  # of a simulated battery
# Counted runs. The heap is 130 KB of the chip, and for bench_main.py, whose broker and battery answer at once
COUNTED_HEAP, COUNTED_PACKS, COUNTED_TIMEOUT_S = "144k", 4, 900
FIRST_CYCLES, LAST_CYCLES = 5, 11  # of the short and the long run; by the first one all slow questions are asked
BIRTH_CYCLE, BIRTH_LAST_CYCLE = 8, 16  # Home Assistant starts after the first; by the last it has all configs
# Runs with a heap of so many KB, and at the pace of the wire
HEAP_PACKS, HEAP_CYCLES, HEAP_LONG_CYCLES, HEAP_BIRTH_CYCLES, HEAP_TIMEOUT_S = 16, 6, 24, 20, 170
CYCLE_PACKS, CYCLES, CYCLE_TIMEOUT_S = (2, 16), 3, 60


def main(arguments=None):
    """-> exit status: 0, or 1 where a budget is not met or something could not be measured."""
    parser = options.parser("bench.py", __doc__)
    parser.add_argument("--quick", action="store_true", help="instructions only")
    given = parser.parse_args(arguments)
    environment.ensure()
    return options.guarded("bench", lambda: bench(given.quick))


def bench(quick):
    """Measures and prints a line each -> exit status. `quick`: instructions only."""
    print(f"{datetime.date.today()}: {platform.platform()}, {os.cpu_count()} cores")
    print(f"{'what':<40} {'measured':<14} budget", flush=True)
    met = []

    def row(what, measured, unit, budget=None):
        """`measured` is called for the number that stands in the column of that name, before the `unit`."""
        print(f"{what:<40} ", end="", flush=True)
        number = measured()
        met.append(budget is None or number <= budget)
        judged = "" if budget is None else f"≤ {f'{budget:g} {unit}':<14} {'met' if met[-1] else 'MISSED'}"
        print(f"{f'{number:.4g} {unit}':<14} {judged}".rstrip(), flush=True)

    if VALGRIND:
        for dialect, budget in READING_BUDGETS.items():
            row(f"instructions of a reading, {dialect}", lambda d=dialect: reading_instructions(d), "million", budget)
        row("instructions of a Home Assistant config", config_instructions, "million", CONFIG_BUDGET)
    else:
        print("instructions are not counted: there is no valgrind here (Debian: apt install valgrind)")
    if not quick:
        with tempfile.TemporaryDirectory(prefix="bench-") as directory, Broker(directory) as broker:
            for dialect in READING_BUDGETS:
                what = f"smallest heap, {HEAP_PACKS} packs, {dialect}"
                row(what, lambda d=dialect: smallest_heap(broker, d), "KB", HEAP_BUDGET_K)
            for packs in CYCLE_PACKS:
                row(f"cycle of {packs} packs, on this PC", lambda n=packs: cycle_time(broker, n), "s")
    return 0 if all(met) else 1


def reading_instructions(dialect):
    """-> millions of instructions of one reading, from the question to the bytes in the socket. ToolError."""
    return _difference("readings", *_both(lambda cycles: _count(cycles, dialect), (FIRST_CYCLES, LAST_CYCLES)))


def config_instructions():
    """-> millions of instructions of one of Home Assistant's configs: a run with a start of it and one without."""
    births = ((), (BIRTH_CYCLE,))
    runs = _both(lambda births: _count(BIRTH_LAST_CYCLE, births=births, discovery=True), births)
    return _difference("configs", *runs)


def _difference(of, less, more):
    return (more["instructions"] - less["instructions"]) / (more[of] - less[of]) / MILLION


def _both(run, arguments):
    """Two runs side by side: what they count does not depend on how fast they are."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(run, arguments))


class _CountingBoard(Board):
    """A board whose interpreter runs under callgrind, which writes a file beside its flash at the end."""

    def command(self):
        return [VALGRIND, "--tool=callgrind", f"--callgrind-out-file={self.flash}.callgrind", *super().command()]


def _count(cycles, dialect="framed", births=(), discovery=False):
    """Runs the firmware for so many `cycles` -> {what: number}. `births`: numbers of cycles after which Home Assistant
    starts. ToolError.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer, args=(server, dialect), daemon=True).start()
        flash, result = Path(directory, "flash"), Path(directory, "flash.callgrind")
        _lay_out(flash, dialect, discovery=discovery)
        (flash / "main.py").rename(flash / "deployed.py")
        shutil.copyfile(layout.compiled(MAIN, "bench_main.mpy"), flash / "bench_main.mpy")
        (flash / "main.py").write_text("import bench_main")
        wanted = {"battery": server.getsockname()[1], "cycles": cycles, "births": list(births)}
        (flash / "bench.json").write_text(json.dumps(wanted))
        with _CountingBoard(flash, heap=COUNTED_HEAP) as board:
            board.start()
            with contextlib.suppress(TimeoutError):
                board.wait(COUNTED_TIMEOUT_S)
            board.kill()
            lines = list(board.lines)
        said = [list(map(int, line.split()[1:])) for line in lines if line.startswith("bench:")]
        if not said or said[0][0] < cycles:
            raise ToolError("the run did not come to its end:\n" + "\n".join(lines[-20:]))
        instructions = int(re.search(r"^(?:totals|summary): (\d+)", result.read_text(), re.M)[1])
        return {"instructions": instructions, "readings": said[0][1], "configs": said[0][2]}


def _answer(server, dialect):
    """A simulated battery whose time stands still, for bench_main.Uart: a question comes in, its answer goes out."""
    battery = Battery(lambda: 0.0, COUNTED_PACKS, baud=BAUD, paced=False, truth_limit=1, dialect=dialect)
    with contextlib.suppress(OSError):  # a board that never came
        line, _ = server.accept()
        with line, line.makefile("rwb") as stream:
            while head := stream.read(12):
                rate = int(head[:6])
                battery.receive(0.0, stream.read(int(head[6:])), rate)
                answer = battery.take(0.0, rate)
                stream.write(b"%06d%b" % (len(answer), answer))
                stream.flush()


def _lay_out(flash, dialect, **more):
    flash.mkdir(exist_ok=True)
    layout.lay_out(flash)
    config = {"wifi_ssid": "virtual", "mqtt_host": "127.0.0.1", "mqtt_root": "Bench", "publish_rate": 1, "baud": BAUD}
    (flash / "config.json").write_text(json.dumps(config | {"dialect": dialect, **more}))


@contextlib.contextmanager
def _running(broker, packs, dialect, heap_k, paced=False):
    """The firmware as it is deployed -> (Board, paho Client, queue of topics)."""
    import paho.mqtt.client as paho

    topics = queue.SimpleQueue()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.on_message = lambda client, userdata, message: topics.put(message.topic)
    client.on_connect = lambda client, *_: client.subscribe([("Bench/#", 0), ("homeassistant/#", 0)])
    usual = USUAL.get(dialect, {"wide": True})
    with tempfile.TemporaryDirectory(prefix="bench-") as flash:
        _lay_out(Path(flash), dialect, mqtt_host=broker.host, mqtt_port=broker.port)
        simulator = Simulator(packs, paced=paced, truth_limit=1, dialect=dialect, **usual)
        with simulator, Board(flash, simulator.path, heap=f"{heap_k}k") as board:
            client.connect(broker.host, broker.port)
            client.loop_start()
            board.start()
            try:
                yield board, client, topics
            finally:
                board.kill()
                client.disconnect()
                client.loop_stop()


def fits(broker, heap_k, dialect, cycles=HEAP_CYCLES):
    """-> True where 16 packs run for so many `cycles`, and on until all configs are published, in `heap_k` KB.
    Meanwhile commands come and Home Assistant starts. `broker`: broker.Broker; `dialect`: as in config.json.
    """
    missing = {f"Bench/Main/stat/readings/Pack{number}" for number in range(1, HEAP_PACKS + 1)}
    missing |= {f"homeassistant/device/Bench_Main_Pack{number}/config" for number in range(1, HEAP_PACKS + 1)}
    missing |= {"homeassistant/device/Bench_Main/config", "Bench/Main/stat/status"}
    seen = 0
    deadline = time.monotonic() + HEAP_TIMEOUT_S
    with _running(broker, HEAP_PACKS, dialect, heap_k) as (board, client, topics):
        while missing or seen < cycles:
            failed = board.resets or board.status is not None or any("emory" in line for line in board.lines)
            if failed or time.monotonic() > deadline:
                return False
            try:
                topic = topics.get(timeout=1)
            except queue.Empty:
                continue
            missing.discard(topic)
            if topic.endswith("/stat/readings/Rack"):
                seen += 1
                if seen % HEAP_BIRTH_CYCLES == 1:
                    client.publish("homeassistant/status", "online")
                elif seen % 3 == 0:
                    client.publish("Bench/Main/cmnd/bench", '{"status": 1, "publishRate": 1000}')
    return True


def smallest_heap(broker, dialect):
    """-> KB of the smallest heap that fits(), also for a longer run. ToolError."""
    low, high = HEAP_BUDGET_K // 2, 2 * HEAP_BUDGET_K
    if not fits(broker, high, dialect):
        raise ToolError(f"it does not run in {high} KB")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(broker, middle, dialect) else (middle, high)
    while not fits(broker, high, dialect, HEAP_LONG_CYCLES):
        high += 1
    return high


def cycle_time(broker, packs):
    """-> median seconds from the totals of one cycle to those of the next, at the pace of the wire."""
    ends = []
    with _running(broker, packs, "framed", HEAP_BUDGET_K, paced=True) as (_, _, topics):
        while len(ends) <= CYCLES:
            if topics.get(timeout=CYCLE_TIMEOUT_S).endswith("/stat/readings/Rack"):
                ends.append(time.monotonic())
    return median(end - start for start, end in pairwise(ends))


if __name__ == "__main__":
    sys.exit(main())
