"""Records what a battery answers to every read command, for a bug report: with a USB-RS232 adapter at its Console port,
or a USB-RS485 one at its RS485 port.

    python3 tools/capture.py --port /dev/ttyUSB0

Nothing but read commands is sent, and the rate of the battery is not changed. The file has a line of JSON for each
question. Serial numbers in it are masked unless --serials is given.
"""

from __future__ import annotations

import json
import signal
import sys
import termios
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options

FOUND = 0
RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
WRITE_TIMEOUT_S = 5
NOTHING = """no battery answers. Check: the cable is in the port named Console of the master pack, the battery is on,
the adapter is for RS-232 (not TTL, not RS-485), TX and RX are not swapped, GND is connected, nothing else uses it"""
WOKEN = "its text console slept and is awake now, at 115200 baud; it sleeps again when the battery is switched off"
KINDS = (("recorded", "answers"), ("error", "refusals"), ("damaged", "damaged"), ("silent", "without an answer"))


class Output:
    """The file that rows go into, line by line; ToolError where it cannot be written."""

    def __init__(self, path):
        self.path, self.kinds = path, Counter()
        try:
            self._file = open(path, "x", encoding="ascii", buffering=1)  # noqa: SIM115 - until the process ends
        except FileExistsError:
            raise ToolError(f"{path} is there already: name another file with --output") from None
        except OSError as error:
            raise ToolError(f"cannot write {path}: {error.strerror}") from None

    def keep(self, row):
        """One more row; on the disk when this returns."""
        try:
            self._file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise ToolError(f"cannot write {self.path}: {error.strerror}") from None
        self.kinds[row["kind"]] += 1

    def __str__(self):
        said = ", ".join(f"{self.kinds[kind]} {word}" for kind, word in KINDS if self.kinds[kind])
        return f"{self.path}: {said or 'nothing'}"


def main(arguments=None):
    """-> exit status: 0 a battery answered, 1 none did or it could not go on, 2 wrong arguments."""
    parser = options.parser("capture.py", __doc__)
    add = parser.add_argument
    add("--port", required=True, metavar="PORT", help="serial port, such as /dev/ttyUSB0")
    add("--baud", type=int, choices=RATES, help="look for the battery there only")
    add("--group", type=int, default=0, choices=range(16), metavar="N", help="of an RS485 port (default 0)")
    add("--output", metavar="FILE", help="a new file (default capture-DATE-TIME.jsonl here)")
    add("--serials", action="store_true", help="do not mask serial numbers")
    given = parser.parse_args(arguments)
    environment.ensure()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    made = []

    def work():
        with open_port(given.port) as serial:
            made.append(Output(given.output or time.strftime("capture-%Y-%m-%d-%H%M%S.jsonl")))
            try:
                return capture(serial, made[0], given)
            except BrokenPipeError:
                raise
            except (OSError, termios.error) as error:  # serial.SerialException is the first
                raise ToolError(f"{given.port} does not work any more: {error}") from None

    status = options.guarded("capture", work)
    for output in made:
        say(f"{output}; serial numbers are {'in it' if given.serials else 'masked'}")
    return status


def say(text):
    """A line of progress."""
    print(text, flush=True)


def open_port(path):
    """-> serial.Serial with timeout 0. ToolError."""
    import serial

    options.check_port(path)
    try:
        return serial.Serial(path, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
    except (OSError, ValueError, termios.error) as error:
        raise ToolError(f"{path} cannot be opened: {error}") from None


def capture(serial, output, given):
    """Finds the battery at a serial.Serial and asks it everything; rows go into `output` -> exit status. ToolError."""
    from tools.capture_port import Port
    from tools.capture_steps import NAMES, Steps

    steps = Steps(Port(serial), output.keep, say, given.serials, given.group)
    say(f"looking for a battery at {given.port}")
    found = steps.find(given.baud)
    if found is None:
        raise ToolError(NOTHING)
    say(f"it speaks the {NAMES[found.dialect]} at {found.baud} baud")
    packs = steps.ask(found)
    say(f"{packs} pack{'s' * (packs != 1)} asked")
    say(WOKEN if found.woken else f"it still listens at {found.baud} baud, as before")
    return FOUND


if __name__ == "__main__":
    sys.exit(main())
