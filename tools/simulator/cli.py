"""The command line of the simulated battery."""

import argparse
import json
import os
import signal
import sys
import threading

from .alarms import NAMES
from .battery import DIALECTS
from .console import ENDS, REFUSALS, TAKES
from .console_text import FIRMWARE
from .faults import FAULTS, split_name
from .simulator import Simulator

TRUTH_LIMIT = 1000  # records in memory; a file gets all of them

EPILOG = """
Faults:  %s
Alarms:  %s
A reply is as the battery's protocol says (RS232 V2.8); it never answers at another rate than its own.
"""


def fault(text):
    """"noise:0.5", "rtn:06:0.5", "lacks:44" -> (name with its argument, rate or None). ArgumentTypeError."""
    try:
        _, args, rest = split_name(text)
        rate = float(rest[0]) if rest else None
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if len(rest) > 1 or (rate is not None and not 0 <= rate <= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME, NAME:RATE or NAME:ARGUMENT:RATE with RATE from 0 to 1")
    name = text if not rest else text[: -len(rest[0]) - 1]
    if name in ("rtn", "lacks") and not args:
        raise argparse.ArgumentTypeError(f"{name} needs a code, as in {name}:06")
    return name, rate


def alarm(text):
    """"2:cell_over_voltage", "2:cell_over_voltage:7" -> (pack, name, cell or sensor or None). ArgumentTypeError."""
    pack, _, rest = text.partition(":")
    name, _, place = rest.partition(":")
    if not pack.isdigit() or name not in NAMES or not (place.isdigit() or not place):
        raise argparse.ArgumentTypeError(f"{text!r} is not PACK:NAME or PACK:NAME:CELL; --help ends with the names")
    return int(pack), name, int(place) if place else None


def parser():
    """-> the ArgumentParser of the command line."""
    out = argparse.ArgumentParser(
        prog="simulator", description="A simulated Pylontech group on a pty. Its first line says where it is.",
        epilog=EPILOG % (", ".join(row[0] for row in FAULTS), ", ".join(NAMES)),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = out.add_argument
    add("--packs", type=int, default=2, help="1 to 16 (default %(default)s)")
    add("--cells", type=int, default=15, help="8 to 16 (default %(default)s)")
    add("--temperatures", type=int, default=5, help="1 to 8 (default %(default)s)")
    add("--ambient", type=float, default=23.0, metavar="C", help="°C around it, below zero too (default %(default)s)")
    add("--seed", type=int, default=1, help="the same seed gives the same packs (default %(default)s)")
    add("--baud", type=int, help="where it starts (default as after power on)")
    add("--unpaced", action="store_true", help="answers at once, instead of 10 bit times a character")
    add("--turnaround", type=int, metavar="MS", help="from question to answer (default 10, unpaced 0)")
    add("--wide", action="store_true", help="3-byte capacities, as packs over 65.535 Ah have")
    add("--capacity", type=int, metavar="MAH", help="of each pack (default 50000, wide 74000)")
    add("--address", type=int, default=1, help="ADR it answers to (default %(default)s)")
    add("--device", default="US2KBPL", help="its name, 10 characters (default %(default)s)")
    add("--version", default="2.3", help="of its software (default %(default)s)")
    add("--maker", default="Pylon", help="20 characters (default %(default)s)")
    add("--absent", type=int, action="append", default=[], metavar="PACK", help="is counted but not there; repeatable")
    add("--charge-speed", type=float, default=1.0, metavar="X", help="seconds that it charges a second (default 1)")
    add("--speed", type=float, default=1, metavar="N", help="how many times as fast all else goes (default 1)")
    add("--dialect", choices=tuple(DIALECTS), default="framed", help="what it speaks (default %(default)s)")
    add("--group", type=int, default=0, metavar="N", help="of the packs at an RS485 port (default %(default)s)")
    add("--echo", action="store_true", help="the user hears what he sends, as from some RS485 modules")
    add("--fast", choices=("accepts", "deaf"),
        help="91H with more than 4800 baud: it accepts that, or is deaf then (default: it refuses)")
    add("--firmware", choices=tuple(FIRMWARE), default="us5000", help="whose console (default %(default)s)")
    add("--asleep", action="store_true", help="the console is silent until it is woken at 1200 baud")
    add("--pager", type=int, metavar="LINES", help="the console waits for a key after so many lines")
    add("--worn", action="store_true", help="the console's packs hold 5 %% less than is printed on them")
    add("--refusal", choices=tuple(REFUSALS), default="invalid", help="how the console refuses (default %(default)s)")
    add("--line-end", choices=tuple(ENDS), default="crcrlf", help="of the console's lines (default %(default)s)")
    add("--takes", choices=TAKES, default="any", help="what ends a command to the console (default %(default)s)")
    add("--update-after", type=float, metavar="S", help="framed at first, then updated: it speaks the console")
    add("--garbage", action="store_true", help="at the wrong rate garbage comes back instead of nothing")
    add("--extra-alarm-byte", action="store_true", help="alarm replies carry one byte more, as some packs' do")
    add("--alarm", type=alarm, action="append", default=[], metavar="PACK:NAME[:CELL]", help="repeatable")
    add("--fault", type=fault, action="append", default=[], metavar="NAME[:ARGUMENT][:RATE]",
        help="of so many replies, 0 to 1 (default 0.3); repeatable")
    add("--faults", action="store_true", help="a mixture of all faults, each of which comes and goes")
    add("--fault-after", type=float, default=0.0, metavar="S", help="when the faults begin (default at once)")
    add("--fault-for", type=float, metavar="S", help="how long they last (default until the end)")
    add("--link", metavar="PATH", help="a symbolic link to the pty, removed at the end")
    add("--truth", metavar="FILE", help="what each reply said, as JSON lines, before any fault")
    add("--verbose", action="store_true", help="each request in words on stderr")
    return out


def _ended():
    """Ctrl-C and SIGTERM as an event."""
    event = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: event.set())
    return event


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _truth_writer(file):
    def write(record):
        file.write(json.dumps(record._asdict()) + "\n")
        file.flush()

    return write


def _link(path, target):
    """A link that is ours replaces an old link, never a file."""
    if os.path.islink(path):
        os.unlink(path)
    os.symlink(target, path)


def _begin_faults(sim, options):
    for name, rate in options.fault:
        sim.fault(name, rate, options.fault_for)
    if options.faults:
        sim.misbehave()


def _console(options):
    return {"firmware": options.firmware, "asleep": options.asleep, "pager": options.pager, "worn": options.worn,
            "refusal": options.refusal, "end": options.line_end, "takes": options.takes}


def _identity(options):
    """Options of the dialect's Commands."""
    if options.dialect == "pace":
        return {}
    known = {"address": options.address, "extra_alarm_byte": options.extra_alarm_byte, "device": options.device,
             "version": options.version, "maker": options.maker}
    more = {"rs485": {"group_number": options.group}}
    return known | more.get(options.dialect, {"fast": options.fast})


def _run(sim, options, ended):
    """Until a signal comes; an update, then the faults, come on the way."""
    if options.update_after is not None and not ended.wait(options.update_after):
        sim.update(**_console(options))
    faulty = options.fault or options.faults
    if faulty and not ended.wait(options.fault_after):
        _begin_faults(sim, options)
        if options.fault_for and not ended.wait(options.fault_for):
            sim.clear()
    ended.wait()


def main(arguments=None):
    """-> exit status: 0 after Ctrl-C or SIGTERM, 2 for options that make no battery."""
    options = parser().parse_args(arguments)
    ended = _ended()
    truth = None
    try:
        truth = open(options.truth, "w", encoding="utf-8") if options.truth else None  # noqa: SIM115 - closed below
        sim = Simulator(
            options.packs, options.cells, options.temperatures, options.seed, options.wide, options.capacity,
            options.ambient, options.charge_speed, options.baud, not options.unpaced, speed=options.speed,
            turnaround_ms=options.turnaround, garbage=options.garbage, echo=options.echo, dialect=options.dialect,
            console=_console(options), truth_limit=TRUTH_LIMIT, **_identity(options),
            log=_say if options.verbose else None, on_truth=_truth_writer(truth) if truth else None)
        for pack, name, place in options.alarm:
            sim.alarm(pack, name, cell=place, sensor=place)
        for pack in options.absent:
            sim.absent(pack)
        with sim:
            if options.link:
                _link(options.link, sim.path)
            pace = "unpaced" if options.unpaced else "paced"
            print(f"battery at {sim.path} ({options.packs} packs of {options.cells} cells, {sim.baud} baud, {pace})",
                  flush=True)
            try:
                _run(sim, options, ended)
            finally:
                if options.link and os.path.islink(options.link):
                    os.unlink(options.link)
    except (ValueError, KeyError, OSError) as error:
        _say(f"simulator: {error.args[0] if isinstance(error, KeyError) else error}")
        return 2
    finally:
        if truth:
            truth.close()
    return 0
