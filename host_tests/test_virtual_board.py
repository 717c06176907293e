"""The virtual board: each habit of the ESP32 that it has is shown by a small main.py on MicroPython."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess

import pytest
from board_helpers import ONLINE, Wire, run

from tools.virtual_board.runner import HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET

# -- starting ---------------------------------------------------------------------------------------------------------

BOOT = (
    ("both", "print('boot')", "print('main', __name__)", 0, ["boot", "main __main__"]),
    ("no boot.py", None, "print('main')", 0, ["main"]),
    ("boot.py raises", "1 / 0", "print('main')", 1, ["ZeroDivisionError: divide by zero"]),
    ("boot.py interrupted", "raise KeyboardInterrupt", "print('main')", 2, ["KeyboardInterrupt: "]),
    ("main.py raises", "print('boot')", "[][1]", 1, ["boot", "IndexError: list index out of range"]),
    ("names go on", "a = 1", "print(a)", 0, ["1"]),
)


@pytest.mark.parametrize(("name", "boot", "main", "status", "said"), BOOT, ids=[row[0] for row in BOOT])
def test_boot_then_main(board, name, boot, main, status, said):
    files = {"main.py": main} | ({"boot.py": boot} if boot else {})
    one = board(files=files)
    assert one.wait(20) == status
    assert [line for line in one.lines if not line.startswith(("Traceback", "  File"))] == said


def test_the_flash_is_the_root_and_the_path_is_the_boards(board):
    status, lines = run(board, "import os, sys\nprint(os.getcwd(), sorted(os.listdir('/')), sys.path)\nopen('/x', 'w')")
    assert (status, lines) == (0, ["/ ['main.py', 'rom'] ['', '.frozen', '/lib', '/rom']"])


def test_umqtt_comes_after_the_flash_and_micropypath_before_it(board, tmp_path, monkeypatch):
    main = "import umqtt.simple as s\nprint(s.__file__)"
    assert run(board, main)[1] == ["/rom/umqtt/simple.mpy"]
    own = {"main.py": main, "umqtt/simple.py": ""}
    one = board(files=own)
    assert one.wait(20) == 0 and list(one.lines) == ["umqtt/simple.py"]
    (tmp_path / "lib" / "umqtt").mkdir(parents=True)
    (tmp_path / "lib" / "umqtt" / "simple.py").write_text("")
    monkeypatch.setenv("MICROPYPATH", str(tmp_path / "lib"))
    one = board(files=own)
    assert one.wait(20) == 0 and list(one.lines) == ["/path0/umqtt/simple.py"]


NAMES = "for n in range(600): hasattr(0, 'name%d' % n)\n"  # about as many as the firmware has
FREE = "import gc\ngc.collect()\nprint(gc.mem_free())"


@pytest.mark.parametrize("repl", [False, True])
def test_the_heap_is_the_firmwares_alone(board, micropython, repl):
    """What an ESP32 has in ROM or outside of MicroPython's heap leaves as much free as a bare interpreter has."""
    bare = subprocess.run([micropython, "-X", "heapsize=80k", "-c", NAMES + FREE], check=True, capture_output=True)
    with contextlib.closing(Wire()) as wire:
        used = "import machine, network, os, socket, umqtt.simple\nu = machine.UART(1, tx=33, rx=32)\n"
        one = board(files={"main.py": used + NAMES + FREE}, heap="80k", uart=wire.path, repl=repl,
                    env={"VB_MEMORY": "none"})  # with the interpreter's own gc
        free = int(one.wait_for(re.compile(r"^\d+$"), 20))
    assert abs(free - int(bare.stdout)) < 1500


# -- resets -----------------------------------------------------------------------------------------------------------

LIVES = """
import machine, time
memory = machine.RTC().memory()
print("cause", machine.reset_cause(), "memory", memory)
machine.RTC().memory(memory + bytes([machine.reset_cause()]))
lives = len(memory)
if lives == 0:
    machine.reset()
if lives == 1:
    machine.soft_reset()
if lives == 2:
    machine.WDT(timeout=100)
    while True:
        pass
"""


def test_rtc_memory_survives_every_reset(board):
    one = board(files={"main.py": LIVES})
    assert one.wait(20) == 0
    assert one.resets == [HARD_RESET, SOFT_RESET, WDT_RESET]
    assert list(one.lines) == [
        f"cause {PWRON_RESET} memory b''",
        f"cause {HARD_RESET} memory b'\\x01'",
        f"cause {SOFT_RESET} memory b'\\x01\\x02'",
        f"cause {WDT_RESET} memory b'\\x01\\x02\\x05'",
    ]


