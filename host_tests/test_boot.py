"""boot.py, main.py, start.py and crash.py: starting, Ctrl-C, crashes and what is kept of them, on the virtual board."""

import json
import runpy
import sys
import types

import pytest
from repl_helpers import Terminal

from tools.shorten import short_names
from tools.virtual_board.runner import HARD_RESET, WDT_RESET

SECRET = "hunter2!"
CONFIG = {"wifi_ssid": "x", "wifi_pass": SECRET, "mqtt_host": "127.0.0.1"}
WINDOW, STOPPED = "pylon2mqtt: Ctrl-C for the REPL", "pylon2mqtt: stopped"
# times that a test cannot wait for: file, what it says, what is put there instead
WAIT = ("main.py", "sleep_ms(2000)", "sleep_ms(20)")
END = ("main.py", "sleep_ms(5000)", "sleep_ms(20)")
DOG = ("main.py", "timeout=90_000", "timeout=400")
SAFE = ("firmware/start.py", "sleep_ms(_MINUTE_MS)", "sleep_ms(20)")
QUICK = (WAIT, END, DOG, SAFE)
NO_SETTINGS = "\ndef prepare():\n    return None, None, None\n"


def app_py(*body):
    """An app.py in whose build() the lines of `body` run."""
    tell = "print('built', retained.boots, retained.quick_boots, retained.last_error)"
    return "\n    ".join(["def build(retained, *_):", tell, *body]) + "\n"


@pytest.fixture
def files(project):
    """files(text of app.py or None, what replaces the times) -> for board(files=…)."""

    def make(app=None, times=QUICK):
        made = {name: (project / name).read_text() for name in ("main.py", "firmware/start.py")}
        for name, old, new in times:
            assert made[name].count(old) == 1, old
            made[name] = made[name].replace(old, new)
        if app:
            made["firmware/app.py"] = app
            made["firmware/start.py"] += NO_SETTINGS
        return made

    return make


def refuse(*_, **__):
    raise OSError(SECRET)


@pytest.mark.parametrize(("chip", "stretched"), [
    ({"cause": 3}, []), ({"cause": 5}, [86_400_000]), ({"cause": 5, "WDT": refuse}, []), ({"reset_cause": refuse}, []),
    (None, []),
])  # fmt: skip
def test_boot_cannot_raise_and_stretches_the_watchdog_after_a_soft_reset(project, monkeypatch, chip, stretched):
    made = []
    usual = {"SOFT_RESET": 5, "reset_cause": lambda: chip["cause"], "WDT": lambda timeout: made.append(timeout)}
    machine = None if chip is None else types.SimpleNamespace(**usual | chip)
    monkeypatch.setitem(sys.modules, "machine", machine)
    runpy.run_path(str(project / "boot.py"))
    assert made == stretched


CRASHES = (
    ("raise OSError(28)", "OSError 28 in app.py, line 3"),
    (f"raise OSError('{SECRET}')", "OSError in app.py, line 3"),
    ("import nowhere", "ImportError (no module named 'nowhere') in app.py, line 3"),
    (f"raise SystemExit('{SECRET}')", "SystemExit in app.py, line 3"),
)


@pytest.mark.parametrize(("error", "kept"), CRASHES)
def test_a_crash_is_kept_without_its_text_and_the_board_starts_anew(board, files, error, kept):
    one = board(CONFIG, files(app_py(error)))
    one.wait_for(f"built 2 2 {kept}")
    assert one.lines[0] == WINDOW and one.lines[1] == "built 1 1 "
    assert one.resets[0] == HARD_RESET and f"error: {kept}; starting anew" in one.lines
    assert SECRET not in "\n".join(one.lines)


BROKEN = (
    ({"firmware/app.py": "", "firmware/start.py": ""}, "error: AttributeError in main.py, line "),
    ({"firmware/start.py": "import firmware.gone", "firmware/crash.py": "import firmware.gone"},
     "error: <class 'ImportError'>"),  # half a firmware
)  # fmt: skip


@pytest.mark.parametrize(("others", "said"), BROKEN)
def test_what_is_broken_is_tried_again_and_again(board, files, others, said):
    one = board(CONFIG, files() | others)
    one.wait_for(said)
    one.wait_for(said, after=one.line_count)
    assert set(one.resets) == {HARD_RESET}


