"""led.py: four patterns, by the time and the state alone."""

import pytest
from fakes import PERIOD, Clock

from firmware.led import Led

# Wi-Fi, broker, battery -> flashes in two seconds, their length in ms
STATES = (((1, 1, 1), 1, 128), ((1, 1, 0), 1, 1024), ((1, 0, 1), 2, 128), ((0, 0, 0), 8, 128))
CYCLE_MS = 2048


@pytest.mark.parametrize("ticks", [0, PERIOD - 1000])
@pytest.mark.parametrize("low", [False, True])
@pytest.mark.parametrize(("state", "count", "length_ms"), STATES)
def test_patterns(state, count, length_ms, low, ticks):
    """Also when the ticks wrap."""
    clock, levels, seen = Clock(ticks), [], []
    led = Led(levels.append, low, clock)
    for _ in range(CYCLE_MS):
        led.show(*state)
        seen.append(levels[-1] ^ low)
        clock.advance(1)
    dark = seen.index(0)
    text = "".join(map(str, seen[dark:] + seen[:dark]))
    assert [len(part) for part in text.split("0") if part] == [length_ms] * count
    assert len(levels) <= 2 * count + 1, "the pin is only told what changes"


def test_it_is_a_clock_that_blinks_while_somebody_sleeps():
    clock, levels, states = Clock(), [], [(False, False, False)]
    led = Led(levels.append, False, clock)
    led.state = lambda: states[-1]
    for ms in (1000, 5, 0):
        led.sleep_ms(ms)
    assert clock.passed_ms == led.ticks_ms() == 1005 and levels == [1, 0] * 4
    assert led.ticks_add(3, 4) == 7 and led.ticks_diff(9, 4) == 5
    states.append((True, True, True))
    levels.clear()
    led.sleep_ms(4096)
    assert len(levels) <= 5, "what is watched has changed"


def test_on_the_board(board):
    """Without a broker: two flashes every two seconds, though the battery is waited for."""
    one = board({"wifi_ssid": "x", "mqtt_host": "127.0.0.1", "mqtt_port": 1, "led": -2}, speed=20)
    one.wait_for("warning: broker", 30)
    began = len(one.pin_changes)
    one.wait_for("no battery at", 40)
    changes = {(number, level) for _, number, level in list(one.pin_changes)[began:]}
    assert changes == {(2, 0), (2, 1)} and len(one.pin_changes) - began >= 8
