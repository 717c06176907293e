"""What `update/ask` gets told: what this board is, and all files of its firmware."""

import os
import sys

from .. import __version__
from . import files

_TOP = ("boot.py", "main.py", "place.mpy")  # what no update over the broker changes
_HEAD = b'{"id":"%s","nonce":"%s","version":"%s","micropython":"%s","mpy":%d,"place":"%s","free":%d,"link":%s}'


def lines(asked, nonce, place, searching):
    """Yields the payloads of the answer: the head, a line a file, their count. `asked`: the question's id, `place` that
    runs: bytes; `searching`: the battery does not answer.
    """
    here, there = ("b/", "") if place == b"b" else ("", "b/")
    free = files.free()
    for path in files.walk(there + "firmware"):  # it will be replaced
        free += files.blocks(os.stat(path)[6])
    yield _HEAD % (
        asked,
        nonce,
        __version__.encode(),
        b".".join([b"%d" % number for number in sys.implementation.version[:3]]),
        mpy(),
        place,
        free,
        b"false" if searching else b"true",
    )
    count = 0
    for path in _TOP:
        found = files.digest(path)
        if found:
            count += 1
            yield _line(path, found)
    for path in files.walk(here + "firmware"):
        found = files.digest(path)
        if found:
            count += 1
            yield _line(path[len(here) :], found)
    yield b'{"files":%d}' % count


def mpy():
    """-> version of the compiled code that this MicroPython takes."""
    return getattr(sys.implementation, "_mpy", 0) & 0xFF


def is_word(text, most):
    """True for 1 to `most` letters, digits and marks that need no care anywhere."""
    for byte in text:
        if byte not in b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.+-_":
            return False
    return 0 < len(text) <= most


def _line(path, found):
    return b'{"file":"%s","size":%d,"sha256":"%s"}' % ((path.encode(),) + found)
