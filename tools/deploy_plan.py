"""What must happen on the board's flash: which files to copy, which to remove. Knows no board, only names and sums."""

from __future__ import annotations

import hashlib
import re
from collections import namedtuple

from tools import ToolError

BOOT, MAIN = "/boot.py", "/main.py"
PLACE = "/place.txt"
TOP = (BOOT, MAIN, "/place.py", "/place.mpy", PLACE)
FIRMWARE = "/firmware"
PART = ".part"  # of a file that is being copied
# of the boot.py that MicroPython itself makes: comments only
STOCK = "16f5b4bcb120e9a032242b47967e649a0cc577b41939e81ef7d4b4da181bd17f"
CODE = (".py", ".mpy", ".txt", PART)
BLOCK_BYTES = 4096
SPARE_BYTES = 16384  # that an update over the broker leaves free
OLDEST = (1, 27)
FLASH_HINT = "the README tells the one line that flashes MicroPython"
AGAIN = "run it again: it goes on where it was"

# copy, remove, empty: lists of names on the board, in the order in which they are to be done; `empty` are directories.
# lacking: bytes of flash that are not free. notes: what the owner should know, a text each.
Plan = namedtuple("Plan", "copy remove empty lacking notes")


def check_release(release):
    """ToolError where the MicroPython `release` of a board is too old."""
    found = re.match(r"v?(\d+)\.(\d+)", release)
    if not found or tuple(map(int, found.groups())) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise ToolError(
            f"the MicroPython on the board is too old: {release}; {oldest} or newer is needed ({FLASH_HINT})"
        )


def summary(wanted, todo):
    """-> a line on the Plan `todo`."""
    old = [name for name in todo.remove if name != MAIN]
    same = len(wanted) - len(todo.copy)
    return f"{same} files are up to date, {len(todo.copy)} to copy, {len(old)} to remove"


def copying(name, number, count, size):
    """-> a line of progress."""
    return f"copying {name} ({number} of {count}, {size} bytes)"


def plan(wanted, present, free, beside=False):
    """-> Plan that makes the board hold `wanted`. Where something is to be done, main.py goes first and comes last.
    beside: the whole is built beside what is there.

    So a board that loses its power on the way comes up with a REPL, not with half a firmware. wanted: name -> bytes.
    present: name -> (size in bytes, sha256 in hex), for a directory (-1, ""). free: bytes. config.json is in neither.
    """
    files = {name: size for name, (size, _) in present.items() if size >= 0}
    copy = [name for name, data in wanted.items() if present.get(name) != (len(data), hashlib.sha256(data).hexdigest())]
    remove = sorted(name for name in files if _is_old(name, wanted))
    if MAIN in wanted and (copy or remove):
        copy = [*sorted({*copy} - {MAIN}), MAIN]
        remove = [MAIN] * (MAIN in files) + remove
    kept = [*wanted, *(name for name in files if name not in remove)]
    empty = [name for name, (size, _) in present.items() if size < 0 and name.startswith(FIRMWARE + "/")
             and not any(file.startswith(name + "/") for file in kept)]  # fmt: skip
    # A file is copied beside the old one, which goes last.
    needs = [_blocks(len(wanted[name])) for name in (wanted if beside else copy)]
    freed = -SPARE_BYTES if beside else sum(_blocks(files[name]) for name in {*copy, *remove} if name in files)
    lacking = sum(needs) + (0 if beside else max(needs, default=0)) - freed - free
    notes = [f"{PLACE} on the board names the place of an update over the broker: it names {FIRMWARE}, place a, again"
             for name in (PLACE,) if name in copy and name in present]  # fmt: skip
    notes += [f"{name} on the board is of another program: it is replaced" for name in (BOOT, MAIN)
             if name in copy and FIRMWARE not in present and present.get(name, ("", STOCK))[1] != STOCK]  # fmt: skip
    return Plan(copy, remove, sorted(empty, reverse=True), lacking if copy else 0, notes)


def _blocks(size):
    """-> bytes that a file of `size` bytes takes in the flash."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def _is_old(name, wanted):
    """Is it code of ours that is no longer ours? Else `foo.py` would win over `foo.mpy`."""
    if name in wanted or not name.endswith(CODE):
        return False
    stem = name.removesuffix(PART).rpartition(".")[0]
    return name.startswith(FIRMWARE + "/") or any(stem == other.rpartition(".")[0] for other in wanted)
