"""Every fault of a battery and its line, on the whole way: nothing wrong is published, and it goes on when it is over.

A minute each of a time that runs faster, of which the fault takes the middle. Several racks live side by side in one
test, since most of the time they all wait.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass

import pytest
from system_helpers import COUNTERS, START_S, Way, now

from tools import truth

pytestmark = pytest.mark.slow

SPEED = 3  # of board and battery; the seconds below are theirs
FAULT_S = 30
BUSY = 3  # processes that want to run, for each processor
RECOVERY_S = 15
FOUND_AGAIN_S = 30  # after a power cycle, or a change of the rate
PAUSE_S = 8  # that the search may have reached when it failed all the time
CANCELLING = ("swapped", "cancel")  # what passes the checksum
CAPACITY_AH = 50
VOLTAGE_SHARE = 100  # before a pack has matched exactly three times (§6, sum)
LACKED = {"lacks:4F": ("Protocol",), "lacks:51": ("Version", "Manufacturer", "Device"), "lacks:93": ("BarCode",)}


@dataclass
class Case:
    """One fault: its name for the simulator, its rate (None: its own), for how long it lasts (None: for ever), which
    counters it lets grow, how long the battery may be missing after its end; from_start: the battery never was well.
    """

    name: str
    rate: float | None = 0.5
    grows: tuple = ()
    stays: tuple = ()
    seconds: int | None = FAULT_S
    recovery_s: int = RECOVERY_S
    from_start: bool = False
    packs: int = 2

    @property
    def rack(self):
        return self.name.replace(":", "-")


TIMEOUTS, FRAMES, CODES, IMPLAUSIBLE = COUNTERS
BUT_CODES = (TIMEOUTS, FRAMES, IMPLAUSIBLE)
LATER = RECOVERY_S + PAUSE_S
GROUPS = {
    "damaged characters": (
        Case("noise", 0.7, (), (TIMEOUTS, CODES, IMPLAUSIBLE)),
        Case("nul", 0.7, (), COUNTERS),
        Case("truncated", 0.5, (TIMEOUTS,), (CODES, IMPLAUSIBLE)),
        Case("changed", 0.5, (FRAMES,), (CODES, IMPLAUSIBLE)),
        Case("lost", 0.5, (FRAMES,), (CODES, IMPLAUSIBLE)),
        Case("doubled", 0.5, (FRAMES,), (CODES, IMPLAUSIBLE)),
        Case("swapped", 0.5, (IMPLAUSIBLE,)),
        Case("cancel", 0.5, (IMPLAUSIBLE,)),
    ),
    "in time": (
        Case("silent", 0.5, (TIMEOUTS,), (FRAMES, CODES, IMPLAUSIBLE)),
        Case("late", 0.5, (TIMEOUTS, FRAMES), (CODES, IMPLAUSIBLE)),
        Case("split", 0.7, (), COUNTERS),
        Case("power_cycle", None, (TIMEOUTS,), (CODES, IMPLAUSIBLE), 3, FOUND_AGAIN_S),
        Case("wrong_rate:9600", None, (TIMEOUTS,), (CODES, IMPLAUSIBLE), 1, FOUND_AGAIN_S),
        Case("unplugged", None, (TIMEOUTS,), (FRAMES, CODES, IMPLAUSIBLE), FAULT_S, LATER),
        Case("babble", None, (TIMEOUTS,), (CODES, IMPLAUSIBLE), FAULT_S, LATER),
    ),
    "wrong answers": (
        *(Case(f"rtn:{code}", 0.5, (CODES,), BUT_CODES) for code in ("01", "04", "06", "91")),
        Case("rtn:90", 0.5, (CODES,), (FRAMES, IMPLAUSIBLE)),
        Case("empty", 0.5, (CODES,), BUT_CODES),
        Case("wrong_pack", 0.5, (FRAMES,), (CODES, IMPLAUSIBLE)),
    ),
    "sixteen packs": (
        Case("truncated", 0.3, (TIMEOUTS,), (CODES, IMPLAUSIBLE), packs=16),
        Case("power_cycle", None, (TIMEOUTS,), (CODES, IMPLAUSIBLE), 3, FOUND_AGAIN_S, packs=16),
        Case("unplugged", None, (TIMEOUTS,), (CODES, IMPLAUSIBLE), FAULT_S, LATER, packs=16),
        Case("babble", None, (TIMEOUTS,), (CODES, IMPLAUSIBLE), FAULT_S, LATER, packs=16),
    ),
    "commands that it lacks": tuple(
        Case(f"lacks:{cid2}", None, (CODES,), (FRAMES, IMPLAUSIBLE) if cid2 == "91" else BUT_CODES, None,
             from_start=True) for cid2 in ("44", "47", "4F", "51", "90", "91", "92", "93")),
}  # fmt: skip


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_wrong_is_published_and_it_goes_on(board, broker, mqtt_client, group):
    with contextlib.ExitStack() as stack:
        ways = []
        for seed, case in enumerate(GROUPS[group]):
            way = Way(board, broker, mqtt_client, case.rack, seed=seed, packs=case.packs, wide=case.packs > 2,
                      speed=SPEED)  # fmt: skip
            ways.append((case, stack.enter_context(way)))
            if case.from_start:
                start_fault(way, case)
            way.start()
        for case, way in ways:
            way.wait("stat/readings/Rack", 2 * START_S)
            way.first = way.health()
            if not case.from_start:
                start_fault(way, case)
        for _, way in ways:
            way.wait("stat/readings/Rack", since=way.fault_at + FAULT_S / SPEED)
        over = now()
        for _, way in ways:
            way.wait("stat/readings/Rack", since=over, count=8)  # some more, of which nothing may be wrong
        found = [f"{case.rack}: {what}" for case, way in ways for what in troubles(case, way)]
    assert not found, "\n".join(found)


def is_busy():
    """Whether this PC has so much to do that a reply may come late. Then only what is published is judged."""
    return os.getloadavg()[0] > BUSY * os.cpu_count()


def start_fault(way, case):
    way.fault_at = now()
    way.sim.fault(case.name, case.rate, case.seconds)


def troubles(case, way):
    """Waits until the readings go on -> what was not as it should be, in words."""
    for pack in range(1, case.packs + 1):
        try:
            took_s = recovery(case, way, pack)
        except TimeoutError:
            yield f"pack {pack} did not come back"
            continue
        if took_s * SPEED > case.recovery_s and not is_busy():
            yield f"pack {pack} came back after {took_s:.1f} s"
    judged = way.judged()
    if judged.checked < 20:
        yield f"only {judged.checked} readings"
    for wrong in judged.wrong:
        if case.name not in CANCELLING or not is_within(wrong):
            yield f"wrong: {wrong}"
    yield from (f"wrong: {details}" for details in way.wrong_details(LACKED.get(case.name, ())))
    yield from counters(case, way)
    if way.complaints() or way.board.resets:
        yield f"{way.board.resets} {way.complaints()}"
    if way.sim.forbidden:
        yield f"asked what it must not: {way.sim.forbidden}"
    if way.sim.baud != 4800 and case.name != "lacks:91":
        yield f"the battery is left at {way.sim.baud} baud"
    yield from lacking(case, way)


def is_within(wrong):
    """Whether all that is wrong in a reading is within the distances of §6, the bound of the cells' sum included."""
    limits = (*truth.DISTANCES, ("RemainingCapacity", truth.REMAINING_SHARE * CAPACITY_AH))
    for key, published, said in wrong.differences:
        found = [limit for start, limit in limits if key.startswith(start)]
        limit = said / VOLTAGE_SHARE if key == "PackVoltage" else max(found, default=0)
        if key not in truth.DERIVED and (" " in key or abs(published - said) > limit):
            return False
    return True


