"""The demo's command line."""

from __future__ import annotations

import argparse

from tools import monitor
from tools.simulator.console_text import FIRMWARE

PUBLISH_RATE_S = 5
PACKS, MAX_PACKS = 2, 16
CONSOLE = "us5000"


def parsed(arguments, text):
    """The options of these arguments (None: of this program); `text` describes the program.

    Ends the program where they do not fit together.
    """
    parser = _parser(text)
    options = parser.parse_args(arguments)
    if options.packs is not None and not 1 <= options.packs <= MAX_PACKS:
        parser.error(f"--packs {options.packs}: a group has 1 to {MAX_PACKS} packs")
    if options.port and options.faults:
        parser.error("--faults needs the simulated battery: leave --port out")
    if options.port and options.dialect:
        parser.error("--dialect is of the simulated battery: leave --port out")
    if options.firmware and options.dialect != "console":
        parser.error("--firmware needs --dialect console")
    if options.worn and options.dialect != "console":
        parser.error("--worn needs --dialect console")
    options.firmware = options.firmware or CONSOLE
    if options.speed <= 0:
        parser.error(f"--speed {options.speed}: must be more than 0")
    if options.board and options.port:
        parser.error("--board has a simulated battery: leave --port out")
    if options.board and (options.broker or options.user or options.password):
        parser.error("--board has a broker of its own: leave --broker, --user and --pass out")
    return options


def _parser(text):
    parser = argparse.ArgumentParser(prog="demo.py", description=text, allow_abbrev=False)
    add = parser.add_argument
    add("--packs", type=int, metavar="N", help=f"packs of the simulated battery, 1 to {MAX_PACKS} (default {PACKS})")
    add("--seconds", type=float, metavar="N", help="end so long after the firmware began (default: at Ctrl-C)")
    add("--port", metavar="PORT", help="a real battery at this serial port, such as /dev/ttyUSB0")
    add("--board", action="store_true",
        help="deploy to a virtual board, set it up over its serial port, let it publish")  # fmt: skip
    add("--dialect", choices=("framed", "console"), help="what the simulated battery speaks (default framed)")
    add("--firmware", choices=tuple(FIRMWARE), help=f"whose text console it is (default {CONSOLE})")
    add("--worn", action="store_true", help="its packs hold less than is printed on them")
    monitor.add_broker_options(parser)
    add("--publish-rate", type=int, default=PUBLISH_RATE_S, metavar="S", help="of the firmware (default %(default)s)")
    add("--faults", action="store_true", help="the simulated battery misbehaves in all the ways that were ever seen")
    add("--seed", type=int, default=1, help="the same seed gives the same simulated battery (default %(default)s)")
    add("--speed", type=float, default=1.0, metavar="X", help="how fast it charges (default %(default)s, a real one)")
    add("--heap", metavar="SIZE", help="MicroPython's heap (default 120k, what an ESP32 has)")
    return parser
