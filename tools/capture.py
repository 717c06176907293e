"""Records what a battery answers to every read command, for a bug report: with a USB-RS232 adapter at its Console port.

    python3 tools/capture.py --port /dev/ttyUSB0

Nothing but read commands is sent, and the rate of the battery is not changed. The file has a line of JSON for each
question. Serial numbers in it are masked unless --serials is given.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import signal
import sys
import termios
import time
import types
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import capture_rows, environment
from tools.capture_port import CONSOLE_BAUD, RATES, WRITE_TIMEOUT_S, Forbidden, Port

FOUND, NOT_FOUND, INTERRUPTED = 0, 1, 130
GROUP_HINT = "on most Linux systems: sudo usermod -aG dialout $USER, then log in again"
NOTHING = """no battery answers. Check: the cable is in the port named Console of the master pack, the battery is on,
the adapter is for RS-232 (not TTL, not RS-485), TX and RX are not swapped, GND is connected, nothing else uses it"""
WOKEN = "its text console slept and is awake now, at 115200 baud; it sleeps again when the battery is switched off"
KINDS = (("recorded", "answers"), ("error", "refusals"), ("damaged", "damaged"), ("silent", "without an answer"))


class CaptureError(Exception):
    """It cannot go on; the text says why."""


class Output:
    """The file that rows go into, line by line; CaptureError where it cannot be written."""

    def __init__(self, path):
        self.path, self.kinds = path, Counter()
        try:
            self._file = open(path, "x", encoding="ascii")  # noqa: SIM115 - closed by main()
        except FileExistsError:
            raise CaptureError(f"{path} is there already: name another file with --output") from None
        except OSError as error:
            raise CaptureError(f"cannot write {path}: {error.strerror}") from None

    def keep(self, row):
        """One more row; on the disk when this returns."""
        try:
            self._file.write(json.dumps(row) + "\n")
            self._file.flush()
        except OSError as error:
            raise CaptureError(f"cannot write {self.path}: {error.strerror}") from None
        self.kinds[row["kind"]] += 1

    def close(self):
        """The file is whole."""
        self._file.close()

    def in_words(self):
        """"12 answers, 1 refusal …" of what is in it."""
        return ", ".join(f"{self.kinds[kind]} {word}" for kind, word in KINDS if self.kinds[kind]) or "nothing"


def main(arguments=None):
    """-> exit status: 0 a battery answered, 1 none did or it could not go on, 2 wrong arguments, 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    environment.ensure()
    signal.signal(signal.SIGTERM, _interrupt)
    sys.stdout.reconfigure(errors="replace")
    output = None
    status = NOT_FOUND
    try:
        with open_port(options.port) as serial:
            output = Output(options.output or time.strftime("capture-%Y-%m-%d-%H%M%S.jsonl"))
            status = capture(Port(serial), output, options)
    except (CaptureError, Forbidden) as error:
        print(f"capture: {error}", file=sys.stderr)
    except BrokenPipeError:  # whoever read this has gone
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    except (OSError, termios.error) as error:  # serial.SerialException is the first
        print(f"capture: {options.port} does not work any more: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("capture: interrupted", file=sys.stderr)
        status = INTERRUPTED
    if output:
        output.close()
        masked = "serial numbers are in it" if options.serials else "serial numbers are masked"
        say(f"{output.path}: {output.in_words()}; {masked}")
    return status


def _parser():
    parser = argparse.ArgumentParser(
        prog="capture.py", description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--port", required=True, metavar="PORT", help="serial port, such as /dev/ttyUSB0")
    add("--baud", type=int, choices=(*RATES, CONSOLE_BAUD), help="look for the battery at this rate only")
    add("--output", metavar="FILE", help="a new file (default capture-DATE-TIME.jsonl here)")
    add("--serials", action="store_true", help="do not mask serial numbers")
    return parser


def _interrupt(*_):
    raise KeyboardInterrupt


def say(text):
    """A line of progress."""
    print(text, flush=True)


def open_port(path):
    """-> serial.Serial with timeout 0. CaptureError."""
    import serial

    try:
        return serial.Serial(path, RATES[0], timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
    except (OSError, ValueError, termios.error) as error:
        number = getattr(error, "errno", None)
        if number is None and isinstance(error.__context__, termios.error):
            number = error.__context__.args[0]
        raise CaptureError(f"{path} cannot be opened: {_PORT_ERRORS.get(number, error)}") from None


_PORT_ERRORS = {
    errno.ENOENT: "it is not there. Is the adapter plugged in?",
    errno.EAGAIN: "another program uses it",
    errno.EBUSY: "another program uses it",
    errno.EACCES: f"no permission; {GROUP_HINT}",
    errno.EISDIR: "it is not a serial port",
    errno.ENOTTY: "it is not a serial port",
}


def capture(port, output, options):
    """Finds the battery at a Port and asks it everything; rows go into `output` -> exit status."""
    # What MicroPython has and CPython lacks, for those parts of the firmware that say const().
    sys.modules.setdefault("micropython", types.SimpleNamespace(const=lambda value: value))
    from tools.capture_steps import Steps

    steps = Steps(port, output.keep, say, serials=options.serials)
    say(f"looking for a battery at {options.port}")
    found = steps.find(options.baud)
    if found is None:
        print(f"capture: {NOTHING}", file=sys.stderr)
        return NOT_FOUND
    name = "framed protocol" if found.dialect == capture_rows.FRAMED else "text console"
    say(f"it speaks the {name} at {found.baud} baud")
    packs = steps.ask(found)
    say(f"{packs} pack{'s' * (packs != 1)} asked")
    say(WOKEN if found.woken else f"it still listens at {found.baud} baud, as before")
    return FOUND


if __name__ == "__main__":
    sys.exit(main())
