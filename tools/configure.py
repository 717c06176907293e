"""The settings of an ESP32 from this PC, over its USB port: `configure.py --port /dev/ttyUSB0 mqtt_host=192.168.2.245`.

KEY=VALUE sets, KEY alone asks for the value (without showing it: for passwords), --unset KEY goes back to the default,
--show tells all settings. What is wrong is named, and then nothing is changed. At the end the board starts anew.
"""

from __future__ import annotations

import getpass
import json
import sys
import termios
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options

REFUSED = "REFUSED"  # the board's word for ConfigError
NO_FIRMWARE = "the firmware is not on this board, or not whole: run tools/deploy.py first"


def main(arguments=None):
    """-> exit status: 0, or not when nothing was changed (why is said on stderr)."""
    parser = options.parser("configure.py", __doc__)
    add = parser.add_argument
    add("--port", help="the board's serial port (default: the only one on USB)")
    add("--show", action="store_true", help="tell all settings; passwords are masked")
    add("--unset", action="append", default=[], metavar="KEY", help="back to the default; repeatable")
    add("--no-reset", action="store_true", help="leave the board at its REPL")
    add("settings", nargs="*", metavar="KEY=VALUE", help="settings, see README.md")
    given = parser.parse_args(arguments)
    environment.ensure()
    return options.guarded("configure", lambda: configure(given), interrupted="interrupted, and nothing was changed")


def configure(given):
    """What was asked for, on the board -> exit status. ToolError."""
    values = changes(given.settings, given.unset)
    if not values and not given.show:
        raise ToolError("nothing to do: give KEY=VALUE, --unset KEY or --show (--help tells more)")
    said = on_board(given.port, program(values, given.show), reset=not given.no_reset)
    shown, _, refused = said.partition(REFUSED + "\n")
    print(shown.rstrip())
    if refused:
        raise ToolError(f"nothing was changed:\n{refused.rstrip()}")
    if not given.no_reset:
        print("the board starts anew")
    return 0


def changes(texts, unset=(), ask=getpass.getpass):
    """`texts` such as "publish_rate=5" or "wifi_pass" -> {key: value, or None for those of `unset`}. `ask`: for a value
    that is not given. ToolError.
    """
    values = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or key in values:
            raise ToolError(f"{text.partition('=')[0] or text!r}: write each setting once, as KEY=VALUE")
        try:
            values[key] = typed(key, value if equals else ask(f"{key}: "))
        except (EOFError, OSError, termios.error):
            raise ToolError(f"{key}: there is no terminal to ask at: write {key}=VALUE") from None
    for key in unset:
        if key in values:
            raise ToolError(f"{key}: either set it or unset it")
        values[key] = None
    return values


def typed(key, text):
    """5, true and -2 are what JSON says; a setting that is a text stays one, also 12345678."""
    from firmware.config import SETTINGS

    is_text = any(row[0] == key and isinstance(row[1], str) and key != "led" for row in SETTINGS)
    try:
        # no setting is a fraction, so one stays a text, which the board refuses with words
        return text if is_text else json.loads(text, parse_float=str, parse_constant=str)
    except ValueError:
        return text


def program(values, show):
    """What the board runs."""
    lines = ["from firmware import config", "try:"]
    if values:
        lines.append(f" config.set(**{values!r})")
    if show:
        lines.append(" config.show()")
    return "\n".join([*lines, "except config.ConfigError as error:", f" print({REFUSED!r})", " print(error)", ""])


def on_board(port, text, reset):
    """Runs the program `text` there, and then a reset if `reset` says so -> what it printed. ToolError."""
    from tools.deploy_board import Port, find_port

    with Port(port or find_port()) as board, board.left_in_words():
        board.enter()  # after a soft reset all memory is free
        try:
            said = board.ask(text)
        except ToolError as error:
            raise ToolError(NO_FIRMWARE) if "ImportError" in str(error) else error from None
        if reset:
            board.reset()
    return said.replace("\r\n", "\n")


if __name__ == "__main__":
    sys.exit(main())
