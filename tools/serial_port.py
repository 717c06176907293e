"""Is this a serial port that can be used? Said in words before anything opens it."""

from __future__ import annotations

import errno
import fcntl
import os
import termios

from tools import ToolError

PERMISSION_HINT = "on most Linux systems: sudo usermod -aG dialout $USER, then log in again"


def check(path):
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
        raise ToolError(busy(path)) from None
    finally:
        os.close(fd)


def busy(path):
    """-> the words for a port that another program uses."""
    return f"{path} is busy: another program (a serial terminal, mpremote, an IDE) has it open. Close that one first"


def _in_words(path, error):
    if error.errno == errno.EBUSY:
        return busy(path)
    return {
        errno.ENOENT: f"{path} is not there: is it plugged in?",
        errno.EACCES: f"{path}: no permission; {PERMISSION_HINT}",
        errno.EISDIR: f"{path} is not a serial port",
    }.get(error.errno, f"{path} cannot be opened: {error.strerror}")
