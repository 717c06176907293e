"""firmware/update: what is told of the board, and which offers are refused."""

from __future__ import annotations

import json

import pytest
from update_rig import KEY, Flash, Rig

from firmware import __version__

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
    ("no size", {"size": b"-1"}, {}, "no size"),
    ("a manifest of a megabyte", {"size": b"1048576"}, {}, "no size"),
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
