"""What the command lines of the tools share: the parser, the broker, the check of a serial port, how a tool ends."""

import argparse
import contextlib
import errno
import fcntl
import os
import re
import sys
import termios

from tools import ToolError
from tools.heard import DEFAULT_RACK, DEFAULT_ROOT

PASSWORD_VARIABLE = "PYLON2MQTT_PASS"
DEFAULT_PORT, TLS_PORT = 1883, 8883
FAILED, INTERRUPTED = 1, 130
IS_BUSY = "is busy: another program (a serial terminal, mpremote, an IDE) has it open. Close that one first"
PORT_ERRORS = {
    errno.EBUSY: IS_BUSY, errno.EAGAIN: IS_BUSY, errno.ENOENT: "is not there: is it plugged in?",
    errno.EACCES: "cannot be opened: no permission; mostly helps: sudo usermod -aG dialout $USER, then log in again",
    errno.EISDIR: "is not a serial port", errno.ENOTTY: "is not a serial port",
}  # fmt: skip


def parser(name, text):
    """-> an ArgumentParser for the tool `name`; `text` describes it, its lines stay as they are."""
    kept = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(prog=name, description=text, allow_abbrev=False, formatter_class=kept)


def add_broker(to):
    """Add to a parser where the broker is, and which rack."""
    add = to.add_argument
    add("--broker", type=address, required=True, metavar="HOST[:PORT]", help=f"default port {DEFAULT_PORT}")
    add("--user", help="user name for the broker")
    add("--pass", dest="password", default=os.environ.get(PASSWORD_VARIABLE),
        help=f"its password (better: environment variable {PASSWORD_VARIABLE})")  # fmt: skip
    add("--root", default=DEFAULT_ROOT, help="mqtt_root of the rack (default %(default)s)")
    add("--rack", default=DEFAULT_RACK, help="its rack_name (default %(default)s)")


def address(text, default_port=DEFAULT_PORT):
    """"host", "host:1883", "[::1]:1883" -> (host, port). ArgumentTypeError."""
    match = re.fullmatch(r"(?:\[([^]]+)\]|([^:\s]+))(?::(\d{1,5}))?", text)
    port = int(match[3] or default_port) if match else 0
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no address: write HOST or HOST:PORT")
    return match[1] or match[2], port


def check_port(path):
    """ToolError where `path` is no serial port, or in use; tells the port that there are no modem lines."""
    if not path.startswith("/"):
        raise ToolError(f"{path}: give the whole path, such as /dev/{path}")
    with contextlib.ExitStack() as stack:
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            stack.callback(os.close, fd)
            attributes = termios.tcgetattr(fd)
            attributes[2] |= termios.CLOCAL | termios.CREAD  # else the next open() may wait for a carrier
            termios.tcsetattr(fd, termios.TCSANOW, attributes)
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (OSError, termios.error) as error:
            number, text = error.args[:2]
            raise ToolError(f"{path} {PORT_ERRORS.get(number, f'cannot be opened: {text}')}") from None


def guarded(name, work, interrupted="interrupted", unread=FAILED):
    """Call work() -> its exit status; FAILED after a ToolError, INTERRUPTED after Ctrl-C, with a line from `name`.

    interrupted: what to say after Ctrl-C. unread: the status where nobody reads stdout any more.
    """
    sys.stdout.reconfigure(errors="replace")
    try:
        return work()
    except ToolError as error:
        print(f"{name}: {error}", file=sys.stderr)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - else the interpreter complains at its end
        return unread
    except KeyboardInterrupt:
        print(f"\n{name}: {interrupted}", file=sys.stderr)
        return INTERRUPTED
    return FAILED
