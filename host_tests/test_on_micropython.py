"""The checks that need no pytest, on the real MicroPython: one process for each module of them."""

import os
import subprocess

import pytest
import run_on_micropython

HEAP = "384k"  # the checks themselves, as source, take most of it
TIMEOUT_S = 120


@pytest.mark.parametrize("module", run_on_micropython.MODULES)
def test_checks(micropython, project, module):
    path = os.pathsep.join([str(project), run_on_micropython.HERE, ".frozen"])
    command = [micropython, "-X", f"heapsize={HEAP}", run_on_micropython.__file__, module]
    done = subprocess.run(command, env=os.environ | {"MICROPYPATH": path}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT_S, check=False)  # fmt: skip
    count = len(run_on_micropython.checks_of(__import__(module)))
    assert done.returncode == 0 and done.stdout.endswith(f"\n{count} checks passed\n"), done.stdout
