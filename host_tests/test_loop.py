"""loop.py: when the board gives up on a broker that gives no sign of life; its parts stand by."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fakes import Clock

from firmware.loop import Loop


class Rig:
    """A loop whose cycles begin every `rate_s` and take `cycle_s` seconds; `reads`: a pack is read in each."""

    def __init__(self, rate_s, cycle_s, reads=True, searching=False):
        self.clock = Clock(5000)
        self.resets = []
        self.log = SimpleNamespace(error=lambda text, *_: self.resets.append(text))
        self.rate_s, self.cycle_s, self.reads = rate_s, cycle_s, reads
        session = SimpleNamespace(tend=lambda up: None, silence_ms=lambda: self.clock.passed_ms, on_message=None)
        poller = SimpleNamespace(step=self._step, searching=searching)
        wifi = SimpleNamespace(tend=lambda: False)
        self.loop = Loop(None, "", None, self.clock, self.log, wifi, session, poller)
        self.loop.publisher = SimpleNamespace(ready=False, tend=lambda: None)
        self.loop.orders = self.resets.append

    def _step(self):
        since_s = self.clock.passed_ms // 1000 % self.rate_s
        self.loop.publisher.ready = since_s >= self.cycle_s or not self.reads
        return 0

    def gives_up(self):
        """-> seconds until the board is reset."""
        while not self.resets:
            assert self.clock.passed_ms < 3_600_000
            self.loop._round()
            self.clock.advance(1000)
        assert self.resets == ["no sign of life from the broker for 15 minutes, starting anew", "restart"]
        return self.clock.passed_ms // 1000 - 1


@pytest.mark.parametrize(("how", "seconds"), [
    ({"rate_s": 10, "cycle_s": 2}, 902),
    ({"rate_s": 300, "cycle_s": 5}, 905),
    ({"rate_s": 290, "cycle_s": 5}, 1165),
    ({"rate_s": 10, "cycle_s": 2, "searching": True}, 900),
    ({"rate_s": 10, "cycle_s": 2, "reads": False}, 1260),
])  # fmt: skip
def test_without_a_sign_of_life_it_starts_anew_right_behind_a_cycle(how, seconds):
    assert Rig(**how).gives_up() == seconds
