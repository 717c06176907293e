"""Frames in the midst of other bytes: what the wire brought, a log, or a capture of JSON lines. Pure."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from firmware.battery import frame
from tools.decode_check import faults
from tools.decode_frame import REPLY, REQUEST

MOST = 2 * frame.LONGEST  # characters of one frame that are looked at
FEWEST_HEX = 4  # behind ~, else it is no frame in a text
FEWEST_HEX_RAW = 8
_WORD = re.compile(r"~[^\s\"'`<>,;()\[\]{}|\\]*")
_HEX = re.compile(r"~[0-9A-Fa-f]*")


class Found(NamedTuple):
    """A frame, good or bad: its characters (0 to 255), where it stood, REQUEST or REPLY where the place tells it."""

    text: str
    where: str
    role: str | None = None


def frames(data, name):
    """Bytes of a file -> yields Found, in order. Lines of JSON with `request` and `response` are a capture."""
    for number, line in enumerate(data.split(b"\n"), 1):
        where = f"{name}, line {number}"
        row = _row(line)
        if row is None:
            for text, column in in_text(line.decode("latin-1"), line is not data):
                yield Found(text, f"{where}, column {column}")
        elif row.get("family") != "console":
            for key, role in (("request", REQUEST), ("response", REPLY)):
                text = row.get(key)
                if isinstance(text, str) and text:
                    yield Found(text.encode("latin-1", "replace").decode("latin-1")[:MOST], f"{where}, {key}", role)


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
    """Yields (frame, number of its first character) of one text; is_line: it ended with a line feed, so that a CR at
    its end is no EOI.
    """
    for found in re.finditer("~[^~]*", text):
        behind = text[found.start() : found.end()]
        taken = _taken(behind, is_line and found.end() == len(text))
        if taken:
            yield taken[:MOST], found.start() + 1


def _taken(text, is_end):
    """Of "~…" up to the next SOI, the characters that are the frame; "" for none."""
    line, eoi, rest = text.partition("\r")
    digits = _HEX.match(line).group()
    if digits == line and len(digits) > FEWEST_HEX:
        return line + eoi
    if digits != line and not faults(digits):
        return digits
    is_raw = eoi and not (is_end and not rest)
    if is_raw and len(re.findall("[0-9A-Fa-f]", line)) >= FEWEST_HEX_RAW:
        return line + eoi
    return _WORD.match(line).group().rstrip(".:!?") if len(digits) > FEWEST_HEX else ""
