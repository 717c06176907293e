"""Runs the checks of a module that need no pytest: `micropython host_tests/run_on_micropython.py MODULE`."""

import gc
import os
import sys

HERE = __file__.rpartition("/")[0] or "."
MODULES = sorted([name[:-3] for name in os.listdir(HERE) if name.endswith("_cases.py")])


def checks_of(module):
    """The functions check_… of a module, by name."""
    return [getattr(module, name) for name in sorted(dir(module)) if name.startswith("check_")]


if __name__ == "__main__":
    checks = checks_of(__import__(sys.argv[1]))
    for check in checks:
        gc.collect()
        check()
        print("ok", check.__name__)
    print(len(checks), "checks passed")
