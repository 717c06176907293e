"""The firmware onto an ESP32 with MicroPython 1.27 or newer, over its USB cable.

Copies only what changed, leaves config.json alone, resets the board and waits until the firmware is up. Interrupted at
any point, running it again completes it.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options

UP_TIMEOUT_S = 30
ALIVE_S = 3
UP = "info: up: "
ALIVE = ("info: ", "warning: ")
BEGUN = "pylon2mqtt: "
COMPLAINT = "error: the settings cannot be used:"
CRASH = re.compile(r"Traceback|safe mode after|error: .*(; starting anew|<class)")
OTHER_CHIP = re.compile(r"ESP32-?[SCHP]\d", re.IGNORECASE)  # S2, S3, C3 …
SETTINGS_HINT = "The firmware is on the board; now it needs its settings (README, “Settings”)"


def main(arguments=None):
    """-> exit status: 0 when the firmware runs, or waits for its settings; else the reason is told."""
    parser = options.parser("deploy.py", __doc__)
    parser.add_argument("--port", help="the board's serial port (default: the only one on USB)")
    parser.add_argument("--source", action="store_true", help="copy the .py files, not compiled ones")
    given = parser.parse_args(arguments)
    environment.ensure()

    from tools.virtual_board.layout import CompileError

    def work():
        try:
            deploy(given.port, given.source)
            return 0
        except CompileError as error:
            raise ToolError(str(error)) from None

    return options.guarded("deploy", work, interrupted="interrupted, and nothing was changed")


def say(text):
    """One line of progress."""
    print(text, flush=True)


def deploy(port=None, source=False, say=say, project=None):
    """Bring the board at `port` (None: the only one) to the state of this tree. CompileError; ToolError, which tells
    what becomes of the board, also where it is interrupted.

    source: .py instead of .mpy. say: called with each line of progress. project: another tree (Path).
    """
    from tools.deploy_board import Port, find_port

    wanted = wanted_files(source, project or environment.PROJECT)
    path = port or find_port()
    with Port(path) as board, board.left_in_words():
        say(f"looking for MicroPython at {path} …")
        board.enter()
        who = board.who()
        say(f"found {who.machine}, MicroPython {who.release}, {who.free // 1024} KB free")
        if OTHER_CHIP.search(who.machine):
            say("note: this was made for the plain ESP32; set uart_tx and uart_rx to pins that this chip has")
        if not board.has_umqtt():
            say("umqtt.simple is not in this MicroPython: it comes along")
            wanted |= umqtt_files(source)
        exchange(board, wanted, who.free, say)
        say("starting the board anew …")
        board.reset()
        await_up(board, say)


def wanted_files(source, project):
    """-> {name on the board: bytes}."""
    from tools.virtual_board import layout

    return {f"/{name}": path.read_bytes() for name, path in layout.board_files(source, project)}


def umqtt_files(source):
    """-> {name on the board: bytes} of what official firmware has frozen in, and some builds lack."""
    from tools.virtual_board import layout

    compiled = layout.rom() / "umqtt" / "simple.mpy"
    path = environment.umqtt_dir() / "umqtt" / "simple.py" if source else compiled
    return {f"/lib/umqtt/{path.name}": path.read_bytes()}


def exchange(board, wanted, free, say):
    """Make the board's files the `wanted` ones. `free`: bytes; `say`: is told each step, a text. ToolError."""
    from tools.deploy_plan import MAIN, plan

    todo = plan(wanted, board.files(), free)
    for note in todo.notes:
        say(f"note: {note}")
    same, old = len(wanted) - len(todo.copy), [name for name in todo.remove if name != MAIN]
    say(f"{same} files are up to date, {len(todo.copy)} to copy, {len(old)} to remove")
    if todo.lacking > 0:
        kb = -(-todo.lacking // 1024)
        raise ToolError(f"no space: {kb} KB more must be free on the board. Remove what is not needed, run it again")
    for name in todo.remove:
        if name != MAIN:
            say(f"removing {name}")
        board.remove(name)
    for name in todo.empty:
        board.remove_directory(name)
    for number, name in enumerate(todo.copy, 1):
        say(f"copying {name} ({number} of {len(todo.copy)}, {len(wanted[name])} bytes)")
        board.write(name, wanted[name])


def await_up(board, say):
    """Show what the board says until the firmware is up and goes on, or waits for settings. ToolError."""
    heard, ends_silent = [], ""
    lines = board.lines(UP_TIMEOUT_S)
    for line in lines:
        if line is None:
            if ends_silent:
                break
            continue
        crashed = CRASH.match(line)
        if heard or crashed or line.startswith((BEGUN, UP, COMPLAINT)):
            heard.append(line)
            say(f"board | {line}")
        if line.startswith(UP):
            ends_silent = fault_after_up(lines)
            if not ends_silent:
                return
            say(f"board | {ends_silent}")
        if crashed or line.startswith(COMPLAINT):
            ends_silent = line
    if ends_silent.startswith(COMPLAINT):
        say(SETTINGS_HINT)
    elif ends_silent:
        raise ToolError("the firmware is on the board but fails at its start, as told above")
    elif heard:
        say("The board did not say that it is up; with log_level warning or error it does not")
    else:
        raise ToolError(f"the board said nothing within {UP_TIMEOUT_S} s after its reset: press its reset button")


def fault_after_up(lines):
    """-> what the firmware says of its crash right after it was up, as where it lacks memory; "" where it lives on."""
    deadline = time.monotonic() + ALIVE_S
    for line in lines:
        if line and CRASH.match(line):
            return line
        if (line or "").startswith(ALIVE) or time.monotonic() >= deadline:
            break
    return ""


if __name__ == "__main__":
    sys.exit(main())
