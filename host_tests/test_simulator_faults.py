"""The faults of the simulated battery that change a reply: each does what its name says, and counts."""

import pytest
from simulator_by_hand import ANALOG, COUNT, ask, decode, faulty, make, reply

from tools.simulator.faults import DAMAGE

HEX = b"0123456789ABCDEF"


def sum_is_right(frame):
    return (sum(frame[1:-5]) + int(frame[-5:-1], 16)) % 65536 == 0


def differences(one, two):
    assert len(one) == len(two)
    return [n for n in range(len(one)) if one[n] != two[n]]


# the bytes of a frame: what must hold between the clean and the damaged one


def noise_before(clean, got):
    return got.endswith(clean) and len(got) > len(clean)


def nul_behind(clean, got):
    return got.startswith(clean) and set(got[len(clean):]) == {0}


def an_end_missing(clean, got):
    return clean.startswith(got) and 0 < len(got) < len(clean) - 1


def one_other(clean, got):
    (place,) = differences(clean, got)
    return got[place] in HEX and 0 < place < len(clean) - 1


def two_swapped(clean, got):
    one, two = differences(clean, got)
    return sum_is_right(got) and (got[one], got[two]) == (clean[two], clean[one]) and one >= 13 and two < len(clean) - 5


def two_that_cancel(clean, got):
    one, two = differences(clean, got)
    return sum_is_right(got) and sorted((got[one], got[two])) != sorted((clean[one], clean[two])) \
        and got[one] in HEX and got[two] in HEX and one >= 13 and two < len(clean) - 5


def one_missing(clean, got):
    return any(got == clean[:n] + clean[n + 1:] for n in range(1, len(clean) - 1))


def one_twice(clean, got):
    return any(got == clean[:n] + clean[n:n + 1] + clean[n:] for n in range(1, len(clean) - 1))


HOLDS = {
    "noise": noise_before, "nul": nul_behind, "truncated": an_end_missing, "changed": one_other, "swapped": two_swapped,
    "cancel": two_that_cancel, "lost": one_missing, "doubled": one_twice,
}


@pytest.mark.parametrize("name", [name for name, _ in DAMAGE])
def test_damage(name):
    battery, clean = faulty(name)
    seen = set()
    for number in range(1, 200):
        got = ask(battery, ANALOG)
        assert got != clean and HOLDS[name](clean, got)
        assert battery.counts[name] == number
        seen.add(got)
    assert len(seen) > 2  # not always the same place
    assert battery.truth[-1].values == make().group.pack(1).analog()  # as it was before the fault


def test_rate_is_the_share_of_the_replies():
    battery, clean = faulty("changed", rate=None)
    struck = sum(ask(battery, ANALOG) != clean for _ in range(1000))
    assert 250 < struck < 350 and battery.counts["changed"] == struck


# what is said


@pytest.mark.parametrize("code", [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x90, 0x91])
def test_rtn(code):
    battery, _ = faulty(f"rtn:{code:02X}")
    assert reply(battery, 0x42, b"\x01") == (code, b"")
    assert reply(battery, 0x91, b"\x03") == (code, b"") and battery.baud == 1200
    assert battery.counts["rtn"] == 2


def test_empty():
    battery, _ = faulty("empty")
    assert reply(battery, 0x42, b"\x01") == (0, b"")
    assert battery.counts["empty"] == 1


@pytest.mark.parametrize(("cid2", "echo"), [(0x42, 1), (0x44, 1), (0x92, 0), (0x93, 0)])
@pytest.mark.parametrize("packs", [1, 4])
def test_wrong_pack(packs, cid2, echo):
    battery, _ = faulty("wrong_pack", packs=packs)
    rtn, info = reply(battery, cid2, b"\x01")
    assert rtn == 0 and 2 <= info[echo] <= max(packs, 2)
    if packs > 1:
        assert info == reply(make(packs=packs), cid2, bytes([info[echo]]))[1]
    assert decode(ask(battery, COUNT))[3] == bytes([packs]) and battery.counts["wrong_pack"] == 1


def test_lacks_is_for_one_command_and_for_good():
    battery, clean = faulty("lacks:44", rate=None)
    for _ in range(5):
        assert reply(battery, 0x44, b"\x01") == (4, b"")
        assert ask(battery, ANALOG) == clean
    assert battery.counts["lacks"] == 5


# names


@pytest.mark.parametrize("wrong", ["smoke", "rtn", "lacks", "rtn:xyz", "noise:0.5"])
def test_a_fault_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError):
        make().fault(wrong)
