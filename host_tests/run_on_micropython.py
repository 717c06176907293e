"""Runs every check that needs no pytest: `micropython host_tests/run_on_micropython.py [module …]`, or any Python.

One line a check and a closing count; exit status 1 when one failed. MICROPYPATH (PYTHONPATH) names the project and
host_tests.
"""

import gc
import os
import sys

HERE = __file__.rpartition("/")[0] or "."
MODULES = sorted([name[:-3] for name in os.listdir(HERE) if name.endswith("_cases.py")])


def checks_of(module):
    """The functions check_… of a module, by name."""
    return [getattr(module, name) for name in sorted(dir(module)) if name.startswith("check_")]


def run(names):
    """Runs the checks of the modules `names` -> how many passed, how many failed."""
    passed = failed = 0
    for name in names:
        for check in checks_of(__import__(name)):
            gc.collect()
            title = f"{name}.{check.__name__}"
            try:
                check()
            except Exception as error:
                failed += 1
                print(f"FAILED {title}")
                if hasattr(sys, "print_exception"):
                    sys.print_exception(error)
                else:
                    sys.excepthook(type(error), error, error.__traceback__)
            else:
                passed += 1
                print(f"ok {title}")
    return passed, failed


if __name__ == "__main__":
    passed, failed = run(sys.argv[1:] or MODULES)
    print(f"{passed} checks passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)
