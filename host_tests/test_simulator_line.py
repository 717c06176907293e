"""The simulated battery's line: rates and the rate switch, the pace of characters, the cable."""

import pytest
from simulator_by_hand import COUNT, Clock, ask, decode, make, reply, request

from tools.simulator.port import wire_time

# rates


@pytest.mark.parametrize("rate", [300, 2400, 4800, 9600, 115200, None])
def test_deaf_at_another_rate(rate):
    battery = make()
    battery.receive(1000.0, COUNT + b"\r", rate)
    assert battery.take(1001.0, rate) == (b"", [])
    assert (battery.counts["deaf"], battery.counts["requests"]) == (len(COUNT) + 1, 0)


@pytest.mark.parametrize(("code", "baud"), [(1, 1200), (2, 2400), (3, 4800)])
def test_rate_switch_comes_after_the_reply(code, baud):
    battery = make()
    battery.receive(1000.0, request(0x91, bytes([code])) + b"\r", 1200)
    out, finished = battery.take(1000.0, 1200)
    assert decode(out)[2:] == (0, b"") and battery.baud == 1200
    for done in finished:
        done()
    assert battery.baud == baud
    assert decode(ask(battery, COUNT))[3] == b"\x02"


@pytest.mark.parametrize("garbage", [False, True])
def test_a_reply_is_nothing_at_the_wrong_rate_or_garbage(garbage):
    battery = make(garbage=garbage)
    battery.receive(1000.0, COUNT + b"\r", 1200)
    out, _ = battery.take(1000.0, 4800)
    assert (len(out) > 0) == garbage
    assert not out.startswith(b"~2001")


# pace


@pytest.mark.parametrize("baud", [1200, 4800])
def test_a_reply_leaves_at_ten_bit_times_a_character(baud):
    clock = Clock()
    battery = make(clock, paced=True, turnaround_ms=50)
    battery.baud = baud
    battery.receive(clock.now, COUNT + b"\r", baud)
    start = clock.now + (len(COUNT) + 1) * 10 / baud + 0.05
    out = b""
    while battery.due() is not None:
        clock.now = max(clock.now, battery.due())
        out += battery.take(clock.now, baud)[0]
        assert len(out) == pytest.approx((clock.now - start) * baud / 10, abs=1.0001)
    assert decode(out)[3] == b"\x02"
    assert clock.now == pytest.approx(start + len(out) * 10 / baud)


def test_rate_switch_waits_for_the_last_character():
    clock = Clock()
    battery = make(clock, paced=True)
    battery.receive(clock.now, request(0x91, b"\x03") + b"\r", 1200)
    end = clock.now + 38 * wire_time(1, 1200) + 0.01
    for clock.now in (end - 0.001, end + 0.001):
        _, finished = battery.take(clock.now, 1200)
        assert bool(finished) == (clock.now > end)


# cable and power


def test_power_cycle_is_silent_and_then_at_1200():
    clock = Clock()
    battery = make(clock)
    battery.baud = 4800
    battery.power_cycle(3.0)
    assert battery.baud == 1200
    battery.receive(clock.now, COUNT[:9], 1200)
    clock.now += 2.9
    assert ask(battery, COUNT) == b"" and battery.counts["unheard"] == len(COUNT) + 10
    clock.now += 0.2
    assert decode(ask(battery, COUNT))[3] == b"\x02"


# what must never be sent


@pytest.mark.parametrize("cid2", [0x94, 0x95, 0x99, 0x45, 0xFF])
@pytest.mark.parametrize("rate", [1200, 9600])
def test_a_command_off_the_read_list_is_noticed_at_any_rate_and_in_any_cuts(cid2, rate):
    said = []
    battery = make(log=said.append)
    line = request(cid2, b"\x01")
    battery.receive(1000.0, line[:8], rate)
    battery.receive(1000.0, line[8:] + b"\r", rate)
    assert [(entry.cid2, entry.line) for entry in battery.forbidden] == [(f"{cid2:02X}", line)]
    assert any(text.startswith("FORBIDDEN") for text in said)
    assert not battery.truth


def test_read_commands_and_the_wake_up_are_not_forbidden():
    battery = make()
    for cid2 in (0x42, 0x44, 0x47, 0x4F, 0x51, 0x90, 0x92, 0x93, 0x91):
        reply(battery, cid2, b"\x01")
    reply_to_wake_up = ask(battery, b"~20014682C0048520FCC3")
    assert decode(reply_to_wake_up)[2] == 0x04
    assert battery.forbidden == []
    ask(battery, b"~20014682C0048521FCC2")
    assert len(battery.forbidden) == 1
