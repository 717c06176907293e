"""firmware/update: a new version is built beside what runs, whatever the sender, the battery and the flash do."""

from __future__ import annotations

import pytest
from update_rig import Flash, Restarted, Rig, manifest_of, sha256, starts

import place

MINE = {"boot.py": b"boot", "main.py": b"main", "place.mpy": b"place", "config.json": b'{"update_key":"secret"}'}
OLD = {"firmware/__init__.mpy": b"1", "firmware/same.mpy": b"same" * 300, "firmware/gone/x.mpy": b"x",
       "firmware/changed.mpy": b"old", "firmware/sub/b.mpy": b"sub"}  # fmt: skip
NEW = {"firmware/__init__.mpy": b"2", "firmware/same.mpy": OLD["firmware/same.mpy"], "firmware/empty.mpy": b"",
       "firmware/changed.mpy": b"new" * 200, "firmware/sub/b.mpy": b"sub",
       "firmware/sub/table.txt": b"row\n" * 150}  # fmt: skip


@pytest.fixture
def flash(tmp_path, monkeypatch):
    flash = Flash(tmp_path, monkeypatch)
    flash.put(MINE | OLD | {"place.txt": b"a"})
    return flash


def test_it_is_built_in_the_other_place_and_put_on_trial(flash):
    rig, sent = Rig(), []
    with pytest.raises(Restarted):
        rig.update(NEW, change=lambda number, part: sent.append(number) or part)
    assert flash.read("b") == NEW and starts() == "b/"
    assert place.read() == [b"b", b"trial", b"0", b"reading", b"2", sha256(manifest_of(NEW))]
    assert set(sent) == {0, 1, 2, 6}, "what the board has is not sent"
    there = flash.read()
    assert all(there[name] == data for name, data in (MINE | OLD).items())


def test_the_next_one_goes_into_the_first_place(flash, monkeypatch):
    """And what it has not got is removed there: it could hide a module."""
    from firmware.update import offer

    flash.put({f"b/{name}": data for name, data in OLD.items()} | {"firmware/same.py": b"hides", "place.txt": b"b"})
    monkeypatch.setattr(offer, "__file__", "/b/firmware/update/offer.mpy")
    with pytest.raises(Restarted):
        Rig().update(NEW)
    assert flash.read("firmware") == {name.partition("/")[2]: data for name, data in NEW.items()}
    assert starts() == "" and flash.read("b") == OLD and not (flash.root / "firmware" / "gone").exists()


def test_a_part_that_comes_wrong_is_asked_for_again(flash):
    rig, seen = Rig(), set()

    def spoil(number, part):
        is_first = number not in seen
        seen.add(number)
        return bytes([part[0] ^ 1]) + part[1:] if is_first else part

    with pytest.raises(Restarted):
        rig.update(NEW, change=spoil)
    assert flash.read("b") == NEW and any("came with another sum" in line for line in rig.lines)


def test_a_flash_that_refuses_ends_it(flash, monkeypatch):
    from firmware.update import build

    def full(name, mode="r"):
        if "w" in mode and "changed" in name:
            raise OSError(28)
        return open(name, mode)

    monkeypatch.setattr(build, "open", full, raising=False)
    rig = Rig()
    assert "flash: error 28" in rig.update(NEW) and rig.loop.update is None and starts() == ""


def test_what_was_loaded_for_a_question_is_forgotten_after_a_minute(flash):
    rig = Rig()
    rig.ask()
    rig.passes(62, 1000)
    assert rig.loop.update is None


def test_a_sender_that_goes_away(flash):
    """The same part is asked for every 4 s; then the board waits no more, and another run goes on."""
    rig = Rig()
    nonce, _ = rig.ask()
    text = manifest_of(NEW)
    rig.offer(b" ".join((nonce, b"2", b"0", b"%d" % len(text), sha256(text), b"-")))
    rig.passes(10)
    rig.send("ask", b"other")
    assert rig.answers() == ['{"file":0,"at":0}'], "it is busy"
    rig.passes(200)
    assert rig.answers() == ['{"file":0,"at":0}'] * 2
    rig.passes(300, 1000)
    assert rig.loop.update is None and "nobody sends it any more" in rig.answers()[-1]
    with pytest.raises(Restarted):
        rig.update(NEW)


def test_a_battery_so_slow_that_nothing_is_asked_for_within_five_minutes(flash):
    rig, said = Rig(), []
    publish = rig.loop.publisher.publish
    rig.loop.publisher.publish = lambda *what: said.append(what[1]) or publish(*what)
    with pytest.raises(Restarted):
        rig.update(NEW, ms=40_000)
    assert said.count(b'{"busy":true}') > 10


def test_what_home_assistant_sees(flash):
    rig, states = Rig(), []
    publish = rig.loop.publisher.publish
    rig.loop.publisher.publish = lambda topic, payload, retain=False: (
        states.append((payload, retain)) if topic == "stat/update" else publish(topic, payload)
    )
    with pytest.raises(Restarted):
        rig.update(NEW, version=b"0.9")
    from firmware import __version__

    assert states[0] == (b'{"installed_version":"%s","latest_version":"0.9","in_progress":true,"update_percentage":16}'
                         % __version__.encode(), True)  # fmt: skip
