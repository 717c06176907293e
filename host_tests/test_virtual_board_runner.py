"""The runner: it starts and stops a board without leaving anything behind, and lays out its flash."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import textwrap

import pytest

from tools import environment, shorten
from tools.virtual_board import layout, runner

LISTENS = """
import time
print("ready")
try:
    while True:
        time.sleep(10)
except KeyboardInterrupt:
    print("orderly end")
"""
DEAF = """
import time
print("ready")
while True:
    try:
        time.sleep(10)
    except KeyboardInterrupt:
        print("never")
"""


def test_stop_is_ctrl_c(board):
    one = board(files={"main.py": LISTENS})
    one.wait_for("ready")
    assert one.stop() == 0
    assert list(one.lines) == ["ready", "orderly end"]
    assert one.stop() == 0, "stopping twice is stopping"


def test_stop_before_it_has_booted_waits_for_the_boot(board):
    one = board(files={"main.py": LISTENS})
    assert one.stop() is not None
    assert one.lines and "Traceback" not in one.lines[0].replace("KeyboardInterrupt", "")


def test_what_does_not_stop_is_killed(board):
    one = board(files={"main.py": DEAF})
    one.wait_for("ready")
    assert one.stop(timeout_s=0.5) is None
    assert one.status == -signal.SIGKILL
    assert list(one.lines) == ["ready", "never"]


def test_wait_and_wait_for_have_an_end(board):
    one = board(files={"main.py": LISTENS})
    assert one.wait_for(re.compile("^re.dy$")) == "ready"
    with pytest.raises(TimeoutError, match="still runs"):
        one.wait(0.05)
    with pytest.raises(TimeoutError, match="not within"):
        one.wait_for("nonsense", timeout_s=0.05)
    with pytest.raises(TimeoutError, match="not within"):
        one.wait_for("ready", timeout_s=0.05, after=1)
    one.stop()
    with pytest.raises(TimeoutError, match=r"the board ended.*\n.*ready"):
        one.wait_for("nonsense", timeout_s=60)


def test_the_power_can_be_cut_by_what_it_says(board):
    one = board(files={"main.py": LISTENS}, stdout=lambda line: one.power_cut(), start=False)
    one.start()
    assert one.wait(20) == -signal.SIGKILL


def test_it_is_not_switched_on_twice(board):
    one = board(files={"main.py": LISTENS})
    with pytest.raises(RuntimeError, match="switched on"):
        one.start()


PARENT = """
import sys, time
from tools.virtual_board.runner import Board
board = Board(sys.argv[1], state=sys.argv[2], stdout=lambda line: print(line, flush=True)).start()
time.sleep(100)
"""


def test_nothing_stays_when_the_parent_is_killed(tmp_path):
    """The board's console is a pipe to the parent, so its end cannot be seen there: it holds our fifo open instead."""
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    (tmp_path / "main.py").write_text("import time\nf = open('/alive', 'w')\nf.write('x')\ntime.sleep(100)")
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(tmp_path / "state")]
    parent = subprocess.Popen(command, cwd=environment.PROJECT)
    with open(fifo, "rb", buffering=0) as alive:
        assert alive.read(1) == b"x"
        parent.kill()
        parent.wait()
        readable, _, _ = select.select([alive], [], [], 20)
        assert readable and alive.read() == b"", "the board outlived its parent"


# -- layout -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def sources(tmp_path):
    project = tmp_path / "project"
    for name, text in (
        ("main.py", "import firmware.a\nfrom firmware.battery import b\nprint(b.__file__, firmware.a.__file__)"),
        ("boot.py", ""),
        ("firmware/__init__.py", ""),
        ("firmware/a.py", "'''A docstring.'''\nVALUE = 1\ndef fail(): _deep()\ndef _deep(): raise ValueError('here')"),
        ("firmware/battery/__init__.py", ""),
        ("firmware/battery/b.py", ""),
        ("tools/x.py", ""),
        ("config.json", "{}"),
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(textwrap.dedent(text))
    flash = tmp_path / "laid-out"
    flash.mkdir()
    return project, flash


def files(flash):
    return sorted(str(path.relative_to(flash)) for path in flash.rglob("*") if path.is_file())


LAYOUTS = ((False, "mpy"), (True, "py"))


@pytest.mark.parametrize(("source", "suffix"), LAYOUTS)
def test_layout(board, sources, source, suffix):
    project, flash = sources
    layout.lay_out(flash, source=source, project=project)
    modules = ["__init__", "a", "battery/__init__", "battery/b"]
    assert files(flash) == ["boot.py", *(f"firmware/{name}.{suffix}" for name in modules), "main.py"]
    with runner.Board(flash) as one:
        assert one.start().wait(20) == 0
        assert list(one.lines) == [f"firmware/battery/b.{suffix} firmware/a.{suffix}"]


def test_a_file_is_compiled_once_for_each_content(sources):
    project, _ = sources
    path = project / "firmware" / "a.py"
    first = layout.compiled(path, "firmware/a.py")
    made = first.stat().st_mtime_ns
    assert layout.compiled(path, "firmware/a.py") == first and first.stat().st_mtime_ns == made
    path.write_text("VALUE = 2")
    assert layout.compiled(path, "firmware/a.py") != first


@pytest.mark.parametrize("text", ["def x(:\n", "return = 1\n", "x = (\n", "if 1:\n  a\n b\n"])
def test_a_file_that_does_not_compile_is_named(sources, text):
    project, flash = sources
    (project / "firmware" / "a.py").write_text(text)
    with pytest.raises(layout.CompileError, match=r"firmware/a\.py"):
        layout.lay_out(flash, project=project)


def test_tracebacks_name_the_file_in_the_flash(sources):
    project, flash = sources
    (project / "main.py").write_text("from firmware import a\na.fail()")
    layout.lay_out(flash, project=project)
    with runner.Board(flash) as one:
        assert one.start().wait(20) == 1
    # mpy-cross -O3 keeps no lines: all are 1; a private name is short (tools/shorten.py)
    (short,) = shorten.short_names((project / "firmware" / "a.py").read_text()).values()
    assert list(one.lines)[-4:] == [
        '  File "main.py", line 2, in <module>',
        '  File "firmware/a.mpy", line 1, in fail',
        f'  File "firmware/a.mpy", line 1, in {short}',
        "ValueError: here",
    ]


def test_tracebacks_of_sources_name_the_line(sources):
    project, flash = sources
    (project / "main.py").write_text("from firmware import a\na.fail()")
    layout.lay_out(flash, source=True, project=project)
    with runner.Board(flash) as one:
        assert one.start().wait(20) == 1
    assert '  File "firmware/a.py", line 4, in _deep' in one.lines
