"""boot.py, main.py, start.py and crash.py: starting, Ctrl-C, crashes and what is kept of them, on the virtual board."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
import types

import pytest
from repl_helpers import Terminal

from tools.shorten import short_names, shorten
from tools.virtual_board import layout
from tools.virtual_board.runner import HARD_RESET, WDT_RESET

SECRET = "hunter2!"
CONFIG = {"wifi_ssid": "x", "wifi_pass": SECRET, "mqtt_host": "127.0.0.1"}
WINDOW, STOPPED = "pylon2mqtt: Ctrl-C for the REPL", "pylon2mqtt: stopped"
TELL = "print('built', retained.boots, retained.quick_boots, retained.last_error)"
START = """
def prepare():
    return None, None, None
"""
# seconds that a test cannot wait for -> what it waits for instead
QUICK = {
    "main.py": (("sleep_ms(2000)", "sleep_ms(20)"), ("sleep_ms(5000)", "sleep_ms(20)"),
                ("timeout=90_000", "timeout=400")),
    "firmware/start.py": (("_MINUTE_MS = 60_000", "_MINUTE_MS = 20"),),
}  # fmt: skip
SLOW_END = {**QUICK, "main.py": (QUICK["main.py"][0], QUICK["main.py"][2])}
LONG_SAFE = {**QUICK, "firmware/start.py": ()}


def app_py(*body):
    """An app.py in whose build() the lines of `body` run."""
    return "\n    ".join(["def build(retained, *_):", TELL, *body]) + "\n"


@pytest.fixture
def files(project):
    """files(what replaces the times, **name -> text) -> for board(files=…)."""

    def make(times=QUICK, **others):
        made = {}
        for name, changes in ({"firmware/start.py": ()} | times if others else times).items():
            text = (project / name).read_text()
            for old, new in changes:
                assert text.count(old) == 1, old
                text = text.replace(old, new)
            made[name] = text + START if others and name.endswith("start.py") else text
        return made | {name.replace("__", "/") + ".py": text for name, text in others.items()}

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


@pytest.mark.parametrize(("error", "kept"), CRASHES, ids=[row[0] for row in CRASHES])
def test_a_crash_is_kept_without_its_text_and_the_board_starts_anew(board, files, error, kept):
    one = board(CONFIG, files(firmware__app=app_py(error)))
    one.wait_for(f"built 2 2 {kept}")
    assert one.lines[0] == WINDOW and one.lines[1] == "built 1 1 "
    assert one.resets[0] == HARD_RESET
    assert f"error: {kept}; starting anew" in one.lines
    assert SECRET not in "\n".join(one.lines)


def test_compiled_code_is_named_by_file_and_function(board, files, tmp_path):
    """mpy-cross -O3 keeps no lines."""
    other = tmp_path / "other.py"
    other.write_text("def public():\n    _private()\n\n\ndef _private():\n    raise OSError(12)\n")
    app = app_py("from .battery.other import public", "public()")
    one = board(CONFIG, files(firmware__app=app), start=False)
    compiled = layout.compiled(other, "firmware/battery/other.mpy", shorten, layout.OPTIONS)
    shutil.copyfile(compiled, one.flash / "firmware" / "battery" / "other.mpy")
    one.start()
    name = short_names(other.read_text())["_private"]
    one.wait_for(f"built 2 2 OSError 12 in battery/other.py, {name}")


BROKEN = (
    (CONFIG, {"firmware__app": "", "firmware__start": ""}, "error: AttributeError in main.py, line "),
    (None, {}, "error: <class 'ImportError'>"),  # half a firmware
)


@pytest.mark.parametrize(("config", "others", "said"), BROKEN)
def test_what_is_broken_is_tried_again_and_again(board, files, config, others, said):
    one = board(config, files(QUICK if others else {"main.py": QUICK["main.py"]}, **others))
    one.wait_for(said)
    one.wait_for(said, after=one.line_count)
    assert set(one.resets) == {HARD_RESET}


LOOP = app_py("return Loop()") + "class Loop:\n    def run(self, feed):\n        print('runs')\n"
ENDS = (
    (app_py("hog = []", "while True: hog.append(bytearray(200))"), HARD_RESET, "MemoryError in app.py, line "),
    (LOOP + "        a = []\n        while True: a.append(bytearray(200))", HARD_RESET, "MemoryError in app.py, line "),
    (LOOP + "        while True: pass\n", WDT_RESET, "watchdog: "),
)


@pytest.mark.parametrize(("app", "cause", "kept"), ENDS, ids=["hog in build", "hog in run", "hang"])
def test_no_memory_at_all_and_a_hang(board, files, app, cause, kept):
    one = board(CONFIG, files(firmware__app=app))
    one.wait_for(f"built 2 2 {kept}", 30)
    assert one.resets[0] == cause


def test_a_crash_loop_ends_in_safe_mode_and_that_in_a_new_start(board, files):
    one = board(CONFIG, files(firmware__app=app_py("raise OSError(5)")))
    one.wait_for("built 7 1 OSError 5", 30)
    lines = list(one.lines)
    safe = [line for line in lines if line.startswith("safe mode after 5 starts")]
    assert len(safe) == 10 and "(OSError 5 in app.py, line 3)" in safe[0]
    built = [line.split()[1:3] for line in lines if line.startswith("built")]
    assert built[:6] == [["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"], ["5", "5"], ["7", "1"]]
    assert lines.index(safe[0]) > lines.index("built 5 5 OSError 5 in app.py, line 3")


BROKEN_UART = """
import machine, os
class Uart(machine.UART):
    def __init__(self, *arguments, **settings):
        if "broken" in os.listdir():
            raise RuntimeError
        super().__init__(*arguments, **settings)
