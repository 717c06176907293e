"""The virtual board: start, resets, power, watchdog, clock, pins, UART, and how its flash is laid out."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import termios

import pytest
from board_helpers import Wire, run

from tools import environment, shorten
from tools.virtual_board import layout, runner
from tools.virtual_board.runner import HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET

BOOT = (
    ("both", "a = 1", "print('main', __name__, a)", 0, ["main __main__ 1"]),
    ("boot.py raises", "1 / 0", "print('main')", 1, ["ZeroDivisionError: divide by zero"]),
    ("main.py raises", "print('boot')", "[][1]", 1, ["boot", "IndexError: list index out of range"]),
)


@pytest.mark.parametrize(("name", "boot", "main", "status", "said"), BOOT, ids=[row[0] for row in BOOT])
def test_boot_then_main(board, name, boot, main, status, said):
    one = board(files={"boot.py": boot, "main.py": main})
    assert one.wait(20) == status
    assert [line for line in one.lines if not line.startswith(("Traceback", "  File"))] == said


def test_the_flash_is_the_root_and_comes_before_umqtt_and_behind_micropypath(board, tmp_path, monkeypatch):
    monkeypatch.setenv("MICROPYPATH", str(tmp_path))
    main = "import os, sys, umqtt.simple as s\nprint(os.getcwd(), sys.path, s.__file__)"
    assert run(board, main) == (0, ["/ ['/path0', '', '.frozen', '/lib', '/rom'] /rom/umqtt/simple.mpy"])


LIVES = """
import machine, time
memory = machine.RTC().memory()
print("cause", machine.reset_cause(), "memory", memory)
machine.RTC().memory(memory + bytes([machine.reset_cause()]))
lives = len(memory)
if lives == 0:
    machine.reset()
if lives == 1:
    machine.WDT(timeout=2000)
    machine.soft_reset()  # which the watchdog outlives
if lives == 2:
    while True:
        pass
if lives == 3:
    machine.WDT(timeout=1000)
    machine.reset()  # which it does not
machine.WDT(timeout=600)
machine.WDT(timeout=86_400_000)  # in its place
time.sleep_ms(1200)
"""


def test_rtc_memory_survives_every_reset_and_the_watchdog_a_soft_one(board):
    one = board(files={"main.py": LIVES})
    assert one.wait(20) == 0
    causes = [PWRON_RESET, HARD_RESET, SOFT_RESET, WDT_RESET, HARD_RESET]
    assert one.resets == causes[1:]
    assert list(one.lines) == [f"cause {cause} memory {bytes(causes[:n])!r}" for n, cause in enumerate(causes)]


def test_a_power_cut_clears_the_rtc_memory_and_a_kill_does_not(board):
    main = "import machine, time\nr = machine.RTC()\nprint(r.memory())\nr.memory('kept')\nprint('set')\ntime.sleep(100)"
    one = board(files={"main.py": main})
    one.wait_for("set")
    for end in (one.kill, one.power_cut):
        end()
        assert one.status == -signal.SIGKILL
        seen = one.line_count
        one.start()
        one.wait_for("set", after=seen)
    assert [line for line in one.lines if line != "set"] == ["b''", "b'kept'", "b''"]


LISTENS = """
import time
print("ready")
while True:
    try:
        time.sleep(10)
    except KeyboardInterrupt:
        if {ends}: break
