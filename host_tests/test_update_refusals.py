"""What the virtual board refuses of an update over a real broker: forged offers, and signed ones that cannot be."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import struct
import time

import pytest
import test_update
from system_helpers import Way

from tools import ToolError, deploy_mqtt

tree, update = test_update.tree, test_update.update
KEY, SPEED = test_update.KEY.encode(), test_update.SPEED
MPY = 6
FREE_BYTES = 102_400
ANSWER_S = 20
GIVEN_UP = hashlib.sha256(b"given up").hexdigest()


class Sender:
    """Who may publish at the broker of a Way; `last` is the last offer that was sent."""

    def __init__(self, way):
        self.way, self.recorder, self.last = way, way.recorder, b""

    def send(self, name, payload, retain=False):
        self.recorder.publish(f"{self.way.prefix}update/{name}", payload, retain)

    def said(self, key, after=0):
        """-> the first object with this key that the board says from the message number `after` on."""
        topic = f"{self.way.prefix}tele/update"
        is_it = lambda message: message.topic == topic and key in json.loads(message.payload)  # noqa: E731
        return json.loads(self.recorder.wait_for(is_it, ANSWER_S, after).payload)

    def nonce(self):
        after = len(self.recorder.messages)
        self.send("ask", "me")
        return self.said("nonce", after)["nonce"]

    def offered(self, manifest=b"x", key=KEY, **changes):
        """-> a signed offer with the board's nonce."""
        words = {"nonce": self.nonce(), "version": "2", "mpy": MPY, "size": len(manifest),
                 "sha256": hashlib.sha256(manifest).hexdigest(), "force": "-"} | changes  # fmt: skip
        text = " ".join(map(str, words.values())).encode()
        return hmac.new(key, text, hashlib.sha256).hexdigest().encode() + b" " + text

    def refused(self, offer, *contents):
        """Sends an offer, and of `contents` what is asked for -> why it is refused."""
        self.last, after = offer, len(self.recorder.messages)
        self.send("offer", offer)
        topic = f"{self.way.prefix}tele/update"
        while True:
            message = self.recorder.wait_for(lambda message: message.topic == topic, ANSWER_S, after)
            after = self.recorder.messages.index(message, after) + 1
            said = json.loads(message.payload)
            if "refused" in said:
                return said["refused"]
            if "at" in said:
                part = contents[said["file"]][said["at"] : said["at"] + 250]
                self.send("data", struct.pack(">HI", said["file"], said["at"]) + part)


def changed(offer, at):
    return offer[:at] + bytes([offer[at] ^ 1]) + offer[at + 1 :]


# name: sender -> the offer; why it is refused
FORGED = {
    "another key": (lambda s: s.offered(key=b"another key of 16"), "wrong key, or not whole"),
    "replayed": (lambda s: s.last, "it is old"),
    "another nonce": (lambda s: s.offered(nonce="0" * 32), "it is old"),
    "truncated": (lambda s: s.offered()[:-1], "wrong key, or not whole"),
    "cut to its signature": (lambda s: s.offered()[:64], "wrong key, or not whole"),
    "empty": (lambda s: b"", "wrong key, or not whole"),
    "another signature": (lambda s: changed(s.offered(), 0), "wrong key, or not whole"),
    "another version": (lambda s: changed(s.offered(), 98), "wrong key, or not whole"),
    "too long": (lambda s: s.offered(version="2" * 200), "wrong key, or not whole"),
    "longer than any payload": (lambda s: s.offered() + b"0" * 10_000, "wrong key, or not whole"),
    "another MicroPython": (lambda s: s.offered(mpy=5), "made for another MicroPython"),
    "a version of marks": (lambda s: s.offered(version='"'), "no version, or no size"),
    "no size": (lambda s: s.offered(size=-1), "no version, or no size"),
    "nothing": (lambda s: s.offered(size=0), "no version, or no size"),
    "a manifest of a megabyte": (lambda s: s.offered(size=1 << 20), "no version, or no size"),
    "a huge number": (lambda s: s.offered(size="9" * 80), "no version, or no size"),
    "a word more": (lambda s: s.offered(more="x"), "of a form that this version does not know"),
    "given up before": (lambda s: s.offered(sha256=GIVEN_UP), "this one was given up before"),
}  # fmt: skip
NO_FILE, NO_MANIFEST = "it names what is no file of the firmware", "its manifest cannot be read"
NAMES = ("firmware/../main.mpy", "../firmware/x.mpy", "/firmware/x.mpy", "config.json", "boot.py", "main.py",
         "place.mpy", "place.txt", "refused.txt", "firmware", "firmware/", "firmware/x.py", "firmware/manifest.part",
         "firmware//x.mpy", "firmware/.mpy", "b/firmware/x.mpy", "lib/x.mpy", "firmware/X.mpy", "firmware/..mpy",
         "firmware/./x.mpy", "firmware\\x.mpy", "firmware/x.mpy/..", "firmwarex/x.mpy",
         "firmware/%2e%2e/x.txt")  # fmt: skip


