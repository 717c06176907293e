"""Every fault of a battery and its line, on the whole way; racks live side by side, since mostly they wait."""

import contextlib
import os
from collections import namedtuple

import pytest
from system_helpers import START_S, Way, now

from tools.simulator.faults import CANCELLING

pytestmark = pytest.mark.slow

SPEED = 3  # of board and battery; the seconds below are theirs
FAULT_S = 30
BUSY = 3  # processes that want to run, for each processor
RECOVERY_S = 15
LATER = RECOVERY_S + 8  # and a pause that the search may have reached when it failed all the time
FOUND_AGAIN_S = 30  # after a power cycle, or a change of the rate
# Where the checksum does not show that it is wrong: how far two readings in a row may be apart (§6), the voltage before
# a pack has matched exactly three times; and what follows from others
DISTANCES = {"Cell_": 0.1, "BMS_T": 3, "CellTemp": 3, "PackCurrent": 5, "RemainingCapacity": 1, "PackVoltage": 0.6}
DERIVED = ("SOC", "Power", "CellM", "CellD", "TempM", "BatteryState")
LACKED = {"lacks:4F": ("Protocol",), "lacks:51": ("Version", "Manufacturer", "Device"), "lacks:93": ("BarCode",)}
# A fault: its name for the simulator, its rate (None: its own), counters of tele/STATE that grow and that do not, how
# long it lasts (None: always), and how long the battery may be missing after its end.
Case = namedtuple("Case", "name rate grows stays seconds recovery_s packs",
                  defaults=(0.5, (), (), FAULT_S, RECOVERY_S, 2))  # fmt: skip
TIMEOUTS, FRAMES, CODES, IMPLAUSIBLE = COUNTERS = "Timeouts", "FrameErrors", "ReturnCodes", "Implausible"
BUT_CODES = (TIMEOUTS, FRAMES, IMPLAUSIBLE)
GROUPS = {
    "damaged characters": (
        Case("noise", 0.7, (), (TIMEOUTS, CODES, IMPLAUSIBLE)), Case("nul", 0.7, (), COUNTERS),
        Case("truncated", 0.5, (TIMEOUTS,), (CODES, IMPLAUSIBLE)),
        *(Case(name, 0.5, (FRAMES,), (CODES, IMPLAUSIBLE)) for name in ("changed", "lost", "doubled")),
        *(Case(name, 0.5, (IMPLAUSIBLE,)) for name in CANCELLING),
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
        *(Case(f"rtn:{code}", 0.5, (CODES,), BUT_CODES) for code in ("01", "02", "04", "06", "91")),
        Case("rtn:90", 0.5, (CODES,), (FRAMES, IMPLAUSIBLE)), Case("empty", 0.5, (CODES,), BUT_CODES),
        Case("wrong_pack", 0.5, (FRAMES,), (CODES, IMPLAUSIBLE)),
    ),
    "sixteen packs": (
        Case("truncated", 0.3, (TIMEOUTS,), (CODES, IMPLAUSIBLE), packs=16),
        Case("power_cycle", None, (TIMEOUTS,), (CODES, IMPLAUSIBLE), 3, FOUND_AGAIN_S, packs=16),
        *(Case(name, None, (TIMEOUTS,), (CODES, IMPLAUSIBLE), FAULT_S, LATER, 16) for name in ("unplugged", "babble")),
    ),
    "commands that it lacks": tuple(
        Case(f"lacks:{cid2}", None, (CODES,), (FRAMES, IMPLAUSIBLE) if cid2 == "91" else BUT_CODES, None)
        for cid2 in ("44", "47", "4F", "51", "90", "91", "92", "93")),
}  # fmt: skip


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_wrong_is_published_and_it_goes_on(board, broker, mqtt_client, group):
    with contextlib.ExitStack() as stack:
        ways = []
        for seed, case in enumerate(GROUPS[group]):
            way = Way(board, broker, mqtt_client, case.name.replace(":", "-"), seed=seed, packs=case.packs,
                      wide=case.packs > 2, speed=SPEED)  # fmt: skip
            ways.append((case, stack.enter_context(way)))
            if not case.seconds:
                start_fault(way, case)
            way.start()
        for case, way in ways:
            way.wait("stat/readings/Rack", 2 * START_S)
            way.first = way.health()
            if case.seconds:
                start_fault(way, case)
        for _, way in ways:
            way.wait("stat/readings/Rack", since=way.fault_at + FAULT_S / SPEED)
        over = now()
        for _, way in ways:
            way.wait("stat/readings/Rack", since=over, count=8)  # some more, of which nothing may be wrong
        found = [f"{way.rack}: {what}" for case, way in ways for what in troubles(case, way)]
    assert not found, "\n".join(found)


def is_busy():
    """Whether this PC has so much to do that a reply may come late. Then only what is published is judged."""
    return os.getloadavg()[0] > BUSY * os.cpu_count()


def start_fault(way, case):
    way.fault_at = now()
    way.sim.fault(*case[:2], case.seconds)


def troubles(case, way):
    """Waits until the readings go on -> what was not as it should be, in words."""
    ends = [span.end for span in way.sim.fault_log if span.name == case.name.partition(":")[0]]
    end = ends[-1] if ends and ends[-1] else way.fault_at
    for pack in range(1, case.packs + 1):
        took_s = SPEED * (way.wait(f"stat/readings/Pack{pack}", since=end).time - end)
        if took_s > case.recovery_s and not is_busy():
            yield f"pack {pack} came back after {took_s:.1f} s"
    judged, last = way.judged(), way.health()
    wrong = [one for one in judged.wrong if case.name not in CANCELLING or not is_within(one)]
    yield from (f"wrong: {one}" for one in wrong + way.wrong_details(LACKED.get(case.name, ())))
    yield from (text for is_wrong, text in (
        (judged.checked < 20, f"only {judged.checked} readings"),
        (way.complaints() or way.board.resets, f"{way.board.resets} {way.complaints()}"),
        (way.sim.forbidden, f"asked what it must not: {way.sim.forbidden}"),
        (way.sim.baud != 4800 and case.name != "lacks:91", f"the battery is left at {way.sim.baud} baud"),
        (last["Link"] != "online" or last["Packs"] != case.packs, f"the link is not well: {last}"),
        *((last[name] <= (way.first[name] if case.seconds else 0), f"{name} did not grow") for name in case.grows),
        *((last[name] > way.first[name] and not is_busy(), f"{name} grew to {last[name]}") for name in case.stays),
    ) if is_wrong)  # fmt: skip
    if not case.seconds:
        yield from lacking(case, way)


def is_within(wrong):
    """Whether all that is wrong in a reading is within the distances."""
    for key, published, said in wrong.differences:
        limit = next((limit for start, limit in DISTANCES.items() if key.startswith(start)), 0)
        if not key.startswith(DERIVED) and (" " in key or abs(published - said) > limit):
            return False
    return True


def lacking(case, way):
    """A command that the battery lacks leaves out what it would have brought, and nothing else."""
    readings = way.said("stat/readings/Pack1")
    without_alarms = [reading for reading in readings if "Problem" not in reading and "System_Status" not in reading]
    if len(without_alarms) != (len(readings) if case.name == "lacks:44" else 0) and not is_busy():
        yield f"{len(without_alarms)} of {len(readings)} readings without alarms"
    missing = {"lacks:47": "stat/parameters", "lacks:92": "stat/limits/Pack1"}.get(case.name)
    for name in ("stat/info/Pack1", "stat/info/Pack2", "stat/limits/Pack1", "stat/parameters"):
        if bool(way.said(name)) is (name == missing):
            yield f"{name}: {way.said(name)}"