machine.UART = Uart
"""


def test_what_ended_in_a_crash_loop_is_published_after_the_next_connect(project, board, files, broker, mqtt_client):
    settings = CONFIG | {"mqtt_port": broker.port, "publish_rate": 1}
    quick = {**QUICK, "main.py": QUICK["main.py"][:2]}  # with its own watchdog
    one = board(settings, {**files(quick), "boot.py": BROKEN_UART, "broken": ""}, heap="1M")
    one.wait_for("safe mode after 5 starts", 30)
    assert not mqtt_client.messages, "no network"
    (one.flash / "broken").unlink()
    state = json.loads(mqtt_client.wait_topic("tele/STATE", 40).payload)
    uart = short_names((project / "firmware" / "board.py").read_text())["_uart"]
    assert (state["LastError"], state["ResetCause"]) == (f"RuntimeError in board.py, {uart}", "hard reset")
    assert len(one.resets) == 6 and one.lines.count(WINDOW) == 7


def test_ctrl_c_ends_the_count(board, files):
    app = app_py("if retained.boots < 4:", "    raise OSError(5)", "import time", "time.sleep(1000)")
    one = board(CONFIG, files(firmware__app=app))
    one.wait_for("built 4 4 ")
    assert one.stop() == 0 and one.lines[-1] == STOPPED
    one.start()
    one.wait_for("built 5 1 OSError 5")


PHASES = (
    ("window", {"main.py": ()}, app_py(), WINDOW),
    ("build", QUICK, app_py("import time", "time.sleep(1000)"), "built 1"),
    ("run", QUICK, LOOP + "        import time\n        while True: feed(); time.sleep_ms(5)\n", "runs"),
    ("a busy step", QUICK, LOOP + "        while True: feed()\n", "runs"),
    ("after a crash", SLOW_END, app_py("raise OSError(5)"), "error: OSError 5"),
    ("safe mode", LONG_SAFE, app_py("raise OSError(5)"), "Ctrl-C for the REPL; starting anew in 10 minutes"),
)


@pytest.mark.parametrize(("phase", "times", "start", "mark"), PHASES, ids=[row[0] for row in PHASES])
def test_ctrl_c_gives_a_repl_and_a_watchdog_that_waits(board, files, phase, times, start, mark):
    one = board(CONFIG, files(times, firmware__app=start), repl=True)
    with Terminal(one.port) as terminal:
        one.wait_for(mark, 30)
        terminal.send(b"\x03")
        one.wait_for(STOPPED)
        terminal.send(b"import time; time.sleep_ms(600); print('alive', 6 * 7)\r")  # longer than the watchdog
        one.wait_for("alive 42")


def test_a_second_ctrl_c_while_it_stops(board, files):
    """Somebody presses it often."""
    slow = (("def stopped():", "def stopped():\n    import time; print('stopping'); time.sleep_ms(1000)"),)
    one = board(CONFIG, files({**QUICK, "firmware/crash.py": slow}, firmware__app=LOOP), repl=True)
    with Terminal(one.port) as terminal:
        one.wait_for(WINDOW)
        terminal.send(b"\x03")
        one.wait_for("stopping")
        seen = one.line_count
        terminal.send(b"\x03")
        one.wait_for("stopping", after=seen)
        one.wait_for(STOPPED)
        assert "KeyboardInterrupt" not in "\n".join(one.lines)
