"""What the virtual board refuses of an update over a real broker: forged offers, and signed ones that cannot be."""

import hashlib
import hmac
import itertools
import json
import struct
import time

import pytest
import test_update
from system_helpers import Way
from test_deploy import read

from tools import ToolError, deploy_mqtt

tree, update = test_update.tree, test_update.update
KEY = test_update.KEY.encode()
FREE_BYTES, ANSWER_S = 102_400, 20
GIVEN_UP = hashlib.sha256(b"given up").hexdigest()


class Sender(Way):
    """A Way, and who may publish at its broker; `last` is the last offer that was sent."""

    last, seen = b"", 0

    def __init__(self, *fixtures, key=KEY):
        super().__init__(*fixtures, settings={"update_key": key.decode()}, packs=1, speed=test_update.SPEED)

    def send(self, name, payload, retain=False):
        self.seen = len(self.recorder.messages)
        self.recorder.publish(f"{self.prefix}update/{name}", payload, retain)

    def answer(self, key):
        """-> the next object with this key that the board says; it gets the parts that it asks for before."""
        topic, found = f"{self.prefix}tele/update", {}
        while key not in found:
            message = self.recorder.wait_for(lambda message: message.topic == topic, ANSWER_S, self.seen)
            self.seen = self.recorder.messages.index(message, self.seen) + 1
            found = json.loads(message.payload)
            if "at" in found:
                number, at = found["file"], found["at"]
                self.send("data", struct.pack(">HI", number, at) + self.contents[number][at : at + 250])
        return found[key]

    def offered(self, manifest=b"x", key=KEY, **changes):
        """-> a signed offer with the board's nonce."""
        self.send("ask", "me")
        words = {"nonce": self.answer("nonce"), "version": "2", "mpy": 6, "size": len(manifest),
                 "sha256": hashlib.sha256(manifest).hexdigest(), "force": "-"} | changes  # fmt: skip
        text = " ".join(map(str, words.values())).encode()
        return hmac.new(key, text, hashlib.sha256).hexdigest().encode() + b" " + text

    def refused(self, offer, *contents):
        """Sends an offer, and of `contents` what is asked for -> why it is refused."""
        self.last, self.contents = offer, contents
        self.send("offer", offer)
        return self.answer("refused")


WRONG, NO_SIZE = "wrong key, or not whole", "no version, or no size"
# sender -> the offer; why it is refused
FORGED = (
    (lambda s: s.offered(key=b"another key of 16"), WRONG), (lambda s: s.last, "it is old"),
    (lambda s: s.offered(nonce="0" * 32), "it is old"), (lambda s: s.offered()[:-1], WRONG),
    (lambda s: s.offered()[:64], WRONG), (lambda s: b"", WRONG), (lambda s: b"0" * 64 + s.offered()[64:], WRONG),
    (lambda s: s.offered().replace(b" 2 6 ", b" 3 6 "), WRONG), (lambda s: s.offered(version="2" * 200), WRONG),
    (lambda s: s.offered() + b"0" * 10_000, WRONG), (lambda s: s.offered(mpy=5), "made for another MicroPython"),
    (lambda s: s.offered(version='"'), NO_SIZE), (lambda s: s.offered(size=-1), NO_SIZE),
    (lambda s: s.offered(size=0), NO_SIZE), (lambda s: s.offered(size=1 << 20), NO_SIZE),
    (lambda s: s.offered(more="x"), "of a form that this version does not know"),
    (lambda s: s.offered(sha256=GIVEN_UP), "this one was given up before"),
)  # fmt: skip
NO_FILE, NO_MANIFEST = "it names what is no file of the firmware", "its manifest cannot be read"
NAMES = ("firmware/../main.mpy", "../firmware/x.mpy", "/firmware/x.mpy", "config.json", "boot.py", "main.py",
         "place.txt", "firmware", "firmware.mpy", "firmware/", "firmware/x.py", "firmware//x.mpy", "firmware/.mpy",
         "b/firmware/x.mpy", "firmware/X.mpy", "firmware/..mpy", "firmware\\x.mpy", "firmware/x.mpy/..",
         "firmwarex/x.mpy", "firmware/%2e%2e/x.txt")  # fmt: skip


def line(name, data=b"", size=None, sha256=None):
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    return f"{sha256} {len(data) if size is None else size} {name}\n".encode()


