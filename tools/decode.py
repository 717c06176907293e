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
from tools.decode_frame import REPLY, REQUEST, examine
from tools.decode_values import COMMANDS, PACE, RETURN_CODES, command_in_words, is_hex

GOOD, BAD, UNUSABLE = 0, 1, 2
MOST_BYTES = 64 * 1024 * 1024  # of one file
COLUMNS = 100  # characters of a frame in a line
SHOWN = 24  # characters of one field
EPILOG = """Characters count from 1. Exit status: 0 all frames are good, 1 one is bad, 2 nothing usable was given.
INFO of a reply does not say which command it answers: the request before it in a file does, --cid2, or else its layout.
"""


def main(arguments=None):
    """-> exit status (GOOD, BAD, UNUSABLE)."""
    parser = options.parser("decode.py", __doc__, EPILOG)
    add = parser.add_argument
    add("what", nargs="*", metavar="FRAME|FILE", help="frames or files; - or nothing: standard input")
    add("--cid2", type=command, metavar="42", help="the command that the replies answer, in hex")
    roles = parser.add_mutually_exclusive_group()
    roles.add_argument("--request", dest="role", action="store_const", const=REQUEST, help="they are requests")
    roles.add_argument("--reply", dest="role", action="store_const", const=REPLY, help="they are replies")
    given = parser.parse_args(arguments)

    def work():
        try:
            return decode(given.what or ["-"], given.role, given.cid2)
        except ToolError as error:
            print(f"decode: {error}", file=sys.stderr)
            return UNUSABLE

    return options.guarded("decode", work)


def command(text):
    """"42", "4fH", "0x93" -> the number of a read command. ArgumentTypeError."""
    digits = text.upper().removeprefix("0X").removesuffix("H")
    if not 1 <= len(digits) <= 2 or not is_hex(digits) or int(digits, 16) not in PACE | COMMANDS:
        known = ", ".join(f"{cid2:02X} {command_in_words(cid2, PACE | COMMANDS)}" for cid2 in PACE | COMMANDS)
        raise argparse.ArgumentTypeError(f"{text!r} is no command; known are: {known}")
    return int(digits, 16)


def decode(places, role, cid2):
    """Prints all frames of `places`, frames or names of files -> exit status. ToolError.

    role, cid2: what all frames are, by the user's word, or None.
    """
    goods, left_out = [], Counter()
    asked = None  # by the request before; frames of the command line stand beside one another
    for what in places:
        typed = _typed(what)
        asked = asked if typed else None
        for found in typed or _in_file(what, left_out):
            known, by = (cid2, "as --cid2 says") if cid2 is not None else (asked, "by the request before it")
            report = examine(found.text, role or found.role, known, by if known is not None else "")
            asked = None if report.role == REPLY else report.code
            print("\n".join([f"{found.where}:", *lines(report), ""]), flush=True)
            goods.append(report.good)
    if len(goods) > 1 or left_out:
        said = [f"{len(goods)} frames: {goods.count(True)} good, {goods.count(False)} bad"]
        print("; ".join(said + [f"{words}: {count}" for words, count in left_out.items()]))
    return GOOD if all(goods) else BAD


def _typed(what):
    """The frames of an argument that is no file -> [Found], empty where it is one. ToolError."""
    try:
        if what == "-" or (what and Path(what).exists()):
            return []
    except (OSError, ValueError):  # too long for a name, or with NUL in it
        pass
    found = decode_find.pasted(os.fsencode(what).decode("latin-1"))
    if not found:
        raise ToolError(f"{what!r} is neither a file that is there nor a frame (~ and hex digits, in quotes)")
    return found


def _in_file(what, left_out):
    """The frames of a file, "-" for standard input -> a list of Found, not empty. ToolError.

    left_out: what is none, counted; added to.
    """
    name = "standard input" if what == "-" else what
    try:
        if what == "-":
            if sys.stdin.isatty():
                print("decode: type or paste frames, then Ctrl-D", file=sys.stderr)
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with open(what, "rb") as file:
                data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ToolError(f"cannot read {name}: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise ToolError(f"{name} is larger than {MOST_BYTES >> 20} MB: cut it to the part that matters")
    found = list(decode_find.frames(data, name, left_out)) or decode_find.alone(data.decode("latin-1"), name)
    console = decode_find.console(data) or ("the text console" if left_out[decode_find.TEXT] else "")
    if not found and console:
        raise ToolError(f"{name} is of {console}; decode.py reads frames only")
    if not found:
        raise ToolError(f"no frame in {name}: a frame is ~ and at least {decode_find.FEWEST_HEX + 1} hex digits")
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
    yield f"  {verdict(report)}"
    for remark in report.remarks:
        yield f"  note: {remark}"
    yield ""
    yield f"  {'at':>4}  {'characters':<{SHOWN}}  {'field':<26}  {'value':<40}  section"
    for part in report.parts:
        characters = _printable(part.characters)
        clipped = characters if len(characters) <= SHOWN else f"{characters[: SHOWN - 1]}…"
        section = f"§{part.section}" if part.section else ""
        yield f"  {part.at or '':>4}  {clipped:<{SHOWN}}  {part.name:<26}  {part.value:<40}  {section}".rstrip()


def verdict(report):
    """What the frame is, in one line."""
    code = "damaged" if report.code is None else f"{report.code:02X}H"
    if report.role == REQUEST:
        what = f"request {code}, {command_in_words(report.code, report.commands)}"
    elif report.role == REPLY:
        what = f"reply, RTN {code} {RETURN_CODES.get(report.code, '')}".rstrip()
        if report.cid2 is not None:
            what += f", to {report.cid2:02X}H {command_in_words(report.cid2, report.commands)} ({report.by})"
    else:
        what = "neither a request nor a reply of V2.8"
    return f"{'good' if report.good else 'BAD'}: {what}"


def _printable(text):
    """One character each, a dot for what cannot be printed."""
    return "".join(one if one.isascii() and one.isprintable() else "·" for one in text)


if __name__ == "__main__":
    sys.exit(main())
