"""The bench of the whole way: the deployed firmware on the virtual board, a simulated battery, a broker."""

from __future__ import annotations

import contextlib
import json
import queue
import tempfile
import time
from collections import Counter, namedtuple
from pathlib import Path
from statistics import median

from tools.bench_codec import replies
from tools.monitor import LOST, MESSAGE, Listener
from tools.simulator import Simulator
from tools.simulator.battery import TURNAROUND_MS
from tools.simulator.port import BITS_PER_CHARACTER
from tools.virtual_board import layout
from tools.virtual_board.runner import Board

HEAP = "80k"
BAUD, FIRST_BAUD = 4800, 1200
PUBLISH_RATE_S = 1  # the shortest: with two packs and more the cycles run back to back
START_TIMEOUT_S, CYCLE_TIMEOUT_S = 40, 2  # the second: for each pack and cycle
LINE = "line"
CYCLE_COMMANDS = (b"42", b"44")
READING, TOTALS = "stat/readings/Pack", "stat/readings/Rack"
DISCOVERY = "discovery"
FIRST_QUESTION = (b"42", b"01")  # of a cycle: analog values of pack 1

# What passed over the line: when (s), how many characters, at which rate, CID2 and pack of a question (else None)
Passed = namedtuple("Passed", "time characters baud question")
# seconds: from the first question until the totals are at the broker, and until the next question; what the characters
# cost on the wire; the battery's turn-rounds
Cycle = namedtuple("Cycle", "seconds until_next wire turn_round")


class Tap:
    """A simulated Battery, and what passes between it and the firmware."""

    def __init__(self, battery):
        self._battery = battery
        self.passed = []

    def __getattr__(self, name):
        return getattr(self._battery, name)

    def receive(self, now, data, rate):
        """As of the Battery; `rate`: the baud that the port is set to."""
        self.passed.append(Passed(now, len(data), rate, (data[7:9], data[13:15])))
        self._battery.receive(now, data, rate)

    def take(self, now, rate):
        """-> (bytes, callables), as of the Battery; `rate`: the baud that the port is set to."""
        out, finished = self._battery.take(now, rate)
        if out:
            self.passed.append(Passed(now, len(out), rate, None))
        return out, finished


