"""What must happen on the board's flash: which files to copy, which to remove. Knows no board, only names and sums."""

import hashlib
import re
from collections import namedtuple
from pathlib import PurePosixPath

from tools import ToolError

MAIN, PLACE, FIRMWARE = "/main.py", "/place.txt", "/firmware"
SECOND = "/lib/firmware"  # FIRMWARE comes before it
OURS = ("/boot.py", MAIN, "/place.py", "/place.mpy", PLACE, FIRMWARE)
PART = ".part"  # of a file that is being copied
CODE = (".py", ".mpy", ".txt", PART)
BLOCK_BYTES = 4096
SPARE_BYTES = 16384  # that an update over the broker leaves free
OLDEST = (1, 27)
FLASH_HINT = "the README tells the one line that flashes MicroPython"
AGAIN = "run it again: it goes on where it was"

# copy, remove, empty (directories): names, in the order in which it is to be done; obstacles: names of directories
# where files must be, and of files where directories must be; lacking: bytes that are not free
Plan = namedtuple("Plan", "copy remove empty obstacles lacking")


def check_release(release):
    """ToolError where the MicroPython `release` of a board is too old."""
    found = re.match(r"v?(\d+)\.(\d+)", release)
    if not found or tuple(map(int, found.groups())) < OLDEST:
        oldest = "{}.{}".format(*OLDEST)
        raise ToolError(f"its MicroPython is too old: {release}; {oldest} or newer is needed ({FLASH_HINT})")


def tell(todo, wanted, say, where=""):
    """Says what the Plan `todo` for the `wanted` files is, and `where`. ToolError: it cannot be done."""
    if todo.obstacles:
        names = " ".join(f":{name}" for name in todo.obstacles)
        raise ToolError(f"something else on the board is in the way: remove it with mpremote rm -r {names}")
    old = len({*todo.remove} - {MAIN})
    say(f"{len(wanted) - len(todo.copy)} files are up to date, {len(todo.copy)} to copy, {old} to remove{where}")
    if todo.lacking > 0:
        kb = -(-todo.lacking // 1024)
        raise ToolError(f"no space: {kb} KB more must be free on the board. Remove what is not needed, run it again")


def copying(name, number, count, size):
    """-> a line of progress."""
    return f"copying {name} ({number} of {count}, {size} bytes)"


def digest(data):
    """-> SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def plan(wanted, present, free, beside=False):
    """-> Plan that makes the board hold `wanted`: {name: bytes}. present: {name: (size in bytes, sha256 in hex)}, for a
    directory (-1, ""). free: bytes. beside: the whole is built beside what is there.

    main.py goes first and comes last: a board that loses its power comes up with a REPL, not with half a firmware.
    """
    files = {name: size for name, (size, _) in present.items() if size >= 0}
    copy = [name for name, data in wanted.items() if present.get(name) != (len(data), digest(data))]
    remove = sorted(name for name in files if _is_old(name, wanted))
    if MAIN in wanted and (copy or remove):
        copy = [*sorted({*copy} - {MAIN}), MAIN]
        remove = [MAIN] * (MAIN in files) + remove
    kept = [*wanted, *(name for name in files if name not in remove)]
    empty = [name for name, (size, _) in present.items() if size < 0 and name.startswith(FIRMWARE + "/")
             and not any(file.startswith(name + "/") for file in kept)]  # fmt: skip
    directories = {str(parent) for name in copy for parent in PurePosixPath(name).parents}
    obstacles = [name for name, (size, _) in present.items()
                 if name in (wanted if size < 0 else directories) and name not in (*remove, *empty)]  # fmt: skip
    needs = [_blocks(len(wanted[name])) for name in (wanted if beside else copy)]
    if beside:
        lacking = sum(needs) + SPARE_BYTES - free
    else:  # a file is copied beside the old one, which goes last
        lacking = sum(needs) + max(needs, default=0) - free
        lacking -= sum(_blocks(files[name]) for name in {*copy, *remove} if name in files)
    return Plan(copy, remove, sorted(empty, reverse=True), obstacles, lacking if copy else 0)


def _blocks(size):
    """-> bytes that a file of `size` bytes takes in the flash."""
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def _is_old(name, wanted):
    """Is it code of ours that is no longer ours? Else `foo.py` would win over `foo.mpy`."""
    if name in wanted or not name.endswith(CODE):
        return False
    stem = name.removesuffix(PART).rpartition(".")[0]
    return name.startswith(FIRMWARE + "/") or any(stem == other.rpartition(".")[0] for other in wanted)
