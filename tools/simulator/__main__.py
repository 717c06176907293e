"""`python3 tools/simulator` and `python3 -m tools.simulator`: the simulated battery as a process."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.simulator import Simulator
from tools.simulator.alarms import NAMES
from tools.simulator.battery import DIALECTS
from tools.simulator.console_text import FIRMWARE
from tools.simulator.faults import FAULTS

TRUTH_LIMIT = 1  # nobody reads it here
EPILOG = f"""
Faults:  {", ".join(FAULTS)}
Alarms:  {", ".join(sorted(NAMES))}
A reply is as the battery's protocol says (RS232 V2.8); it never answers at another rate than its own.
"""


def _options():
    out = argparse.ArgumentParser(
        prog="simulator", description="A simulated Pylontech group on a pty. Its first line says where it is.",
        epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    add = out.add_argument
    add("--packs", type=int, default=2, help="1 to 16 (default %(default)s)")
    add("--seed", type=int, default=1, help="the same seed gives the same packs (default %(default)s)")
    add("--baud", type=int, help="where it starts (default as after power on)")
    add("--speed", type=float, default=1, metavar="N", help="how many times as fast time goes (default %(default)s)")
    add("--dialect", choices=tuple(DIALECTS), default="framed", help="what it speaks (default %(default)s)")
    add("--group", type=int, default=0, metavar="N", help="of the packs at an RS485 port (default %(default)s)")
    add("--firmware", choices=tuple(FIRMWARE), default="us5000", help="whose console (default %(default)s)")
    add("--alarm", action="append", default=[], metavar="PACK:NAME", help="repeatable")
    add("--fault", action="append", default=[], metavar="NAME[:ARGUMENT]", help="such as noise, rtn:06; repeatable")
    add("--faults", action="store_true", help="a mixture of all faults, each of which comes and goes")
    add("--link", metavar="PATH", help="a symbolic link to the pty, removed at the end")
    return out.parse_args()


def _simulator(options):
    more = {"rs485": {"group_number": options.group}, "console": {"console": {"firmware": options.firmware}}}
    sim = Simulator(options.packs, seed=options.seed, baud=options.baud, speed=options.speed, dialect=options.dialect,
                    truth_limit=TRUTH_LIMIT, **more.get(options.dialect, {}))  # fmt: skip
    for text in options.alarm:
        pack, _, name = text.partition(":")
        sim.alarm(int(pack), name)
    for name in options.fault:
        sim.fault(name)
    if options.faults:
        sim.misbehave()
    return sim


def main():
    """-> exit status: 0 after Ctrl-C or SIGTERM, 2 for options that make no battery."""
    options = _options()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        with _simulator(options) as sim:
            if options.link:
                if os.path.islink(options.link):  # an old one, never a file
                    os.unlink(options.link)
                os.symlink(sim.path, options.link)
            print(f"battery at {sim.path} ({options.packs} packs, {sim.baud} baud)", flush=True)
            ended.wait()
            if options.link:
                os.unlink(options.link)
    except (ValueError, KeyError, OSError) as error:
        print(f"simulator: {error.args[0] if isinstance(error, KeyError) else error}", file=sys.stderr)
        return 2
    return 0


sys.exit(main())
