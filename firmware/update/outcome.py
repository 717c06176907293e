"""What the old version does when it starts again, after a new one was given up."""

import os

from micropython import const

import place

_WHY = {b"starts": "3 starts without success", b"time": "no success within 10 minutes"}
_REFUSED = "refused.txt"
_REFUSED_BYTES = const(520)  # the sums of the last eight


def given_up(retained):
    """LastError says it, and the same manifest is not taken again. OSError."""
    words = place.read()
    error = "update to %s given up: %s" % (words[4].decode(), _WHY.get(words[2], ""))
    if words[2] == b"starts" and retained.last_error:
        error += "; " + retained.last_error
    retained.last_error = error
    retained.save()
    try:
        with open(_REFUSED, "rb") as file:
            sums = file.read()
    except OSError:  # the first one
        sums = b""
    if words[5] not in sums:
        with open(_REFUSED + ".new", "wb") as file:
            file.write((sums + words[5] + b"\n")[-_REFUSED_BYTES:])
        os.rename(_REFUSED + ".new", _REFUSED)
    place.write(words[:1])
