"""Everything that must pass, by one command: makes .venv, then runs ruff and the tests of host_tests/.

`--frames PATH` runs the tests of recordings over a capture, and where nothing else is asked for, only these. All other
arguments go to pytest: `python3 tools/test.py host_tests/test_link.py -k babble`.
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import environment, options

PROCESSES = str(2 * (os.cpu_count() or 1))  # most tests wait for a battery or a broker
ONLY_CAPTURE = ("-n", "0", "-k", "[capture]")  # as host_tests/conftest.py names them; they take a few seconds


def main(arguments=None):
    """-> exit status: 0 when all passed, else that of the first that did not."""
    parser = options.parser("test.py", __doc__)
    parser.add_argument("--quick", action="store_true", help="leave out what takes more than a few seconds")
    parser.add_argument("--long", action="store_true", help="add the soaks and the big fuzzes")
    parser.add_argument("-n", dest="processes", default=PROCESSES, help=f"tests at a time (default {PROCESSES})")
    parser.add_argument("--frames", type=Path, metavar="PATH", help="test with this file of tools/capture.py")
    given, rest = parser.parse_known_args(arguments)
    if given.frames:  # seen from where the user is; what is wrong with it, pytest says
        # In one word: pytest takes a path of its own for the place of the tests, and does not find their options.
        rest = [f"--frames={given.frames.resolve()}", *(rest or ONLY_CAPTURE)]
    environment.ensure()
    flags = [flag for flag in ("--quick", "--long") if getattr(given, flag[2:])]
    status = run("ruff", "check", "--quiet", ".")
    # pytest last: its closing line is what a reader looks for
    return run("pytest", "-n", given.processes, *flags, *rest) or status


def run(*command):
    """Run a program of .venv in the project -> its exit status."""
    print(f"== {' '.join(command)}", flush=True)
    return subprocess.run([sys.executable, "-m", *command], cwd=environment.PROJECT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
