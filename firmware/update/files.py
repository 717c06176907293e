"""The files of a place: which there are, their sums, and the flash that they take; and what Home Assistant is told."""

import hashlib
import os
from binascii import hexlify

from micropython import const

from .. import __version__

_DIRECTORY = const(0x4000)
_PART_BYTES = const(256)
_BLOCK_BYTES = const(4096)
_STATUS = b'{"installed_version":"%s","latest_version":"%s","in_progress":%s,"update_percentage":%s}'


def walk(directory):
    """Yields the paths of all files in `directory`, those of its directories too; nothing where it is missing."""
    try:
        entries = os.ilistdir(directory)
    except OSError:
        return
    for entry in entries:
        path = directory + "/" + entry[0]
        if entry[1] & _DIRECTORY:
            yield from walk(path)
        else:
            yield path


def digest(path):
    """-> (size in bytes, SHA-256 in hex, bytes) of the file `path`; None: it cannot be read."""
    sha, size = hashlib.sha256(), 0
    part = bytearray(_PART_BYTES)
    try:
        with open(path, "rb") as file:
            while True:
                count = file.readinto(part)
                if not count:
                    return size, hexlify(sha.digest())
                sha.update(memoryview(part)[:count])
                size += count
    except OSError:
        return None


def blocks(size):
    """-> bytes of flash that a file of `size` bytes takes."""
    return (size + _BLOCK_BYTES - 1) // _BLOCK_BYTES * _BLOCK_BYTES


def free():
    """-> bytes of flash that are free."""
    space = os.statvfs("/")
    return space[0] * space[3]


def status(publisher, latest=None, percent=None):
    """Publishes stat/update. `latest`: the version that is offered, bytes; `percent` of it that are here."""
    installed = __version__.encode()
    if latest is None:
        payload = _STATUS % (installed, installed, b"false", b"null")
    else:
        payload = _STATUS % (installed, latest, b"true", b"%d" % percent)
    publisher.publish("stat/update", payload, True)
