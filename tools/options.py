"""What the command lines of the tools have in common: the parser, where the broker is, whether
a serial port can be used, how a tool ends."""

from __future__ import annotations

import argparse
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
PERMISSION_HINT = "on most Linux systems: sudo usermod -aG dialout $USER, then log in again"


def parser(name, text, epilog=None):
    """-> an ArgumentParser for the tool `name`; `text` describes it, its lines stay as they are."""
    return argparse.ArgumentParser(
        prog=name, description=text, epilog=epilog, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip


def add_broker(to, required=False):
    """Add to a parser where the broker is, and which rack. `required`: without a broker it does not start."""
    add = to.add_argument
    add("--broker", type=address, required=required, metavar="HOST[:PORT]", help=f"default port {DEFAULT_PORT}")
    add("--user", help="user name for the broker")
    add("--pass", dest="password", help=f"its password (better: environment variable {PASSWORD_VARIABLE})")
    add("--root", default=DEFAULT_ROOT, help="mqtt_root of the rack (default %(default)s)")
    add("--rack", default=DEFAULT_RACK, help="its rack_name (default %(default)s)")


def address(text, default_port=DEFAULT_PORT):
    """"host", "host:1883", "[::1]:1883" -> (host, port). ArgumentTypeError."""
    match = re.fullmatch(r"(?:\[([^]]+)\]|([^:\s]+))(?::(\d{1,5}))?", text)
    port = int(match[3] or default_port) if match else 0
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no address: write HOST or HOST:PORT")
    return match[1] or match[2], port


def password(options):
    """The password of the options or of the environment, or None."""
    return options.password or os.environ.get(PASSWORD_VARIABLE) or None


def check_port(path):
    """ToolError where `path` is no serial port, or in use; tells the port that there are no modem lines."""
    if not path.startswith("/"):
        raise ToolError(f"{path}: give the whole path, such as /dev/{path}")
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        raise ToolError(_in_words(path, error)) from None
    try:
        attributes = termios.tcgetattr(fd)
        attributes[2] |= termios.CLOCAL | termios.CREAD  # else the next open() may wait for a carrier
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except termios.error:
        raise ToolError(f"{path} is not a serial port") from None
    except BlockingIOError:
        raise ToolError(busy_port(path)) from None
    finally:
        os.close(fd)


def busy_port(path):
    """-> the words for a port that another program uses."""
    return f"{path} is busy: another program (a serial terminal, mpremote, an IDE) has it open. Close that one first"


def _in_words(path, error):
    if error.errno == errno.EBUSY:
        return busy_port(path)
    return {
        errno.ENOENT: f"{path} is not there: is it plugged in?",
        errno.EACCES: f"{path}: no permission; {PERMISSION_HINT}",
        errno.EISDIR: f"{path} is not a serial port",
    }.get(error.errno, f"{path} cannot be opened: {error.strerror}")


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