def line(name, data=b"", size=None, sha256=None):
    size = len(data) if size is None else size
    return f"{sha256 or hashlib.sha256(data).hexdigest()} {size} {name}\n".encode()


GOOD, LARGE = line("firmware/__init__.mpy", b"new"), line("firmware/x.mpy", size=65_536)
# signed, fresh, and refused all the same: the manifest, the file that is sent, why
SIGNED = [
    *[(GOOD + line(name), b"", NO_FILE) for name in NAMES],
    (GOOD + line("firmware/x.mpy", size=65_537), b"", NO_FILE),
    (GOOD + line("firmware/x.mpy", size="9" * 50), b"", NO_FILE),
    (line("firmware/a b.mpy"), b"", NO_MANIFEST), (line("firmware/x.mpy", size="-1"), b"", NO_MANIFEST),
    (line("firmware/x.mpy", sha256="5"), b"", NO_MANIFEST), (GOOD[:-1], b"", NO_MANIFEST), (b"\n", b"", NO_MANIFEST),
    (LARGE + LARGE, b"", "no space: 44 KB more must be free"),
    (GOOD, b"old", "b/firmware/__init__.mpy comes with another sum"),
]  # fmt: skip


@pytest.mark.slow
def test_it_refuses_and_goes_on(board, broker, mqtt_client, tree, update, project, monkeypatch):
    """Two refusals, then an offer that is taken until its manifest is read: so they are never three in a row."""
    answer = (project / "firmware" / "update" / "answer.py").read_text()
    old = answer.replace("sys.implementation.version[:3]", "(1, 26, 1)")
    with Way(board, broker, mqtt_client, settings={"update_key": KEY.decode()}, packs=1, speed=SPEED) as way:
        way.start(repl=True, env={"VB_FREE": str(FREE_BYTES)},
                  files={"refused.txt": GIVEN_UP + "\n", "firmware/update/answer.py": old})  # fmt: skip
        way.wait("stat/readings/Pack1")
        before, sender = test_update.read(way.board.flash), Sender(way)
        forged = itertools.cycle(FORGED.items())
        for manifest, data, words in SIGNED:
            assert sender.refused(sender.offered(manifest), manifest, data) == words, manifest
            name, (offer, why) = next(forged)
            assert sender.refused(offer(sender)) == why, name
        with pytest.raises(ToolError, match=r"too old: 1\.26\.1"):
            update(tree())
        (way.board.flash / "firmware" / "update" / "answer.py").unlink()
        new = tree("0.2.2")
        with pytest.raises(ToolError, match=r"no space: \d+ KB more must be free on the board"):
            update(new)
        with monkeypatch.context() as patch, pytest.raises(ToolError, match="code of version 6, and this is 5"):
            patch.setattr(deploy_mqtt, "MPY", 5)
            update(new)
        after = test_update.read(way.board.flash)
        del before["firmware/update/answer.py"], after["b/firmware/manifest.part"], after["b/firmware/__init__.mpy"]
        assert after == before and way.board.resets == [] and way.complaints() == []
        way.wait("stat/readings/Pack1", since=time.monotonic())


def test_three_in_a_row_and_updates_are_off(board, broker, mqtt_client, tree, update):
    with Way(board, broker, mqtt_client, settings={"update_key": KEY.decode()}, packs=1, speed=SPEED) as way:
        way.start().wait("stat/update")
        sender = Sender(way)
        for word in (b"", b'x"', b"a" * 17, b"\xff", b"a b"):
            sender.send("ask", word)
        assert way.health() and way.heard("tele/update") == [], "none of them is a word"
        sender.send("offer", b"x", retain=True)
        way.board.stop()
        after = len(mqtt_client.messages)
        way.board.start()
        assert "it is retained" in sender.said("refused", after)["refused"]
        new = tree()
        for _ in range(2):
            with pytest.raises(ToolError, match="the board refuses: wrong key, or not whole"):
                update(new, key="another key of 16")
        way.board.wait_for("updates are off until the next start")
        count = len(way.heard("tele/update"))
        sender.send("ask", "me")
        assert way.health() and len(way.heard("tele/update")) == count
        assert not (way.board.flash / "b").exists()


def test_a_flash_that_refuses(board, broker, mqtt_client):
    with Way(board, broker, mqtt_client, settings={"update_key": KEY.decode()}, packs=1, speed=SPEED) as way:
        way.start(files={"b": "a file where a directory must be"}).wait("stat/update")
        sender = Sender(way)
        assert sender.refused(sender.offered(GOOD), GOOD, b"new") == "flash: error 20"
        assert way.wait("stat/readings/Pack1", since=time.monotonic()) and way.board.resets == []


def test_without_a_key_there_is_nothing(board, broker, mqtt_client):
    with Way(board, broker, mqtt_client, packs=1, speed=SPEED) as way:
        way.start().wait("stat/readings/Pack1")
        sender = Sender(way)
        sender.send("ask", "me")
        sender.send("offer", "x")
        assert way.health() and way.heard("tele/update") + way.heard("stat/update") == []
