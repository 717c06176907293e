"""The settings of an ESP32 from this PC, over its USB port: `configure.py --port /dev/ttyUSB0 mqtt_host=192.168.2.245`.

KEY=VALUE sets, KEY alone asks for the value (without showing it: for passwords), --unset KEY goes back to the default,
--show tells all settings. What is wrong is named, and then nothing is changed. At the end the board starts anew.
"""

from __future__ import annotations

import argparse
import getpass
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import environment

TIMEOUT_S = 90
REFUSED = "REFUSED"  # the board's word for ConfigError
# what mpremote says -> what to do
ADVICE = (
    ("no device found", "no board was found: is it plugged in, with a cable that carries data? Name it: --port"),
    ("failed to access", "the port is not there, or another program has it open (a terminal, a second mpremote), or "
     "you may not use it (sudo usermod -aG dialout $USER, then log in again)"),
    ("could not enter raw repl", "no MicroPython answers at that port: press the board's reset button and try again"),
    ("no module named 'firmware", "the firmware is not on this board yet: run tools/deploy.py first"),
    ("ImportError", "the firmware on this board is not whole: run tools/deploy.py again"),
    ("MemoryError", "the board had no memory for it: press its reset button and try again"),
)  # fmt: skip


class UsageError(Exception):
    """What was asked for cannot be done; the text says why."""


def main(arguments=None):
    """-> exit status: 0, or 1 when nothing was changed (UsageError: said on stderr)."""
    options = _parser().parse_args(arguments)
    environment.ensure()
    try:
        values = changes(options.settings, options.unset)
        if not values and not options.show:
            raise UsageError("nothing to do: give KEY=VALUE, --unset KEY or --show (--help tells more)")
        said = on_board(options.port, program(values, options.show), reset=not options.no_reset)
    except (UsageError, environment.SetupError) as error:
        print(f"configure: {error}", file=sys.stderr)
        return 1
    refused = said.partition(REFUSED + "\n")[2]
    print(said.partition(REFUSED + "\n")[0].rstrip())
    if refused:
        print(f"configure: nothing was changed:\n{refused.rstrip()}", file=sys.stderr)
        return 1
    if not options.no_reset:
        print("the board starts anew")
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog="configure.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--port", default="auto", help="the board's serial port (default: the one that is there)")
    parser.add_argument("--show", action="store_true", help="tell all settings; passwords are masked")
    parser.add_argument("--unset", action="append", default=[], metavar="KEY", help="back to the default; repeatable")
    parser.add_argument("--no-reset", action="store_true", help="leave the board at its REPL")
    parser.add_argument("settings", nargs="*", metavar="KEY=VALUE", help="settings, see README.md")
    return parser


def changes(texts, unset=(), ask=getpass.getpass):
    """`texts` such as "publish_rate=5" or "wifi_pass" -> {key: value, or None for those of `unset`}. `ask`: for a value
    that is not given. UsageError.
    """
    values = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or key in values:
            raise UsageError(f"{text.partition('=')[0] or text!r}: write each setting once, as KEY=VALUE")
        values[key] = typed(key, value if equals else ask(f"{key}: "))
    for key in unset:
        if key in values:
            raise UsageError(f"{key}: either set it or unset it")
        values[key] = None
    return values


def typed(key, text):
    """5, true and -2 are what JSON says; a setting that is a text stays one, also 12345678."""
    from firmware.config import SETTINGS

    is_text = any(row[0] == key and isinstance(row[1], str) and key != "led" for row in SETTINGS)
    try:
        return text if is_text else json.loads(text)
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
    """Runs the program `text` there, and then a reset if `reset` says so -> what it printed. UsageError."""
    command = [sys.executable, "-m", "mpremote", "connect", port, "run"]  # after a soft reset: all memory is free
    with tempfile.TemporaryDirectory(prefix="configure-") as directory:  # for its owner only; arguments all can read
        path = Path(directory) / "program.py"
        path.write_text(text)
        command += [str(path), "reset"] if reset else [str(path)]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UsageError(f"the board did not answer within {TIMEOUT_S} s") from None
    said = done.stdout.decode("utf-8", "replace").replace("\r\n", "\n")
    if done.returncode:
        raise UsageError(advice(said))
    return said


def advice(said):
    """What a failed mpremote said, in words that help."""
    for mark, words in ADVICE:
        if mark in said:
            return words
    lines = said.strip().splitlines()
    return f"the board did not do it: {lines[-1] if lines else 'it said nothing'}"


if __name__ == "__main__":
    sys.exit(main())
