"""The firmware onto an ESP32 with MicroPython 1.27 or newer, over its USB cable, or over the broker with --mqtt.

Copies only what changed, leaves config.json alone, resets the board and waits until the firmware is up. Interrupted at
any point, running it again completes it. Over the broker it needs the key of --new-key, and a first time over USB.
"""

import argparse
import functools
import os
import re
import secrets
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options
from tools.configure import on_board
from tools.heard import DEFAULT_RACK, DEFAULT_ROOT

KEY_FILE = Path.home() / ".config" / "pylon2mqtt" / "update_key"
UP_TIMEOUT_S, ALIVE_S, SILENCE_S = 30, 2, 0.2
UP, BEGUN, COMPLAINT = "info: up: ", "pylon2mqtt: ", "error: the settings cannot be used:"
OTHER_CHIP = re.compile(r"ESP32-?[SCHP]\d", re.IGNORECASE)  # S2, S3, C3 …
CRASH = re.compile(r"Traceback|safe mode after|error: .*(; starting anew|<class)")
SETTINGS_HINT = "The firmware is on the board; now it needs its settings: tools/configure.py (README, step 3)"
say = functools.partial(print, flush=True)


def main(arguments=None):
    """-> exit status: 0 when the firmware runs, or waits for its settings; else the reason is told."""
    parser = options.parser("deploy.py", __doc__)
    parser.add_argument("--port", help="the board's serial port (default: the only one on USB)")
    parser.add_argument("--source", action="store_true", help="copy the .py files, not compiled ones")
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
    if given.mqtt and (given.port or given.source or given.new_key):
        parser.error("--mqtt takes none of --port, --source and --new-key")
    try:
        port = options.TLS_PORT if given.mqtt_ca else options.DEFAULT_PORT
        given.mqtt = given.mqtt and options.address(given.mqtt, port)
    except argparse.ArgumentTypeError as error:
        parser.error(f"argument --mqtt: {error}")
    environment.ensure()
    return options.guarded("deploy", lambda: update(given) if given.mqtt else over_usb(given),
                           interrupted="interrupted. Run it again: it goes on where it was")  # fmt: skip


def update(given, say=say, project=environment.PROJECT):
    """Bring the board of the options `given` to the state of the tree `project`, over the broker -> 0. ToolError."""
    from tools.deploy_mqtt import Update

    key = first_line(given.key_file, "--new-key makes one, once, over USB")
    password = first_line(given.mqtt_pass_file) if given.mqtt_pass_file else os.environ.get(options.PASSWORD_VARIABLE)
    version = re.search(r'__version__ = "(.+)"', (project / "firmware" / "__init__.py").read_text())[1]
    Update(given, key.encode(), wanted_files(project), version, say).run(password)
    return 0


def first_line(path, hint=""):
    """-> the first line of a file. ToolError, with a `hint`."""
    try:
        return path.read_text().splitlines()[0]
    except (OSError, IndexError, UnicodeError):
        raise ToolError(f"{path} cannot be read, or is empty. {hint}".rstrip()) from None


def over_usb(given):
    """The firmware; where asked for a key, too, kept in a file that only its owner may read -> 0. ToolError."""
    path, key = given.key_file, secrets.token_urlsafe()
    if given.new_key and path.exists():
        raise ToolError(f"{path} holds a key already: name another file with --key-file")
    deploy(given.port, source=given.source)
    if given.new_key:
        on_board(given.port, {"update_key": key})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(key + "\n")
        except OSError as error:
            raise ToolError(f"{path}: {error.strerror}. Run it again, with another file as --key-file") from None
        say(f"update_key is set; it is kept in {path}. The board starts anew")
    return 0


def deploy(port=None, say=say, project=environment.PROJECT, source=False):
    """Bring the board at the serial `port` (None: the only one) to the state of the tree `project` (Path); with
    `source` .py instead of .mpy. `say` gets each line. ToolError tells what becomes of the board, also where it is
    interrupted.
    """
    from tools.deploy_board import ASK_UMQTT, Port, find_port
    from tools.deploy_plan import FIRMWARE, MAIN, SECOND, copying, plan, tell

    wanted = wanted_files(project, source)
    port = port or find_port()
    with Port(port) as board:
        say(f"looking for MicroPython at {port} …")
        board.enter()
        machine, release, free = board.who()
        say(f"found {machine}, MicroPython {release}, {free // 1024} KB free")
        if OTHER_CHIP.search(machine):
            say("note: this was made for the plain ESP32; set uart_tx and uart_rx to pins that this chip has")
        if board.has(SECOND):
            say(f"note: {SECOND} is a second copy, which is not used; mpremote rm -r :{SECOND} removes it")
        if not board.ask(ASK_UMQTT):
            say("umqtt.simple is not in this MicroPython: it comes along")
            wanted |= umqtt_file(source)
        todo = plan(wanted, board.files(), free)
        tell(todo, wanted, say, f", in {FIRMWARE}, place a")
        for name in todo.remove:
            if name != MAIN:
                say(f"removing {name}")
            board.remove(name)
        for name in todo.empty:
            board.remove(name, "rmdir")
        for number, name in enumerate(todo.copy, 1):
            say(copying(name, number, len(todo.copy), len(wanted[name])))
            board.write(name, wanted[name])
        say("starting the board anew …")
        board.reset()
        await_up(board, say)


def wanted_files(project, source=False):
    """-> {name on the board: bytes}. ToolError."""
    from tools.virtual_board import layout

    return {f"/{name}": path.read_bytes() for name, path in layout.board_files(project, source)}


def umqtt_file(source):
    """-> {name on the board: bytes} of what official firmware has frozen in, and some builds lack."""
    from tools.virtual_board import layout

    path = environment.umqtt_dir() / "umqtt/simple.py" if source else layout.rom() / "umqtt/simple.mpy"
    return {f"/lib/umqtt/{path.name}": path.read_bytes()}


def await_up(board, say):
    """Show what the board says until the firmware is up and lives on for ALIVE_S, or waits for settings. ToolError."""
    heard, is_up, end, until = False, False, "", time.monotonic() + UP_TIMEOUT_S
    while time.monotonic() < until:
        line = board.line(SILENCE_S)
        if CRASH.match(line) or line.startswith(COMPLAINT):
            end = line
        if line and (end or (not is_up and (heard or line.startswith((BEGUN, UP))))):
            heard = True
            say(f"board | {line}")
        if line.startswith(UP):
            is_up, until = True, time.monotonic() + ALIVE_S
        elif line and end:
            until = time.monotonic() + SILENCE_S
    if end.startswith(COMPLAINT):
        say(SETTINGS_HINT)
    elif end:
        raise ToolError("the firmware is on the board but fails at its start, as told above")
    elif not heard:
        raise ToolError(f"the board said nothing within {UP_TIMEOUT_S} s after its reset: press its reset button")
    elif not is_up:
        say("The board did not say that it is up; with log_level warning or error it does not")


if __name__ == "__main__":
    sys.exit(main())