def test_a_power_cut_clears_the_rtc_memory_and_a_kill_does_not(board):
    main = "import machine, time\nr = machine.RTC()\nprint(r.memory())\nr.memory('kept')\nprint('set')\ntime.sleep(100)"
    one = board(files={"main.py": main})
    for end in (one.kill, one.power_cut, one.kill):
        one.wait_for("set", after=one.line_count - 1 if one.line_count else 0)
        end()
        assert one.status == -signal.SIGKILL
        seen = one.line_count
        one.start()
        one.wait_for("set", after=seen)
    assert [line for line in one.lines if line != "set"] == ["b''", "b'kept'", "b''", "b'kept'"]


def test_rtc_memory_has_2048_bytes(board):
    main = "import machine\nr = machine.RTC()\nr.memory(bytes(2048))\nprint(len(r.memory()))\nr.memory(bytes(2049))"
    status, lines = run(board, main)
    assert status == 1 and lines[0] == "2048" and lines[-1] == "ValueError: buffer too long"


BLOCKED = (
    ("a loop", "while True: pass"),
    ("a sleep", "time.sleep(1000)"),
    ("a reset handler that hangs", "try:\n 1/0\nfinally:\n time.sleep(1000)"),
    ("a socket", ONLINE + "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.recv(1)"),
)


@pytest.mark.parametrize(("name", "block"), BLOCKED, ids=[row[0] for row in BLOCKED])
def test_the_watchdog_bites_whatever_hangs(board, name, block):
    main = "import machine, time\nif machine.reset_cause() == machine.WDT_RESET: print('bitten')\nelse:\n"
    main += "\n".join("  " + line for line in f"machine.WDT(timeout=300)\n{block}".splitlines())
    one = board(files={"main.py": main})
    assert one.wait(20) == 0
    assert (one.resets, list(one.lines)) == ([WDT_RESET], ["bitten"])


FED = """
import machine, time
w = machine.WDT(timeout=400)
for _ in range(8):
    time.sleep_ms(100)
    w.feed()
machine.WDT(timeout=86_400_000)
time.sleep_ms(800)
print("alive")
"""


def test_a_fed_watchdog_does_not_bite_and_a_second_one_stretches_it(board):
    one = board(files={"main.py": FED})
    assert one.wait(20) == 0
    assert (one.resets, list(one.lines)) == ([], ["alive"])


def test_the_watchdog_outlives_a_soft_reset_but_not_a_reset(board):
    main = """
import machine, time
lives = len(machine.RTC().memory())
machine.RTC().memory(bytes(lives + 1))
if lives == 0:
    machine.WDT(timeout=300)
    machine.soft_reset()
if lives == 2:
    machine.WDT(timeout=300)
    machine.reset()
time.sleep_ms(1000)
"""
    one = board(files={"main.py": main})
    assert one.wait(20) == 0
    assert one.resets == [SOFT_RESET, WDT_RESET, HARD_RESET]


# -- pins and names ---------------------------------------------------------------------------------------------------


def test_pins_are_seen_from_outside(board):
    main = "from machine import Pin\np = Pin(2, Pin.OUT)\np.on()\nq = Pin(4, Pin.OUT, value=1)\nq(0)\nprint(p(), q())"
    one = board(files={"main.py": main})
    assert one.wait(20) == 0
    assert (one.pins, list(one.lines)) == ({2: 1, 4: 0}, ["1 0"])


PINS = (
    ("Pin(34, Pin.OUT)", "ValueError: pin can only be input"), ("Pin(40)", "ValueError: invalid pin"),
    ("Pin(24)", "ValueError: invalid pin"), ("UART(1, tx=24, rx=32)", "ValueError: invalid pin"),
    ("UART(1, tx=33, rx=48)", "ValueError: invalid pin"), ("Pin(39, Pin.IN)", None),
    ("UART(1, tx=34, rx=32)", "OSError: [Errno 1] EPERM: ESP_FAIL"), ("UART(1, tx=33, rx=34)", None),
)  # fmt: skip


@pytest.mark.parametrize(("pin", "said"), PINS, ids=[row[0] for row in PINS])
def test_pins_that_are_not_there(board, pin, said):
    status, lines = run(board, f"from machine import Pin, UART\n{pin}")
    assert (status, lines[-1:]) == ((1, [said]) if said else (0, []))


@pytest.mark.parametrize("pin", ["Pin(6, Pin.OUT)", "UART(1, tx=11, rx=32)"])
def test_who_drives_a_pin_of_the_flash_ends_in_a_reset(board, pin):
    one = board(files={"main.py": f"import machine\nfrom machine import *\nif reset_cause() == 1: {pin}"})
    assert one.wait(20) == 0 and one.resets == [HARD_RESET]
