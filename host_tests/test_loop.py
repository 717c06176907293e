"""loop.py: one round after another; when the board gives up on a broker; restarts. Its parts stand by."""

import sys
from types import SimpleNamespace

import pytest
from fakes import Clock, Memory

from firmware.log import Log
from firmware.loop import Loop
from firmware.retained import Retained
from firmware.update import build

RESTART = ["close", "reset"]


class Rig:
    """A loop whose cycles begin every `rate_s` and take `cycle_s` seconds; `reads`: a pack is read in each."""

    def __init__(self, rate_s=10, cycle_s=2, reads=True, searching=False):
        self.clock = Clock(5000)
        self.did, self.lines = [], []
        self.silent = True
        self.rate_s, self.cycle_s, self.reads = rate_s, cycle_s, reads
        self.retained = Retained(Memory())
        self.retained.quick_boots = 3
        note = self.did.append
        session = SimpleNamespace(tend=lambda up: None, silence_ms=lambda: self.silent and self.clock.passed_ms,
                                  close=lambda: note("close"), connected=False)  # fmt: skip
        poller = SimpleNamespace(step=self._step, searching=searching, in_cycle=False,
                                 ask_everything=lambda: note("ask everything"), pause=lambda on: note(("pause", on)),
                                 dialect=SimpleNamespace(name="framed"))  # fmt: skip
        wifi = SimpleNamespace(tend=lambda: False, connected=lambda: True)
        publisher = SimpleNamespace(
            tend=lambda update: None, prefix="a/b/", connected=lambda: note("publisher.connected"), state=lambda: None,
            identity_came=lambda topic, payload: topic == b"a/b/stat/info/Pack1",
        )  # fmt: skip
        telemetry = SimpleNamespace(uptime_s=lambda: self.clock.passed_ms // 1000)
        self.loop = Loop(lambda: note("reset"), self.retained, self.clock, Log("info", self.lines.append), wifi,
                         session, poller, publisher, telemetry, b"")  # fmt: skip

    def _step(self, updates):
        self.updates = updates
        self.loop.poller.in_cycle = self.reads and self.clock.passed_ms // 1000 % self.rate_s < self.cycle_s
        return 0

    def drive(self, until):
        """Rounds of a second each, until until() -> how many seconds that took."""
        while not until():
            assert self.clock.passed_ms < 3_600_000
            self.loop.round()
            self.clock.advance(1000)
        return self.clock.passed_ms // 1000 - 1


@pytest.mark.parametrize(("how", "seconds"), [
    ({}, 902), ({"rate_s": 300, "cycle_s": 5}, 905), ({"rate_s": 290, "cycle_s": 5}, 1165),
    ({"searching": True}, 900), ({"reads": False}, 1260),
])  # fmt: skip
def test_without_a_sign_of_life_it_starts_anew_right_behind_a_cycle(how, seconds):
    rig = Rig(**how)
    assert rig.drive(lambda: rig.did) == seconds
    assert rig.did == RESTART
    assert rig.lines == ["error: no sign of life from the broker for 15 minutes, starting anew"]


def test_a_start_that_lasts_is_none_of_a_crash_loop():
    rig = Rig()
    rig.silent = False
    assert rig.drive(lambda: rig.retained.quick_boots == 0) == 600
    assert rig.did == [] and Rig(searching=True).loop.state() == (True, False, False)


def test_the_watchdog_is_fed_while_the_battery_side_makes_progress(monkeypatch):
    monkeypatch.setattr("firmware.loop.free_memory", lambda: (0, None, None, None))
    rig = Rig(searching=True)
    rig.loop.poller.alive = lambda: rig.clock.passed_ms < 60_000
    rig.loop.round = lambda: rig.clock.advance(1000) or (rig.clock.passed_ms >= 120_000 and sys.exit())
    with pytest.raises(SystemExit):
        rig.loop.run(lambda: rig.did.append("feed"))
    assert rig.did == ["feed"] * 59 + ["close"]


def no_memory(*_):
    raise MemoryError


def test_an_offer_that_was_taken_is_built_or_refused_for_memory(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    rig, said = Rig(), []
    rig.loop.publisher.publish = lambda topic, payload: said.append((topic, payload))
    rig.loop.offer = b"a", b"1.0", 10, b"0" * 64
    rig.loop.round()
    assert isinstance(rig.loop.update, build.Build) and rig.updates
    monkeypatch.setattr(build.Build, "__init__", no_memory)
    rig.loop.offer = b"a", b"1.0", 10, b"0" * 64
    rig.loop.round()
    assert not rig.loop.update and not rig.updates and rig.loop.refused == 1
    assert said[-1] == ("tele/update", b'{"refused":"too little memory"}')


CALLS = (
    # what comes, what it does, the dialect that comes first from the next start on
    (lambda loop: loop.message(b"a/b/cmnd/x", b'{"restart": true}', False), RESTART, ""),
    (lambda loop: loop.message(b"a/b/cmnd", b'{"STOP"}', False), [("pause", True)], ""),
    (lambda loop: loop.connected(), ["ask everything", "publisher.connected"], ""),
    (lambda loop: loop.found("framed"), [], "framed"),
    (lambda loop: loop.found("console"), RESTART, "console"),
)


@pytest.mark.parametrize(("call", "did", "dialect"), CALLS)
def test_what_it_does_when_something_comes(call, did, dialect):
    rig = Rig()
    call(rig.loop)
    assert rig.did == did and rig.retained.dialect == dialect
    assert rig.retained.quick_boots == (0 if did == RESTART else 3), "an orderly restart is no crash"
