"""The set-up of .venv: once, and every failure in words."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import environment

# The tool finds an older Python than it runs under; whatever it imports before it says so is there in all of them.
OLD_PYTHON = "import runpy, sys\nsys.version_info, sys.version = (3, 10, 1), '3.10.1 ('\nrunpy.run_path(sys.argv[1])"


@pytest.mark.parametrize("tool", ["demo.py", "test.py", "deploy.py", "pylon2mqtt.py", "capture.py", "virtual_board"])
def test_an_old_python_is_told_so(tool):
    command = [sys.executable, "-I", "-S", "-c", OLD_PYTHON, str(environment.PROJECT / "tools" / tool)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == "set-up failed: this is Python 3.10.1; 3.11 or newer is needed\n" and done.returncode == 1


@pytest.mark.slow
def test_it_is_made_in_another_place_once_and_a_failure_is_told_in_words(tmp_path, monkeypatch):
    """As for a service that may not write into the project's directory."""
    (tmp_path / "tools").mkdir()
    for name in ("environment.py", "requirements.txt", "__init__.py"):
        (tmp_path / "tools" / name).write_text((environment.PROJECT / "tools" / name).read_text())
    requirements, place = tmp_path / "tools" / "requirements.txt", str(tmp_path / "place")
    needed = next(line for line in requirements.read_text().splitlines() if line.startswith("pypi-simple"))
    script = "from tools import environment; environment.ensure(); import pypi_simple, sys; print(sys.prefix)"
    for where, more, said in (
        ("/proc/none/place", "", "cannot write /proc/none/place.lock (No such file or directory): name another place"),
        (place, "no-such-package @ file:///nowhere.whl", "a package could not be installed"),
        (place, "", ["making", "installing", "fetching", ".venv", place]), (place, "", [place]),
    ):  # fmt: skip
        requirements.write_text(f"{needed}\n{more}")
        monkeypatch.setenv(environment.PLACE_VARIABLE, where)
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True,
                              timeout=600, check=False)  # fmt: skip
        if isinstance(said, str):
            assert done.returncode == 1 and f"set-up failed: {said}" in done.stderr
        else:
            assert [line.split()[0] for line in done.stdout.splitlines()] == said
    assert (Path(place) / "umqtt" / "umqtt" / "simple.py").exists()
