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

from tools import decode_find, decode_show
from tools.decode_check import is_hex
from tools.decode_frame import REPLY, REQUEST, Hint, examine
from tools.decode_layouts import COMMANDS, REPLIES

GOOD, BAD, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
MOST_BYTES = 64 * 1024 * 1024  # of one file
EPILOG = """Characters count from 1. Exit status: 0 all frames are good, 1 one is bad, 2 nothing usable was given.
INFO of a reply does not say which command it answers: the request before it in a file does, --cid2, or else its layout.
"""


class Unusable(Exception):
    """What was given cannot be decoded; the text says why."""


class Surroundings:
    """What came before a frame, as far as it says what the frame is. `role`, `cid2` as the user gave them, or None."""

    def __init__(self, role=None, cid2=None):
        self._role, self._cid2, self._asked = role, cid2, None

    def hint(self, found):
        """What is known about a decode_find.Found before it is looked at -> Hint."""
        role = self._role or found.role
        if self._cid2 is not None:
            return Hint(role, self._cid2, "as --cid2 says")
        return Hint(role, self._asked, "" if self._asked is None else "by the request before it")

    def take(self, report):
        """After its Report: a request is answered by the next reply only."""
        self._asked = None if report.role == REPLY else report.code


def main(arguments=None):
    """-> exit status (GOOD, BAD, UNUSABLE)."""
    options = _parser().parse_args(arguments)
    sys.stdout.reconfigure(errors="replace")
    try:
        return decode(options)
    except Unusable as error:
        print(f"decode: {error}", file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:  # whoever read this has gone
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return BAD
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser():
    parser = argparse.ArgumentParser(
        prog="decode.py", description=__doc__, epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("what", nargs="*", metavar="FRAME|FILE", help="frames or files; - or nothing: standard input")
    add("--cid2", type=_command, metavar="42", help="the command that the replies answer, in hex")
    roles = parser.add_mutually_exclusive_group()
    roles.add_argument("--request", dest="role", action="store_const", const=REQUEST, help="they are requests")
    roles.add_argument("--reply", dest="role", action="store_const", const=REPLY, help="they are replies")
    return parser


def _command(text):
    digits = text.upper().removeprefix("0X").removesuffix("H")
    if not 1 <= len(digits) <= 2 or not is_hex(digits) or int(digits, 16) not in REPLIES:
        known = ", ".join(f"{cid2:02X} {COMMANDS[cid2]}" for cid2 in REPLIES)
        raise argparse.ArgumentTypeError(f"{text!r} is no command; known are: {known}")
    return int(digits, 16)


def decode(options):
    """Prints all frames -> exit status. Unusable."""
    goods, left_out = [], Counter()
    typed = Surroundings(options.role, options.cid2)  # frames of the command line stand beside one another
    for what in options.what or ["-"]:
        found = _typed(what)
        around = typed if found else Surroundings(options.role, options.cid2)
        for one in found or _in_file(what, left_out):
            report = examine(one.text, around.hint(one))
            around.take(report)
            print("\n".join([f"{one.where}:", *decode_show.lines(report), ""]), flush=True)
            goods.append(report.good)
    if len(goods) > 1 or left_out:
        said = [f"{len(goods)} frames: {goods.count(True)} good, {goods.count(False)} bad"]
        print("; ".join(said + [f"{words}: {count}" for words, count in left_out.items()]))
    return GOOD if all(goods) else BAD


def _typed(what):
    """The frames of an argument that is no file -> [Found], empty where it is one. Unusable."""
    if what == "-" or _is_file(what):
        return []
    found = decode_find.pasted(os.fsencode(what).decode("latin-1"))
    if not found:
        raise Unusable(f"{what!r} is neither a file that is there nor a frame (~ and hex digits, in quotes)")
    return found


def _is_file(what):
    try:
        return bool(what) and Path(what).exists()
    except (OSError, ValueError):  # too long for a name, or with NUL in it
        return False


def _in_file(what, left_out):
    """The frames of a file, "-" for standard input -> a list of Found, not empty. left_out: a Counter of what is none,
    added to. Unusable.
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
        raise Unusable(f"cannot read {name}: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise Unusable(f"{name} is larger than {MOST_BYTES >> 20} MB: cut it to the part that matters")
    left_out.update(decode_find.left_out(data))
    found = list(decode_find.frames(data, name)) or decode_find.alone(data.decode("latin-1"), name)
    if not found and (left_out[decode_find.TEXT] or decode_find.is_console(data)):
        raise Unusable(f"{name} is of the text console; decode.py reads frames only")
    if not found:
        raise Unusable(f"no frame in {name}: a frame is ~ and at least {decode_find.FEWEST_HEX + 1} hex digits")
    return found


if __name__ == "__main__":
    sys.exit(main())
