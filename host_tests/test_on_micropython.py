"""The checks that need no pytest, on the real MicroPython: one process for each module of them."""

import os
import subprocess

import pytest
import run_on_micropython

HERE = run_on_micropython.__file__.rpartition("/")[0]
HEAP = "384k"  # the checks themselves, as source, take most of it
TIMEOUT_S = 120


@pytest.fixture
def run(micropython, project, tmp_path):
    """run(module, …) -> the finished process."""
    path = os.pathsep.join([str(project), HERE, str(tmp_path), ".frozen"])

    def run(*modules):
        return subprocess.run(
            [micropython, "-X", f"heapsize={HEAP}", run_on_micropython.__file__, *modules],
            env={**os.environ, "MICROPYPATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("module", run_on_micropython.MODULES)
def test_checks(run, module):
    done = run(module)
    assert done.returncode == 0, done.stdout
    count = len(run_on_micropython.checks_of(__import__(module)))
    assert done.stdout.count(f"ok {module}.check_") == count > 0
    assert done.stdout.splitlines()[-1] == f"{count} checks passed, 0 failed"


def test_no_module_of_checks_is_forgotten(project):
    found = sorted(path.stem for path in (project / "host_tests").glob("*_cases.py"))
    assert sorted(run_on_micropython.MODULES) == found


def test_failed_check_is_told(run, tmp_path):
    (tmp_path / "made.py").write_text("def check_a():\n    assert 1 == 2, 'seen'\n\n\ndef check_b():\n    pass\n")
    done = run("made")
    assert done.returncode == 1
    assert "FAILED made.check_a" in done.stdout and "seen" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 checks passed, 1 failed"
