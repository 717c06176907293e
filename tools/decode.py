"""Frames of the RS-232 protocol in words: every field, its value, unit and section; of a bad frame where it is wrong.

    python3 tools/decode.py '~20014642E00201FD35'      a frame
    python3 tools/decode.py log.txt capture.jsonl      files with frames in them, whatever else they hold
    some-program | python3 tools/decode.py             standard input
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, decode_find, options
from tools.decode_frame import REPLY, REQUEST, code_in_words, examine
from tools.decode_values import COMMANDS, PACE, command_in_words

GOOD, BAD, UNUSABLE = 0, 1, 2
COLUMNS = 100  # characters of a frame in a line
SHOWN = 24  # characters of one field
EPILOG = """Characters count from 1. Exit status: 0 all frames are good, 1 one is bad, 2 nothing usable was given.
INFO of a reply does not say which command it answers: the request before it in a file does, --cid2, or else its layout.
"""


def main(arguments=None):
    """-> exit status (GOOD, BAD, UNUSABLE)."""
    parser = options.parser("decode.py", __doc__, EPILOG)
    parser.add_argument("what", nargs="*", metavar="FRAME|FILE", help="frames or files; - or nothing: standard input")
    parser.add_argument("--cid2", type=command, metavar="42", help="the command that the replies answer, in hex")
    given = parser.parse_args(arguments)

    def work():
        try:
            return decode(given.what or ["-"], given.cid2)
        except ToolError as error:
            print(f"decode: {error}", file=sys.stderr)
            return UNUSABLE

    return options.guarded("decode", work)


def command(text):
    """"42", "4fH", "0x93" -> the number of a read command. ArgumentTypeError."""
    known = PACE | COMMANDS
    try:
        number = int(text.upper().removesuffix("H"), 16)
    except ValueError:
        number = None
    if number not in known:
        names = ", ".join(f"{cid2:02X} {command_in_words(cid2, known)}" for cid2 in known)
        raise argparse.ArgumentTypeError(f"{text!r} is no command; known are: {names}")
    return number


def decode(places, cid2=None):
    """Prints all frames of `places`, frames or names of files -> exit status. ToolError.

    cid2: the command that all replies answer, by the user's word, or None.
    """
    goods, left_out = [], Counter()
    asked, by = cid2, "as --cid2 says"
    for what in places:
        for found in _found(what, left_out):
            report = examine(found.text, found.role, asked, by if asked is not None else "")
            print("\n".join([f"{found.where}:", *lines(report), ""]), flush=True)
            goods.append(report.good)
            if cid2 is None:  # a request is answered once
                asked, by = None if report.role == REPLY else report.code, "by the request before it"
    if len(goods) > 1 or left_out:
        said = [f"{len(goods)} frames: {goods.count(True)} good, {goods.count(False)} bad"]
        print("; ".join(said + [f"{words}: {count}" for words, count in left_out.items()]))
    return GOOD if all(goods) else BAD


def _found(what, left_out):
    """The frames of an argument, a file, or standard input ("-") -> a list of decode_find.Found, not empty. ToolError.

    left_out: what is none, counted; added to.
    """
    name = "standard input" if what == "-" else what
    try:
        if what == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(what, "rb") as file:
                data = file.read()
    except (OSError, ValueError) as error:
        text = os.fsencode(what).decode("latin-1")
        found = list(decode_find.in_text(text)) or decode_find.alone(text, "")
        if found:
            return [one._replace(where=f"frame at {one.where}" if len(found) > 1 else "frame") for one in found]
        if isinstance(error, IsADirectoryError | PermissionError):
            raise ToolError(f"cannot read {name}: {error.strerror}") from None
        raise ToolError(f"{what!r} is neither a file that is there nor a frame (~ and hex digits, in quotes)") from None
    found = list(decode_find.frames(data, name, left_out)) or decode_find.alone(data.decode("latin-1"), name)
    if not found and decode_find.console(data):
        raise ToolError(f"{name} is of {decode_find.console(data)}; decode.py reads frames only")
    if not found:
        raise ToolError(f"no frame in {name}: a frame is ~ and hex digits")
    return found


def lines(report):
    """Yields the lines of one frame: itself, with marks under what is wrong; what it is; its fields."""
    text = _printable(report.text.removesuffix("\r"))
    marked = {at for fault in report.faults for at in range(fault.at, fault.at + fault.width)}
    for first in range(0, max(1, len(text), max(marked, default=0)), COLUMNS):
        yield f"  {first + 1:>4}  {text[first : first + COLUMNS]}"
        marks = "".join("^" if at in marked else " " for at in range(first + 1, first + COLUMNS + 1)).rstrip()
        if marks:
            yield f"        {marks}"
    yield ""
    for fault in report.faults:
        to = f" to {fault.at + fault.width - 1}" if fault.width > 1 else ""
        yield f"  wrong at {fault.at}{to}: {fault.text}"
    yield f"  {'good' if report.good else 'BAD'}: {_role_in_words(report)}"
    for remark in report.remarks:
        yield f"  note: {remark}"
    yield ""
    yield f"  {'at':>4}  {'characters':<{SHOWN}}  {'field':<26}  {'value':<40}  section"
    for part in report.parts:
        characters = _printable(part.characters)
        clipped = characters if len(characters) <= SHOWN else f"{characters[: SHOWN - 1]}…"
        section = f"§{part.section}" if part.section else ""
        yield f"  {part.at or '':>4}  {clipped:<{SHOWN}}  {part.name:<26}  {part.value:<40}  {section}".rstrip()


def _role_in_words(report):
    if report.role is None:
        return "neither a request nor a reply of V2.8"
    code = "damaged" if report.code is None else f"{report.code:02X}H"
    if report.role == REQUEST:
        return f"request {code}, {code_in_words(report)}"
    what = f"reply, RTN {code} {code_in_words(report)}"
    if report.cid2 is None:
        return what
    return f"{what}, to {report.cid2:02X}H {command_in_words(report.cid2, report.commands)} ({report.by})"


def _printable(text):
    """One character each, a dot for what cannot be printed."""
    return "".join(one if one.isascii() and one.isprintable() else "·" for one in text)


if __name__ == "__main__":
    sys.exit(main())
