"""One frame, every field of it named, and everything that is wrong with it. Pure; characters count from 1."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from firmware.battery import frame
from tools.decode_values import COMMANDS, PACE, RETURN_CODES, WITH_PACK, command_in_words, refusal, tenfold, values

REQUEST, REPLY = "request", "reply"
SHORTEST = frame.OVERHEAD - 1  # without EOI
HEAD = 12  # characters from VER to LENGTH
HEX = frozenset("0123456789ABCDEF")
RATES = {1: 1200, 2: 2400, 3: 4800}  # INFO of 91H
ALL_PACKS = 0xFF
# Requests that are known by name only; this project never sends the last three
OTHERS = {0x82: "wake-up of the text console, undocumented", 0x94: "set charge/discharge limits",
          0x95: "turn a pack off", 0x99: "buzzer"}  # fmt: skip
NO_INFO = "INFO is empty: as in replies to 4FH and 91H, and to 42H and 44H for a pack that is absent"


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
    """What a frame says. role: REQUEST, REPLY or None; code: CID2 or RTN, or None. cid2: the command that it is or
    answers, None: not known; by: how that is known. commands: COMMANDS or PACE, whichever it is of.
    """

    text: str
    role: str | None
    code: int | None
    cid2: int | None
    by: str
    commands: dict
    faults: list
    parts: list = field(default_factory=list)
    remarks: list = field(default_factory=list)

    @property
    def good(self):
        """Nothing is wrong, neither with the frame nor with INFO."""
        return not self.faults


def examine(text, role=None, cid2=None, by=""):
    """A line "~…", with or without its CR (a text of characters 0 to 255) -> Report. Raises nothing (§2 to §4).

    role, cid2, by: what is known already of REQUEST or REPLY, the command that a reply answers, and how.
    """
    body = text.removesuffix("\r")
    start = 0 if body[:1] in HEX else 1  # a lost SOI: the rest stands one further left
    rest = body[start:]
    info, chksum = (rest[HEAD:-4], rest[-4:]) if len(body) >= SHORTEST else (rest[HEAD:], "")
    code = int(rest[6:8], 16) if len(rest[6:8]) == 2 and is_hex(rest[6:8]) else None
    commands = PACE if rest[:2] == "25" else COMMANDS
    role = role or _role(code, commands, info)
    cid2 = cid2 if role == REPLY else code
    report = Report(text, role, code, cid2, by, commands, sorted([*_frame_faults(body), *_sum_faults(rest, start + 1)]))
    if role == REPLY and code == frame.NORMAL and info and is_hex(info) and len(info) % 2 == 0:
        _settle_layout(report, bytes.fromhex(info))
    report.parts += [Part(1, body[:start], "SOI", "start", "2.2")] if body[:start] else []
    report.parts += _head_parts(rest, start + 1, report)
    _name_info(report, info, start + 1 + HEAD)
    if chksum:
        wanted = _chksum(rest)
        value = "right" if chksum == wanted else f"wrong, must be {wanted}"
        report.parts.append(Part(len(body) - 3, chksum, "CHKSUM", value, "2.5"))
    return report


def is_hex(text):
    """Whether all are hex digits, of either case."""
    return text.isascii() and HEX.issuperset(text.upper())


def _shown(text):
    """Characters in quotes, or in hex where they cannot be printed; a few of them."""
    some, more = text[:8], "…" * (len(text) > 8)
    printable = some.isascii() and some.isprintable()
    return (f"'{some}'" if printable else " ".join(f"{ord(one):02X}H" for one in some)) + more


def _lchksum(lenid):
    return f"{-sum(int(digit, 16) for digit in f'{lenid:X}') % 16:X}"


def _chksum(rest):
    return f"{-sum(rest[:-4].encode('latin-1')) & 0xFFFF:04X}"


def _frame_faults(body):
    if body[:1] != "~":
        yield Fault(1, 1, f"SOI must be '~' (7EH), {_shown(body[0]) + ' stands here' if body else 'there is nothing'}")
    for found in re.finditer("[^0-9A-F]+", body):
        at, what = found.span()[0], found[0]
        at, what = (1, what[1:]) if at == 0 else (at, what)  # SOI, or what stands there
        if what:
            hint = f": it must be {_shown(what.upper())}" if is_hex(what) else ""
            yield Fault(at + 1, len(what), f"{_shown(what)} is none of 0 to 9 and A to F{hint}")
    if len(body) < SHORTEST:
        yield Fault(len(body) + 1, 1, f"it ends here, after {len(body)} characters; the shortest frame has {SHORTEST}")


def _sum_faults(rest, at):
    """LENGTH against itself and against INFO (§2.4), CHKSUM against all (§2.5). `at`: number of VER's character."""
    length, have = rest[8:HEAD], len(rest) - HEAD - 4
    if len(length) == 4 and is_hex(length):
        lenid = int(length[1:], 16)
        if length[0] != _lchksum(lenid):
            yield Fault(at + 8, 1, f"LCHKSUM is {length[0]}; for LENID {length[1:]} it must be {_lchksum(lenid)}")
        if lenid % 2:
            yield Fault(at + 9, 3, f"LENID {length[1:]} is odd; each byte of INFO has two characters")
        if have >= 0 and lenid != have:
            yield Fault(at + 9, 3, f"LENID {length[1:]} says {lenid} characters of INFO, there are {have}, for which "
                                   f"LENGTH must be {_lchksum(have)}{have:03X}")  # fmt: skip
    if have >= 0 and rest[-4:] != _chksum(rest):
        text = f"CHKSUM is {_shown(rest[-4:])}; the characters before it make {_chksum(rest)}"
        yield Fault(at + len(rest) - 4, 4, text)


