"""The checks that need no pytest, on the real MicroPython: one process for each module of them."""

import os
import subprocess

import pytest
import run_on_micropython

HEAP = "384k"  # the checks themselves, as source, take most of it
TIMEOUT_S = 120


def run(micropython, project, directory, module):
    """-> (exit status, what was said)."""
    path = os.pathsep.join([str(project), run_on_micropython.HERE, str(directory), ".frozen"])
    command = [micropython, "-X", f"heapsize={HEAP}", run_on_micropython.__file__, module]
    done = subprocess.run(command, env=os.environ | {"MICROPYPATH": path}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S, check=False)  # fmt: skip
    return done.returncode, done.stdout


@pytest.mark.parametrize("module", run_on_micropython.MODULES)
def test_checks(micropython, project, tmp_path, module):
    status, said = run(micropython, project, tmp_path, module)
    count = len(run_on_micropython.checks_of(__import__(module)))
    assert status == 0 and said.endswith(f"\n{count} checks passed, 0 failed\n"), said


def test_failed_check_is_told(micropython, project, tmp_path):
    (tmp_path / "made.py").write_text("def check_a():\n    assert 1 == 2, 'seen'\n\n\ndef check_b():\n    pass\n")
    status, said = run(micropython, project, tmp_path, "made")
    assert status == 1 and said.endswith("\n1 checks passed, 1 failed\n")
    assert "FAILED made.check_a" in said and "seen" in said
