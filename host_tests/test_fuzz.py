"""Thousands of damaged replies through link, frame, layouts and plausibility: how many wrong values are published?"""

import random
from collections import Counter

import pytest
from battery_line import House

from tools.simulator.faults import CANCELLING, DAMAGE

ALWAYS, LONG = 20_000, 1_000_000  # damaged replies, of all kinds together
ALARMS_SHARE = 2000  # of damaged replies, at most one makes alarms wrong: the same damage twice in a row
# of damaged replies, at most one makes a value wrong beyond the distances: two in a row, damaged alike, of a pack
# without a history, whose voltage may be 1 % off the sum of its cells
BEYOND_SHARE = 50_000
STATES = (0, 0x01, 0x20)  # status byte 3: buzzer, heater


def fuzz(name, count, seed):
    """So many replies damaged in one way -> (Counter of what came of them, [(name, place, value, said, before) of what
    is farther from what was said, and from the reading before, than one reading may be from the next (§6)]). Alarms
    have no distance; they must come twice.
    """
    rng, found, beyond = random.Random(f"{name} {seed}"), Counter(), []
    it = House(packs=1, rate_s=1, seed=seed, paced=False, wide=seed == 1, cells=15 + seed, truth_limit=9).settled()
    it.clock.sleep_ms = lambda ms: it.clock.advance(20 * ms)  # a look at an empty line takes as long as twenty
    pack, dialect, state, alarms = it.battery.group.pack(1), it.poller.dialect, 0, {}
    pack.override(current=6000)  # so that nothing but the state changes the alarms
    for state in STATES:
        pack.override(status={3: state})
        alarms[state] = dialect.read(1).alarms
    last = dialect.read(1)
    it.battery.fault(name, 0.3)
    hit = it.battery.faults.hit
    it.battery.faults.hit = lambda name: hit(name) if it.uart.written[-1][2][7:9] in (b"42", b"44") else None
    while it.battery.counts[name] < count:
        it.sink.readings = []
        it.clock.advance(it.poller.step())
        for _, reading in it.sink.readings:
            said = next(record.values for record in reversed(it.battery.truth) if record.kind == "analog")
            wrong, far = differences(reading, said, last)
            found += Counter(readings=1, within=bool(wrong and not far))
            found["alarms"] += reading.alarms not in (None, alarms[state])
            beyond, last = beyond + far, reading
            if rng.random() < 0.001:
                state = rng.choice(STATES)
                pack.override(status={3: state})
    return found + Counter(implausible=it.poller.implausible, damaged=count), beyond


def differences(reading, said, last):
    """-> (what is not as it was said, what of that is beyond the distances of §6, in mV, 0.1 °C, mA, mAh)."""
    wrong, far = [], []
    for name, limit in (("cells", 100), ("temperatures", 30), ("current", 5000), ("remaining", reading.capacity // 50),
                        ("voltage", reading.voltage // 100), ("capacity", 0), ("cycles", 0)):  # fmt: skip
        columns = [one if isinstance(one, tuple | list) else [one]
                   for one in (getattr(reading, name), said[name], getattr(last, name))]  # fmt: skip
        for place, (value, true, before) in enumerate(zip(*columns, strict=True)):
            if value != true:
                wrong.append((name, place, value, true, before))
                far += wrong[-1:] if min(abs(value - true), abs(value - before)) > limit else []
    return wrong, far


@pytest.mark.parametrize("seed", range(2), ids=["15 cells", "16 cells, 3-byte capacities"])
@pytest.mark.parametrize("name", [name for name, _ in DAMAGE])
def test_wrong_values(name, seed, pytestconfig):
    whole = LONG if pytestconfig.getoption("--long") else ALWAYS
    found, beyond = fuzz(name, whole // (2 * len(DAMAGE)), seed)
    print(f"{name}: {dict(found)}")
    assert found["readings"] > 100
    if name in CANCELLING:
        assert len(beyond) * BEYOND_SHARE <= found["damaged"], beyond
        assert found["implausible"] > 0
        assert (found["alarms"] - 1) * ALARMS_SHARE <= found["damaged"]  # one among few is chance
    else:
        assert beyond == [] and found["within"] == found["alarms"] == 0
