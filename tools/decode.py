"""Frames of the RS-232 protocol in words: every field, its value, unit and section; of a bad frame where it is wrong.

    python3 tools/decode.py '~20014642E00201FD35'      a frame
    python3 tools/decode.py log.txt capture.jsonl      files with frames in them, whatever else they hold
    some-program | python3 tools/decode.py             standard input

Characters count from 1. Exit status: 0 all frames are good, 1 one is bad, or there is none.
INFO of a reply does not say which command it answers: the request before it in a file does, or else its layout.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, options
from tools.decode_frame import REPLY, REQUEST, Report, is_hex

COLUMNS = 100  # characters of a frame in a line
SHOWN = 24  # characters of one field
FEWEST_HEX = 8  # digits of an argument that is a frame whose SOI is lost
SILENT, TEXT = "requests without an answer", "answers of the text console, which are not looked at"
# SOI with hex digits behind it, and what follows up to a blank, a quote or the like
FRAME = re.compile(r"(~[0-9A-Fa-f]{5,})([^\s\"'`<>,;()\[\]{}|\\~]*)")
# Of the text console: its prompt, the end of an answer, columns of `pwr`, rows; and the columns of the Force family
CONSOLE = re.compile(r"(?:^|[\r\n])[\w-]+>|Command completed|\bVolt +Curr +Tempr\b|\"family\": *\"console\"")
FORCE = re.compile(r"\b(?:UTlow|CoulombAH)\b")


def main(arguments=None):
    """-> exit status."""
    parser = options.parser("decode.py", __doc__)
    parser.add_argument("what", nargs="*", metavar="FRAME|FILE", help="frames or files; - or nothing: standard input")
    given = parser.parse_args(arguments)
    return options.guarded("decode", lambda: decode(given.what or ["-"]))


def decode(places):
    """Prints all frames of `places`, frames or names of files -> exit status. ToolError."""
    goods, left_out, asked = [], Counter(), None
    for what in places:
        for where, text, role in _found(what, left_out):
            report = Report(text, role, asked)
            print("\n".join([f"{where}:", *lines(text, report), ""]), flush=True)
            goods.append(not report.faults)
            asked = None if report.role == REPLY else report.code  # a request is answered once
    if len(goods) > 1 or left_out:
        said = [f"{len(goods)} frames: {goods.count(True)} good, {goods.count(False)} bad"]
        print("; ".join(said + [f"{words}: {count}" for words, count in left_out.items()]))
    return 0 if all(goods) else 1


def _found(what, left_out):
    """The frames of an argument, a file, or standard input ("-") -> [(where, frame, role or None)], not empty.
    ToolError. left_out: a Counter of SILENT and TEXT; added to.
    """
    try:
        text = (sys.stdin.buffer.read() if what == "-" else Path(what).read_bytes()).decode("latin-1")
        lines_of = [(f"{what}, line {number}", line) for number, line in enumerate(text.split("\n"), 1)]
    except (OSError, ValueError):
        text = what.encode("latin-1", "replace").decode("latin-1").strip(" \t\n\"'`")
        lines_of = [("frame", text)]
    found = [one for where, line in lines_of for one in _frames(line, where, left_out)]
    if not found and lines_of[0][0] == "frame" and (text[:1] == "~" or (len(text) >= FEWEST_HEX and is_hex(text))):
        found = [("frame", text if text[:1] == "~" else f" {text}", None)]  # a blank where its SOI is lost
    if not found and CONSOLE.search(text):
        force = " of the Force family, which the firmware does not know" if FORCE.search(text) else ""
        raise ToolError(f"{what} is of the text console{force}; decode.py reads frames only")
    if not found:
        raise ToolError(f"{what!r}: no frame is there, and no file with one: ~ and hex digits, in quotes")
    return found


def _frames(line, where, left_out):
    """Yields the frames of a line, as _found() has them. JSON with `request` and `response` is a row of a capture."""
    row = _row(line)
    if row is None:
        for match in FRAME.finditer(line):
            digits, more = match.groups()  # what stands directly behind a good frame is none of it
            yield where, digits + more.rstrip(".:!?") if Report(digits, REPLY, 0).faults else digits, None
    elif row.get("request") and not row.get("response"):
        left_out[SILENT] += 1
    elif row.get("family") == "console":
        left_out[TEXT] += 1
    for key, role in (("request", REQUEST), ("response", REPLY)) if row and row.get("family") != "console" else ():
        if row.get(key):
            yield f"{where}, {key}", str(row[key]).encode("latin-1", "replace").decode("latin-1"), role


def _row(line):
    """A line of a capture as a dict, else None."""
    try:
        row = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and row.keys() & {"request", "response"} else None


def lines(text, report):
    """Yields the lines of one frame: itself, with marks under what is wrong; what it is; its fields."""
    marked = {place for at, width, _ in report.faults for place in range(at, at + width)}
    for first in range(0, max(1, len(text)), COLUMNS):
        yield f"  {first + 1:>4}  {_printable(text[first : first + COLUMNS])}"
        marks = "".join("^" if at in marked else " " for at in range(first + 1, first + COLUMNS + 1)).rstrip()
        if marks:
            yield f"        {marks}"
    yield ""
    for at, width, why in report.faults:
        yield f"  wrong at {at}{f' to {at + width - 1}' if width > 1 else ''}: {why}"
    yield f"  {'BAD' if report.faults else 'good'}: {report.title()}"
    yield from (f"  note: {remark}" for remark in report.remarks)
    yield ""
    yield f"  {'at':>4}  {'characters':<{SHOWN}}  {'field':<26}  {'value':<40}  section"
    for at, characters, name, value, section in report.parts:
        shown = _printable(characters if len(characters) <= SHOWN else f"{characters[: SHOWN - 1]}…")
        yield f"  {at or '':>4}  {shown:<{SHOWN}}  {name:<26}  {value:<40}  {section and f'§{section}'}".rstrip()


def _printable(text):
    """One character each, a dot for what cannot be printed."""
    return "".join(one if one == "…" or " " <= one <= "~" else "·" for one in text)


if __name__ == "__main__":
    sys.exit(main())