"""


@pytest.mark.parametrize("ends", [True, False])
def test_stop_is_ctrl_c_and_what_does_not_stop_is_killed(board, ends):
    one = board(files={"main.py": LISTENS.format(ends=ends)})
    one.wait_for("ready")
    assert one.stop(timeout_s=10 if ends else 0.5) is (0 if ends else None)
    assert one.status == (0 if ends else -signal.SIGKILL) and list(one.lines) == ["ready"]


PARENT = """
import sys, time
from tools.virtual_board.runner import Board
board = Board(sys.argv[1], state=sys.argv[2]).start()
time.sleep(100)
"""


def test_nothing_stays_when_the_parent_is_killed(tmp_path):
    """The board's console is a pipe to the parent, so its end cannot be seen there: it holds our fifo open instead."""
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    (tmp_path / "main.py").write_text("import time\nf = open('/alive', 'w')\nf.write('x')\ntime.sleep(100)")
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(tmp_path / "state")]
    parent = subprocess.Popen(command, cwd=environment.PROJECT)
    with open(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as alive:
        assert select.select([alive], [], [], 20)[0] and alive.read(1) == b"x"
        parent.kill()
        parent.wait()
        assert select.select([alive], [], [], 20)[0] and alive.read(1) == b""


FAST = """
import machine, time
if machine.reset_cause() == machine.WDT_RESET:
    ms, s = time.ticks_ms(), time.time()
    time.sleep(100)
    print(time.ticks_diff(time.ticks_ms(), ms) >= 100_000, time.time() - s >= 99)
else:
    machine.WDT(timeout=100_000)
    time.sleep(1000)
"""


def test_clock_and_watchdog_of_a_faster_board(board):
    one = board(files={"main.py": FAST}, speed=100)
    assert one.wait(20) == 0 and one.resets == [WDT_RESET] and list(one.lines) == ["True True"]


REFUSED = (
    ("Pin(34, Pin.OUT)", "pin can only be input"), ("Pin(40)", "invalid pin"), ("Pin(39, Pin.IN)", None),
    ("UART(1, tx=24, rx=32)", "invalid pin"), ("UART(1, tx=34, rx=32)", "ESP_FAIL"), ("UART(1, tx=33, rx=34)", None),
    ("UART(1, rxbuf=65536)", "buffer too long"), ("UART(1, rxbuf=60000, txbuf=60000)", "ESP_FAIL"),
    ("RTC().memory(bytes(2048))", None), ("RTC().memory(bytes(2049))", "buffer too long"),
)  # fmt: skip


def test_what_the_chip_refuses(board):
    main = "from machine import *\n"
    for call, _ in REFUSED:
        main += f"try:\n  {call}\n  print(None)\nexcept (OSError, ValueError) as error:\n  print(error.args[-1])\n"
    main += "if reset_cause() == 1:\n  Pin(6, Pin.OUT)  # which the flash hangs on"
    one = board(files={"main.py": main})
    assert one.wait(20) == 0 and one.resets == [HARD_RESET]
    assert list(one.lines) == [str(said) for _, said in REFUSED] * 2


UART = """
from machine import UART
import time
u = UART(1, baudrate=1200, tx=33, rx=32, rxbuf=64)
def get(count, data=b""):
    part = bytearray(1)
    while len(data) < count:
        data += bytes(part[: u.readinto(part) or 0])
    return data
"""


@pytest.fixture
def wire():
    with contextlib.closing(Wire()) as one:
        yield one


def test_every_byte_passes_at_every_rate(board, wire):
    attributes = termios.tcgetattr(wire.slave)
    attributes[0] |= termios.INLCR | termios.IGNCR | termios.ISTRIP | termios.IXON  # as another program left it
    attributes[1] |= termios.OPOST | termios.ONLCR
    termios.tcsetattr(wire.slave, termios.TCSANOW, attributes)
    rates = (1200, 2400, 4800, 9600, 19200, 115200)
    everything = bytes(range(256))
    one = board(files={"main.py": UART + f"for b in {rates}:\n u.init(baudrate=b, rxbuf=2048)\n u.write(b'!')\n"
                       " u.write(get(256))\nprint(u.readinto(bytearray(1)))"}, uart=wire.path)  # fmt: skip
    for rate in rates:
        assert wire.receive(1) == b"!" and wire.speed() == getattr(termios, f"B{rate}")
        wire.send(everything)
        assert wire.receive(256) == everything
    assert one.wait(20) == 0 and list(one.lines) == ["None"]


def test_after_a_long_pause_only_rxbuf_bytes_are_kept(board, wire):
    """1200 baud, 64 bytes of buffer: full after 0.53 s."""
    body = "u.write(b'go')\ntime.sleep_ms(1000)\nprint(get(64) == bytes(range(64)), u.readinto(bytearray(1)))\n"
    one = board(files={"main.py": UART + body + "u.write(b'go')\nprint(get(1))"}, uart=wire.path)
    wire.receive(2)
    wire.send(bytes(range(200)))
    wire.receive(2)
    wire.send(b"x")
    assert one.wait(20) == 0 and list(one.lines) == ["True None", "b'x'"]


def test_a_port_that_goes_away_is_silent_and_opened_again(board, tmp_path):
    name = tmp_path / "ttyUSB0"
    status, lines = run(board, UART, uart=name)
    assert status == 1 and f"cannot open the serial port {name}" in lines[-1]
    first, second = Wire(), Wire()
    name.symlink_to(first.path)
    body = "b = bytearray(4)\nwhile b != b'back':\n u.write(b'?')\n u.readinto(b)\n time.sleep_ms(20)"
    one = board(files={"main.py": UART + body}, uart=name)
    first.receive(1)
    name.unlink()
    first.close()
    one.wait_for("is gone")
    name.symlink_to(second.path)
    second.receive(1)
    assert second.speed() == termios.B1200
    second.send(b"back")
    assert one.wait(20) == 0
    second.close()


MODULE = "'''A docstring.'''\nVALUE = 1\ndef fail(): _deep()\ndef _deep(): raise ValueError('here')"
(SHORT,) = shorten.short_names(MODULE).values()
TREE = {"main.py": "import firmware.a\nfirmware.a.fail()", "boot.py": "", "firmware/a.py": MODULE, "tools/x.py": "",
        "config.json": "{}"}  # fmt: skip
# mpy-cross -O3 keeps no lines: all are 1; a private name is short (tools/shorten.py)
LAYOUTS = ((False, "mpy", f'  File "firmware/a.mpy", line 1, in {SHORT}'), (True, "py", "line 4, in _deep"))


@pytest.mark.parametrize(("source", "suffix", "says"), LAYOUTS)
def test_layout_and_what_its_tracebacks_name(tmp_path, source, suffix, says):
    project, flash = tmp_path / "project", tmp_path / "flash"
    for name, text in TREE.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    layout.lay_out(flash, source=source, project=project)
    found = sorted(str(path.relative_to(flash)) for path in flash.rglob("*") if path.is_file())
    assert found == ["boot.py", f"firmware/a.{suffix}", "main.py"]
    with runner.Board(flash) as one:
        assert one.start().wait(20) == 1 and says in one.lines[-2]
    for text in ("def x(:\n", "return = 1\n", "x = (\n", "if 1:\n  a\n b\n"):
        (project / "firmware" / "a.py").write_text(text)
        with pytest.raises(layout.CompileError, match=r"firmware/a\.py"):
            layout.board_files(project=project)