def recovery(case, way, pack):
    """-> s from the end of the fault to the next reading of the pack."""
    ends = [span.end for span in way.sim.fault_log if span.name == case.name.partition(":")[0]]
    end = ends[-1] if ends and ends[-1] else way.fault_at
    return way.wait(f"stat/readings/Pack{pack}", START_S, since=end).time - end  # s of this PC


def counters(case, way):
    first, last = way.first, way.health()
    for name in case.grows:
        if last[name] <= (0 if case.from_start else first[name]):
            yield f"{name} did not grow: {last[name]}"
    for name in case.stays:
        if last[name] > first[name] and not is_busy():
            yield f"{name} grew: {first[name]}, {last[name]}"
    if last["Link"] != "online" or last["Packs"] != case.packs:
        yield f"the link is not well: {last}"


def lacking(case, way):
    """A command that the battery lacks leaves out what it would have brought, and nothing else."""
    if not case.name.startswith("lacks"):
        return
    readings = way.said("stat/readings/Pack1")
    without_alarms = [reading for reading in readings if "Problem" not in reading and "System_Status" not in reading]
    if len(without_alarms) != (len(readings) if case.name == "lacks:44" else 0) and not is_busy():
        yield f"{len(without_alarms)} of {len(readings)} readings without alarms"
    missing = {"lacks:47": "stat/parameters", "lacks:92": "stat/limits/Pack1"}.get(case.name)
    for name in ("stat/info/Pack1", "stat/info/Pack2", "stat/limits/Pack1", "stat/parameters"):
        if bool(way.said(name)) is (name == missing):
            yield f"{name}: {way.said(name)}"
