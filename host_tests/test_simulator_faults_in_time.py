"""The faults of the simulated battery that have to do with time, and how faults come and go."""

from itertools import islice, pairwise

from simulator_by_hand import ANALOG, COUNT, Clock, ask, decode, faulty, make, request, told

from tools.simulator.faults import KINDS, mixture

# time


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


def test_silent():
    battery, _ = faulty("silent", Clock())
    assert told(battery) == [] and battery.counts["silent"] == 1
    assert told(battery, request(0x91, b"\x03")) == [] and battery.baud == 4800  # heard, though not answered


# the line


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


def test_wrong_rate():
    battery = make()
    battery.fault("wrong_rate:9600")
    assert battery.baud == 9600 and ask(battery, ANALOG, 1200) == b"" and ask(battery, ANALOG, 9600)
    jumps = set()
    for _ in range(50):
        before = battery.baud
        battery.fault("wrong_rate")
        assert battery.baud != before
        jumps.add(battery.baud)
    assert jumps == {1200, 2400, 4800, 9600, 19200} and battery.counts["wrong_rate"] == 51


def test_unplugged_for_a_time():
    battery, clean = faulty("unplugged", Clock(), seconds=5)
    assert told(battery, until=4) == [] and battery.counts["requests"] == 0
    battery.clock.now = 1005.1
    assert ask(battery, ANALOG) == clean


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


# on and off


def test_a_fault_ends_after_its_seconds():
    battery, clean = faulty("noise", Clock(), seconds=5)
    assert ask(battery, ANALOG) != clean
    battery.clock.now = 1005.0
    assert ask(battery, ANALOG) == clean
    assert [(span.name, span.start, span.end) for span in battery.fault_log] == [("noise", 1000.0, 1005.0)]


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
