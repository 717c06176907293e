"""firmware/update: which offers are refused; when a new version stays, and when the old one comes back."""

from __future__ import annotations

import json

import pytest
from update_rig import KEY, Flash, PowerCut, Restarted, Rig, starts

import place
from firmware import __version__
from firmware.update import trial

FILES = {"boot.py": b"boot", "main.py": b"main", "firmware/a.mpy": b"a", "firmware/sub/b.mpy": b"b" * 300}
SUM = b"5" * 64


@pytest.fixture
def flash(tmp_path, monkeypatch):
    flash = Flash(tmp_path, monkeypatch)
    flash.put(FILES)
    return flash


# -- asking -----------------------------------------------------------------------------------------------------------


def test_the_answer_tells_what_there_is(flash):
    nonce, lines = Rig().ask()
    head, *files, end = map(json.loads, lines)
    assert head == {"id": "me", "nonce": nonce.decode(), "version": __version__, "mpy": 0, "place": "a", "link": True,
                    "micropython": head["micropython"], "free": 1 << 21}  # fmt: skip
    assert {file["file"]: file["size"] for file in files} == {name: len(data) for name, data in FILES.items()}
    assert end == {"files": 4} and len(nonce) == 32
    assert Rig().ask()[0] != nonce


@pytest.mark.parametrize("asked", [b"", b'x"', b"a" * 17, b"\xff", b"a b"])
def test_a_question_that_is_none_gets_no_answer(flash, asked):
    rig = Rig()
    rig.send("ask", asked)
    rig.passes(5)
    assert rig.answers() == []


def test_without_a_key_nothing_is_loaded(flash):
    rig = Rig(key=b"")
    rig.send("ask", b"me")
    assert rig.loop.update is None and rig.said == []


def test_what_was_loaded_is_forgotten_after_a_minute(flash):
    rig = Rig()
    rig.ask()
    rig.passes(62, 1000)
    assert rig.loop.update is None


# -- offers -----------------------------------------------------------------------------------------------------------


def offered(fresh, **changes):
    """-> the text of an offer."""
    words = {"nonce": fresh, "version": b"2", "mpy": b"0", "size": b"100", "sum": SUM, "force": b"-"} | changes
    return b" ".join(words.values())


REFUSED = (
    ("another key", {}, {"key": b"another key of more bytes"}, "wrong key"),
    ("old", {"nonce": b"0" * 32}, {}, "it is old"),
    ("another MicroPython", {"mpy": b"5"}, {}, "another MicroPython"),
    ("no version", {"version": b'"'}, {}, "no version"),
    ("a word more", {"more": b"x"}, {}, "of a form"),
    ("given up before", {"sum": b"6" * 64}, {}, "given up before"),
)


