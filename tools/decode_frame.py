"""One frame, every field of it named, and everything that is wrong with it. Pure; characters count from 1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from firmware.battery import frame
from tools import decode_info
from tools.decode_check import Fault, cut, faults, is_hex
from tools.decode_layouts import COMMANDS, REPLIES, RETURN_CODES

FRAME, LENGTH, CHKSUM, CODE = "2.2", "2.4", "2.5", "2.9"  # sections
REQUEST, REPLY = "request", "reply"
DAMAGED = decode_info.DAMAGED


class Part(NamedTuple):
    """One field: number of its first character, its characters, name, value in words, section."""

    at: int
    characters: str
    name: str
    value: str
    section: str


class Hint(NamedTuple):
    """What the surroundings say: REQUEST, REPLY or None; the command that a reply answers, or None; how they know."""

    role: str | None = None
    cid2: int | None = None
    by: str = ""


@dataclass
class Report:
    """What a frame says: its parts and faults in order, and remarks on it. role: REQUEST, REPLY or None; code: CID2 or
    RTN; cid2: the command that it is or answers, None: not known; by: how that is known.
    """

    text: str
    role: str | None = None
    code: int | None = None
    cid2: int | None = None
    by: str = ""
    parts: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    remarks: list = field(default_factory=list)

    @property
    def good(self):
        """Nothing is wrong, neither with the frame nor with INFO."""
        return not self.faults


def examine(text, hint=None):
    """A line "~…", with or without its CR (a text of characters 0 to 255) -> Report. hint: a Hint, or None. Raises
    nothing (§2 to §4).
    """
    report = Report(text, faults=faults(text))
    parts = cut(text)
    own = _head(report, parts)
    _role(report, hint or Hint(), bool(parts.info))
    report.parts += [
        Part(at, two, *named) for (at, two), named in zip(_pairs(parts), _named_head(report, parts), strict=False)
    ]
    _name_length(report, parts)
    _name_info(report, parts, own)
    _name_end(report, parts)
    report.parts.sort()
    return report


def _pairs(parts):
    return [(parts.at + at, parts.head[at : at + 2]) for at in range(0, len(parts.head), 2)]


def _bytes(count):
    return f"{count:g} byte{'s' * (count != 1)}"


def _number(two):
    return int(two, 16) if len(two) == 2 and is_hex(two) else None


def _head(report, parts):
    """Sets report.code -> whether CID1 is ours."""
    numbers = [_number(two) for _, two in _pairs(parts)] + [None] * 4
    report.code = numbers[3]
    if numbers[2] in (frame.CID1, None):
        return True
    report.remarks.append(f"CID1 is not {frame.CID1:02X}H: another maker's battery; its INFO is not known here")
    return False


def _role(report, hint, has_info):
    """Settles whether it is a request or a reply, and for which command."""
    code, role = report.code, hint.role
    if role is None and code in COMMANDS and code in RETURN_CODES:  # 90H and 91H are both
        role = REPLY if code == frame.SET_RATE and not has_info else REQUEST
        if code == frame.PACK_COUNT and not has_info:
            report.remarks.append("ambiguous: as a reply 90H would be RTN ADR error; --reply says that it is one")
    elif role is None and (code in COMMANDS or code in RETURN_CODES):
        role = REQUEST if code in COMMANDS else REPLY
    elif role is None and code is not None:
        report.remarks.append(f"{code:02X}H is neither a command nor a return code of V2.8")
    report.role = role
    if role == REQUEST:
        report.cid2 = code
    elif role == REPLY:
        report.cid2, report.by = hint.cid2, hint.by


def _named_head(report, parts):
    """Yields name, value, section of VER, ADR, CID1, CID2 or RTN."""
    names = "VER", "ADR", "CID1", {REQUEST: "CID2", REPLY: "RTN"}.get(report.role, "CID2 or RTN")
    for name, (_, two) in zip(names, _pairs(parts), strict=False):
        number = _number(two)
        if number is None:
            value = DAMAGED
        elif name == "VER":
            value = f"protocol version {number >> 4}.{number & 15}"
        elif name == "ADR":
            value = f"address {number}"
        elif name == "CID1":
            value = "lithium battery data" if number == frame.CID1 else "not ours"
        else:
            words = {REQUEST: COMMANDS, REPLY: RETURN_CODES}.get(report.role, {})
            value = words.get(number, "not known in V2.8")
        yield name, value, CODE if name in names[3:] else FRAME


def _name_length(report, parts):
    if not parts.length:
        return
    at, said = parts.at + 8, parts.length
    wrong = any(fault.at == at for fault in report.faults)
    lchksum = DAMAGED if parts.lenid is None else "wrong" if wrong else "right"
    count = DAMAGED if parts.lenid is None else f"{parts.lenid} characters of INFO, {_bytes(parts.lenid / 2)}"
    report.parts += [Part(at, said[:1], "LCHKSUM", lchksum, LENGTH)]
    if said[1:]:
        report.parts += [Part(at + 1, said[1:], "LENID", count, LENGTH)]


def _name_info(report, parts, own):
    characters, at = parts.info, parts.at + 12
    pairs = [characters[n : n + 2] for n in range(0, len(characters) - 1, 2)]
    damaged = [n for n, two in enumerate(pairs) if not is_hex(two)]
    info = bytes(0 if n in damaged else int(two, 16) for n, two in enumerate(pairs))
    named, section = _named(report, info, damaged) if own else (decode_info.Named([], 0), "")
    for one in named.fields:
        first = 2 * one.at
        report.parts.append(Part(at + first, characters[first : first + 2 * one.width], one.name, one.value, section))
    end = 2 * max([one.at + one.width for one in named.fields], default=0)
    if end < len(characters):
        count = _bytes((len(characters) - end) / 2)
        report.parts.append(Part(at + end, characters[end:], "INFO", f"{count} without a name", section))
    if named.fault and report.good:
        first, width, text = named.fault
        words = f"INFO does not fit {COMMANDS[report.cid2]}: " if report.cid2 else ""
        report.faults.append(Fault(at + 2 * first, 2 * width, words + text))


def _named(report, info, damaged):
    """-> decode_info.Named, section; settles which command this INFO belongs to."""
    nothing = decode_info.Named([], 0), ""
    if report.role == REQUEST:
        named, remark = decode_info.request(info, report.cid2, damaged)
        report.remarks += [remark] if remark else []
        return named, REPLIES[report.cid2].section if report.cid2 in REPLIES else ""
    if report.role is None or report.code != frame.NORMAL:
        return nothing
    if not info:
        _without_info(report)
        return nothing
    if report.cid2 is not None and report.cid2 not in REPLIES:
        report.remarks.append(f"it answers {report.cid2:02X}H, which V2.8 does not have: INFO stays without names")
        return nothing
    if report.cid2 is None:
        fault = _guess(report, info)
        if report.cid2 is None:
            if not report.good:
                report.remarks.append("damaged as it is, it does not show which command it answers: --cid2 helps")
            return decode_info.Named([], 0, fault), ""
    return decode_info.reply(info, report.cid2, damaged), REPLIES[report.cid2].section


def _without_info(report):
    if report.cid2 is None:
        report.remarks.append("ambiguous: INFO is empty in replies to 4FH (protocol version: it is VER) and 91H (set "
                              "communication rate), and to 42H and 44H for a pack that is absent")  # fmt: skip
    elif report.cid2 in REPLIES and REPLIES[report.cid2].parse:
        report.remarks.append("INFO is empty: as batteries answer for a pack that is absent")


def _guess(report, info):
    """INFO does not say what it answers: whose layout does it have? -> the fault, where nobody's."""
    fitting = [cid2 for cid2 in decode_info.fitting(info) if REPLIES[cid2].parse]
    if not fitting:
        return 0, len(info), "INFO has the layout of no reply that V2.8 has; --cid2 says which command it answers"
    report.cid2, report.by = fitting[0], "guessed: INFO has its layout"
    if len(fitting) > 1:
        others = ", ".join(f"{cid2:02X}H {COMMANDS[cid2]}" for cid2 in fitting[1:])
        report.remarks.append(f"ambiguous: INFO also has the layout of {others}; --cid2 says which it is")
    return None


def _name_end(report, parts):
    text = report.text
    last = len(text) - len(parts.eoi)
    if parts.soi:
        report.parts.append(Part(1, parts.soi, "SOI", "start" if parts.soi == "~" else "must be ~", FRAME))
    if parts.behind:
        at = last - len(parts.chksum) - len(parts.behind) + 1
        report.parts.append(Part(at, parts.behind, "behind INFO", "more than LENID says", ""))
    if parts.chksum:
        value = "right" if parts.chksum == parts.wanted else f"wrong, must be {parts.wanted}"
        report.parts.append(Part(last - 3, parts.chksum, "CHKSUM", value, CHKSUM))
    eoi = ("CR", "EOI", "end") if parts.eoi else ("", "EOI", "left out here")
    report.parts.append(Part(last + 1, *eoi, FRAME))
