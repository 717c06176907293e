"""What is wrong with the frame around INFO, where, and what it should be (§2.2 to §2.5). Pure.

Characters count from 1; SOI is number 1.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from firmware.battery import frame

SHORTEST = frame.OVERHEAD - 1  # without EOI
HEX = frozenset("0123456789ABCDEF")
SHOWN = 8  # characters in a message
MOST_FAULTS = 8  # of one kind that are told one by one


class Fault(NamedTuple):
    """Where: number of the first character, how many; what is wrong and what it should be."""

    at: int
    width: int
    text: str


class Cut(NamedTuple):
    """A line cut at the places where a frame has its fields: texts, and `at`, the number of VER's first character;
    lenid: a number, or None where LENGTH cannot be read; wanted: the right CHKSUM, or "" where there is none.
    """

    at: int
    soi: str
    head: str
    length: str
    lenid: int | None
    info: str
    behind: str
    chksum: str
    wanted: str
    eoi: str


def cut(text):
    """A text of characters 0 to 255, with or without its CR -> Cut. Damaged lines too."""
    body, eoi = (text[:-1], "\r") if text.endswith("\r") else (text, "")
    start = 0 if body and body[0] in HEX else 1  # a lost SOI: the rest stands one further left
    soi, rest = body[:start], body[start:]
    length = rest[8:12]
    lenid = int(length[1:], 16) if len(length) == 4 and is_hex(length) else None
    whole = len(rest) >= SHORTEST - 1
    wanted = f"{-sum(rest[:-4].encode('latin-1')) & 0xFFFF:04X}" if whole else ""
    chksum = rest[-4:] if whole else ""
    info, behind = rest[12 : len(rest) - len(chksum)], ""
    if lenid is not None and lenid < len(info):
        info, behind = info[:lenid], info[lenid:]
    elif lenid is not None and lenid > len(info) and chksum != wanted:  # cut short: CHKSUM is lost
        info, chksum, behind = rest[12:][:lenid], "", rest[12 + lenid :]
    return Cut(start + 1, soi, rest[:8], length, lenid, info, behind, chksum, wanted, eoi)


def is_hex(text):
    """Whether all are hex digits, of either case."""
    return HEX.issuperset(text.upper()) and text.isascii()


def faults(text):
    """Everything that is wrong with a line -> [Fault], in the order of the line; none if, and only if, frame.decode()
    takes it.
    """
    body = text.removesuffix("\r")
    parts = cut(text)
    found = [*_characters(body), *_length(parts, len(body) - parts.at - 15)]
    if parts.chksum != parts.wanted and parts.chksum:
        text = f"CHKSUM is {_shown(parts.chksum)}; the characters before it make {parts.wanted}"
        found.append(Fault(len(body) - 3, 4, text + _or_lchksum(parts)))
    return sorted(found)


def _shown(text):
    """Characters in quotes, or in hex where they cannot be printed; a few of them."""
    some, more = text[:SHOWN], "…" * (len(text) > SHOWN)
    printable = some.isascii() and some.isprintable()
    return f"'{some}'{more}" if printable else " ".join(f"{ord(one):02X}H" for one in some) + more


def _characters(body):
    start = 0
    if body[:1] != "~":
        here = f"{_shown(body[0])} stands here" if body else "there is nothing"
        yield Fault(1, 1, f"SOI must be '~' (7EH), {here}")
    if body and body[0] not in HEX:
        start = 1
    for number, found in enumerate(re.finditer("[a-f]+|[^0-9A-Fa-f]+", body[start:])):
        at, what = start + found.start() + 1, found.group()
        if number == MOST_FAULTS:
            yield Fault(at, 1, "and more such characters from here on")
            return
        if is_hex(what):
            yield Fault(at, len(what), f"lower-case hex {what!r}: it must be {what.upper()!r}")
        else:
            yield Fault(at, len(what), f"{_shown(what)} is no hex: only 0 to 9 and A to F can be here")
    if len(body) < SHORTEST:
        yield Fault(len(body) + 1, 1, f"it ends here, after {len(body)} characters; the shortest frame has {SHORTEST}")


def _length(parts, there):
    """Holds LENGTH against itself, and against the `there` characters of INFO (§2.4)."""
    if parts.lenid is None:
        return
    said, lenid = parts.length.upper(), parts.lenid
    wanted = _lchksum(lenid)
    at = parts.at + 8
    if said[0] != wanted:
        yield Fault(at, 1, f"LCHKSUM is {said[0]}; for LENID {said[1:]} it must be {wanted}")
    if lenid % 2:
        yield Fault(at + 1, 3, f"LENID {said[1:]} is odd; each byte of INFO has two characters")
    if there < 0 or there == lenid:
        return
    much = f"{lenid - there} missing" if there < lenid else f"{there - lenid} too many"
    why = ""
    if parts.chksum == parts.wanted and there < 4096:
        why = f". CHKSUM is right, so it is LENGTH that is wrong: it must be {_lchksum(there)}{there:03X}"
    elif said[0] == wanted:
        why = ". LENID fits its LCHKSUM, so it is probably right"
    yield Fault(at + 1, 3, f"LENID {said[1:]} says {lenid} characters of INFO, there are {there}: {much}{why}")


def _or_lchksum(parts):
    """What there is to say when LCHKSUM alone is wrong, and CHKSUM was made of the right one."""
    if parts.lenid is None or not is_hex(parts.chksum):
        return ""
    right = _lchksum(parts.lenid)
    made = int(parts.wanted, 16) + ord(parts.length[0]) - ord(right) & 0xFFFF
    return f", and with LCHKSUM {right} this one" if made == int(parts.chksum, 16) else ""


def _lchksum(lenid):
    return f"{-sum(int(digit, 16) for digit in f'{lenid:X}') % 16:X}"