class Run:
    """A firmware that runs: its board, the tap on its line, and the events of its console and its topics."""

    def __init__(self, board, tap, events):
        self.board, self.tap, self._events = board, tap, events
        self.began = time.monotonic()
        self.published = Counter()  # topic below the rack's prefix -> how often

    def events(self, timeout_s):
        """Yields (time in s, topic, None) of a message and (time, None, text) of a console line. TimeoutError;
        RuntimeError: the broker is lost.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                kind, *what = self._events.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(f"not within {timeout_s} s; the console says:\n{self.console()}") from None
            if kind == MESSAGE:
                topic, _, at, _ = what
                topic = topic.split("/", 2)[-1]
                self.published[topic] += 1
                yield at, topic, None
            elif kind == LINE:
                yield time.monotonic(), None, what[0]
            elif kind == LOST:
                raise RuntimeError(what[0])

    def console(self):
        """The last lines of the console, as one text."""
        return "\n".join(list(self.board.lines)[-20:])


@contextlib.contextmanager
def running(broker, packs, heap=HEAP, main=None, publish_rate=PUBLISH_RATE_S, **battery):
    """The firmware as it is deployed, just started -> Run. `main`: another main.py; `publish_rate`: of config.json, s;
    `battery`: options of Simulator.
    """
    events = queue.SimpleQueue()
    simulator = Simulator(packs, truth_limit=1, **battery)
    simulator.battery = tap = Tap(simulator.battery)
    with tempfile.TemporaryDirectory(prefix="bench-") as flash, simulator:
        layout.lay_out(flash)
        if main:
            Path(flash, "main.py").rename(Path(flash, "deployed.py"))
            Path(flash, "main.py").write_text(main.read_text())
            lines = [f"{cid2:02X} {line.decode()}" for cid2, line in replies().items()]
            Path(flash, "replies.txt").write_text("\n".join(lines))
        rack = Path(flash).name  # of its own, so that nothing of another run is taken for this one's
        config = {"wifi_ssid": "virtual", "mqtt_host": broker.host, "mqtt_port": broker.port, "mqtt_root": "Bench",
                  "rack_name": rack, "publish_rate": publish_rate, "baud": BAUD,
                  "discovery_prefix": f"Bench/{rack}/{DISCOVERY}"}  # fmt: skip
        Path(flash, "config.json").write_text(json.dumps(config))
        listener = Listener(events, broker.host, broker.port, None, None, [f"Bench/{rack}/#"])
        with listener, Board(flash, simulator.path, heap=heap, stdout=lambda text: events.put((LINE, text))) as board:
            listener.wait()
            run = Run(board, tap, events)
            board.start()
            try:
                yield run
            finally:
                board.kill()


# -- cycles -----------------------------------------------------------------------------------------------------------


def cycle_times(broker, packs, count):
    """`count` cycles of a paced battery at 4800 baud, and a first one that is not counted
    -> medians: "seconds", what the wire alone costs, the battery's turn-rounds, and ratios to the wire's cost.
    RuntimeError: none was as it should be.
    """
    totals = []
    with running(broker, packs, baud=BAUD) as run:
        for at, topic, _ in run.events(START_TIMEOUT_S + (count + 2) * packs * CYCLE_TIMEOUT_S):
            if topic == TOTALS:
                totals.append(at)
                if len(totals) > count:
                    break
        passed = list(run.tap.passed)
    found = cycles(passed, totals[1:], packs)  # in the first one each pack is asked twice
    if not found:
        raise RuntimeError(f"no cycle of {packs} packs that asked each of them once")
    back_to_back = [one for one in found if one.until_next and one.wire > PUBLISH_RATE_S]
    return {
        "seconds": median(one.seconds for one in found),
        "wire_s": median(one.wire for one in found),
        "turn_round_s": median(one.turn_round for one in found),
        "ratio": median(one.seconds / one.wire for one in found),
        "ratio_without_turn_round": median(one.seconds / (one.wire + one.turn_round) for one in found),
        "ratio_until_next": median(one.until_next / one.wire for one in back_to_back) if back_to_back else None,
        "cycles": len(found),
    }


def cycles(passed, totals, packs):
    """What passed over the line, and when totals came -> [Cycle] of those in which each pack was asked once.

    The totals belong to the last cycle whose questions were all asked by then.
    """
    starts = [index for index, one in enumerate(passed) if one.question == FIRST_QUESTION]
    asked = [[index for index in range(start, end) if _in_cycle(passed[index])]
             for start, end in zip(starts, [*starts[1:], len(passed)], strict=True)]  # fmt: skip
    found = []
    for at in totals:
        questions = [one for one in asked if passed[one[-1]].time < at][-1]
        first, last = questions[0], questions[-1]
        behind = next((index for index in range(last + 1, len(passed)) if passed[index].question), len(passed))
        if len(questions) == 2 * packs:
            wire = wire_cost(passed[first:behind])
            until_next = passed[behind].time - passed[first].time if behind < len(passed) else None
            found.append(Cycle(at - passed[first].time, until_next, wire, len(questions) * TURNAROUND_MS / 1000))
    return found


def wire_cost(passed):
    """Seconds that all that `passed` ([Passed]) takes at its rate, without any pause between."""
    return sum(one.characters * BITS_PER_CHARACTER / one.baud for one in passed)


def _in_cycle(one):
    return one.question is not None and one.question[0] in CYCLE_COMMANDS


def first_reading(broker, packs, **battery):
    """A paced battery, with these options of Simulator -> {"seconds": from the board's start to the first
    reading at the broker, "wire_s": what passed until then cost, "resets": how often it started anew}."""
    with running(broker, packs, **battery) as run:
        at = next(at for at, topic, _ in run.events(START_TIMEOUT_S) if (topic or "").startswith(READING))
        wire = wire_cost([one for one in run.tap.passed if one.time <= at])
        seconds = at - run.began
        return {"seconds": seconds, "wire_s": wire, "ratio": seconds / wire, "resets": len(run.board.resets)}
