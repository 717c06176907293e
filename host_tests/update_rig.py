"""The firmware's side of an update on this PC: its modules on a directory that is the flash."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import sys
from pathlib import Path
from types import SimpleNamespace

from fakes import Clock, Memory

import place
from firmware.log import Log
from firmware.loop import Loop
from firmware.retained import Retained
from firmware.update import answer, build, files, manifest, offer, outcome, signature, trial

MODULES = (place, answer, build, files, manifest, offer, outcome, signature, trial)
KEY = b"a key of twenty byte"
PREFIX = "a/b/"
MPY = 0  # CPython has none
PART_BYTES = 250
FREE_BLOCKS = 512


class Flash:
    """The directory `root` as the flash."""

    def __init__(self, root, monkeypatch):
        self.root = Path(root)
        for module in MODULES:
            if hasattr(module, "os"):
                monkeypatch.setattr(module, "os", self)
        monkeypatch.chdir(root)

    urandom, stat = map(staticmethod, (os.urandom, os.stat))
    rename, remove, mkdir, rmdir = map(staticmethod, (os.rename, os.remove, os.mkdir, os.rmdir))

    def ilistdir(self, name):
        return [(entry.name, 0x4000 if entry.is_dir() else 0x8000, 0) for entry in sorted(os.scandir(name), key=str)]

    def statvfs(self, _):
        return 4096, 4096, 512, FREE_BLOCKS

    def put(self, files):
        """{name: bytes} -> the flash."""
        for name, data in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_bytes(data)

    def read(self, below=""):
        """-> {name: bytes} of the files in a directory."""
        top = self.root / below
        return {p.relative_to(top).as_posix(): p.read_bytes() for p in top.rglob("*") if p.is_file()}


class Restarted(Exception):
    """The board was told to start anew."""


class Rig:
    """A board whose loop takes updates; `said`: [(topic, payload)] that it published."""

    def __init__(self, key=KEY):
        self.clock, self.said, self.lines = Clock(5000), [], []
        self.retained = Retained(Memory())
        session = SimpleNamespace(tend=lambda up: None, silence_ms=lambda: 0, close=lambda: None, connected=True)
        self.session = session
        self.poller = SimpleNamespace(searching=False, step=lambda: 0, in_cycle=lambda: False, cycle_ms=None)
        publisher = SimpleNamespace(tend=lambda update: None, prefix=PREFIX, connected=lambda: None,
                                    identity_came=lambda topic, payload: False,
                                    publish=self._publish)  # fmt: skip
        self.telemetry = SimpleNamespace(uptime_s=lambda: self.clock.passed_ms // 1000)
        wifi = SimpleNamespace(tend=lambda: True)
        self.log = Log("info", self.lines.append)
        self.loop = Loop(self._reset, self.retained, self.clock, self.log, wifi, session, self.poller, publisher,
                         self.telemetry, key)  # fmt: skip

    def _reset(self):
        raise Restarted

    def _publish(self, topic, payload, retain=False):
        self.said.append((topic, payload))

    def send(self, name, payload, retained=False):
        """A message below update/; then a pass."""
        self.loop.message(f"{PREFIX}update/{name}".encode(), payload, retained)
        self.loop.round()

    def passes(self, count=1, ms=50):
        for _ in range(count):
            self.clock.advance(ms)
            self.loop.round()

    def answers(self):
        """-> payloads of tele/update so far, as text; they are forgotten."""
        found = [payload.decode() for topic, payload in self.said if topic == "tele/update"]
        self.said = []
        return found

    def ask(self):
        """-> (nonce, the lines of the answer)."""
        self.send("ask", b"me")
        self.passes(80)
        lines = self.answers()
        return lines[0].partition('"nonce":"')[2][:32].encode(), lines

    def offer(self, text, key=KEY):
        """Signs and sends an offer."""
        self.send("offer", hmac.new(key, text, hashlib.sha256).hexdigest().encode() + b" " + text)

    def update(self, wanted, version=b"2", force=b"-", change=lambda number, part: part, ms=50):
        """All of an update, until the board starts anew (Restarted) or refuses -> its last words.

        wanted: {name: bytes}; change: what becomes of the parts on the way; ms: what a pass takes.
        """
        names = sorted(wanted)
        text = manifest_of(wanted)
        contents = [text, *(wanted[name] for name in names)]
        nonce, _ = self.ask()
        self.offer(b" ".join((nonce, version, b"%d" % MPY, b"%d" % len(text), sha256(text), force)))
        for _ in range(5000):
            said = self.answers()
            for line in said:
                if "refused" in line:
                    return line
                if '"at"' in line:
                    number, at = (int("".join(filter(str.isdigit, word))) for word in line.split(","))
                    part = change(number, contents[number][at : at + PART_BYTES])
                    topic = f"{PREFIX}update/data".encode()
                    self.loop.message(topic, struct.pack(">HI", number, at) + part, False)
            self.passes(1, ms)
        raise AssertionError("it does not end")


def sha256(data):
    return hashlib.sha256(data).hexdigest().encode()


def manifest_of(wanted):
    """-> the manifest of {name: bytes}."""
    return b"".join(b"%s %d %s\n" % (sha256(wanted[name]), len(wanted[name]), name.encode()) for name in sorted(wanted))


def starts():
    """-> the place that would start now, as boot.py chooses it: "" or "b/"."""
    before = list(sys.path)
    try:
        place.choose()
        return "b/" if "/b" in sys.path else ""
    finally:
        sys.path[:] = before
