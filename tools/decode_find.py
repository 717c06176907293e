"""Frames in the midst of other bytes: from the wire, in a log, as pasted, or in a capture of JSON lines. Pure."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from firmware.battery import frame
from tools.decode_frame import REPLY, REQUEST, is_hex

MOST = 2 * frame.LONGEST  # characters of one frame that are looked at
FEWEST_HEX = 8  # of a frame without SOI
CONSOLE = "console"  # the family whose request is a command and whose response the text behind it
_FRAME = re.compile(r"(~[0-9A-Fa-f]{5,})([^\s\"'`<>,;()\[\]{}|\\~]*)(\r?)")
# Of the text console: its prompt, the end of an answer, the columns of `pwr`; and those that only the Force family has
_CONSOLE = re.compile(rb"(?:^|[\r\n])[\w-]+>|Command completed|\bVolt +Curr +Tempr\b|\"family\": *\"console\"")
_FORCE = re.compile(rb"\b(?:UTlow|CoulombAH)\b")
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
    for number, line in enumerate(data.decode("latin-1").split("\n"), 1):
        where, row = f"{name}, line {number}", _row(line)
        if row is None:
            yield from (found._replace(where=f"{where}, {found.where}") for found in in_text(line))
        elif row.get("request") and not row.get("response"):
            left_out[SILENT] += 1
        elif row.get("family") == CONSOLE:
            left_out[TEXT] += 1
        if row and row.get("family") != CONSOLE:
            for key, role in (("request", REQUEST), ("response", REPLY)):
                text = str(row.get(key) or "").encode("latin-1", "replace").decode("latin-1")
                if text:
                    yield Found(text[:MOST], f"{where}, {key}", role)


def _row(line):
    """A line of a capture as a dict, else None."""
    try:
        row = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and row.keys() & {"request", "response"} else None


def in_text(text):
    """Yields Found of a text: each SOI with hex digits behind it, up to a blank, a quote or the like. What stands
    directly behind a good frame is none of it.
    """
    for found in _FRAME.finditer(text):
        digits, more, eoi = found.groups()
        if more and not _is_frame(digits):
            digits += more.rstrip(".:!?")
        yield Found((digits + eoi)[:MOST], f"column {found.start() + 1}")


def alone(text, where):
    """A text that begins like a frame, or has only the digits of one whose SOI is lost -> [Found], else []."""
    text = text.strip(" \t\n\"'`")
    is_one = text[:1] == "~" or (len(text) >= FEWEST_HEX and is_hex(text))
    return [Found(text[:MOST], where)] if is_one else []


def console(data):
    """Whose text console a file is of, in words, or ""."""
    if _FORCE.search(data):
        return "the text console of the Force family, which the firmware does not know"
    return "the text console" if _CONSOLE.search(data) else ""


def _is_frame(text):
    try:
        frame.decode(text.encode("latin-1"))
    except frame.FrameError:
        return False
    return True
