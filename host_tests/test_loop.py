"""loop.py: one round after another; when the board gives up on a broker; restarts. Its parts stand by."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from fakes import Clock, Memory

from firmware.log import Log
from firmware.loop import Loop
from firmware.retained import Retained

GIVES_UP = "error: no sign of life from the broker for 15 minutes, starting anew"


class Rig:
    """A loop whose cycles begin every `rate_s` and take `cycle_s` seconds; `reads`: a pack is read in each."""

    def __init__(self, rate_s=10, cycle_s=2, reads=True, searching=False):
        self.clock = Clock(5000)
        self.did = []
        self.lines = []
        self.silent, self.is_reading = True, False
        self.rate_s, self.cycle_s, self.reads = rate_s, cycle_s, reads
        self.retained = Retained(Memory())
        self.retained.quick_boots = 3
        note = self.did.append
        session = SimpleNamespace(tend=lambda up: None, silence_ms=lambda: self.silent and self.clock.passed_ms,
                                  close=lambda: note("close"), connected=False)  # fmt: skip
        self.poller = SimpleNamespace(
            step=self._step, searching=searching, in_cycle=lambda: self.is_reading,
            ask_everything=lambda: note("ask everything"),
            dialect=SimpleNamespace(name="framed"), pause=lambda paused: note(("pause", paused)),
        )  # fmt: skip
        wifi = SimpleNamespace(tend=lambda: False, connected=lambda: True)
        publisher = SimpleNamespace(
            tend=lambda update: None, prefix="a/b/", connected=lambda: note("publisher.connected"), state=lambda: None,
            identity_came=lambda topic, payload: topic == b"a/b/stat/info/Pack1",
        )  # fmt: skip
        telemetry = SimpleNamespace(uptime_s=lambda: self.clock.passed_ms // 1000)
        log = Log("info", self.lines.append)
        self.loop = Loop(lambda: note("reset"), self.retained, self.clock, log, wifi, session, self.poller, publisher,
                         telemetry, b"")  # fmt: skip

    def _step(self):
        self.is_reading = self.reads and self.clock.passed_ms // 1000 % self.rate_s < self.cycle_s
        return 0

    def drive(self, until):
        """Rounds of a second each, until until() -> how many seconds that took."""
        while not until():
            assert self.clock.passed_ms < 3_600_000
            self.loop.round()
            self.clock.advance(1000)
        return self.clock.passed_ms // 1000 - 1


@pytest.mark.parametrize(("how", "seconds"), [
    ({"rate_s": 10, "cycle_s": 2}, 902),
    ({"rate_s": 300, "cycle_s": 5}, 905),
    ({"rate_s": 290, "cycle_s": 5}, 1165),
    ({"searching": True}, 900),
    ({"reads": False}, 1260),
])  # fmt: skip
def test_without_a_sign_of_life_it_starts_anew_right_behind_a_cycle(how, seconds):
    rig = Rig(**how)
    assert rig.drive(lambda: rig.did) == seconds
    assert rig.did == ["close", "reset"] and rig.lines == [GIVES_UP]


def test_a_start_that_lasts_is_none_of_a_crash_loop():
    rig = Rig()
    rig.silent = False
    assert rig.drive(lambda: rig.retained.quick_boots == 0) == 600
    assert rig.did == []


def test_a_restart_is_orderly_and_no_crash():
    rig = Rig()
    rig.loop.message(b"a/b/cmnd/x", b'{"restart": true}', False)
    assert rig.did == ["close", "reset"] and rig.retained.quick_boots == 0


def test_commands_reach_the_poller():
    rig = Rig()
    rig.loop.message(b"a/b/cmnd", b'{"STOP"}', False)
    assert rig.did == [("pause", True)]


def test_behind_a_connect_everything_is_asked_and_said_again():
    rig = Rig()
    rig.loop.connected()
    assert rig.did == ["ask everything", "publisher.connected"]


@pytest.mark.parametrize(("dialect", "did"), [("framed", []), ("console", ["close", "reset"])])
def test_another_dialect_needs_a_restart_after_which_it_comes_first(dialect, did):
    rig = Rig()
    rig.loop.found(dialect)
    assert rig.did == did and rig.retained.dialect == dialect


def test_the_state_of_the_led():
    assert Rig(searching=True).loop.state() == (True, False, False)
