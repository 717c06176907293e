"""The firmware onto an ESP32 with MicroPython 1.27 or newer, over its USB cable, or over the broker with --mqtt.

Copies only what changed, leaves config.json alone, resets the board and waits until the firmware is up. Interrupted at
any point, running it again completes it. Over the broker it needs the key of --new-key, and a first time over USB.
"""

from __future__ import annotations

import argparse
import os
import re
import secrets
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options
from tools.heard import DEFAULT_RACK, DEFAULT_ROOT

KEY_FILE = Path.home() / ".config" / "pylon2mqtt" / "update_key"
KEY_BYTES = 32
UP_TIMEOUT_S = 30
ALIVE_S = 3
UP = "info: up: "
ALIVE = ("info: ", "warning: ")
BEGUN = "pylon2mqtt: "
COMPLAINT = "error: the settings cannot be used:"
CRASH = re.compile(r"Traceback|safe mode after|error: .*(; starting anew|<class)")
OTHER_CHIP = re.compile(r"ESP32-?[SCHP]\d", re.IGNORECASE)  # S2, S3, C3 …
SETTINGS_HINT = "The firmware is on the board; now it needs its settings: tools/configure.py (README, step 3)"


def say(text):
    """One line of progress."""
    print(text, flush=True)


def main(arguments=None):
    """-> exit status: 0 when the firmware runs, or waits for its settings; else the reason is told."""
    parser = options.parser("deploy.py", __doc__)
    parser.add_argument("--port", help="the board's serial port (default: the only one on USB)")
    parser.add_argument("--new-key", action="store_true", help="make an update_key, and set it on the board over USB")
    parser.add_argument("--key-file", type=Path, default=KEY_FILE, help="where it is kept (default %(default)s)")
    add = parser.add_argument_group("over the broker").add_argument
    add("--mqtt", metavar="BROKER[:PORT]", help="the broker that the board is connected to")
    add("--mqtt_user", help=f"user there; the password is in the environment variable {options.PASSWORD_VARIABLE}, or")
    add("--mqtt_pass_file", type=Path, metavar="FILE", help="in the first line of this file")
    add("--mqtt_ca", metavar="FILE", help="TLS: PEM file with the certificate that signed the broker's")
    add("--mqtt_root", default=DEFAULT_ROOT, help="of the board (default %(default)s)")
    add("--rack_name", default=DEFAULT_RACK, help="of the board (default %(default)s)")
    add("--force", action="store_true", help="also a version that was given up before")
    given = parser.parse_args(arguments)
    if given.mqtt and (given.port or given.new_key):
        parser.error("--mqtt takes neither --port nor --new-key")
    if given.mqtt:
        try:
            given.mqtt = options.address(given.mqtt, options.TLS_PORT if given.mqtt_ca else options.DEFAULT_PORT)
        except argparse.ArgumentTypeError as error:
            parser.error(f"argument --mqtt: {error}")
    environment.ensure()

    from tools.virtual_board.layout import CompileError

    def work():
        try:
            if given.mqtt:
                update(given)
            else:
                if given.new_key and given.key_file.exists():
                    raise ToolError(f"{given.key_file} holds a key already: name another file with --key-file")
                deploy(given.port)
                if given.new_key:
                    new_key(given.port, given.key_file)
            return 0
        except CompileError as error:
            raise ToolError(str(error)) from None

    return options.guarded("deploy", work, interrupted="interrupted. Run it again: it goes on where it was")


def update(given, say=say, project=None):
    """Bring the board of the options `given` to the state of this tree, over the broker. ToolError, CompileError."""
    from tools.deploy_mqtt import Link, Update

    tree = project or environment.PROJECT
    key = first_line(given.key_file, "--new-key makes one, once, over USB")
    password = options.password(argparse.Namespace(password=None))
    if given.mqtt_pass_file:
        password = first_line(given.mqtt_pass_file)
    version = re.search(r'__version__ = "(.+)"', (tree / "firmware" / "__init__.py").read_text())[1]
    with Link(given, password) as link:
        say(f"looking for {link.prefix[:-1]} at {given.mqtt[0]} …")
        Update(link, key.encode(), wanted_files(tree), version, say, given.force).run()


