"""Records what a battery answers to every read command, for a bug report: with a USB-RS232 adapter at its Console port,
or a USB-RS485 one at its RS485 port.

    python3 tools/capture.py --port /dev/ttyUSB0

Nothing but read commands is sent, and the rate of the battery is not changed. The file has a line of JSON for each
question. Serial numbers in it are masked unless --serials is given.
"""

import functools
import json
import signal
import sys
import termios
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import ToolError, environment, options

RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
WRITE_TIMEOUT_S = 5
NOTHING = """no battery answers. Check: the cable is in the port named Console of the master pack, the battery is on,
the adapter is for RS-232 (not TTL, not RS-485), TX and RX are not swapped, GND is connected, nothing else uses it"""
WOKEN = "its text console slept and is awake now, at 115200 baud; it sleeps again when the battery is switched off"
say = functools.partial(print, flush=True)
KINDS = (("recorded", "answers"), ("error", "refusals"), ("damaged", "damaged"), ("silent", "without an answer"))


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
    return options.guarded("capture", lambda: _run(given))


def _run(given):
    import serial

    from tools.capture_port import Port
    from tools.capture_steps import NAMES, Steps

    options.check_port(given.port)
    path, kinds = given.output or time.strftime("capture-%Y-%m-%d-%H%M%S.jsonl"), Counter()
    try:
        file = open(path, "x", encoding="ascii", buffering=1)  # noqa: SIM115 - each line is on the disk at once
    except OSError as error:
        raise ToolError(f"cannot write {path}: {error.strerror}; --output names another file") from None

    def keep(row):
        file.write(json.dumps(row) + "\n")
        kinds[row["kind"]] += 1

    try:
        with serial.Serial(given.port, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True) as port:
            steps = Steps(Port(port), keep, say, given.group, given.serials)
            say(f"looking for a battery at {given.port}")
            found = steps.find(given.baud)
            if found is None:
                raise ToolError(NOTHING)
            baud, dialect, woken = found
            say(f"it speaks the {NAMES[dialect]} at {baud} baud")
            say(f"packs asked: {steps.ask(baud)}")
            say(WOKEN if woken else f"it still listens at {baud} baud, as before")
    except BrokenPipeError:
        raise
    except (OSError, termios.error) as error:  # serial.SerialException is the first
        raise ToolError(f"{given.port} does not work, or {path}: {error}") from None
    finally:
        said = ", ".join(f"{kinds[kind]} {word}" for kind, word in KINDS if kinds[kind])
        say(f"{path}: {said or 'nothing'}; serial numbers are {'in it' if given.serials else 'masked'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
