"""Changes the firmware in small ways, one at a time, and counts how many changes no test notices.

Each change swaps an operator or a comparison, or changes a constant by one, in a copy of the project; then the tests
that go with the file run. Some changes alter nothing that can be seen (a timeout of 1001 ms), so not all are noticed.
Not part of the normal run: `python3 tools/mutate.py --sample 12` takes about half an hour.
"""

from __future__ import annotations

import ast
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options

LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".pytest_cache", ".ruff_cache")
RECORDINGS = "shared"  # beside the project, where there are any
TIMEOUT_FACTOR, TIMEOUT_MIN_S = 4, 20  # of what the tests take without a change; a mutant may loop for ever
BASE_TIMEOUT_S = 600

CONSOLE = ("console_line_cases.py", "console_text_cases.py", "console_pack_cases.py", "console_cases.py",
           "test_console.py")  # fmt: skip
PAYLOADS = ("payload_cases.py",)
CONFIGS = ("test_discovery.py", "test_publisher.py")
SETTINGS = ("config_cases.py", "config_file_cases.py", "test_config.py")
# File of firmware/ -> the tests that go with it, where that is not test_<name>.py alone.
MODULES = {
    "battery/frame.py": ("codec_cases.py", "reader_cases.py", "messages_cases.py", "test_link.py", "test_pylontech.py"),
    "battery/messages.py": ("messages_cases.py", "test_pylontech.py"), "battery/readings.py": ("messages_cases.py",),
    "battery/link.py": ("test_link.py", "test_pylontech.py", "test_search.py", "test_rs485.py"),
    "battery/pylontech.py": ("test_pylontech.py",),
    **{f"battery/pace{part}.py": ("test_pace.py",) for part in ("", "_details", "_readings")},
    "battery/search.py": (), "battery/link_search.py": ("test_search.py", "test_pace.py"),
    "battery/poller.py": ("test_poller.py", "test_poller_troubles.py"),
    "battery/questions.py": ("test_questions.py", "test_poller.py"),
    **{f"battery/console{part}.py": CONSOLE for part in ("", "_details", "_line", "_pack", "_text")},
    "problems.py": ("problems_cases.py", "plausible_cases.py"),
    "problem_text.py": ("problems_cases.py", "rack_cases.py"), "rack.py": ("rack_cases.py", *PAYLOADS),
    "reading.py": ("reading_cases.py",), "retained.py": ("retained_cases.py", "energy_cases.py"),
    "mqtt/json_writer.py": ("json_writer_cases.py", *PAYLOADS),
    "mqtt/payloads.py": (*PAYLOADS, "test_pace.py"),
    "mqtt/details.py": (*PAYLOADS, "test_publisher.py"),
    "mqtt/connect_errors.py": ("test_transport.py", "test_session.py"),
    "mqtt/transport.py": ("test_transport.py", "test_session.py"),
    "mqtt/publisher.py": CONFIGS, "mqtt/devices.py": CONFIGS, "mqtt/presence.py": CONFIGS,
    **{f"{name}.py": SETTINGS for name in ("config", "config_file", "values")},
    "commands.py": ("commands_cases.py", "test_commands.py"),
}
SWAPS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"), ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "//"),
    ast.FloorDiv: ("//", "*"), ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"), ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"), ast.BitXor: ("^", "|"), ast.Mod: ("%", "*"), ast.And: ("and", "or"), ast.Or: ("or", "and"),
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
            copy = Path(directory) / "project"
            shutil.copytree(environment.PROJECT, copy, ignore=LEFT_OUT)
            if (environment.PROJECT.parent / RECORDINGS).is_dir():
                (Path(directory) / RECORDINGS).symlink_to(environment.PROJECT.parent / RECORDINGS)
            found = [mutate(copy, name, given.sample) for name in given.modules or MODULES]
        print(f"all: {share(*map(sum, zip(*found, strict=True)))}")
        return 0

    return options.guarded("mutate", work)


