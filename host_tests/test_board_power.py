"""The virtual board's power: watchdog, power cut and the end, with its serial port in use."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest
import repl_helpers
from repl_helpers import HARD, LOOPS, POWER_ON, READY, WATCHDOG, Program, mpremote, said

idle = repl_helpers.idle


def test_the_watchdog_resets_it_at_the_repl_too(idle):
    mark = idle.line_count
    mpremote(idle, "resume", "exec", "import machine; machine.WDT(timeout=400)")
    idle.wait_for(f"boot {WATCHDOG}", after=mark)
    assert idle.resets == [WATCHDOG]


def test_rtc_memory_survives_resets_but_no_power_cut(idle):
    ask = "import machine; print('memory', machine.RTC().memory())"
    mpremote(idle, "exec", "import machine; machine.RTC().memory(b'kept')")
    assert "memory b'kept'" in mpremote(idle, "soft-reset", "exec", ask)
    mark = idle.line_count
    mpremote(idle, "reset")
    idle.wait_for(f"boot {HARD}", after=mark)  # mpremote's reset comes a moment after mpremote has gone
    assert "memory b'kept'" in mpremote(idle, "exec", ask)
    idle.power_cut()
    idle.start()
    assert "memory b''" in mpremote(idle, "exec", ask)


def test_stopping_lets_main_py_end_in_order(board):
    main = LOOPS.replace("while True:\n", "try:\n  while True:\n").replace("    time", "      time")
    one = board(files={"main.py": main + "\nexcept KeyboardInterrupt:\n  print('main in order')\n"}, repl=True)
    one.wait_for("main")
    assert one.stop() == 0
    assert said(one) == ["main", "main in order"]


WRITES = """
import machine, time
print("main", machine.reset_cause(), machine.RTC().memory())
if machine.RTC().memory() == b"" and machine.reset_cause() == 1 and "done" not in __import__("os").listdir():
    open("done", "w").close()
    machine.RTC().memory(b"lost")
    with open("long", "wb") as file:
        for n in range(100000):
            file.write(b"line %6d\\n" % n)
            if n == 20:
                print("writing")
            time.sleep_ms(1)
"""


def test_the_program_prints_its_port_and_cuts_the_power_in_the_middle_of_a_write(project, tmp_path):
    flash = tmp_path / "flash"
    flash.mkdir()
    (flash / "main.py").write_text(WRITES)
    program = Program(project, "--flash", flash, "--state", tmp_path / "state")
    try:
        assert os.path.exists(program.port)
        program.expect("writing")
        program.process.send_signal(signal.SIGUSR1)
        assert program.expect(READY)[0] == f"main {POWER_ON} b''"
        assert 21 <= len((flash / "long").read_bytes()) // 12 < 100000
        assert "42" in mpremote(program, "exec", "print(6 * 7)"), "the same port as before"
    finally:
        assert program.end() == 0


@pytest.mark.parametrize(("option", "value", "words"), [
    ("--heap", "5x", "'5x' is no heap size"), ("--state", "file", "File exists"),
    ("--uart", "file", "no serial port"), ("--flash", "file", "no such directory"),
])  # fmt: skip
def test_the_program_tells_what_is_wrong_with_its_options(project, tmp_path, option, value, words):
    (tmp_path / "file").touch()
    (tmp_path / "flash").mkdir()
    command = [sys.executable, project / "tools" / "virtual_board", "--flash", "flash", option, value]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and re.search(f"error: {option}.*{words}", done.stderr), done.stderr
    assert done.stdout == "" and "Traceback" not in done.stderr
