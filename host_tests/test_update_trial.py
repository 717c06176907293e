"""place.py and firmware/update/trial.py: which firmware starts, when a new one stays, when the old one comes back."""

from __future__ import annotations

import pytest
from update_rig import Flash, Restarted, Rig, starts

import place
from firmware.update import outcome, trial

SUM = b"5" * 64


@pytest.fixture
def flash(tmp_path, monkeypatch):
    flash = Flash(tmp_path, monkeypatch)
    flash.put({"firmware/a.mpy": b"", "b/firmware/a.mpy": b""})
    return flash


class Devices:
    """No pack has been read, or one."""

    seen = 0

    def cells(self, number):
        return self.seen if number == 2 else 0


def on_trial(needs=b"reading"):
    rig, devices = Rig(), Devices()
    place.write([b"b", b"trial", b"1", needs, b"2.0", SUM])
    rig.session.connected = False
    rig.loop.update = trial.Trial(rig.loop, rig.session, devices, rig.telemetry, rig.log, place.read())
    return rig, devices


@pytest.mark.parametrize(("needs", "connected", "cells", "good"), [
    (b"reading", True, 15, True), (b"reading", True, 0, False), (b"reading", False, 15, False),
    (b"-", True, 0, True), (b"-", False, 0, False),
])  # fmt: skip
def test_it_is_good_when_it_does_what_it_is_for(flash, needs, connected, cells, good):
    rig, devices = on_trial(needs)
    rig.session.connected, devices.seen = connected, cells
    rig.passes(599, 1000)
    assert place.read() == ([b"b"] if good else [b"b", b"trial", b"1", needs, b"2.0", SUM])
    assert rig.answers() == (['{"good":"2.0"}'] if good else []) and (rig.loop.update is None) is good


def test_after_ten_minutes_the_old_one_comes_back(flash):
    rig, _ = on_trial()
    with pytest.raises(Restarted):
        rig.passes(602, 1000)
    assert place.read() == [b"a", b"refused", b"time", b"-", b"2.0", SUM] and starts() == ""
    rig.retained.last_error = "OSError 5"
    outcome.given_up(rig.retained)
    assert rig.retained.last_error == "update to 2.0 given up: no success within 10 minutes"
    assert place.read() == [b"a"] and flash.read()["refused.txt"] == SUM + b"\n"


def test_three_starts_then_the_old_one_comes_back(flash):
    place.write([b"b", b"trial", b"0", b"-", b"2.0", SUM])
    assert [(place.start(), starts()) for _ in range(5)] == [(True, "b/")] * 3 + [(False, "")] * 2
    rig = Rig()
    rig.retained.last_error = "OSError 5 in app.py"
    outcome.given_up(rig.retained)
    assert rig.retained.last_error == "update to 2.0 given up: 3 starts without success; OSError 5 in app.py"


def test_nothing_is_taken_on_trial(flash):
    rig, _ = on_trial()
    rig.send("ask", b"me")
    assert "on trial" in rig.answers()[0] and isinstance(rig.loop.update, trial.Trial)


def test_no_memory_on_trial_is_its_own_fault(flash):
    rig, _ = on_trial()
    assert not rig.loop.update.stop()
    offers = Rig()
    offers.ask()
    assert offers.loop.update.stop() and "too little memory" in offers.answers()[-1] and offers.loop.update is None


# -- place.txt --------------------------------------------------------------------------------------------------------

A, B = "firmware/x.mpy", "b/firmware/x.mpy"
HALF_A, HALF_B = "firmware/manifest.part", "b/firmware/manifest.part"


@pytest.mark.parametrize(("text", "files", "root"), [
    (b"a", (A, B), ""), (b"b\n", (A, B), "b/"), (b"b trial 0 - 2 " + SUM, (A, B), "b/"), (b"a", (A, B, HALF_A), ""),
    (None, (A, B), ""), (None, (A, HALF_A, B), "b/"), (None, (B,), "b/"), (None, (A, HALF_A, B, HALF_B), ""),
    (b"", (A, HALF_A, B), "b/"), (b"\xff\xfe", (A, B), ""), (b"c", (B,), "b/"), (b"b 1 2", (A, B), ""),
    (b"b", (A,), ""), (b"a", (B,), "b/"), (b"b", (), ""), (b"\0" * 300, (A, B), ""),
])  # fmt: skip
def test_which_place_starts(tmp_path, monkeypatch, text, files, root):
    flash = Flash(tmp_path, monkeypatch)
    flash.put(dict.fromkeys(files, b"") | ({} if text is None else {"place.txt": text}))
    assert starts() == root


@pytest.mark.parametrize("connected", [True, False])
def test_a_flash_that_cannot_be_written_does_not_stop_it(flash, monkeypatch, connected):
    rig, _ = on_trial(b"-")

    def full(words):
        raise OSError(28)

    monkeypatch.setattr(place, "write", full)
    assert place.start() and starts() == "b/"
    rig.session.connected = connected
    rig.passes(602, 1000)
    assert rig.loop.update is None and "place.txt cannot be written: error 28" in rig.lines[-1]