GOOD, LARGE = line("firmware/__init__.mpy", b"new"), line("firmware/x.mpy", size=65_536)
# signed, fresh, and refused all the same: the manifest, the file that is sent, why
SIGNED = [
    *[(GOOD + line(name), b"", NO_FILE) for name in NAMES], (GOOD + line("firmware/x.mpy", size=65_537), b"", NO_FILE),
    (line("firmware/a b.mpy"), b"", NO_MANIFEST), (line("firmware/x.mpy", size="-1"), b"", NO_MANIFEST),
    (line("firmware/x.mpy", sha256="5"), b"", NO_MANIFEST), (GOOD[:-1], b"", NO_MANIFEST),
    (LARGE + LARGE, b"", "no space: 44 KB more must be free"),
    (GOOD, b"old", "b/firmware/__init__.mpy comes with another sum"),
]  # fmt: skip


@pytest.mark.slow
def test_it_refuses_and_goes_on(board, broker, mqtt_client, tree, update, project, monkeypatch):
    """Two refusals, then an offer that is taken until its manifest is read: so they are never three in a row."""
    answer = (project / "firmware" / "update" / "answer.py").read_text()
    old = answer.replace("sys.implementation.version[:3]", "(1, 26, 1)")
    with Sender(board, broker, mqtt_client) as way:
        way.start(repl=True, env={"VB_FREE": str(FREE_BYTES)},
                  files={"refused.txt": GIVEN_UP + "\n", "firmware/update/answer.py": old})  # fmt: skip
        way.wait("stat/readings/Pack1")
        before, forged = read(way.board.flash), itertools.cycle(FORGED)
        for manifest, data, words in SIGNED:
            assert way.refused(way.offered(manifest), manifest, data) == words, manifest
            offer, why = next(forged)
            assert way.refused(offer(way)) == why, way.last
        with pytest.raises(ToolError, match=r"too old: 1\.26\.1"):
            update(tree())
        (way.board.flash / "firmware" / "update" / "answer.py").unlink()
        new = tree("0.2.2")
        with pytest.raises(ToolError, match=r"no space: \d+ KB more must be free on the board"):
            update(new)
        with monkeypatch.context() as patch, pytest.raises(ToolError, match="code of version 6, and this is 5"):
            patch.setattr(deploy_mqtt, "MPY", 5)
            update(new)
        after = read(way.board.flash)
        del before["firmware/update/answer.py"], after["b/firmware/manifest.part"], after["b/firmware/__init__.mpy"]
        assert after == before and way.board.resets == [] and way.complaints() == []
        way.wait("stat/readings/Pack1", since=time.monotonic())


def test_three_in_a_row_and_updates_are_off(board, broker, mqtt_client, tree, update):
    with Sender(board, broker, mqtt_client) as way:
        way.start().wait("stat/update")
        for word in (b"", b'x"', b"a" * 17, b"\xff", b"a b"):
            way.send("ask", word)
        assert way.health() and way.heard("tele/update") == [], "none of them is a word"
        way.send("offer", b"x", retain=True)
        assert way.answer("refused") == WRONG, "it is not, for who was there before"
        way.board.stop()
        way.seen = len(mqtt_client.messages)
        way.board.start()
        assert "it is retained" in way.answer("refused")
        new = tree()
        for _ in range(2):
            with pytest.raises(ToolError, match="the board refuses: wrong key, or not whole"):
                update(new, key="another key of 16")
        way.board.wait_for("update refused: wrong key, or not whole")
        way.board.wait_for("updates are off until the next start")
        count = way.health() and len(way.heard("tele/update"))
        way.send("ask", "me")
        assert way.health() and len(way.heard("tele/update")) == count and not (way.board.flash / "b").exists()


def test_a_flash_that_refuses(board, broker, mqtt_client):
    with Sender(board, broker, mqtt_client) as way:
        way.start(files={"b": "a file where a directory must be"}).wait("stat/update")
        assert way.refused(way.offered(GOOD), GOOD, b"new") == "flash: error 20"
        way.board.wait_for("update to 2 refused: flash: error 20")
        assert [way.refused(b""), way.refused(b"")] == [WRONG, WRONG]
        way.board.wait_for("updates are off until the next start")
        assert way.wait("stat/readings/Pack1", since=time.monotonic()) and way.board.resets == []


def test_without_a_key_there_is_nothing(board, broker, mqtt_client):
    with Sender(board, broker, mqtt_client, key=b"") as way:
        way.start().wait("stat/readings/Pack1")
        way.send("ask", "me")
        way.send("offer", "x")
        assert way.health() and way.heard("tele/update") + way.heard("stat/update") == []
