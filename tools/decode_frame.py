"""One frame, every field of it named, and everything that is wrong with it. Pure; characters count from 1."""

import re

from firmware.battery import frame
from tools.decode_values import COMMANDS, PACE, RETURN_CODES, refusal, values

REQUEST, REPLY = "request", "reply"
INFO_AT, SHORTEST = 13, frame.OVERHEAD - 1  # characters, SOI included, without EOI
HEX = frozenset("0123456789ABCDEF")
SMALLEST_MAH = 15_000  # no Pylontech pack holds less
TENFOLD = ("a capacity of {:g} Ah is a tenth of what such packs have: in units of 10 mAh, as PACE batteries say it, it "
           "would be {:g} Ah")
ALL_PACKS = 0xFF
RATES = {1: "1200 baud", 2: "2400 baud", 3: "4800 baud"}  # INFO of 91H
# Requests that are known by name only; the last three are never sent
OTHERS = {0x82: "wake-up of the text console, undocumented", 0x94: "set charge/discharge limits",
          0x95: "turn a pack off", 0x99: "buzzer"}
NO_INFO = "INFO is empty: as in replies to 4FH and 91H, and to 42H and 44H for a pack that is absent"
# Name of a field, its characters, section, what it means (of CID2 or RTN the report tells)
FIELDS = (
    ("VER", 2, "2.2", lambda number: f"protocol version {number >> 4}.{number & 15}"),
    ("ADR", 2, "2.2", lambda number: f"address {number}"),
    ("CID1", 2, "2.2", lambda number: "lithium battery data" if number == frame.CID1 else "of another maker"),
    ("CID2 or RTN", 2, "2.9", None),
    ("LCHKSUM", 1, "2.4", lambda number: "for LENID"),
    ("LENID", 3, "2.4", lambda number: f"{number} characters of INFO"),
)


class Report:
    """What a line "~…" without its CR says, a text of characters 0 to 255 (§2 to §4).

    role: REQUEST, REPLY or None; code: CID2 or RTN, or None; cid2: the command that it is or answers, or None;
    commands: COMMANDS or PACE, whichever it is of. faults: [(number of the first character, how many, what is wrong)];
    parts: [(number of the first character or 0, characters, name of the field, value, section)]; remarks: [text].
    """

    def __init__(self, text, role=None, cid2=None):
        """role, cid2: what is known already of REQUEST or REPLY, and of the command that a reply answers."""
        info, chksum = (text[INFO_AT:-4], text[-4:]) if len(text) >= SHORTEST else (text[INFO_AT:], "")
        self.code = int(text[7:9], 16) if len(text) >= 9 and is_hex(text[7:9]) else None
        self.commands = PACE if text[1:3] == "25" else COMMANDS
        self.role = role or self._role(info)
        self.cid2 = cid2 if self.role == REPLY else self.code
        self.faults, self.parts, self.remarks = _faults(text), [], []
        self._by = "by the request before it"
        self._words = RETURN_CODES.get(self.code, "unknown") if self.role == REPLY else self._name(self.code)
        raw = bytes.fromhex(info) if is_hex(info) and len(info) % 2 == 0 else None
        brings_data = self.role == REPLY and self.code == frame.NORMAL
        if brings_data and raw:
            self._settle_layout(raw)
        self._add_head(text)
        if info:
            self._add_info(info, raw, brings_data)
        elif brings_data:
            self.remarks.append(NO_INFO)
        if chksum:
            value = "right" if chksum == _chksum(text) else f"wrong, must be {_chksum(text)}"
            self.parts.append((len(text) - 3, chksum, "CHKSUM", value, "2.5"))

    def _role(self, info):
        """90H and 91H are commands and return codes."""
        if self.code in RETURN_CODES and (self.code not in self.commands or (self.code == frame.SET_RATE and not info)):
            return REPLY
        return REQUEST if self.code in self.commands or self.code in OTHERS else None

    def title(self):
        """-> what it is, in words."""
        code = "damaged" if self.code is None else f"{self.code:02X}H"
        if self.role == REPLY:
            answered = self.cid2 is not None and f", to {self.cid2:02X}H {self._name(self.cid2)} ({self._by})"
            return f"reply, RTN {code} {self._words}{answered or ''}"
        return f"request {code}, {self._words}" if self.role else "neither a request nor a reply of V2.8"

    def _name(self, cid2):
        return self.commands[cid2][0] if cid2 in self.commands else OTHERS.get(cid2, "not a command of V2.8")

    def _settle_layout(self, info):
        """Whose layout a reply's INFO has: VER does not always tell the maker, and INFO never the command."""
        other = COMMANDS if self.commands is PACE else PACE
        for table in (self.commands, other):
            for cid2 in table if self.cid2 is None else {self.cid2} & table.keys():
                if not refusal(info, cid2, table):
                    if self.cid2 is None:
                        self._by = "guessed: INFO has its layout"
                    elif table is other:
                        self.remarks.append(f"INFO has the layout of {'PACE batteries' if table is PACE else 'V2.8'}")
                    self.commands, self.cid2 = table, cid2
                    return

    def _add_head(self, text):
        """The parts before INFO, as far as there are characters."""
        self.parts += [(1, text[:1], "SOI", "start", "2.2")] if text else []
        at = 2
        for name, width, section, meaning in FIELDS:
            characters = text[at - 1 : at - 1 + width]
            number = int(characters, 16) if characters and is_hex(characters) else None
            value = "damaged" if number is None else meaning(number) if meaning else self._words
            if not meaning:
                name = {REQUEST: "CID2", REPLY: "RTN"}.get(self.role, name)
            self.parts += [(at, characters, name, value, section)] if characters else []
            at += width

    def _add_info(self, characters, info, brings_data):
        """What INFO says. info: its bytes, None where it is damaged."""
        _, section, parse = self.commands.get(self.cid2, ("", "", None))
        name, value = "INFO", "damaged" if info is None else f"{len(info)} bytes"
        if self.role == REQUEST and self.cid2 in self.commands and info and len(info) == 1:
            name, value = "Command", "all packs" if info[0] == ALL_PACKS else str(info[0])
            if self.cid2 == frame.SET_RATE:
                name, value = "rate", RATES.get(info[0], f"{value}, not documented")
        self.parts.append((INFO_AT + 1, characters, name, value, section))
        if info is None or not brings_data or (self.cid2 is not None and self.cid2 not in self.commands):
            return
        why = "INFO has the layout of no reply that V2.8 has"
        if self.cid2 is not None:
            why = refusal(info, self.cid2, self.commands)
            why = why and f"INFO does not fit {self._name(self.cid2)}: {why}"
        if why and not self.faults:
            self.faults.append((INFO_AT + 1, len(characters), why))
        elif not why and parse:
            answer = parse(info)
            self.parts += [(0, "", name, value, section) for name, value in values(self.cid2, answer)]
            if self.cid2 == frame.ANALOG_VALUES and self.commands is COMMANDS:
                self.remarks += [TENFOLD.format(one.capacity / 1000, one.capacity / 100)
                                 for one in answer[1][:1] if one.capacity < SMALLEST_MAH]


