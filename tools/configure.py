"""The settings of an ESP32 from this PC, over its USB port: `configure.py --port /dev/ttyUSB0 mqtt_host=192.168.2.245`.

KEY=VALUE sets, KEY alone asks for the value (without showing it: for passwords), --unset KEY goes back to the default,
--show tells all settings. What is wrong is named, and then nothing is changed. At the end the board starts anew.
"""

import getpass
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options

REFUSED = "REFUSED"  # what comes behind it are the board's words for why
PROGRAM = """
try:
    from firmware import config
    if {values!r}:
        config.set(**{values!r})
    if {show}:
        config.show()
except ImportError:
    print("{refused}\\nthe firmware is not on this board, or not whole: run tools/deploy.py first")
except config.ConfigError as error:
    print("{refused}\\n" + str(error))
"""


def main(arguments=None):
    """-> exit status: 0, or not when nothing was changed (why is said on stderr)."""
    parser = options.parser("configure.py", __doc__)
    add = parser.add_argument
    add("--port", help="the board's serial port (default: the only one on USB)")
    add("--show", action="store_true", help="tell all settings; passwords are masked")
    add("--unset", action="append", default=[], metavar="KEY", help="back to the default; repeatable")
    add("settings", nargs="*", metavar="KEY=VALUE", help="settings, see README.md")
    given = parser.parse_args(arguments)
    environment.ensure()
    return options.guarded("configure", lambda: configure(given), interrupted="interrupted, and nothing was changed")


def configure(given):
    """What was asked for, on the board -> exit status. ToolError."""
    values = changes(given.settings, given.unset)
    if not values and not given.show:
        raise ToolError("nothing to do: give KEY=VALUE, --unset KEY or --show (--help tells more)")
    print(on_board(given.port, values, given.show), "the board starts anew", sep="\n")
    return 0


def changes(texts, unset=(), ask=getpass.getpass):
    """"publish_rate=5", "wifi_pass" (`ask` gets its value) -> {key: value, None for those of `unset`}. ToolError."""
    values = {}
    for text in [*texts, *unset]:
        key, equals, value = text.partition("=")
        if not key or key in values:
            raise ToolError(f"{key or text!r}: write each setting once, as KEY=VALUE")
        try:
            values[key] = None if text in unset else typed(key, value if equals else ask(f"{key}: "))
        except EOFError:
            raise ToolError(f"{key}: there is no terminal to ask at: write {key}=VALUE") from None
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


def on_board(port, values, show=False):
    """Sets the `values`, shows all if `show`, starts the board at the `port` (None: the only one) anew -> what it said.
    ToolError: nothing was changed.
    """
    from tools.deploy_board import Port, find_port

    with Port(port or find_port()) as board:
        board.enter()  # after a soft reset all memory is free
        said = board.ask(PROGRAM.format(values=values, show=show, refused=REFUSED)).replace("\r\n", "\n")
        board.reset()
    shown, is_refused, why = said.partition(REFUSED + "\n")
    if is_refused:
        raise ToolError(f"{shown}nothing was changed:\n{why}")
    return shown


if __name__ == "__main__":
    sys.exit(main())
