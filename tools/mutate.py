"""Changes the firmware in small ways, one at a time, and counts how many changes no test notices.

Each change swaps an operator or a comparison, or changes a constant by one, in a copy of the project; then the tests
that go with the file run. Some changes alter nothing that can be seen (a timeout of 1001 ms), so not all are noticed.
Not part of the normal run: `python3 tools/mutate.py --sample 12` takes about half an hour.
"""

import io
import os
import random
import shutil
import subprocess
import sys
import tempfile
import tokenize
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options

LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".pytest_cache", ".ruff_cache")
RECORDINGS = environment.PROJECT.parent / "shared"  # where there are any
TIMEOUT_S = 120  # a mutant may loop for ever
# File of firmware/ -> the tests that go with it, beside test_<name>*.py and <name>_cases.py
MODULES = {
    "battery/frame.py": "codec_cases.py reader_cases.py messages_cases.py test_link.py test_pylontech.py",
    "battery/messages.py": "test_pylontech.py", "battery/readings.py": "messages_cases.py",
    "battery/link.py": "test_pylontech.py test_search.py test_rs485.py", "battery/pylontech.py": "",
    **{f"battery/console{part}.py": "*console*.py" for part in ("", "_details", "_line", "_pack", "_text")},
    "plausible.py": "", "rack.py": "*payload_cases.py", "energy.py": "", "mqtt/session.py": "",
    "mqtt/payloads.py": "*payload_cases.py test_pace.py", "mqtt/transport.py": "test_session.py",
}  # fmt: skip
SWAPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "in": "not in", "is": "is not", "not": "",
    "+": "-", "-": "+", "*": "//", "//": "*", "%": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "|",
    "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "and": "or", "or": "and", "True": "False", "False": "True",
}  # fmt: skip


def main(arguments=None):
    """-> exit status: 0, or 1 where the tests fail without any change."""
    parser = options.parser("mutate.py", __doc__)
    parser.add_argument("--sample", type=int, default=12, metavar="N", help="changes a file (default 12; 0: all)")
    parser.add_argument("modules", nargs="*", metavar="FILE", help="below firmware/, such as battery/frame.py")
    given = parser.parse_args(arguments)
    environment.ensure()

    def work():
        with tempfile.TemporaryDirectory(prefix="mutate-") as directory:
            copy = Path(directory, "project")
            shutil.copytree(environment.PROJECT, copy, ignore=LEFT_OUT)
            Path(directory, RECORDINGS.name).symlink_to(RECORDINGS)
            names = given.modules or MODULES
            told("all", [is_noticed for name in names for is_noticed in mutate(copy, name, given.sample)])
        return 0

    return options.guarded("mutate", work)


def told(name, noticed):
    """Prints how many changes were noticed."""
    share = 100 * sum(noticed) / max(1, len(noticed))
    print(f"{name}: {sum(noticed)} of {len(noticed)} noticed, {share:.0f} %", flush=True)


def mutate(copy, name, sample):
    """Tries `sample` changes (0: all) of firmware/<name> in `copy` -> [was it noticed?]. ToolError."""
    path, stem = copy / "firmware" / name, Path(name).stem
    patterns = [f"test_{stem}*.py", f"{stem}_cases.py", *MODULES.get(name, "").split()]
    tests = sorted({str(file) for pattern in patterns for file in (copy / "host_tests").glob(pattern)})
    if fails(copy, tests):
        raise ToolError(f"{name}: its tests fail without any change, or are not there: {', '.join(tests)}")
    source = path.read_text()
    chosen = list(mutants(source))
    if 0 < sample < len(chosen):
        chosen = random.Random(f"1 {name}").sample(chosen, sample)
    noticed = []
    for what, mutant in chosen:
        path.write_text(mutant)
        noticed.append(fails(copy, tests))
        if not noticed[-1]:
            print(f"{name}:{what}", flush=True)
    path.write_text(source)
    told(name, noticed)
    return noticed


def fails(copy, tests):
    """-> do the tests fail, or take too long?"""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--quick", "-p", "no:cacheprovider", "-p", "no:xdist"]
    # No .pyc: two mutants of one second and one length would be taken for the same.
    settings = {"PYTHONDONTWRITEBYTECODE": "1", environment.PLACE_VARIABLE: str(environment.VENV)}
    try:
        return subprocess.run([*command, *tests], cwd=copy, env=os.environ | settings, capture_output=True,
                              timeout=TIMEOUT_S, check=False).returncode != 0  # fmt: skip
    except subprocess.TimeoutExpired:
        return True


def mutants(source):
    """Yields (what is changed, in words; the whole changed source), from top to end."""
    lines = source.splitlines(keepends=True)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for before, token, behind in zip(tokens, tokens[1:], tokens[2:], strict=False):
        new = SWAPS.get(token.string)
        if token.type == tokenize.NUMBER and token.string.replace("_", "").isalnum():
            new = str(int(token.string, 0) + 1)
        if new is None or before.type == tokenize.STRING or (token.string, behind.string) == ("is", "not"):
            continue
        (row, start), (_, end) = token.start, token.end
        line = lines[row - 1][:start] + new + lines[row - 1][end:]
        mutant = "".join((*lines[: row - 1], line, *lines[row:]))
        try:  # not what is no operator here: the in of a loop, the * of arguments
            compile(mutant, "mutant", "exec")
        except SyntaxError:
            continue
        yield f"{row}: {token.string} -> {new or 'nothing'}    {lines[row - 1].strip()}", mutant


if __name__ == "__main__":
    sys.exit(main())
