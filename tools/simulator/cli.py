"""The command line of the simulated battery."""

import argparse
import os
import signal
import sys
import threading

from .alarms import NAMES
from .battery import DIALECTS
from .console_text import FIRMWARE
from .faults import KINDS
from .simulator import Simulator

TRUTH_LIMIT = 1000  # records in memory
EPILOG = f"""
Faults:  {", ".join(KINDS)}
Alarms:  {", ".join(sorted(NAMES))}
A reply is as the battery's protocol says (RS232 V2.8); it never answers at another rate than its own.
"""


def parser():
    """-> the ArgumentParser of the command line."""
    out = argparse.ArgumentParser(
        prog="simulator", description="A simulated Pylontech group on a pty. Its first line says where it is.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add = out.add_argument
    add("--packs", type=int, default=2, help="1 to 16 (default %(default)s)")
    add("--cells", type=int, default=15, help="8 to 16 (default %(default)s)")
    add("--temperatures", type=int, default=5, help="1 to 8 (default %(default)s)")
    add("--seed", type=int, default=1, help="the same seed gives the same packs (default %(default)s)")
    add("--baud", type=int, help="where it starts (default as after power on)")
    add("--unpaced", action="store_true", help="answers at once, instead of 10 bit times a character")
    add("--wide", action="store_true", help="3-byte capacities, as packs over 65.535 Ah have")
    add("--charge-speed", type=float, default=1.0, metavar="X", help="seconds that it charges a second (default 1)")
    add("--speed", type=float, default=1, metavar="N", help="how many times as fast all else goes (default 1)")
    add("--dialect", choices=tuple(DIALECTS), default="framed", help="what it speaks (default %(default)s)")
    add("--group", type=int, default=0, metavar="N", help="of the packs at an RS485 port (default %(default)s)")
    add("--echo", action="store_true", help="the user hears what he sends, as from some RS485 modules")
    add("--firmware", choices=tuple(FIRMWARE), default="us5000", help="whose console (default %(default)s)")
    add("--asleep", action="store_true", help="the console is silent until it is woken at 1200 baud")
    add("--pager", type=int, metavar="LINES", help="the console waits for a key after so many lines")
    add("--alarm", action="append", default=[], metavar="PACK:NAME", help="repeatable")
    add("--fault", action="append", default=[], metavar="NAME[:ARGUMENT]", help="such as noise, rtn:06; repeatable")
    add("--faults", action="store_true", help="a mixture of all faults, each of which comes and goes")
    add("--link", metavar="PATH", help="a symbolic link to the pty, removed at the end")
    return out


def _simulator(options):
    console = {"firmware": options.firmware, "asleep": options.asleep, "pager": options.pager}
    of_dialect = {"rs485": {"group_number": options.group}, "console": {"console": console}}
    sim = Simulator(
        options.packs, options.cells, options.temperatures, options.seed, options.wide, None, options.charge_speed,
        options.baud, not options.unpaced, speed=options.speed, echo=options.echo, dialect=options.dialect,
        truth_limit=TRUTH_LIMIT, **of_dialect.get(options.dialect, {}))  # fmt: skip
    for text in options.alarm:
        pack, _, name = text.partition(":")
        sim.alarm(int(pack), name)
    for name in options.fault:
        sim.fault(name)
    if options.faults:
        sim.misbehave()
    return sim


def _link(path, target):
    """A link that is ours replaces an old link, never a file."""
    if os.path.islink(path):
        os.unlink(path)
    os.symlink(target, path)


def main(arguments=None):
    """-> exit status: 0 after Ctrl-C or SIGTERM, 2 for options that make no battery."""
    options = parser().parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        with _simulator(options) as sim:
            if options.link:
                _link(options.link, sim.path)
            pace = "unpaced" if options.unpaced else "paced"
            print(f"battery at {sim.path} ({options.packs} packs of {options.cells} cells, {sim.baud} baud, {pace})",
                  flush=True)  # fmt: skip
            ended.wait()
            if options.link:
                os.unlink(options.link)
    except (ValueError, KeyError, OSError) as error:
        print(f"simulator: {error.args[0] if isinstance(error, KeyError) else error}", file=sys.stderr)
        return 2
    return 0
