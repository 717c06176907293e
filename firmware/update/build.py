"""Builds the new version in the place that does not run, one bounded step a pass; every file is checked by its sum."""

import os

from micropython import const

from ..modules import Temporary
from . import files

_HEAD_BYTES = const(6)  # of a message of update/data: number of the file, where in it; then bytes
_BYTES_MAX = const(256)
_COPY_BYTES = const(512)
_AGAIN_MS = const(4_000)  # a part that did not come is asked for again
_BUSY_MS = const(10_000)  # without a part: then another offer may come
_SILENCE_MS = const(300_000)  # then this update ends, and what is here is kept
_TRIES = const(3)
_EEXIST = const(17)


class Build:
    """Asks for the parts that lack with `tele/update`; `update/data` brings them.

    `loop` is loop.Loop, `here` the place that runs, `version` the one that comes; `size` and `sha256` (hex) of its
    manifest. Texts are bytes.
    """

    def __init__(self, loop, clock, log, here, version, size, sha256):
        self._loop = loop
        self._clock = clock
        self._log = log
        self._version = version
        self._here = here
        self._wanted = b""  # head of the part that is asked for
        self._part = None
        self._heard_at = self._said_at = clock.ticks_ms()
        self._tenth = 0
        self._steps = self._run(size, sha256)

    def message(self, topic, payload, retained):
        """A message below `update/`. `topic`, `payload`: bytes."""
        if topic.endswith(b"/data"):
            if payload[:_HEAD_BYTES] == self._wanted and not retained and _HEAD_BYTES < len(payload) <= _BYTES_MAX:
                self._heard_at = self._clock.ticks_ms()
                self._part, self._wanted = payload, b""
        elif self._since(self._heard_at) >= _BUSY_MS:
            self._end()  # who asks again is answered

    def tend(self):
        """One pass."""
        why = None
        try:
            next(self._steps)
            if self._wanted:
                if self._since(self._heard_at) >= _SILENCE_MS:
                    why = "nobody sends it any more"
            else:  # it works by itself, for minutes where the battery is slow
                self._heard_at = self._clock.ticks_ms()
                if self._since(self._said_at) >= _AGAIN_MS:
                    self._say(b'{"busy":true}')
        except StopIteration:
            self._loop.restart()
        except OSError as error:
            why = "flash: error %s" % error.args[0]
        except ValueError as error:
            why = str(error)
        if why:
            self._refuse(why)

    def stop(self):
        """Too little memory -> True: it ends."""
        self._refuse("too little memory")
        return True

    def _refuse(self, why):
        self._loop.refused += 1
        self._end()
        self._log.warning("update to %s refused: %s", self._version.decode(), why)
        self._say(b'{"refused":"%s"}' % why.encode())

    def _say(self, payload):
        self._said_at = self._clock.ticks_ms()
        self._loop.publisher.publish("tele/update", payload)

    def _since(self, ticks):
        return self._clock.ticks_diff(self._clock.ticks_ms(), ticks)

    def _end(self):
        self._steps.close()
        self._loop.update = None
        files.status(self._loop.publisher)

    def _run(self, size, sha256):
        new, old = ("", "b/") if self._here == b"b" else ("b/", "")
        manifest = new + "firmware/manifest.part"
        _make_directories(manifest)
        if files.digest(manifest) != (size, sha256):
            yield from self._receive(0, manifest, size, sha256)
        with Temporary():
            from .manifest import check, remove_others
        count = yield from check(manifest, new)
        yield from remove_others(manifest, new)
        del check, remove_others
        copied = received = 0
        with open(manifest, "rb") as lines:
            for number, line in enumerate(lines, 1):
                self._tell(number * 100 // count)
                words = line.split()
                name, found = words[2].decode(), (int(words[1]), words[0])
                if files.digest(new + name) != found:
                    _make_directories(new + name)
                    if files.digest(old + name) == found:
                        yield from self._copy(old + name, new + name, found)
                        copied += 1
                    else:
                        yield from self._receive(number, new + name, *found)
                        received += 1
                yield
        version = self._version
        self._log.info("update to %s: %d files received, %d copied", version.decode(), received, copied)
        os.remove(manifest)
        with Temporary():
            import place
        needs = b"-" if self._loop.poller.searching else b"reading"
        place.write([b"a" if self._here == b"b" else b"b", b"trial", b"0", needs, version, sha256])
        self._say(b'{"restart":"%s"}' % version)

    def _copy(self, old, new, found):
        part = bytearray(_COPY_BYTES)
        with open(old, "rb") as source, open(new, "wb") as file:
            while True:
                count = source.readinto(part)
                if not count:
                    break
                file.write(memoryview(part)[:count])
                yield
        if files.digest(new) != found:
            raise ValueError("%s could not be copied" % new)

    def _receive(self, number, path, size, sha256):
        for _ in range(_TRIES):
            at = 0
            with open(path, "wb") as file:
                while at < size:
                    yield from self._ask(number, at)
                    part, self._part = memoryview(self._part)[_HEAD_BYTES:], None
                    file.write(part)
                    at += len(part)
            if files.digest(path) == (size, sha256):
                return
            self._log.info("update: %s came with another sum", path)
        raise ValueError("%s comes with another sum" % path)

    def _ask(self, number, at):
        """Asks for a part until it is here."""
        while not self._part:
            self._wanted = bytes((number >> 8, number & 255, at >> 24, at >> 16 & 255, at >> 8 & 255, at & 255))
            self._say(b'{"file":%d,"at":%d}' % (number, at))
            while not self._part and self._since(self._said_at) < _AGAIN_MS:
                yield

    def _tell(self, percent):
        """Home Assistant gets each tenth."""
        if percent // 10 != self._tenth:
            self._tenth = percent // 10
            files.status(self._loop.publisher, self._version, percent)


def _make_directories(path):
    at = path.find("/")
    while at > 0:
        try:
            os.mkdir(path[:at])
        except OSError as error:
            if error.args[0] != _EEXIST:
                raise
        at = path.find("/", at + 1)
