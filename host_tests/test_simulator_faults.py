"""The faults of the simulated battery: each does what its name says, and counts; how they come and go."""

from itertools import islice, pairwise

import pytest
from simulator_by_hand import ANALOG, COUNT, Clock, ask, decode, faulty, make, reply, told

from tools.simulator.faults import DAMAGE, KINDS, mixture

HEX = b"0123456789ABCDEF"
INFO = slice(13, -5)


def places(one, two):
    """Where two frames of one length differ."""
    return [n for n in range(len(one)) if one[n] != two[n]] if len(one) == len(two) else []


def cancels(clean, got):
    """Two other characters of INFO, and the checksum is right."""
    total = (sum(got[1:-5]) + int(got[-5:-1], 16)) % 65536
    return total == 0 and len(places(clean, got)) == len(places(clean[INFO], got[INFO])) == 2


HOLDS = {
    "noise": lambda clean, got: got.endswith(clean) and len(got) > len(clean),
    "nul": lambda clean, got: got.startswith(clean) and set(got[len(clean) :]) == {0},
    "truncated": lambda clean, got: clean.startswith(got) and 0 < len(got) < len(clean) - 1,
    "changed": lambda clean, got: len(places(clean, got)) == 1 and got[places(clean, got)[0]] in HEX,
    "swapped": lambda clean, got: cancels(clean, got) and sorted(clean) == sorted(got),
    "cancel": lambda clean, got: cancels(clean, got) and sorted(clean) != sorted(got),
    "lost": lambda clean, got: any(got == clean[:n] + clean[n + 1 :] for n in range(1, len(clean) - 1)),
    "doubled": lambda clean, got: any(got == clean[: n + 1] + clean[n:] for n in range(1, len(clean) - 1)),
}


@pytest.mark.parametrize("name", [name for name, _ in DAMAGE])
def test_damage(name):
    battery, clean = faulty(name)
    seen = {ask(battery, ANALOG) for _ in range(200)}
    assert all(HOLDS[name](clean, got) for got in seen) and len(seen) > 2  # not always the same place
    assert battery.counts[name] == 200
    assert battery.truth[-1].values == make().group.pack(1).analog()  # as it was before the fault


def test_rate_is_the_share_of_the_replies_and_it_ends_after_its_seconds():
    battery, clean = faulty("changed", Clock(), rate=None, seconds=5)
    struck = sum(ask(battery, ANALOG) != clean for _ in range(1000))
    assert 250 < struck < 350 and battery.counts["changed"] == struck
    battery.clock.now += 5
    assert all(ask(battery, ANALOG) == clean for _ in range(20))
    assert [(span.name, span.end - span.start) for span in battery.fault_log] == [("changed", 5)]


@pytest.mark.parametrize(("name", "answer"), [("rtn:04", (4, b"")), ("rtn:90", (0x90, b"")), ("empty", (0, b""))])
def test_wrong_answers(name, answer):
    battery, _ = faulty(name)
    assert reply(battery, 0x42, b"\x01") == answer and battery.counts[name.partition(":")[0]] == 1


def test_wrong_pack_and_a_command_that_is_lacking():
    battery, _ = faulty("wrong_pack", packs=4)
    info = reply(battery, 0x42, b"\x01")[1]
    assert 2 <= info[1] <= 4 and info == reply(make(packs=4), 0x42, info[1:2])[1]
    battery, clean = faulty("lacks:44", rate=None)
    assert reply(battery, 0x44, b"\x01") == (4, b"") and ask(battery, ANALOG) == clean


def test_split_cuts_a_reply_by_a_pause():
    battery, clean = faulty("split", Clock(), paced=True)
    times = told(battery)
    assert b"".join(data for _, data in times) == clean
    gaps = [later - sooner for (sooner, _), (later, _) in pairwise(times)]
    assert [0.3 <= gap <= 0.85 for gap in gaps if gap > 0.1] == [True]
    assert battery.counts["split"] == 1


def test_late_comes_whole_and_between_other_questions():
    battery, clean = faulty("late", Clock())
    ((after, got),) = told(battery)
    assert got == clean and 1.6 <= after <= 3.0
    battery.receive(battery.clock.now, ANALOG + b"\r", 1200)
    battery.clock.now += 1.0
    battery.clear()
    assert [data for _, data in told(battery, COUNT)] == [clean + ask(make(), COUNT)]
    assert battery.counts["late"] == 2


def test_power_cycle_happens_once_and_is_over_by_itself():
    clock = Clock()
    battery = make(clock)
    battery.baud = 4800
    battery.fault("power_cycle", off_s=2.0)
    assert battery.baud == 1200 and told(battery, until=1.9) == []
    clock.now = 1002.1
    assert decode(ask(battery, COUNT))[3] == b"\x02"
    assert [(span.name, span.start, span.end) for span in battery.fault_log] == [("power_cycle", 1000.0, 1002.0)]
    assert battery.counts["power_cycle"] == 1


def test_babble_never_stops_while_it_lasts_and_is_never_a_frame():
    battery, _ = faulty("babble", Clock(), seconds=30)
    times = told(battery, until=40)
    sent = b"".join(data for _, data in times)
    assert 0.9 < len(sent) / (30 * 120) < 1.1  # as many as 1200 baud carry
    assert sent.count(b"~2001") > 3 and b"\r" in sent
    whole = [line for line in sent.split(b"\r") if b"~" in line and decodes(line[line.rindex(b"~"):] + b"\r")]
    assert not whole and battery.counts["babble"] > 10
    assert ask(battery, COUNT)  # and then it is well again


def decodes(line):
    try:
        decode(line)
    except (AssertionError, ValueError):
        return False
    return True


def test_the_mixture_comes_and_goes_and_holds_them_all():
    clock = Clock()
    battery = make(clock)
    battery.misbehave(1)
    for _ in range(10 * 60):
        clock.now += 1
        battery.tend(clock.now)
    spans = battery.fault_log
    assert {span.name for span in spans} == set(KINDS) - {"lacks"}
    assert all(sooner.end <= later.start for sooner, later in pairwise(spans))
    battery.clear()
    count = len(spans)
    clock.now += 100
    battery.tend(clock.now)
    assert len(spans) == count and spans[-1].end is not None
    assert list(islice(mixture(1), 40)) == list(islice(mixture(1), 40)) != list(islice(mixture(2), 40))


@pytest.mark.parametrize("wrong", ["smoke", "rtn", "lacks", "rtn:xyz", "noise:0.5"])
def test_a_fault_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError):
        make().fault(wrong)
