"""Runs every check that needs no pytest: `micropython host_tests/run_on_micropython.py [module …]`.

One line a check and a closing count; exit status 1 when one failed. MICROPYPATH names the project and host_tests.
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
    """Runs the checks of the modules `names` -> (how many passed, how many failed)."""
    counts = [0, 0]
    for name in names:
        for check in checks_of(__import__(name)):
            gc.collect()
            try:
                check()
                counts[0] += 1
                print(f"ok {name}.{check.__name__}")
            except Exception as error:
                counts[1] += 1
                print(f"FAILED {name}.{check.__name__}")
                sys.print_exception(error)
    return counts


if __name__ == "__main__":
    passed, failed = run(sys.argv[1:] or MODULES)
    print(f"{passed} checks passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)
