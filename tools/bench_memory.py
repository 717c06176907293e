"""The bench of memory: what a cycle allocates, and the smallest heap that the deployed firmware runs in."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from tools.bench_system import BAUD, DISCOVERY, READING, START_TIMEOUT_S, running

ROOM = "4m"  # heap where memory is only counted, not short
UNHURRIED_S = 3  # leaves time between unpaced cycles, in which all slow questions are asked
FITS_TIMEOUT_S = 40
RUNS = 3  # that a heap has to hold in a row
SMALLEST_K, LARGEST_K = 32, 128
COUNT_MAIN = Path(__file__).with_name("bench_main.py")
LAST_ANSWER = "stat/parameters"


def allocation(broker):
    """-> {"bytes": allocated in one cycle of one pack, "published": of them by publishing}, medians. RuntimeError."""
    counted = []
    with running(broker, 1, ROOM, COUNT_MAIN) as run:
        for _, _, text in run.events(START_TIMEOUT_S):
            words = (text or "").split()
            if words[:2] == ["bench:", "implausible"]:
                if words[2::2] != ["0", "0"]:
                    raise RuntimeError(f"the cycles were not as they should be: {text}")
                break
            if words[:1] == ["bench:"]:
                counted.append([int(word) for word in words[1:]])
            elif "Error" in (text or ""):
                raise RuntimeError(f"{COUNT_MAIN.name} failed:\n{run.console()}")
    whole, published = zip(*counted, strict=True)
    return {"bytes": median(whole), "published": median(published)}


def fits(broker, packs, heap_k, **battery):
    """Does the deployed firmware run in `heap_k` KB? Every pack is published twice, all slow questions are answered,
    and Home Assistant is told of the rack and of every pack. `battery`: options of Simulator.
    """
    battery = {"baud": BAUD, "wide": True} | battery
    last_answer = None if "dialect" in battery else LAST_ANSWER  # which a text console does not give
    wanted = {f"{READING}{number}" for number in range(1, packs + 1)}
    with running(broker, packs, f"{heap_k}k", publish_rate=UNHURRIED_S, paced=False, **battery) as run:
        try:
            for _, _, text in run.events(FITS_TIMEOUT_S):
                if text and ("MemoryError" in text or "memory allocation" in text):
                    return False
                if run.board.resets or run.board.status is not None:
                    return False
                announced = sum(topic.startswith(f"{DISCOVERY}/") for topic in run.published)
                read = all(run.published[topic] >= 2 for topic in wanted)
                if read and announced > packs and (not last_answer or run.published[last_answer]):
                    return True
        except TimeoutError:
            return False


def smallest(does_fit, low=SMALLEST_K, high=LARGEST_K, runs=RUNS):
    """-> the least number above `low` that `does_fit` (a function) in `runs` runs in a row; RuntimeError above `high`.
    """
    top = high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if does_fit(middle) else (middle, high)
    while not all(does_fit(high) for _ in range(runs)):
        high += 1
        if high > top:
            raise RuntimeError(f"it does not run in {top} KB either")
    return high
