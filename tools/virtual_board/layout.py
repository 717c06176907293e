"""Lays out a directory as deployment lays out the ESP32's flash, and compiles what runs on MicroPython."""

import contextlib
import functools
import hashlib
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

from tools import ToolError, environment
from tools.shorten import known, shorten

PROJECT = environment.PROJECT
HERE = Path(__file__).parent
TOP_FILES = ("boot.py", "main.py", "place.txt")
PLACE = "place.py"  # compiled where the firmware is
TIMEOUT_S = 60  # of mpy-cross
OPTIONS = ("-O3",)  # of mpy-cross: no line numbers, which take 2 KB of the ESP32's memory; tracebacks name functions
CHIP_HEAP = 91_968 * 145 // 100  # an ESP32's heap, limited in its growth; 64-bit objects need 1.45 times as much
SOURCE_HEAP = 80 * 1024  # for compiling sources on the board, which a board in use never does
# What the board's own modules, its UART and umqtt.simple take of the heap: on an ESP32 all that is outside of it.
# host_tests/test_virtual_board.py holds it to what they do take.
OWN_HEAP = 37_440
FASTER_HEAP = 512  # what a clock that goes faster takes more
REPL_HEAP = 1_696  # what it takes more with a REPL and chip()


class CompileError(ToolError):
    """mpy-cross refused a file; the text is what it said."""


def lay_out(flash):
    """Put board_files() into the directory `flash`; config.json is left alone. CompileError, OSError."""
    for name, path in board_files():
        target = Path(flash, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def board_files(project=PROJECT, source=False):
    """-> [(name in the flash, as Path; path of the file on this PC)]: firmware/**.py as .mpy (with `source` as
    it is), the files at the top as they are. CompileError.
    """
    files = [(Path(name), project / name) for name in TOP_FILES if (project / name).exists()]
    modules = sorted((project / "firmware").rglob("*.py"))
    try:
        short = functools.partial(shorten, of_all=known(tuple(path.read_text() for path in modules)))
    except SyntaxError:
        short = str  # compiled() says in which file
    for path in sorted([*project.glob(PLACE), *modules, *(project / "firmware").rglob("*.txt")]):
        name = path.relative_to(project)
        if path.suffix == ".py" and not source:
            # tracebacks name the .mpy: the board knows that name already, and keeps every new one in its memory
            name = name.with_suffix(".mpy")
            path = compiled(path, name, short, OPTIONS)
        files.append((name, path))
    return files


@functools.cache
def board_modules(kind="modules"):
    """-> directory with the board's own modules, compiled; "chip": what tells the REPL which chip this is."""
    return _directory([(path, path.name) for path in sorted((HERE / kind).glob("*.py"))])


@functools.cache
def rom():
    """-> directory with what official firmware has frozen in, compiled: umqtt.simple."""
    return _directory([(environment.umqtt_dir() / "umqtt" / "simple.py", "umqtt/simple.py")])


def _directory(files):
    """-> directory in the cache that holds the .mpy of `files`, pairs of path and name. Made once for each content."""
    made = [(compiled(path, name), Path(name).with_suffix(".mpy")) for path, name in files]
    directory = _cache() / hashlib.sha256(repr(made).encode()).hexdigest()[:16]
    for path, name in made:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.link(path, directory / name)
    return directory


def compiled(path, name, change=str, options=()):
    """-> path of the .mpy of the file `path`; `name` is what tracebacks show. Made once for each content.

    `change` is what happens to the source before it is compiled, `options` are of mpy-cross. CompileError.
    """
    shown = Path(name).with_suffix(".py")
    try:
        source = change(path.read_text())
    except SyntaxError as error:
        raise CompileError(f"{shown} is no Python: {error}") from None
    compiler = environment.mpy_cross()
    version = compiler.stat().st_size, compiler.stat().st_mtime_ns
    key = hashlib.sha256(repr((version, options, str(name), source)).encode()).hexdigest()
    target = _cache() / f"{key}.mpy"
    if not target.exists():
        command = [compiler, *options, "-s", name, "-o", "-", "-"]
        result = subprocess.run(command, input=source.encode(), capture_output=True, timeout=TIMEOUT_S, check=False)
        if result.returncode:
            raise CompileError(f"mpy-cross does not compile {shown}: {result.stderr.decode().strip()}")
        work = target.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        work.write_bytes(result.stdout)
        work.replace(target)
    return target


def bytes_of(size):
    """-> bytes of a `size` such as "120k", "1M", "81920" or "chip"; ValueError."""
    if size == "chip":
        return CHIP_HEAP
    match = re.fullmatch(r"(\d+)([kKmM]?)", size)
    if not match:
        raise ValueError(f"{size!r} is no heap size: write 80k, 81920 or chip")
    return int(match[1]) << {"": 0, "k": 10, "m": 20}[match[2].lower()]


def _cache():
    directory = environment.VENV / "cache"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
