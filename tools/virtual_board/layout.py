"""Lays out a directory as deployment lays out the ESP32's flash, and compiles what runs on MicroPython."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import tokenize
from pathlib import Path

from tools import ToolError, environment
from tools.shorten import keywords, shorten

PROJECT = environment.PROJECT
HERE = Path(__file__).parent
TOP_FILES = ("boot.py", "main.py", "place.txt")
PLACE = "place.py"  # compiled where the firmware is
COMPILE_TIMEOUT_S = 60
OPTIONS = ("-O3",)  # of mpy-cross: no line numbers, which take 2 KB of the ESP32's memory; tracebacks name functions
ROM_MODULES = "import machine, network, socket, ntptime, tls, umqtt.simple"
SOURCE_HEAP = 80 * 1024  # for compiling sources on the board, which a board in use never does
REPL_HEAP = 2496  # what it takes more with a REPL and chip(); on an ESP32 that is ROM
CHIP_HEAP = 91_968 * 145 // 100  # an ESP32's heap, limited in its growth; 64-bit objects need 1.45 times as much
NAMES = 600  # different ones that the firmware has, about


class CompileError(ToolError):
    """mpy-cross refused a file; the text is what it said."""


def lay_out(flash, source=False, project=PROJECT):
    """Put boot.py, main.py and firmware/ of `project` into the directory `flash`.

    firmware/**.py becomes .mpy, as on the board; with `source` it stays .py. The files at the top are copied as they
    are. config.json is left alone. CompileError, OSError.
    """
    flash = Path(flash)
    for name, path in board_files(source, project):
        (flash / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, flash / name)


def board_files(source=False, project=PROJECT):
    """-> [(name in the flash, as Path; path of the file on this PC)], as lay_out() puts them. CompileError."""
    files = [(Path(name), project / name) for name in TOP_FILES if (project / name).exists()]
    modules = sorted((project / "firmware").rglob("*.py"))
    short = functools.partial(shorten, keywords=_keywords(modules))
    for path in sorted([*project.glob(PLACE), *modules, *(project / "firmware").rglob("*.txt")]):
        name = path.relative_to(project)
        if source or path.suffix != ".py":
            files.append((name, path))
        else:
            # tracebacks name the .mpy: the board knows that name already, and keeps every new one in its memory
            name = name.with_suffix(".mpy")
            files.append((name, compiled(path, name, short, OPTIONS)))
    return files


def _keywords(modules):
    try:
        return keywords(path.read_text() for path in modules)
    except SyntaxError:
        return None  # compiled() says in which file


def board_modules(kind="modules"):
    """-> directory with the board's own modules, compiled."""
    return _directory(kind, [(path, path.name) for path in sorted((HERE / kind).glob("*.py"))])


def chip():
    """-> directory with what tells the REPL which chip this is, compiled; the firmware does without."""
    return board_modules("chip")


def rom():
    """-> directory with what official firmware has frozen in, compiled: umqtt.simple."""
    return _directory("rom", [(environment.umqtt_dir() / "umqtt" / "simple.py", "umqtt/simple.py")])


def _directory(kind, files):
    """-> directory in the cache that holds the .mpy of `files`, pairs of path and name. Made once for each content."""
    key = hashlib.sha256("".join(_key(path.read_text(), name) for path, name in files).encode()).hexdigest()[:16]
    target = _cache() / f"{kind}-{key}"
    if not target.is_dir():
        work = Path(tempfile.mkdtemp(dir=_cache()))
        for path, name in files:
            place = (work / name).with_suffix(".mpy")
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(compiled(path, name), place)
        try:
            work.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(work)
    return target


def compiled(path, name, change=str, options=()):
    """-> path of the .mpy of the file `path`; `name` is what tracebacks show. Made once for each content.

    `change` is what happens to the source before it is compiled, `options` are of mpy-cross. CompileError.
    """
    shown = Path(name).with_suffix(".py")
    try:
        source = change(path.read_text())
    except (SyntaxError, tokenize.TokenError) as error:
        raise CompileError(f"{shown} is no Python: {error}") from None
    target = _cache() / f"{_key(source, name, options)}.mpy"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=_cache()) as directory:
        changed, work = Path(directory) / path.name, Path(directory) / target.name
        changed.write_text(source)
        command = [str(environment.mpy_cross()), *options, "-s", str(name), "-o", str(work), str(changed)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_TIMEOUT_S, check=False)
        if result.returncode:
            raise CompileError(f"mpy-cross does not compile {shown}: {(result.stderr or result.stdout).strip()}")
        os.replace(work, target)
    return target


def heap_cost(interpreter, speed=1):
    """-> bytes of heap that the board's own modules, its UART and umqtt.simple take; on an ESP32 they take none.

    `speed` as of Board. Both sides of the subtraction know as many names as the firmware has: the pools that names are
    kept in double in size, so what a further name costs depends on how many there are.
    """
    modules = board_modules()
    note = modules / f"cost-{hashlib.sha256(f'{interpreter} {NAMES} {speed > 1}'.encode()).hexdigest()[:16]}"
    if not note.exists():
        count = f"import gc\nfor n in range({NAMES}): hasattr(0, 'name%d' % n)\ngc.collect()\nprint(gc.mem_alloc())"
        bare = _probe([interpreter, "-c", count], {})
        master, slave = os.openpty()
        with tempfile.TemporaryDirectory() as flash:
            Path(flash, "main.py").write_text(f"{ROM_MODULES}\nuart = machine.UART(1, tx=33, rx=32)\n{count}")
            settings = {"FLASH": flash, "ROM": str(rom()), "UART": os.ttyname(slave), "SPEED": str(speed)}
            environ = {"MICROPYPATH": str(modules)} | {f"VB_{name}": value for name, value in settings.items()}
            full = _probe([interpreter, "-m", "_start"], environ)
        os.close(master)
        os.close(slave)
        work = note.with_suffix(f".{os.getpid()}")
        work.write_text(str(full - bare))
        os.replace(work, note)
    return int(note.read_text())


def bytes_of(size):
    """-> bytes of a `size` such as "120k", "1M", "81920" or "chip"; ValueError."""
    if size == "chip":
        return CHIP_HEAP
    match = re.fullmatch(r"(\d+)([kKmM]?)", str(size))
    if not match:
        raise ValueError(f"{size!r} is no heap size: write 80k, 81920 or chip")
    return int(match[1]) << {"": 0, "k": 10, "m": 20}[match[2].lower()]


def _probe(command, settings):
    result = subprocess.run(
        command, env={"PATH": os.environ["PATH"]} | settings, capture_output=True, text=True,
        timeout=COMPILE_TIMEOUT_S, check=False,
    )  # fmt: skip
    if result.returncode:
        raise environment.SetupError(f"{command[0]} does not work: {(result.stderr or result.stdout).strip()}")
    return int(result.stdout)


def _key(source, name, options=()):
    compiler = environment.mpy_cross().stat()
    head = f"{options} {compiler.st_size} {compiler.st_mtime_ns}\n{name}\n"
    return hashlib.sha256((head + source).encode()).hexdigest()


def _cache():
    directory = environment.VENV / "cache"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
