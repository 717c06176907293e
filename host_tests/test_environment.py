"""The set-up of .venv: made once, by one process, and every failure in words."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tools import environment


def test_micropython_is_the_one_that_is_named_else_the_installed_one(tmp_path, monkeypatch):
    programs = [tmp_path / name for name in ("argument", "variable")]
    for program in programs:
        program.touch(0o755)
    monkeypatch.delenv("MICROPYTHON", raising=False)
    assert environment.micropython() == environment.VENV / "bin" / "micropython"
    monkeypatch.setenv("MICROPYTHON", str(programs[1]))
    assert environment.micropython() == programs[1] and environment.micropython(programs[0]) == programs[0]
    monkeypatch.setenv("MICROPYTHON", str(tmp_path))
    with pytest.raises(environment.SetupError, match="variable MICROPYTHON"):
        environment.micropython()
    monkeypatch.delenv("MICROPYTHON")
    monkeypatch.setattr(environment, "VENV", tmp_path)
    with pytest.raises(environment.SetupError, match="x86-64 Linux and arm64 macOS"):
        environment.micropython()


# The tool finds an older Python than it runs under; whatever it imports before it says so is there in all of them.
OLD_PYTHON = """
    import runpy, sys

    sys.version_info, sys.version = (3, 10, 1), "3.10.1 (main)"
    sys.argv[:] = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
"""
TOOLS = sorted(
    path if path.name != "__main__.py" else path.parent
    for path in (environment.PROJECT / "tools").rglob("*.py")
    if "\nsys.path.insert(0, str(Path(__file__)" in path.read_text()  # what is started by its path finds ours so
)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda path: path.name)
def test_an_old_python_is_told_so(tool):
    command = [sys.executable, "-I", "-S", "-c", textwrap.dedent(OLD_PYTHON), str(tool)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == "set-up failed: this is Python 3.10.1; 3.11 or newer is needed\n"
    assert done.returncode == 1


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A project of its own, with nothing but what makes .venv."""
    monkeypatch.delenv(environment.PLACE_VARIABLE, raising=False)
    (tmp_path / "tools").mkdir()
    for name in ("environment.py", "requirements.txt", "__init__.py"):
        (tmp_path / "tools" / name).write_text((environment.PROJECT / "tools" / name).read_text())
    return tmp_path


def started(copy, script):
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], cwd=copy, stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip


# Making it waits until it is told to go on.
RACE = """
    import sys, time
    from tools import environment as e

    def make():
        print("begin", flush=True)
        sys.stdin.read()
        (e.VENV / "bin").mkdir(parents=True, exist_ok=True)
        e.PYTHON.unlink(missing_ok=True)
        e.PYTHON.symlink_to(sys.executable)
        e.STAMP.write_text(e._wanted())

    e._make = make
    e.os.execv = lambda *arguments: print("goes on")
    e.ensure()
"""


def test_two_processes_at_once_make_it_once_and_again_when_the_requirements_change(copy):
    with started(copy, RACE) as first:
        assert first.stdout.readline() == "begin\n"
        with started(copy, RACE) as second:
            assert [first.communicate(timeout=60)[0], second.communicate(timeout=60)[0]] == ["goes on\n"] * 2
    (copy / "tools" / "requirements.txt").write_text("more==1\n")
    with started(copy, RACE) as third:
        assert third.communicate(timeout=60)[0] == "begin\ngoes on\n"


@pytest.mark.slow
def test_it_is_made_in_another_place_once_and_a_failure_is_told_in_words(copy, monkeypatch):
    """As for a service that may not write into the project's directory."""
    script = "from tools import environment; environment.ensure(); import pypi_simple, sys; print(sys.prefix)"
    monkeypatch.setenv(environment.PLACE_VARIABLE, "/proc/none/place")
    with started(copy, script) as process:
        assert f"cannot write /proc/none/place.lock (No such file or directory): name another place for .venv with " \
               f"the environment variable {environment.PLACE_VARIABLE}" in process.communicate(timeout=60)[1]
    monkeypatch.setenv(environment.PLACE_VARIABLE, str(copy / "place"))
    requirements = copy / "tools" / "requirements.txt"
    needed = next(line for line in requirements.read_text().splitlines() if line.startswith("pypi-simple"))
    for wrong, said in (("no-such-package @ file:///nowhere.whl", ["making", "installing"]),
                        ("", ["making", "installing", "fetching", ".venv", str(copy / "place")]),
                        ("", [str(copy / "place")])):  # fmt: skip
        requirements.write_text(f"{needed}\n{wrong}")
        with started(copy, script) as process:
            output, errors = process.communicate(timeout=600)
        assert [line.split()[0] for line in output.splitlines()] == said
        assert process.returncode == bool(wrong) == ("set-up failed: a package could not be" in errors)
    assert (copy / "place" / "umqtt" / "umqtt" / "simple.py").exists()
