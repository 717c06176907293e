"""One frame, every field of it named, and everything that is wrong with it. Pure; characters count from 1."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from firmware.battery import frame
from tools.decode_values import (
    ALL_PACKS,
    COMMANDS,
    HEX,
    NEVER_SENT,
    PACE,
    RATES,
    RETURN_CODES,
    WITH_PACK,
    command_in_words,
    factor_of_ten,
    fitting,
    is_hex,
    refusal,
    shown,
    values,
)  # fmt: skip

REQUEST, REPLY = "request", "reply"
SHORTEST = frame.OVERHEAD - 1  # without EOI
HEAD = 12  # characters from VER to LENGTH


class Fault(NamedTuple):
    """Where: number of the first character, how many; what is wrong and what it should be."""

    at: int
    width: int
    text: str


class Part(NamedTuple):
    """One field: number of its first character (0: somewhere in INFO), its characters, name, value, section."""

    at: int
    characters: str
    name: str
    value: str
    section: str = ""


@dataclass
class Report:
    """What a frame says: parts, faults, remarks. role: REQUEST, REPLY or None; code: CID2 or RTN, or None.

    cid2: the command that it is or answers, None: not known; by: how that is known.
    """

    text: str
    role: str | None = None
    code: int | None = None
    cid2: int | None = None
    by: str = ""
    parts: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    remarks: list = field(default_factory=list)
    commands: dict = field(default_factory=lambda: COMMANDS)  # or PACE, where VER or the layout says so

    @property
    def good(self):
        """Nothing is wrong, neither with the frame nor with INFO."""
        return not self.faults


def examine(text, role=None, cid2=None, by=""):
    """A line "~…", with or without its CR (a text of characters 0 to 255) -> Report. Raises nothing (§2 to §4).

    role, cid2, by: what is known already of REQUEST or REPLY, the command that a reply answers, and how.
    """
    body = text.removesuffix("\r")
    start = 0 if body and body[0] in HEX else 1  # a lost SOI: the rest stands one further left
    rest = body[start:]
    whole = len(body) >= SHORTEST
    info, chksum = (rest[HEAD:-4], rest[-4:]) if whole else (rest[HEAD:], "")
    report = Report(text, faults=sorted([*_characters(body, start), *_sums(rest, start + 1, info, chksum)]))
    report.code = int(rest[6:8], 16) if len(rest[6:8]) == 2 and is_hex(rest[6:8]) else None
    report.commands = PACE if rest[:2] == "25" else COMMANDS
    _settle_role(report, role, cid2, by, bool(info))
    report.parts = [Part(1, body[:start], "SOI", "start", "2.2")] if body[:start] else []
    report.parts += _head_parts(rest, start + 1, report)
    _name_info(report, info, start + 1 + HEAD)
    if chksum:
        wanted = _chksum(rest)
        value = "right" if chksum == wanted else f"wrong, must be {wanted}"
        report.parts.append(Part(len(body) - 3, chksum, "CHKSUM", value, "2.5"))
    return report


def _characters(body, start):
    if body[:1] != "~":
        yield Fault(1, 1, f"SOI must be '~' (7EH), {shown(body[0]) + ' stands here' if body else 'there is nothing'}")
    for found in re.finditer("[a-f]+|[^0-9A-Fa-f]+", body[start:]):
        at, what = start + found.start() + 1, found.group()
        if is_hex(what):
            yield Fault(at, len(what), f"lower-case hex {what!r}: it must be {what.upper()!r}")
        else:
            yield Fault(at, len(what), f"{shown(what)} is no hex: only 0 to 9 and A to F can be here")
    if len(body) < SHORTEST:
        yield Fault(len(body) + 1, 1, f"it ends here, after {len(body)} characters; the shortest frame has {SHORTEST}")


def _sums(rest, at, info, chksum):
    """LENGTH against itself and against INFO (§2.4), CHKSUM against all (§2.5). `at`: number of VER's character."""
    length = rest[8:HEAD]
    if len(length) == 4 and is_hex(length):
        lenid = int(length[1:], 16)
        wanted = _lchksum(lenid)
        if length[0] != wanted:
            yield Fault(at + 8, 1, f"LCHKSUM is {length[0]}; for LENID {length[1:]} it must be {wanted}")
        if lenid % 2:
            yield Fault(at + 9, 3, f"LENID {length[1:]} is odd; each byte of INFO has two characters")
        if chksum and lenid != len(info):
            much = f"{lenid - len(info)} missing" if len(info) < lenid else f"{len(info) - lenid} too many"
            why = ""
            if chksum == _chksum(rest) and len(info) < 4096:
                right = f"{_lchksum(len(info))}{len(info):03X}"
                why = f". CHKSUM is right, so it is LENGTH that is wrong: it must be {right}"
            elif length[0] == wanted:
                why = ". LENID fits its LCHKSUM, so it is probably right"
            text = f"LENID {length[1:]} says {lenid} characters of INFO, there are {len(info)}: {much}{why}"
            yield Fault(at + 9, 3, text)
    if chksum and chksum != _chksum(rest):
        yield Fault(at + len(rest) - 4, 4, f"CHKSUM is {shown(chksum)}; the characters before it make {_chksum(rest)}")


def _lchksum(lenid):
    return f"{-sum(int(digit, 16) for digit in f'{lenid:X}') % 16:X}"


def _chksum(rest):
    return f"{-sum(rest[:-4].encode('latin-1')) & 0xFFFF:04X}"


