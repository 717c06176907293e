"""The runner: it starts and stops a board without leaving anything behind, and lays out its flash."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys

import pytest

from tools import environment, shorten
from tools.virtual_board import layout, runner

LISTENS = """
import time
print("ready")
while True:
    try:
        time.sleep(10)
    except KeyboardInterrupt:
        print("interrupted")
        if {ends}: break
"""


@pytest.mark.parametrize(("ends", "status"), [(True, 0), (False, None)])
def test_stop_is_ctrl_c_and_what_does_not_stop_is_killed(board, ends, status):
    one = board(files={"main.py": LISTENS.format(ends=ends)})
    one.wait_for("ready")
    assert one.stop(timeout_s=10 if ends else 0.5) is status
    assert one.status == (0 if ends else -signal.SIGKILL) and list(one.lines) == ["ready", "interrupted"]


def test_stop_before_it_has_booted_waits_for_the_boot(board):
    one = board(files={"main.py": LISTENS.format(ends=True)})
    assert one.stop() is not None
    assert one.lines and "Traceback" not in one.lines[0].replace("KeyboardInterrupt", "")


def test_waiting_has_an_end_and_what_is_on_is_not_switched_on(board):
    one = board(files={"main.py": LISTENS.format(ends=True)})
    assert one.wait_for(re.compile("^re.dy$")) == "ready"
    with pytest.raises(RuntimeError, match="switched on"):
        one.start()
    with pytest.raises(TimeoutError, match="still runs"):
        one.wait(0.05)
    with pytest.raises(TimeoutError, match="not within"):
        one.wait_for("ready", timeout_s=0.05, after=1)
    one.stop()
    with pytest.raises(TimeoutError, match=r"the board ended.*\n.*ready"):
        one.wait_for("nonsense", timeout_s=60)


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

MODULE = "'''A docstring.'''\nVALUE = 1\ndef fail(): _deep()\ndef _deep(): raise ValueError('here')"


@pytest.fixture
def sources(tmp_path):
    """-> (a small project, a directory for its flash)."""
    project, flash = tmp_path / "project", tmp_path / "laid-out"
    main = "import firmware.a\nfrom firmware.battery import b\nprint(b.__file__)\nfirmware.a.fail()"
    for name, text in {"main.py": main, "boot.py": "", "firmware/__init__.py": "", "firmware/a.py": MODULE,
                       "firmware/battery/__init__.py": "", "firmware/battery/b.py": "", "tools/x.py": "",
                       "config.json": "{}"}.items():  # fmt: skip
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    flash.mkdir()
    return project, flash


(SHORT,) = shorten.short_names(MODULE).values()
# mpy-cross -O3 keeps no lines: all are 1; a private name is short (tools/shorten.py)
LAYOUTS = (
    (False, "mpy", [f'  File "firmware/a.mpy", line 1, in {SHORT}', "ValueError: here"]),
    (True, "py", ['  File "firmware/a.py", line 4, in _deep', "ValueError: here"]),
)


@pytest.mark.parametrize(("source", "suffix", "says"), LAYOUTS, ids=[row[1] for row in LAYOUTS])
def test_layout_and_what_its_tracebacks_name(sources, source, suffix, says):
    project, flash = sources
    layout.lay_out(flash, source=source, project=project)
    modules = ["__init__", "a", "battery/__init__", "battery/b"]
    found = sorted(str(path.relative_to(flash)) for path in flash.rglob("*") if path.is_file())
    assert found == ["boot.py", *(f"firmware/{name}.{suffix}" for name in modules), "main.py"]
    with runner.Board(flash) as one:
        assert one.start().wait(20) == 1
        assert one.lines[0] == f"firmware/battery/b.{suffix}" and list(one.lines)[-2:] == says


def test_a_file_is_compiled_once_for_each_content(sources):
    path = sources[0] / "firmware" / "a.py"
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
