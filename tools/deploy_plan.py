"""What must happen on the board's flash: which files to copy, which to remove. Knows no board, only names and sums."""

from __future__ import annotations

import hashlib
from collections import namedtuple
from pathlib import PurePosixPath

MAIN = "/main.py"
HELD = "/main.off"  # where main.py waits while the files it needs are exchanged
FIRMWARE = "/firmware"
SECOND = "/lib/firmware"
UMQTT = "/lib/umqtt"
PART = ".part"  # of a file that is being copied
BOOT = "/boot.py"
TOP = (BOOT, MAIN, HELD)
# of the boot.py that MicroPython itself makes: comments only
STOCK = "16f5b4bcb120e9a032242b47967e649a0cc577b41939e81ef7d4b4da181bd17f"
CODE = (".py", ".mpy", ".txt", PART)
BLOCK_BYTES = 4096

# copy, remove, empty: lists of names on the board, in the order in which they are to be done; `empty` are directories.
# need, free: bytes of flash, in whole blocks. notes: what the owner should know, a text each.
Plan = namedtuple("Plan", "copy remove empty need freed notes")


def plan(wanted, present):
    """-> Plan that makes the board hold `wanted`.

    wanted: name -> bytes. present: name -> (size in bytes, sha256 in hex), for a directory (-1, ""). config.json is
    in neither.
    """
    here = dict(present)
    if MAIN not in here and HELD in here:
        here[MAIN] = here.pop(HELD)  # held by a run that did not end: it only has to go back
    copy = [name for name, data in wanted.items() if here.get(name) != (len(data), hashlib.sha256(data).hexdigest())]
    # main.py last: without it a board that loses its power on the way comes up with a REPL, not with half a firmware
    copy.sort(key=lambda name: (name == MAIN, name))
    remove = [name for name, (size, _) in here.items() if size >= 0 and _is_old(name, wanted)]
    kept = [*wanted, *(name for name, (size, _) in here.items() if size >= 0 and name not in remove)]
    empty = [
        name
        for name, (size, _) in here.items()
        if size < 0 and name.startswith(FIRMWARE + "/") and not any(file.startswith(name + "/") for file in kept)
    ]
    need = sum(blocks(len(wanted[name])) for name in copy)
    freed = sum(blocks(here[name][0]) for name in remove)
    return Plan(copy, sorted(remove), sorted(empty, reverse=True), need, freed, _notes(present, copy))


def in_the_way(wanted, present):
    """-> what must go first: names of directories where files are to be, and of files where directories are to be.

    wanted, present: as of plan().
    """
    files = {HELD, *wanted, *(name + PART for name in wanted)}
    directories = {str(parent) for name in wanted for parent in PurePosixPath(name).parents}
    return sorted(name for name, (size, _) in present.items() if name in (files if size < 0 else directories))


def blocks(size):
    """-> bytes that a file of `size` bytes takes in the flash."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def _is_old(name, wanted):
    """Is it code of ours that is no longer ours? Else `foo.py` would win over `foo.mpy`."""
    if name in wanted or not name.endswith(CODE):
        return name == HELD
    if name.startswith(FIRMWARE + "/"):
        return True
    return any(name.removesuffix(PART).rpartition(".")[0] == other.rpartition(".")[0] for other in wanted)


def _notes(present, copy):
    notes = [
        f"{name} on the board is of another program: it is replaced"
        for name in (BOOT, MAIN)
        if name in copy and FIRMWARE not in present and present.get(name, ("", STOCK))[1] != STOCK
    ]
    if SECOND in present:
        notes.append(
            f"{SECOND} on the board is a second copy, which is not used: {FIRMWARE} comes first. It takes space; "
            f"mpremote rm -r :{SECOND} removes it"
        )
    return notes
