"""Which firmware starts: that in `firmware/` (place a) or that in `b/firmware/` (b). Updates over the broker replace
the one that does not run, and never boot.py, main.py or this file.

place.txt tells it in words: the place. While a new version is on trial six: the place, "trial", its starts so far,
"reading" where the battery must answer (else "-"), the version, the sum of its manifest. Six, too, after it was given
up, until the old version has seen it: the place, "refused", why, "-", the version, the sum. Words are bytes: a text
would stay among MicroPython's names.
"""

import os
import sys

_FILE = "place.txt"
_NEW = "place.txt.new"
_UNFINISHED = "firmware/manifest.part"  # is there while a place is being built
_BYTES_MAX = 256
_STARTS_MAX = 3


def read():
    """-> the words of place.txt, bytes; [] when it is missing or damaged."""
    try:
        with open(_FILE, "rb") as file:
            words = file.read(_BYTES_MAX).split()
    except OSError:
        return []
    return words if len(words) in (1, 6) and words[0] in (b"a", b"b") else []


def write(words):
    """Replaces place.txt in one step: a power cut leaves the old one or the new one. OSError."""
    with open(_NEW, "wb") as file:
        file.write(b" ".join(words))
    os.rename(_NEW, _FILE)


def choose():
    """Makes modules come from the place that starts: what place.txt says, else the first one that is whole."""
    words = read()
    there = [place for place in (b"a", b"b") if _exists(place, "firmware")]
    if not words or words[0] not in there:
        words = [place for place in there if not _exists(place, _UNFINISHED)]
    if "/b" in sys.path:
        sys.path.remove("/b")
    if words[:1] == [b"b"]:
        sys.path.insert(0, "/b")


def start():
    """Counts a start of a version on trial, gives it up behind the third, and chooses -> True: it is on trial."""
    words = read()
    trial = words[1:2] == [b"trial"]
    if trial:
        trial = words[2].isdigit() and int(words[2]) < _STARTS_MAX
        if trial:
            words[2] = b"%d" % (int(words[2]) + 1)
        else:
            words[:4] = [b"b" if words[0] == b"a" else b"a", b"refused", b"starts", b"-"]
        try:
            write(words)
        except OSError as error:  # a flash that is full or broken must not keep it from starting
            print("place.txt is not written:", error)
    choose()
    return trial


def _exists(place, name):
    try:
        os.stat(name if place == b"a" else "b/" + name)
        return True
    except OSError:
        return False
