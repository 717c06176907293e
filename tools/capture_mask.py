"""Serial numbers made unreadable in what a battery answered: framed (93H, of PACE C2H) and in the console's text. Pure.
"""

from __future__ import annotations

import re

from firmware.battery import frame

# LENGTH of a reply to 93H: 17 bytes of INFO, and to C2H of PACE: 40; each with the bytes before and behind the number
LENGTHS = {b"C022": (1, 0), b"B050": (0, 20)}
ASKED = {b"%02X" % cid2: length for cid2, length in ((frame.SERIAL_NUMBER, b"C022"), (0xC2, b"B050"))}
HEAD = 13  # characters up to INFO, SOI included
MASK = "X"
PADDING = b"\0 "
_FRAME = re.compile(rb"~[^~\r]*\r?")
_NAMED = re.compile(r"(?i)((?:bar\s*code|serial)[^:\r\n]*:)([^\r\n]*)")
_LINE = re.compile(r"[^\r\n]+")
# of `info`: whose values are no serial numbers
_KNOWN = frozenset((
    "Device address", "Manufacturer", "Device name", "Board version", "Main Soft version", "Soft version",
    "Boot version", "Comm version", "Release Date", "Specification", "Cell Number", "Max Dischg Curr",
    "Max Charge Curr", "Console Port rate",
))  # fmt: skip
# what looks like a serial number: in a damaged text, and elsewhere
_WORD = re.compile(r"(?<![A-Za-z0-9])(?=(?:[A-Za-z]*[0-9]){3})[A-Za-z0-9]{7,}")
_LONG_WORD = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{10,}")


def framed(request, raw):
    """All bytes that came after a framed request -> the same with masked serial numbers. In a whole frame the CHKSUM is
    right again; of a damaged answer to 93H or C2H only the first 13 characters stay.
    """
    asked = ASKED.get(request[7:9])
    out, at = b"", 0
    for found in _FRAME.finditer(raw):
        out += _hidden(raw[at : found.start()]) if asked else raw[at : found.start()]
        line = found.group()
        out += _line(line, asked) if asked or line[9:HEAD] in LENGTHS else line
        at = found.end()
    return out + (_hidden(raw[at:]) if asked else raw[at:])


def _hidden(raw):
    """Bytes of which nobody knows whether they are a part of a serial number."""
    return re.sub(rb"[^\0\r\n~]", b"x", raw)


def _line(line, asked):
    try:
        info = frame.decode(line).info
    except frame.FrameError:
        return line[:HEAD] + _hidden(line[HEAD:])
    if len(info) < 2:  # a refusal
        return line
    before, behind = LENGTHS.get(line[9:HEAD]) or LENGTHS[asked]
    end = max(before, len(info) - behind)
    masked = bytes(byte if byte in PADDING else ord(MASK) for byte in info[before:end])
    body = line[1:HEAD] + (info[:before] + masked + info[end:]).hex().upper().encode()
    return b"~%s%04X%s" % (body, -sum(body) & 0xFFFF, line[len(line.rstrip(b"\r")) :])


def console(command, text, whole):
    """The text that came after a command such as "info 1" -> the same with masked serial numbers. whole: the answer is
    undamaged; else every word that looks like one is masked.
    """
    if command.split()[:1] == ["info"]:
        text = _NAMED.sub(lambda found: found[1] + re.sub(r"\S", MASK, found[2]), text)
        text = _LINE.sub(lambda found: _unless_known(found.group()), text)
    if command == "pwr":
        text = _table(text)
    return text if whole else _WORD.sub(_masked, text)


def _unless_known(line):
    """A line of `info` whose name is damaged or new: no long word stays."""
    return line if " ".join(line.partition(":")[0].split()) in _KNOWN else _LONG_WORD.sub(_masked, line)


def _masked(found):
    return MASK * len(found.group())


def _table(text):
    """`pwr`: the column Barcode, where there is one, and what else looks like a serial number in a row."""
    lines = re.split(r"([\r\n]+)", text)  # what the pager blanks ends in CR
    behind = None  # how many columns follow Barcode
    for number, line in enumerate(lines):
        names = line.split()
        if "Barcode" in names:
            behind = len(names) - 1 - names.index("Barcode")
        elif behind is not None and names[:1] and names[0].isdigit() and len(names) > behind and "Absent" not in names:
            word = list(re.finditer(r"\S+", line))[-1 - behind]
            if word.group() != "-":
                line = line[: word.start()] + MASK * len(word.group()) + line[word.end() :]
        lines[number] = _LONG_WORD.sub(_masked, line)
    return "".join(lines)