def is_hex(text):
    """Whether all are hex digits, of either case."""
    return text.isascii() and HEX.issuperset(text.upper())


def _chksum(text):
    return f"{-sum(text[1:-4].encode('latin-1')) & 0xFFFF:04X}"


def _lchksum(lenid):
    return f"{-sum(int(digit, 16) for digit in f'{lenid:X}') % 16:X}"


def _faults(text):
    """-> what is known to go wrong, with its place; else why the firmware refuses it, if it does."""
    found, have = [], len(text) - SHORTEST
    if have < 0:
        found.append((len(text) + 1, 1, f"it ends here, after {len(text)} characters; the shortest has {SHORTEST}"))
    if text[:1] != "~":
        found.append((1, 1, f"SOI must be '~' (7EH), {text[:1]!a} stands here"))
    for run in re.finditer("[^0-9A-F]+", text[1:]):
        hint = f": it must be {run[0].upper()!a}" if is_hex(run[0]) else ""
        found.append((2 + run.start(), len(run[0]), f"{run[0][:8]!a} is none of 0 to 9 and A to F{hint}"))
    if have >= 0 and is_hex(text[9:INFO_AT]):
        lenid, must = int(text[10:INFO_AT], 16), _lchksum(int(text[10:INFO_AT], 16))
        if text[9] != must:
            found.append((10, 1, f"LCHKSUM is {text[9]}; for LENID {lenid:03X} it must be {must}"))
        if lenid % 2:
            found.append((11, 3, f"LENID {lenid:03X} is odd; each byte of INFO has two characters"))
        if lenid != have:
            found.append((11, 3, f"LENID {lenid:03X} says {lenid} characters of INFO, there are {have}, for which "
                                 f"LENGTH must be {_lchksum(have)}{have:03X}"))
    if have >= 0 and text[-4:] != _chksum(text):
        found.append((len(text) - 3, 4, f"CHKSUM is {text[-4:]!a}; the characters before it make {_chksum(text)}"))
    try:
        frame.decode(text.encode("latin-1"))
    except frame.FrameError as error:
        return sorted(found) or [(1, max(1, len(text)), str(error))]
    return found