def _role(code, commands, info):
    """REQUEST, REPLY or None; 90H and 91H are commands and return codes."""
    if code in RETURN_CODES and (code not in commands or (code == frame.SET_RATE and not info)):
        return REPLY
    return REQUEST if code in commands or code in OTHERS else None


def _settle_layout(report, info):
    """Whose layout a reply's INFO has: VER does not always tell the maker, and INFO never the command."""
    other = COMMANDS if report.commands is PACE else PACE
    tables = (report.commands, other)
    fits = [(table, cid2) for table in tables for cid2 in table
            if report.cid2 in (None, cid2) and not refusal(info, cid2, table)]  # fmt: skip
    if not fits:
        return
    if report.cid2 is None:
        report.by = "guessed: INFO has its layout"
        ambiguous = ", ".join(f"{cid2:02X}H {command_in_words(cid2, table)}" for table, cid2 in fits[1:]
                              if table is fits[0][0])  # fmt: skip
        if ambiguous:
            report.remarks.append(f"ambiguous: INFO also has the layout of {ambiguous}; --cid2 says which it is")
    elif fits[0][0] is other:
        report.remarks.append(f"INFO has the layout of {'PACE batteries' if other is PACE else 'V2.8'}")
    report.commands, report.cid2 = fits[0]


def _head_parts(rest, at, report):
    """Yields VER, ADR, CID1, CID2 or RTN, LCHKSUM, LENID."""
    code = {REQUEST: "CID2", REPLY: "RTN"}.get(report.role, "CID2 or RTN")
    fields = (
        ("VER", 2, "2.2", lambda number: f"protocol version {number >> 4}.{number & 15}"),
        ("ADR", 2, "2.2", lambda number: f"address {number}"),
        ("CID1", 2, "2.2", lambda number: "lithium battery data" if number == frame.CID1 else "of another maker"),
        (code, 2, "2.9", lambda number: code_in_words(report)),
        ("LCHKSUM", 1, "2.4", lambda number: "for LENID"),
        ("LENID", 3, "2.4", lambda number: f"{number} characters of INFO"),
    )
    first = 0
    for name, width, section, words in fields:
        characters = rest[first : first + width]
        if characters:
            value = words(int(characters, 16)) if is_hex(characters) else "damaged"
            yield Part(at + first, characters, name, value, section)
        first += width


def code_in_words(report):
    """-> what CID2 or RTN of a Report means."""
    if report.role == REPLY:
        return RETURN_CODES.get(report.code, "not known in V2.8")
    return OTHERS.get(report.code) or command_in_words(report.code, report.commands)


def _name_info(report, characters, at):
    """Adds what INFO says to the report, or why it says nothing."""
    if report.role == REPLY and report.code == frame.NORMAL and not characters:
        report.remarks.append(NO_INFO)
    if not characters:
        return
    info = bytes.fromhex(characters) if is_hex(characters) and len(characters) % 2 == 0 else None
    _, section, parse = report.commands.get(report.cid2, ("", "", None))
    part = Part(at, characters, "INFO", "damaged" if info is None else f"{len(info)} bytes", section)
    report.parts.append(_of_request(report, part, info) if report.role == REQUEST and info else part)
    if info is None or report.role != REPLY or report.code != frame.NORMAL:
        return
    if report.cid2 is None:
        why = "INFO has the layout of no reply that V2.8 has; --cid2 says which command it answers"
    elif report.cid2 in report.commands:
        why = refusal(info, report.cid2, report.commands)
        why = why and f"INFO does not fit {command_in_words(report.cid2, report.commands)}: {why}"
    else:
        return
    if why and report.good:
        report.faults.append(Fault(at, len(characters), why))
    elif not why and parse:
        answer = parse(info)
        report.parts += [Part(0, "", name, value, section) for name, value in values(report.cid2, answer)]
        if report.cid2 == frame.ANALOG_VALUES and report.commands is COMMANDS and tenfold(answer[1]):
            report.remarks.append(tenfold(answer[1]))


def _of_request(report, part, info):
    """The Part of a request's INFO: one byte, a rate or a pack."""
    is_rate = report.cid2 == frame.SET_RATE
    wanted = int(is_rate or report.commands is PACE or report.cid2 in WITH_PACK)
    if report.cid2 not in report.commands:
        return part
    if len(info) != wanted:
        report.remarks.append(f"{len(info)} bytes of INFO; by the protocol such a request has {wanted}")
        return part
    if is_rate:
        return part._replace(name="rate", value=f"{RATES[info[0]]} baud" if info[0] in RATES else "unknown")
    return part._replace(name="Command", value="all packs" if info[0] == ALL_PACKS else str(info[0]))
