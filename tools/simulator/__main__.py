"""`python3 tools/simulator` and `python3 -m tools.simulator`: the simulated battery as a process."""

import os
import signal
import sys
import threading
from argparse import ArgumentTypeError
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools import options
from tools.simulator.battery import DIALECTS
from tools.simulator.console_text import FIRMWARE
from tools.simulator.faults import ARGUMENTS, FAULTS
from tools.simulator.simulator import BAUDS, Simulator


def _fault(text):
    name, _, argument = text.partition(":")
    if name not in FAULTS or bool(argument) != (name in ARGUMENTS):
        raise ArgumentTypeError(f"{text!r} is no fault")
    return text


def _options():
    out = options.parser("simulator", "A simulated Pylontech group on a pty. Its first line says where it is.")
    add = out.add_argument
    add("--packs", type=int, default=2, choices=range(1, 17), metavar="N", help="1 to 16 (default %(default)s)")
    add("--baud", type=int, choices=BAUDS, help="where it starts (default as after power on)")
    add("--speed", type=float, default=1, metavar="N", help="how many times as fast time goes (default %(default)s)")
    add("--dialect", choices=tuple(DIALECTS), default="framed", help="what it speaks (default %(default)s)")
    add("--firmware", choices=tuple(FIRMWARE), default="us5000", help="whose console (default %(default)s)")
    add("--fault", type=_fault, action="append", default=[], metavar="NAME[:ARGUMENT]",
        help=f"one that stays; repeatable: {', '.join(FAULTS)}; rtn:06, lacks:44, wrong_rate:9600")  # fmt: skip
    add("--faults", action="store_true", help="a mixture of all faults, each of which comes and goes")
    add("--link", metavar="PATH", help="a symbolic link to the pty, removed at the end")
    given = out.parse_args()
    if given.link and os.path.lexists(given.link) and not os.path.islink(given.link):
        out.error(f"--link: {given.link} is there, and no link")
    return given


def main():
    """The battery, until Ctrl-C or SIGTERM."""
    given, ended = _options(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    console = {"firmware": given.firmware}
    with Simulator(given.packs, given.baud, given.speed, dialect=given.dialect, truth_limit=1, console=console) as sim:
        for name in given.fault:
            sim.fault(name)
        if given.faults:
            sim.misbehave()
        if given.link:
            if os.path.islink(given.link):  # an old one, never a file
                os.unlink(given.link)
            os.symlink(sim.path, given.link)
        print(f"battery at {sim.path} ({given.packs} packs, {sim.baud} baud)", flush=True)
        ended.wait()
        if given.link:
            os.unlink(given.link)


main()
