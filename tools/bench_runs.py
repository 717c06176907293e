"""The runs of the bench: the deployed firmware on the virtual board, with its instructions, heap or time measured."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import shutil
import socket
import tempfile
import threading
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from statistics import median

from tools.simulator import Simulator
from tools.simulator.battery import Battery
from tools.simulator.group import Group
from tools.simulator.port import wire_time
from tools.virtual_board import layout
from tools.virtual_board.runner import Board

VALGRIND = "valgrind"
MAIN = Path(__file__).with_name("bench_main.py")
BAUD = 4800
COUNTED_HEAP = "144k"  # 130 of the chip, and for bench_main.py, whose broker and battery answer at once
COUNTED_PACKS = 4
RUN_TIMEOUT_S = 900
HEAP_PACKS = 16
HEAP_CYCLES, HEAP_BIRTH_CYCLES = 6, 20
HEAP_TIMEOUT_S, HEAP_CYCLE_TIMEOUT_S = 60, 3
MESSAGE_TIMEOUT_S = 60
TIMED_CYCLES = 3
FIRST_CYCLES, LAST_CYCLES = 5, 11  # of the short and the long run; by the first one all slow questions are asked
BIRTH_CYCLE, BIRTH_LAST_CYCLE = 8, 16  # Home Assistant starts after the first; by the last it has all configs

# What a counted run did: instructions, and how much was published meanwhile
Count = namedtuple("Count", "instructions cycles readings configs")


class BenchError(Exception):
    """It cannot be measured; the text says why."""


class CountingBoard(Board):
    """A board whose interpreter runs under callgrind, which writes `result` at the end."""

    result = None

    def command(self):
        """-> command line, as of the Board, under callgrind."""
        return [VALGRIND, "--tool=callgrind", f"--callgrind-out-file={self.result}", *super().command()]


class BatteryServer(threading.Thread):
    """A simulated battery whose time stands still, for bench_main.Uart: a question comes in, its answer goes out."""

    def __init__(self, packs, **options):
        super().__init__(name="bench battery", daemon=True)
        group = Group(packs, seed=1, cells=15, temperatures=5)
        self._battery = Battery(group, lambda: 0.0, baud=BAUD, paced=False, truth_limit=1, **options)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]

    def run(self):
        """The thread: until the board hangs up."""
        line, _ = self._server.accept()
        with line, line.makefile("rwb") as stream:
            while head := stream.read(12):
                rate = int(head[:6])
                self._battery.receive(0.0, stream.read(int(head[6:])), rate)
                answer, finished = self._battery.take(0.0, rate)
                stream.write(b"%06d%b" % (len(answer), answer))
                stream.flush()
                for done in finished:
                    done()

    def close(self):
        """A board that never came is not waited for any more."""
        self._server.close()


def has_valgrind():
    """-> True where instructions can be counted."""
    return shutil.which(VALGRIND) is not None


def count(cycles, dialect="framed", births=(), discovery=False):
    """Runs the firmware for so many `cycles` -> Count. `births`: numbers of cycles after which Home Assistant starts;
    `discovery`, `dialect`: as in config.json. BenchError.
    """
    battery = BatteryServer(COUNTED_PACKS, dialect=dialect)
    battery.start()
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        flash, result = Path(directory, "flash"), Path(directory, "callgrind")
        flash.mkdir()
        layout.lay_out(flash)
        (flash / "main.py").rename(flash / "deployed.py")
        shutil.copyfile(layout.compiled(MAIN, "bench_main.mpy"), flash / "bench_main.mpy")
        (flash / "main.py").write_text("import bench_main")
        wanted = {"battery": battery.port, "cycles": cycles, "births": list(births)}
        (flash / "bench.json").write_text(json.dumps(wanted))
        _configure(flash, dialect, discovery=discovery)
        with CountingBoard(flash, heap=COUNTED_HEAP) as board:
            board.result = result
            board.start()
            try:
                board.wait(RUN_TIMEOUT_S)
            except TimeoutError:
                board.kill()
            finally:
                battery.close()
            lines = list(board.lines)
        said = [line.split()[1:] for line in lines if line.startswith("bench:")]
        if not said or int(said[0][0]) < cycles:
            raise BenchError("the run did not come to its end:\n" + "\n".join(lines[-20:]))
        instructions = re.search(r"^(?:totals|summary): (\d+)", result.read_text(), re.M)[1]
        return Count(int(instructions), *map(int, said[0]))


def reading_instructions(dialect):
    """-> instructions of one reading, from the question on the wire to the bytes in the socket. BenchError."""
    short, long = _both(lambda cycles: count(cycles, dialect), (FIRST_CYCLES, LAST_CYCLES))
    return _each(long.instructions - short.instructions, long.readings - short.readings)


def config_instructions():
    """-> instructions of one of Home Assistant's configs: the same run with a start of it and without. BenchError."""
    births = ((), (BIRTH_CYCLE,))
    without, with_ = _both(lambda births: count(BIRTH_LAST_CYCLE, births=births, discovery=True), births)
    return _each(with_.instructions - without.instructions, with_.configs - without.configs)


