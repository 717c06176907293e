"""What must happen on the board's flash: which files to copy, which to remove. Knows no board, only names and sums."""

from __future__ import annotations

import hashlib
from collections import namedtuple

BOOT, MAIN = "/boot.py", "/main.py"
FIRMWARE, UMQTT = "/firmware", "/lib/umqtt"
PART = ".part"  # of a file that is being copied
# of the boot.py that MicroPython itself makes: comments only
STOCK = "16f5b4bcb120e9a032242b47967e649a0cc577b41939e81ef7d4b4da181bd17f"
CODE = (".py", ".mpy", ".txt", PART)
BLOCK_BYTES = 4096

# copy, remove, empty: lists of names on the board, in the order in which they are to be done; `empty` are directories.
# lacking: bytes of flash that are not free. notes: what the owner should know, a text each.
Plan = namedtuple("Plan", "copy remove empty lacking notes")


def plan(wanted, present, free):
    """-> Plan that makes the board hold `wanted`. Where something is to be done, main.py goes first and comes last.

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
    needs = [_blocks(len(wanted[name])) for name in copy]
    freed = sum(_blocks(files[name]) for name in {*copy, *remove} if name in files)
    lacking = sum(needs) + max(needs, default=0) - freed - free
    notes = [f"{name} on the board is of another program: it is replaced" for name in (BOOT, MAIN)
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
