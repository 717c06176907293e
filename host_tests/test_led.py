"""led.py: four patterns, by the time and the state alone."""

from __future__ import annotations

import pytest
from fakes import PERIOD, Clock

from firmware.led import Led

# Wi-Fi, broker, battery -> flashes in two seconds, their length in ms
STATES = (
    ((True, True, True), 1, 128),
    ((True, True, False), 1, 1024),
    ((True, False, True), 2, 128),
    ((False, False, False), 8, 128),
)  # fmt: skip
CYCLE_MS = 2048


class Rig:
    """A Led on a clock; `levels`: what its pin was told."""

    def __init__(self, low=False, ticks=0):
        self.clock, self.levels = Clock(ticks), []
        self.led = Led(self.levels.append, low, self.clock)


def flashes(levels):
    """[0, 1, 1, 0, …], one each ms, going round -> lengths of the flashes."""
    start = levels.index(0)
    text = "".join(map(str, levels[start:] + levels[:start]))
    return [len(part) for part in text.split("0") if part]


@pytest.mark.parametrize("ticks", [0, PERIOD - 1000])
@pytest.mark.parametrize("low", [False, True])
@pytest.mark.parametrize(("state", "count", "length_ms"), STATES)
def test_patterns(state, count, length_ms, low, ticks):
    """Also when the ticks wrap."""
    rig = Rig(low, ticks)
    seen = []
    for _ in range(CYCLE_MS):
        rig.led.show(*state)
        seen.append(rig.levels[-1] ^ low)
        rig.clock.advance(1)
    assert flashes(seen) == [length_ms] * count
    assert len(rig.levels) <= 2 * count + 1, "the pin is only told what changes"


def test_it_is_a_clock_that_blinks_while_somebody_sleeps():
    rig, states = Rig(), [(False, False, False)]
    one = rig.led
    one.watch(lambda: states[-1])
    for ms in (1000, 5, 0):
        one.sleep_ms(ms)
    assert rig.clock.passed_ms == one.ticks_ms() == 1005 and rig.levels == [1, 0] * 4
    assert one.ticks_add(3, 4) == 7 and one.ticks_diff(9, 4) == 5
    states.append((True, True, True))
    rig.levels.clear()
    one.sleep_ms(4096)
    assert len(rig.levels) <= 5, "what is watched has changed"


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
