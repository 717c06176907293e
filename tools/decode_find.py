"""Frames in the midst of other bytes: from the wire, in a log, as pasted, or in a capture of JSON lines. Pure."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from firmware.battery import frame
from tools.decode_frame import REPLY, REQUEST
from tools.decode_values import is_hex

MOST = 2 * frame.LONGEST  # characters of one frame that are looked at
FEWEST_HEX = 4  # behind ~, else it is no frame in a text
FEWEST_HEX_RAW = 8
_WORD = re.compile(r"~[^\s\"'`<>,;()\[\]{}|\\]*")
_HEX = re.compile(r"~[0-9A-Fa-f]*")
# Of the text console: its prompt, the end of an answer, the columns of `pwr`; and those that only the Force family has
_CONSOLE = re.compile(rb"(?:^|[\r\n])[\w-]+>|Command completed|\bVolt +Curr +Tempr\b")
_FORCE = re.compile(rb"\b(?:UTlow|CoulombAH)\b")
_AROUND = " \t\n\"'`"  # a frame, as it is pasted
SILENT, TEXT = "requests without an answer", "answers of the text console, which are not looked at"


class Found(NamedTuple):
    """A frame, good or bad: its characters (0 to 255), where it stood, REQUEST or REPLY where the place tells it."""

    text: str
    where: str
    role: str | None = None


def frames(data, name, left_out):
    """Bytes of a file -> yields Found, in order. Lines of JSON with `request` and `response` are a capture.

    left_out: a Counter of SILENT and TEXT, what is in a capture and is no frame; added to.
    """
    for number, line in enumerate(data.split(b"\n"), 1):
        where, row = f"{name}, line {number}", _row(line)
        if row is None:
            for text, column in in_text(line.decode("latin-1"), line is not data):
                yield Found(text, f"{where}, column {column}")
            continue
        if row.get("request") and not row.get("response"):
            left_out[SILENT] += 1
        elif row.get("family") == "console":
            left_out[TEXT] += 1
        if row.get("family") != "console":
            for key, role in (("request", REQUEST), ("response", REPLY)):
                text = row.get(key)
                if isinstance(text, str) and text:
                    yield Found(text.encode("latin-1", "replace").decode("latin-1")[:MOST], f"{where}, {key}", role)


def pasted(text):
    """The frames of an argument -> [Found]. A single bad one that begins it goes to its end, whatever stands there."""
    text = text.strip(_AROUND)
    found = list(in_text(text))
    if len(found) > 1:
        return [Found(one, f"frame at {column}") for one, column in found]
    if found and (text[0] != "~" or _is_frame(found[0][0])):
        return [Found(found[0][0], "frame")]
    return [Found(text[:MOST], "frame")] if text[:1] == "~" else alone(text, "frame")


def alone(text, where):
    """A text that is nothing but the digits of a frame whose SOI is lost -> [Found], else []; `where` it stood."""
    text = text.strip()
    return [Found(text[:MOST], where)] if len(text) >= FEWEST_HEX_RAW and is_hex(text) else []


def console(data):
    """Whose text console a file is of, in words, or ""."""
    if _FORCE.search(data):
        return "the text console of the Force family, which the firmware does not know"
    return "the text console" if _CONSOLE.search(data) else ""


def _row(line):
    """A line of a capture as a dict, else None."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and row.keys() & {"request", "response"} else None


def in_text(text, is_line=False):
    """Yields (frame, number of its first character) of one text; is_line: a CR at its end is part of a line end."""
    for found in re.finditer("~[^~]*", text):
        taken = _taken(found.group(), is_line and found.end() == len(text))
        if taken:
            yield taken[:MOST], found.start() + 1


def _taken(text, is_end):
    """Of "~…" up to the next SOI, the characters that are the frame; "" for none."""
    line, eoi, rest = text.partition("\r")
    digits = _HEX.match(line).group()
    if digits == line and len(digits) > FEWEST_HEX:
        return line + eoi
    if digits != line and _is_frame(digits):
        return digits
    is_raw = eoi and not (is_end and not rest)
    if is_raw and len(re.findall("[0-9A-Fa-f]", line)) >= FEWEST_HEX_RAW:
        return line + eoi
    return _WORD.match(line).group().rstrip(".:!?") if len(digits) > FEWEST_HEX else ""


def _is_frame(text):
    try:
        frame.decode(text.encode("latin-1"))
    except frame.FrameError:
        return False
    return True