def _settle_role(report, role, cid2, by, has_info):
    """Is it a request or a reply, and of which command?"""
    code = report.code
    is_command, is_return_code = code in report.commands or code in NEVER_SENT, code in RETURN_CODES
    if role is None and is_command and is_return_code:  # 90H and 91H are both
        role = REPLY if code == frame.SET_RATE and not has_info else REQUEST
        if code == frame.PACK_COUNT and not has_info:
            report.remarks.append("ambiguous: as a reply 90H would be RTN ADR error; --reply says that it is one")
    elif role is None and (is_command or is_return_code):
        role = REQUEST if is_command else REPLY
    elif role is None and code is not None:
        report.remarks.append(f"{code:02X}H is neither a command nor a return code of V2.8")
    report.role = role
    if role == REQUEST:
        report.cid2 = code
    elif role == REPLY:
        report.cid2, report.by = cid2, by


def _head_parts(rest, at, report):
    """Yields VER, ADR, CID1, CID2 or RTN, LCHKSUM, LENID."""
    words = {
        "VER": lambda number: f"protocol version {number >> 4}.{number & 15}",
        "ADR": lambda number: f"address {number}",
        "CID1": lambda number: "lithium battery data" if number == frame.CID1 else "another maker's battery",
        "CID2": lambda number: command_in_words(number, report.commands),
        "RTN": lambda number: RETURN_CODES.get(number, "not known in V2.8"),
        "CID2 or RTN": lambda number: "not known in V2.8",
        "LCHKSUM": lambda number: "for LENID",
        "LENID": lambda number: f"{number} characters of INFO",
    }
    code = {REQUEST: "CID2", REPLY: "RTN"}.get(report.role, "CID2 or RTN")
    widths = (("VER", 2, "2.2"), ("ADR", 2, "2.2"), ("CID1", 2, "2.2"), (code, 2, "2.9"), ("LCHKSUM", 1, "2.4"),
              ("LENID", 3, "2.4"))  # fmt: skip
    first = 0
    for name, width, section in widths:
        characters = rest[first : first + width]
        if characters:
            value = words[name](int(characters, 16)) if is_hex(characters) else "damaged"
            yield Part(at + first, characters, name, value, section)
        first += width


def _name_info(report, characters, at):
    """Adds what INFO says to the report, or why it says nothing."""
    if report.role == REPLY and report.code == frame.NORMAL and not characters:
        report.remarks.append("INFO is empty: as in replies to 4FH (protocol version: it is VER) and 91H (set "
                              "communication rate), and to 42H and 44H for a pack that is absent")  # fmt: skip
    if not characters:
        return
    info = bytes.fromhex(characters) if is_hex(characters) and len(characters) % 2 == 0 else None
    if report.role == REPLY and report.code == frame.NORMAL and info is not None and report.cid2 is None:
        _guess(report, info, len(characters), at)
    if report.role == REPLY and report.code == frame.NORMAL and info is not None and report.cid2 in PACE:
        _settle_maker(report, info)
    known = report.cid2 in report.commands
    section = report.commands[report.cid2][1] if known else ""
    report.parts.append(Part(at, characters, "INFO", "damaged" if info is None else f"{len(info)} bytes", section))
    if info is None or not known:
        return
    if report.role == REQUEST:
        report.parts[-1] = _of_request(report, report.parts[-1], info)
    elif report.code == frame.NORMAL:
        why = refusal(info, report.cid2, report.commands)
        if why and report.good:
            text = f"INFO does not fit {command_in_words(report.cid2, report.commands)}: {why}"
            report.faults.append(Fault(at, len(characters), text))
        elif not why and report.commands[report.cid2][2]:
            answer = report.commands[report.cid2][2](info)
            why = factor_of_ten(report.cid2, answer) if report.commands is COMMANDS else ""
            report.remarks += [why] if why else []
            report.parts += [Part(0, "", name, value, section) for name, value in values(report.cid2, answer)]


def _settle_maker(report, info):
    """A reply of one maker may have the VER of the other's, but its layout tells."""
    other = COMMANDS if report.commands is PACE else PACE
    refused = report.cid2 not in report.commands or refusal(info, report.cid2, report.commands)
    if report.cid2 in other and refused and not refusal(info, report.cid2, other):
        report.commands = other
        report.remarks.append(f"INFO has the layout of {'PACE batteries' if other is PACE else 'V2.8'}")


def _of_request(report, part, info):
    wanted = int(report.commands is PACE or report.cid2 in WITH_PACK or report.cid2 == frame.SET_RATE)
    if len(info) != wanted:
        name = command_in_words(report.cid2, report.commands)
        report.remarks.append(f"{len(info)} bytes of INFO; by the protocol a request for {name} has {wanted}")
        return part
    if report.cid2 == frame.SET_RATE:
        return part._replace(name="rate", value=f"{RATES[info[0]]} baud" if info[0] in RATES else "unknown")
    return part._replace(name="Command", value="all packs" if info[0] == ALL_PACKS else str(info[0]))


def _guess(report, info, width, at):
    """INFO does not say what it answers: whose layout does it have?"""
    found = fitting(info, report.commands)
    if not found:
        report.commands = PACE if report.commands is COMMANDS else COMMANDS
        found = fitting(info, report.commands)
    if found:
        report.cid2, report.by = found[0], "guessed: INFO has its layout"
        others = ", ".join(f"{cid2:02X}H {command_in_words(cid2, report.commands)}" for cid2 in found[1:])
        if others:
            report.remarks.append(f"ambiguous: INFO also has the layout of {others}; --cid2 says which it is")
    elif report.good:
        text = "INFO has the layout of no reply that V2.8 has; --cid2 says which command it answers"
        report.faults.append(Fault(at, width, text))
