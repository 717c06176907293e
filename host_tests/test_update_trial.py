"""place.py and firmware/update: which firmware starts, when a new one stays; how long an update waits for what."""

import os
import sys
from unittest.mock import Mock

import pytest
from power_cut import World, signed

import place
from firmware.update import build, trial

SUM, FIRST_PART = b"5" * 64, b'{"file":0,"at":0}'


class Rig(World):
    """A World with a clock and a log, in an empty directory."""

    cell_count, lines = 15, ()

    def uptime_s(self):
        return self.now // 1000

    def error(self, text, *values):
        self.lines = [*self.lines, text % values]

    info = warning = error

    def cells(self, number):
        return self.cell_count if number == 2 else 0

    def passes(self, seconds):
        """-> what was said meanwhile."""
        self.said = []
        for _ in range(seconds):
            self.now += 1000
            if self.update:
                self.update.tend()
        return self.said


@pytest.fixture(autouse=True)
def flash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(os, "ilistdir", lambda name: [], raising=False)
    return tmp_path


def test_how_long_it_waits():
    """For an answer a minute; for a part 4 s, then it asks again; for its sender 10 s, for any sender 5 minutes."""
    rig = Rig()
    rig.send(b"ask", b"me")
    assert rig.passes(59) and rig.update and rig.passes(2) == [] and rig.update is None
    for silence_s in (6, 10):
        rig.send(b"ask", b"me")
        nonce = rig.passes(1)[0].split(b'"nonce":"')[1][:32]
        rig.send(b"offer", signed(b"%s 2 0 1000 %s -" % (nonce, SUM)))  # CPython takes code of version 0
        assert rig.passes(1) == [FIRST_PART]
        rig.passes(silence_s)
        rig.send(b"ask", b"other")
        if silence_s < 10:
            assert rig.passes(50) == [FIRST_PART] * 13 and rig.update
            assert rig.passes(300)[-1] == b'{"refused":"nobody sends it any more"}'
        assert rig.update is None


def test_a_copy_that_came_out_wrong(flash):
    (flash / "old").write_bytes(b"data")
    with pytest.raises(ValueError, match="new could not be copied"):
        list(build.Build._copy(None, "old", "new", (4, SUM)))


def on_trial(needs=b"reading", connected=False, cells=0):
    rig = Rig()
    place.write([b"b", b"trial", b"1", needs, b"2.0", SUM])
    rig.connected, rig.cell_count = connected, cells
    rig.update = trial.Trial(rig, rig, rig, rig, rig, place.read())
    return rig


@pytest.mark.parametrize(("needs", "connected", "cells", "good"), [
    (b"reading", True, 15, True), (b"reading", True, 0, False), (b"reading", False, 15, False),
    (b"-", True, 0, True), (b"-", False, 0, False),
])  # fmt: skip
def test_it_is_good_when_it_does_what_it_is_for(needs, connected, cells, good):
    rig = on_trial(needs, connected, cells)
    assert rig.passes(594) == ([b'{"good":"2.0"}'] if good else []) and (rig.update is None) is good
    assert place.read() == ([b"b"] if good else [b"b", b"trial", b"1", needs, b"2.0", SUM])
    if not good:
        with pytest.raises(SystemExit):
            rig.passes(7)
        assert place.read() == [b"a", b"refused", b"time", b"-", b"2.0", SUM]


def test_nothing_is_taken_on_trial_and_no_memory_is_its_own_fault():
    rig = on_trial()
    rig.send(b"ask", b"me")
    assert b"on trial" in rig.said[0] and not rig.update.stop()
    rig.update = None
    rig.send(b"ask", b"me")
    assert rig.update.stop() and b"too little memory" in rig.said[-1] and rig.update is None


@pytest.mark.parametrize("connected", [True, False])
def test_a_flash_that_cannot_be_written_does_not_stop_it(flash, monkeypatch, connected):
    rig = on_trial(b"-", connected)
    monkeypatch.setattr(place, "write", Mock(side_effect=OSError(28)))
    (flash / "b" / "firmware").mkdir(parents=True)
    assert place.start() and starts() == "b"
    rig.passes(602)
    assert rig.update is None and "place.txt cannot be written: error 28" in rig.lines[-1]


def starts():
    """-> the place that would start now, as boot.py chooses it."""
    place.choose()
    return "b" if "/b" in sys.path else "a"


TRIAL, WHOLE, HALF = b"b trial %s - 2 " + SUM, ("x",), ("x", "manifest.part")


# place.txt; what is in both places; which one starts
@pytest.mark.parametrize(("text", "a", "b", "runs"), [
    (b"b\n", WHOLE, WHOLE, "b"), (TRIAL % b"0", WHOLE, WHOLE, "b"), (b"a", HALF, WHOLE, "a"),
    (None, WHOLE, WHOLE, "a"), (None, HALF, WHOLE, "b"), (None, (), WHOLE, "b"), (None, HALF, HALF, "a"),
    (b"\xff\xfe", WHOLE, WHOLE, "a"), (b"c", (), WHOLE, "b"), (b"b 1 2", WHOLE, WHOLE, "a"), (b"b", WHOLE, (), "a"),
    (b"a", (), WHOLE, "b"), (b"b", (), (), "a"), (b"\0" * 300, WHOLE, WHOLE, "a"),
    (TRIAL % b"3", WHOLE, WHOLE, "a"), (TRIAL % b"1x", WHOLE, WHOLE, "a"),
])  # fmt: skip
def test_which_place_starts(flash, text, a, b, runs):
    for names, top in ((a, "firmware"), (b, "b/firmware")):
        for name in names:
            (flash / top).mkdir(parents=True, exist_ok=True)
            (flash / top / name).touch()
    if text is not None:
        (flash / "place.txt").write_bytes(text)
    place.start()
    assert starts() == runs
