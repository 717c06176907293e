"""The virtual board: each habit of the ESP32 that it has is shown by a small main.py on MicroPython."""

from __future__ import annotations

import signal

import pytest
from board_helpers import ONLINE, run

from tools.virtual_board.runner import HARD_RESET, PWRON_RESET, SOFT_RESET, WDT_RESET

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
    one = board(files={"main.py": main} | ({"boot.py": boot} if boot else {}))
    assert one.wait(20) == status
    assert [line for line in one.lines if not line.startswith(("Traceback", "  File"))] == said


def test_the_flash_is_the_root_and_comes_before_umqtt_and_behind_micropypath(board, tmp_path, monkeypatch):
    main = "import os, sys, umqtt.simple as s\nprint(os.getcwd(), sys.path[-4:], s.__file__)"
    said = "/ ['', '.frozen', '/lib', '/rom'] %s"
    assert run(board, main) == (0, [said % "/rom/umqtt/simple.mpy"])
    own = {"main.py": main, "umqtt/simple.py": ""}
    one = board(files=own)
    assert one.wait(20) == 0 and list(one.lines) == [said % "umqtt/simple.py"]
    (tmp_path / "lib" / "umqtt").mkdir(parents=True)
    (tmp_path / "lib" / "umqtt" / "simple.py").write_text("")
    monkeypatch.setenv("MICROPYPATH", str(tmp_path / "lib"))
    one = board(files=own)
    assert one.wait(20) == 0 and list(one.lines) == [said % "/path0/umqtt/simple.py"]


# -- resets -----------------------------------------------------------------------------------------------------------

LIVES = """
import machine
memory = machine.RTC().memory()
print("cause", machine.reset_cause(), "memory", memory)
machine.RTC().memory(memory + bytes([machine.reset_cause()]))
lives = len(memory)
if lives == 0:
    machine.reset()
if lives == 1:
    machine.WDT(timeout=300)
    machine.soft_reset()  # which the watchdog outlives
if lives == 2:
    while True:
        pass
if lives == 3:
    machine.WDT(timeout=300)
    machine.reset()  # which it does not
import time
time.sleep_ms(600)
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
    for end in (one.kill, one.power_cut, one.kill):
        one.wait_for("set", after=one.line_count - 1 if one.line_count else 0)
        end()
        assert one.status == -signal.SIGKILL
        seen = one.line_count
        one.start()
        one.wait_for("set", after=seen)
    assert [line for line in one.lines if line != "set"] == ["b''", "b'kept'", "b''", "b'kept'"]


BLOCKED = (
    ("a loop", "while True: pass"),
    ("a sleep", "time.sleep(1000)"),
    ("a socket", ONLINE + "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.recv(1)"),
    ("one that was fed", "w.feed()\ntime.sleep_ms(100)\nw.feed()\ntime.sleep(1000)"),
)


@pytest.mark.parametrize(("name", "block"), BLOCKED, ids=[row[0] for row in BLOCKED])
def test_the_watchdog_bites_whatever_hangs(board, name, block):
    main = "import machine, time\nif machine.reset_cause() == machine.WDT_RESET: print('bitten')\nelse:\n"
    main += "\n".join("  " + line for line in f"w = machine.WDT(timeout=300)\n{block}".splitlines())
    one = board(files={"main.py": main})
    assert one.wait(20) == 0
    assert (one.resets, list(one.lines)) == ([WDT_RESET], ["bitten"])


def test_a_fed_watchdog_does_not_bite_and_a_second_one_stretches_it(board):
    main = ("import machine, time\nw = machine.WDT(timeout=400)\nfor _ in range(8):\n  time.sleep_ms(100)\n  w.feed()\n"
            "machine.WDT(timeout=86_400_000)\ntime.sleep_ms(800)\nprint('alive')")  # fmt: skip
    one = board(files={"main.py": main})
    assert one.wait(20) == 0 and (one.resets, list(one.lines)) == ([], ["alive"])


# -- pins and memory --------------------------------------------------------------------------------------------------


def test_pins_are_seen_from_outside(board):
    main = "from machine import Pin\np = Pin(2, Pin.OUT)\np.on()\nq = Pin(4, Pin.OUT, value=1)\nq(0)\nprint(p(), q())"
    one = board(files={"main.py": main})
    assert one.wait(20) == 0
    assert (one.pins, list(one.lines)) == ({2: 1, 4: 0}, ["1 0"])


REFUSED = (
    ("Pin(34, Pin.OUT)", "ValueError: pin can only be input"), ("Pin(40)", "ValueError: invalid pin"),
    ("Pin(24)", "ValueError: invalid pin"), ("UART(1, tx=24, rx=32)", "ValueError: invalid pin"),
    ("UART(1, tx=33, rx=48)", "ValueError: invalid pin"), ("Pin(39, Pin.IN)", None),
    ("UART(1, tx=34, rx=32)", "OSError: [Errno 1] EPERM: ESP_FAIL"), ("UART(1, tx=33, rx=34)", None),
    ("UART(1, rxbuf=65536)", "ValueError: buffer too long"),
    ("UART(1, rxbuf=60000, txbuf=60000)", "OSError: [Errno 1] EPERM: ESP_FAIL"),
    ("a = UART(1, rxbuf=60000); UART(2, rxbuf=60000)", "OSError: [Errno 1] EPERM: ESP_FAIL"),
    ("RTC().memory(bytes(2048))", None), ("RTC().memory(bytes(2049))", "ValueError: buffer too long"),
)  # fmt: skip


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_the_chip_refuses(board, call, said):
    status, lines = run(board, f"from machine import *\n{call}")
    assert (status, lines[-1:]) == ((1, [said]) if said else (0, []))


@pytest.mark.parametrize("pin", ["Pin(6, Pin.OUT)", "UART(1, tx=11, rx=32)"])
def test_who_drives_a_pin_of_the_flash_ends_in_a_reset(board, pin):
    one = board(files={"main.py": f"import machine\nfrom machine import *\nif reset_cause() == 1: {pin}"})
    assert one.wait(20) == 0 and one.resets == [HARD_RESET]