def first_line(path, hint=""):
    """-> the first line of a file. ToolError, with a `hint`."""
    try:
        return path.read_text().splitlines()[0]
    except (OSError, IndexError, UnicodeError):
        raise ToolError(f"{path} cannot be read, or is empty. {hint}".rstrip()) from None


def new_key(port, path):
    """Makes a key, keeps it in the file `path`, which only its owner may read, and sets it on the board at `port`, over
    USB. ToolError: then there is no such file.
    """
    from tools.configure import on_board, program

    key = secrets.token_urlsafe(KEY_BYTES)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key + "\n")
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}") from None
    said = ""
    try:
        said = on_board(port, program({"update_key": key}, False), reset=True)
        if "saved" not in said:
            raise ToolError(f"update_key was not set: {said}")
    finally:
        if "saved" not in said:
            path.unlink()
    say(f"update_key is set; it is kept in {path}. The board starts anew")


def deploy(port=None, say=say, project=None):
    """Bring the board at `port` (None: the only one) to the state of this tree. CompileError; ToolError, which tells
    what becomes of the board, also where it is interrupted. say: called with each line of progress. project: another
    tree (Path).
    """
    from tools.deploy_board import Port, find_port

    wanted = wanted_files(project or environment.PROJECT)
    path = port or find_port()
    with Port(path) as board, board.left_in_words():
        say(f"looking for MicroPython at {path} …")
        board.enter()
        who = board.who()
        say(f"found {who.machine}, MicroPython {who.release}, {who.free // 1024} KB free")
        if OTHER_CHIP.search(who.machine):
            say("note: this was made for the plain ESP32; set uart_tx and uart_rx to pins that this chip has")
        exchange(board, wanted, who.free, say)
        say("starting the board anew …")
        board.reset()
        await_up(board, say)


def wanted_files(project):
    """-> {name on the board: bytes}."""
    from tools.virtual_board import layout

    return {f"/{name}": path.read_bytes() for name, path in layout.board_files(project=project)}


def exchange(board, wanted, free, say):
    """Make the board's files the `wanted` ones. `free`: bytes; `say`: is told each step, a text. ToolError."""
    from tools.deploy_plan import FIRMWARE, MAIN, copying, plan, summary

    todo = plan(wanted, board.files(), free)
    for note in todo.notes:
        say(f"note: {note}")
    say(f"{summary(wanted, todo)}, in {FIRMWARE}, place a")
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
        say(copying(name, number, len(todo.copy), len(wanted[name])))
        board.write(name, wanted[name])


def await_up(board, say):
    """Show what the board says until the firmware is up and lives on for ALIVE_S, or waits for settings. ToolError."""
    heard, end, alive_at = False, "", None
    for line in board.lines(UP_TIMEOUT_S):
        if line is None:
            if end or (alive_at and time.monotonic() >= alive_at):
                break
            continue
        crashed = CRASH.match(line)
        if crashed or (not alive_at and (heard or line.startswith((BEGUN, UP, COMPLAINT)))):
            heard = True
            say(f"board | {line}")
        if line.startswith(UP):
            alive_at = time.monotonic() + ALIVE_S
        elif crashed or line.startswith(COMPLAINT):
            end = line
        elif alive_at and line.startswith(ALIVE):
            break
    if end.startswith(COMPLAINT):
        say(SETTINGS_HINT)
    elif end:
        raise ToolError("the firmware is on the board but fails at its start, as told above")
    elif not heard:
        raise ToolError(f"the board said nothing within {UP_TIMEOUT_S} s after its reset: press its reset button")
    elif not alive_at:
        say("The board did not say that it is up; with log_level warning or error it does not")


if __name__ == "__main__":
    sys.exit(main())