def mutate(copy, name, sample):
    """Tries changes of the file `name` in `copy` and prints what no test notices -> (noticed, tried). ToolError where
    the tests fail as it is.
    """
    path, tests = copy / "firmware" / name, MODULES.get(name) or (f"test_{Path(name).name}",)
    source = path.read_bytes()
    began = time.monotonic()
    if fails(copy, tests, BASE_TIMEOUT_S):
        raise ToolError(f"{name}: {', '.join(tests)}: they fail without any change, or are not there")
    timeout_s = max(TIMEOUT_MIN_S, TIMEOUT_FACTOR * (time.monotonic() - began))
    chosen = mutants(source)
    if 0 < sample < len(chosen):
        chosen = sorted(random.Random(f"1 {name}").sample(chosen, sample))
    noticed = 0
    for start, end, new in chosen:
        path.write_bytes(source[:start] + new + source[end:])
        if fails(copy, tests, timeout_s):
            noticed += 1
        else:
            number = source.count(b"\n", 0, start)
            line = source.splitlines()[number].decode().strip()
            print(f"{name}:{number + 1}: {source[start:end].decode()} -> {new.decode()}    {line}", flush=True)
    path.write_bytes(source)
    print(f"{name}: {share(noticed, len(chosen))}", flush=True)
    return noticed, len(chosen)


def share(noticed, tried):
    """-> text of `noticed` out of `tried`: "11 of 12 noticed, 92 %"."""
    return f"{noticed} of {tried} noticed, {100 * noticed / max(1, tried):.0f} %"


def fails(copy, tests, timeout_s):
    """-> do the tests fail, or take too long?"""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--quick", "-p", "no:cacheprovider", "-p", "no:xdist",
               *(f"host_tests/{name}" for name in tests)]  # fmt: skip
    # No .pyc: two mutants of one second and one length would be taken for the same.
    settings = {"PYTHONDONTWRITEBYTECODE": "1", environment.PLACE_VARIABLE: str(environment.VENV)}
    nothing = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=copy, env=os.environ | settings, stdin=nothing, stdout=nothing,
                               stderr=nothing, start_new_session=True)  # fmt: skip
    try:
        return process.wait(timeout_s) != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def mutants(source):
    """-> [(start, end, new)] of a source, all bytes and places of bytes, in its order."""
    starts = list(itertools.accumulate(map(len, source.splitlines(keepends=True)), initial=0))
    found = []

    def begin(node):
        return starts[node.lineno - 1] + node.col_offset

    def end(node):
        return starts[node.end_lineno - 1] + node.end_col_offset

    for node in ast.walk(ast.parse(source)):
        for operator, left, right in _operators(node):
            old, new = SWAPS.get(type(operator), (None, None))
            at = source.find(old.encode(), end(left), begin(right)) if old else -1
            if at >= 0:
                found.append((at, at + len(old), new.encode()))
        if isinstance(node, ast.Constant) and type(node.value) in (int, bool):
            value = not node.value if isinstance(node.value, bool) else node.value + 1
            found.append((begin(node), end(node), str(value).encode()))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            found.append((begin(node), begin(node.operand), b""))
    return sorted(found)


def _operators(node):
    """-> [(operator, node to its left, node to its right)]."""
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        return zip(node.ops, operands, node.comparators, strict=False)
    if isinstance(node, ast.BoolOp):
        return [(node.op, *pair) for pair in itertools.pairwise(node.values)]
    if isinstance(node, ast.AugAssign):
        return [(node.op, node.target, node.value)]
    is_formatting = isinstance(node, ast.BinOp) and isinstance(getattr(node.left, "value", None), (str, bytes))
    return [(node.op, node.left, node.right)] if isinstance(node, ast.BinOp) and not is_formatting else []


if __name__ == "__main__":
    sys.exit(main())