@pytest.mark.parametrize(("name", "changes", "sign", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(flash, name, changes, sign, words):
    flash.put({"refused.txt": b"6" * 64 + b"\n"})
    rig = Rig()
    nonce, _ = rig.ask()
    rig.offer(offered(nonce, **changes), **sign)
    (said,) = rig.answers()
    assert words in said and rig.loop.refused == 1 and any(words in line for line in rig.lines)
    assert flash.read() == FILES | {"refused.txt": b"6" * 64 + b"\n"}, "nothing is written"


def test_taken_when_forced(flash):
    flash.put({"refused.txt": SUM})
    rig = Rig()
    nonce, _ = rig.ask()
    rig.offer(offered(nonce, force=b"force"))
    assert rig.answers() == ['{"file":0,"at":0}'] and rig.loop.refused == 0


@pytest.mark.parametrize("cut", [1, 10, 64, 65, 100, 150])
def test_a_truncated_or_changed_one(flash, cut):
    rig, sent = Rig(), []
    nonce, _ = rig.ask()
    send, rig.send = rig.send, lambda name, payload: sent.append(payload)
    rig.offer(offered(nonce))
    for payload in (sent[0][:-cut], sent[0][: cut - 1] + b"0?"[sent[0][cut - 1] == 48 :][:1] + sent[0][cut:]):
        rig.loop.refused = 0
        send("offer", payload)
        assert "wrong key" in rig.answers()[0]


def test_a_nonce_is_good_once(flash):
    rig = Rig()
    nonce, _ = rig.ask()
    rig.offer(offered(nonce))
    assert rig.answers() == ['{"file":0,"at":0}']
    rig.passes(400, 1000)  # its sender is gone
    rig.answers()
    rig.offer(offered(nonce))
    assert "it is old" in rig.answers()[0]
    rig.ask()
    rig.offer(offered(nonce))
    assert "it is old" in rig.answers()[0]


def test_after_three_refusals_in_a_row_none_is_taken(flash):
    rig = Rig()
    for count in (1, 2, 0, 1, 2, 3):
        nonce, _ = rig.ask()
        rig.offer(offered(nonce), key=KEY if count == 0 else b"wrong")
        assert rig.loop.refused == count
        if count == 0:
            rig.passes(400, 1000)  # its sender is gone
            rig.loop.refused = 0
        rig.answers()
    rig.send("ask", b"me")
    rig.passes(5)
    assert rig.answers() == [] and any("off until the next start" in line for line in rig.lines)


def test_a_retained_offer_is_refused(flash):
    rig = Rig()
    rig.send("offer", b"x", retained=True)
    assert "it is retained" in rig.answers()[0]


# -- on trial ---------------------------------------------------------------------------------------------------------


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
    flash.put({"b/firmware/a.mpy": b""})
    rig, _ = on_trial()
    with pytest.raises(Restarted):
        rig.passes(602, 1000)
    assert place.read() == [b"a", b"refused", b"time", b"-", b"2.0", SUM] and starts() == ""
    rig.retained.last_error = "OSError 5"
    trial.given_up(rig.retained)
    assert rig.retained.last_error == "update to 2.0 given up: no success within 10 minutes"
    assert place.read() == [b"a"] and flash.read()["refused.txt"] == SUM + b"\n"


def test_three_starts_then_the_old_one_comes_back(flash):
    flash.put({"b/firmware/a.mpy": b""})
    place.write([b"b", b"trial", b"0", b"-", b"2.0", SUM])
    assert [(place.start(), starts()) for _ in range(5)] == [(True, "b/")] * 3 + [(False, "")] * 2
    rig = Rig()
    rig.retained.last_error = "OSError 5 in app.py"
    trial.given_up(rig.retained)
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


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("write", [
    lambda rig: place.start(), lambda rig: place.write([b"b"]), lambda rig: trial.given_up(rig.retained),
], ids=["start", "good", "given up"])  # fmt: skip
def test_a_power_cut_at_every_write_of_the_trial(flash, lost, write):
    flash.put({"b/firmware/a.mpy": b"", "refused.txt": b"old\n"})
    allowed = [b"a"], [b"b"], [b"a", b"refused", b"starts", b"-", b"2.0", SUM]
    allowed += tuple([b"b", b"trial", number, b"-", b"2.0", SUM] for number in (b"1", b"2", b"3"))
    for before in allowed[2:]:
        for steps in range(20):
            place.write(before)
            flash.steps, flash.lost = steps, lost
            try:
                write(Rig())
                break
            except PowerCut:
                flash.steps, flash._open = -1, []
            assert place.read() in allowed and flash.read()["refused.txt"].startswith(b"old\n")
        flash.steps = -1
        assert steps < 20


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


def test_a_flash_that_cannot_be_written_starts_all_the_same(flash, monkeypatch):
    flash.put({"b/firmware/a.mpy": b""})
    place.write([b"b", b"trial", b"1", b"-", b"2.0", SUM])

    def full(name, mode="r"):
        raise OSError(28)

    monkeypatch.setattr(place, "write", full)
    assert place.start() and starts() == "b/"