def _each(instructions, number):
    if number <= 0 or instructions <= 0:
        raise BenchError(f"the two runs do not differ as they should: by {instructions} instructions and {number}")
    return instructions / number


def _both(run, arguments):
    """Two runs side by side: what they count does not depend on how fast they are."""
    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(run, arguments))


def _configure(flash, dialect, **more):
    config = {"wifi_ssid": "virtual", "mqtt_host": "127.0.0.1", "mqtt_root": "Bench", "publish_rate": 1, "baud": BAUD,
              "dialect": dialect, **more}  # fmt: skip
    Path(flash, "config.json").write_text(json.dumps(config))


@contextlib.contextmanager
def running(broker, packs, dialect, heap, paced=False):
    """The firmware as it is deployed, in real time, at `broker` (broker.Broker), with so many `packs` that speak
    `dialect` -> (Board, Simulator, paho Client, queue of topics). `heap`: such as "120k"; `paced`: as the wire is.
    """
    import paho.mqtt.client as paho

    topics = queue.SimpleQueue()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.on_message = lambda client, userdata, message: topics.put(message.topic)
    client.on_connect = lambda client, *_: client.subscribe([("Bench/#", 0), ("homeassistant/#", 0)])
    with tempfile.TemporaryDirectory(prefix="bench-") as flash:
        layout.lay_out(flash)
        _configure(flash, dialect, mqtt_host=broker.host, mqtt_port=broker.port)
        usual = {"pace": {"cells": 16, "temperatures": 6}}.get(dialect, {"wide": True})
        baud = BAUD if dialect == "framed" else None
        simulator = Simulator(packs, baud=baud, paced=paced, truth_limit=1, dialect=dialect, **usual)
        with simulator, Board(flash, simulator.path, heap=heap) as board:
            client.connect(broker.host, broker.port)
            client.loop_start()
            board.start()
            try:
                yield board, simulator, client, topics
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
    deadline = time.monotonic() + HEAP_TIMEOUT_S + cycles * HEAP_CYCLE_TIMEOUT_S
    with running(broker, HEAP_PACKS, dialect, f"{heap_k}k") as (board, _, client, topics):
        while missing or seen < cycles:
            if board.resets or board.status is not None or any("emory" in line for line in board.lines):
                return False
            try:
                topic = topics.get(timeout=1)
            except queue.Empty:
                topic = ""
            missing.discard(topic)
            if topic.endswith("/stat/readings/Rack"):
                seen += 1
                if seen % HEAP_BIRTH_CYCLES == 1:
                    client.publish("homeassistant/status", "online")
                elif seen % 3 == 0:
                    client.publish("Bench/Main/cmnd/bench", '{"status": 1, "publishRate": 1000}')
            if time.monotonic() > deadline:
                return False
    return True


def smallest(does_fit, low, high):
    """-> the least number above `low`, up to `high`, that `does_fit` (a function). BenchError: not even `high` does."""
    if not does_fit(high):
        raise BenchError(f"it does not run in {high} KB")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if does_fit(middle) else (middle, high)
    return high


def cycle_time(broker, packs, heap):
    """-> (seconds from the totals of one cycle to those of the next, the same as a multiple of what the characters of
    questions and answers take on the wire), medians, of framed packs at the real pace. `broker`: broker.Broker;
    `packs`: so many that a cycle takes longer than `publish_rate`, 1 s; `heap`: such as "120k".
    """
    ends, passed = [], []
    with running(broker, packs, "framed", heap, paced=True) as (_, simulator, _, topics):
        receive, take = simulator.battery.receive, simulator.battery.take

        def counted_receive(now, data, rate):
            passed.append(len(data))
            receive(now, data, rate)

        def counted_take(now, rate):
            out, finished = take(now, rate)
            passed.append(len(out))
            return out, finished

        simulator.battery.receive, simulator.battery.take = counted_receive, counted_take
        while len(ends) <= TIMED_CYCLES:
            if topics.get(timeout=MESSAGE_TIMEOUT_S).endswith("/stat/readings/Rack"):
                ends.append((time.monotonic(), sum(passed)))
    found = [(end - start, (end - start) / wire_time(after - before, BAUD))
             for (start, before), (end, after) in pairwise(ends)]  # fmt: skip
    return tuple(map(median, zip(*found, strict=True)))