LOOP = app_py("return Loop()") + "class Loop:\n    def run(self, feed):\n        print('runs')\n        "
ENDS = (
    (LOOP + "a = []\n        while True: a.append(bytearray(200))", HARD_RESET, "MemoryError in app.py, line "),
    (LOOP + "while True: pass\n", WDT_RESET, "watchdog: "),
)


@pytest.mark.parametrize(("app", "cause", "kept"), ENDS)
def test_no_memory_at_all_and_a_hang(board, files, app, cause, kept):
    one = board(CONFIG, files(app))
    one.wait_for(f"built 2 2 {kept}", 30)
    assert one.resets[0] == cause


BROKEN_UART = """
import machine, os
class Uart(machine.UART):
    def __init__(self, *arguments, **settings):
        if "broken" in os.listdir():
            raise RuntimeError
        super().__init__(*arguments, **settings)
machine.UART = Uart
"""


def test_a_crash_loop_ends_in_safe_mode_and_is_told_after_that(project, board, files, broker, mqtt_client):
    """mpy-cross -O3 keeps no lines: the function is named."""
    settings = CONFIG | {"mqtt_port": broker.port, "publish_rate": 1}
    quick = files(times=(WAIT, END, SAFE))
    one = board(settings, {**quick, "boot.py": BROKEN_UART, "broken": ""}, heap="1M")
    one.wait_for("safe mode after 5 starts", 30)
    assert not mqtt_client.messages, "no network"
    (one.flash / "broken").unlink()
    state = json.loads(mqtt_client.wait_topic("tele/STATE", 40).payload)
    uart = short_names((project / "firmware" / "board.py").read_text())["_uart"]
    assert (state["LastError"], state["ResetCause"]) == (f"RuntimeError in board.py, {uart}", "hard reset")
    assert len(one.resets) == 6 and one.lines.count(WINDOW) == state["Boots"] == 7
    safe = [line for line in one.lines if line.startswith("safe mode after 5 starts")]
    assert len(safe) == 10 and f"(RuntimeError in board.py, {uart})" in safe[0]


def test_ctrl_c_ends_the_count(board, files):
    app = app_py("if retained.boots < 4:", "    raise OSError(5)", "import time", "time.sleep(1000)")
    one = board(CONFIG, files(app))
    one.wait_for("built 4 4 ")
    assert one.stop() == 0 and one.lines[-1] == STOPPED
    one.start()
    one.wait_for("built 5 1 OSError 5")


PHASES = (
    ("window", (), app_py(), WINDOW),
    ("a busy step", QUICK, LOOP + "while True: feed()\n", "runs"),
    ("after a crash", (WAIT, DOG), app_py("raise OSError(5)"), "error: OSError 5"),
    ("safe mode", (WAIT, END, DOG), app_py("raise OSError(5)"), "Ctrl-C for the REPL; starting anew in 10 minutes"),
)


@pytest.mark.parametrize(("phase", "times", "app", "mark"), PHASES, ids=[row[0] for row in PHASES])
def test_ctrl_c_gives_a_repl_and_a_watchdog_that_waits(board, files, phase, times, app, mark):
    one = board(CONFIG, files(app, times), repl=True)
    with Terminal(one.port) as terminal:
        one.wait_for(mark, 30)
        terminal.send(b"\x03")
        one.wait_for(STOPPED)
        terminal.send(b"import time; time.sleep_ms(600); print('alive', 6 * 7)\r")  # longer than the watchdog
        one.wait_for("alive 42")


def test_a_second_ctrl_c_while_it_stops(project, board, files):
    crash = (project / "firmware" / "crash.py").read_text()
    slow = crash.replace("def stopped():", "def stopped():\n    import time; print('stopping'); time.sleep_ms(1000)")
    one = board(CONFIG, files(LOOP + "while True: feed()\n") | {"firmware/crash.py": slow}, repl=True)
    with Terminal(one.port) as terminal:
        for mark in ("runs", "stopping"):
            one.wait_for(mark)
            seen = one.line_count
            terminal.send(b"\x03")
        one.wait_for("stopping", after=seen)
        one.wait_for(STOPPED)
        assert "KeyboardInterrupt" not in "\n".join(one.lines)
