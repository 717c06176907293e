"""Is an offer ours, fresh, and for this board?"""

import hashlib
from binascii import hexlify

from micropython import const

from .answer import is_word, mpy

_BYTES_MAX = const(256)
_SIGNATURE = const(64)  # hex digits
_SHA_BLOCK = const(64)
_VERSION_MAX = const(24)
_MANIFEST_MAX = const(16_384)  # bytes


def refusal(payload, key, nonce):
    """Why an offer (bytes) is refused, a text; else a tuple (version, size, SHA-256 in hex), of its manifest: bytes,
    integer, bytes. Its words: HMAC-SHA-256 of what follows, in hex; nonce, version, mpy, size, sha256, "force" or "-".
    """
    text = payload[_SIGNATURE + 1 :]
    if len(payload) > _BYTES_MAX or not _same(_hmac(key, text) + b" ", payload[: _SIGNATURE + 1]):
        return "wrong key, or not whole"
    words = text.split(b" ")
    if len(words) != 6:
        return "of a form that this version does not know"
    if words[0] != nonce:
        return "it is old"
    _, version, its_mpy, size, sha256, force = words
    if its_mpy != b"%d" % mpy():
        return "made for another MicroPython"
    if not is_word(version, _VERSION_MAX) or not size.isdigit() or not 0 < int(size) <= _MANIFEST_MAX:
        return "no version, or no size"
    if force != b"force" and _was_given_up(sha256):
        return "this one was given up before"
    return version, int(size), sha256


def _hmac(key, text):
    if len(key) > _SHA_BLOCK:
        key = hashlib.sha256(key).digest()
    key = key + bytes(_SHA_BLOCK - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in key]))
    inner.update(text)
    outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in key]))
    outer.update(inner.digest())
    return hexlify(outer.digest())


def _same(one, two):
    """Takes as long wherever they differ."""
    different = len(one) ^ len(two)
    for left, right in zip(one, two):
        different |= left ^ right
    return not different


def _was_given_up(sha256):
    try:
        with open("refused.txt", "rb") as file:
            return sha256 in file.read()
    except OSError:  # none ever was
        return False
