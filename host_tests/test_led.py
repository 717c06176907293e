"""led.py: four patterns, by the time and the state alone."""

from __future__ import annotations

import pytest
from fakes import PERIOD, Clock

from firmware import led
from firmware.led import Led, lit

# Wi-Fi, broker, battery -> flashes in two seconds, their length in ms
STATES = (
    ((True, True, True), 1, 128),
    ((True, True, False), 1, 1024),
    ((True, False, True), 2, 128),
    ((False, False, False), 8, 128),
)  # fmt: skip
CYCLE_MS = 2048


class Pin:
    def __init__(self):
        self.levels = []

    def __call__(self, level):
        self.levels.append(level)


def flashes(levels):
    """[0, 1, 1, 0, …], one each ms, going round -> lengths of the flashes."""
    start = levels.index(0)
    text = "".join(map(str, levels[start:] + levels[:start]))
    return [len(part) for part in text.split("0") if part]


@pytest.mark.parametrize("low", [False, True])
@pytest.mark.parametrize(("state", "count", "length_ms"), STATES)
def test_patterns(state, count, length_ms, low):
    clock, pin = Clock(), Pin()
    one = Led(pin, low, clock)
    one.show(*state)
    seen = []
    for _ in range(CYCLE_MS):
        clock.advance(1)
        one.show(*state)
        seen.append(pin.levels[-1] ^ low)
    assert flashes(seen) == [length_ms] * count
    assert len(pin.levels) <= 2 * count + 1, "the pin is only told what changes"


@pytest.mark.parametrize("pattern", [led.NO_WIFI, led.NO_BROKER, led.NO_BATTERY, led.WELL])
def test_it_goes_on_when_the_ticks_wrap(pattern):
    for ms in range(0, CYCLE_MS, 64):
        assert lit(pattern, PERIOD - CYCLE_MS + ms) == lit(pattern, ms)


def test_it_is_a_clock_that_blinks_while_somebody_sleeps():
    clock, pin, states = Clock(), Pin(), [(False, False, False)]
    one = Led(pin, False, clock)
    one.watch(lambda: states[-1])
    one.sleep_ms(1000)
    assert clock.passed_ms == 1000 and pin.levels == [1, 0] * 4
    for ms in (5, 0):
        one.sleep_ms(ms)
    assert clock.passed_ms == one.ticks_ms() == 1005 and one.ticks_add(3, 4) == 7 and one.ticks_diff(9, 4) == 5
    states.append((True, True, True))
    pin.levels.clear()
    one.sleep_ms(4096)
    assert len(pin.levels) <= 5, "what is watched has changed"


def test_on_the_board(board):
    """Without a broker: two flashes every two seconds, though the battery is waited for."""
    config = {"wifi_ssid": "x", "mqtt_host": "127.0.0.1", "mqtt_port": 1, "led": -2}
    one = board(config, speed=20)
    one.wait_for("warning: broker", 30)
    began = len(one.pin_changes)
    one.wait_for("no battery at", 40)
    changes = list(one.pin_changes)[began:]
    assert {number for _, number, _ in changes} == {2} and len(changes) >= 8
    assert {level for _, _, level in changes} == {0, 1}
