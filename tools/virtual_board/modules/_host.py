"""What the virtual board's modules share: the PC's files, the line to the runner, and the air.

Runs on MicroPython. Everything here costs heap that an ESP32 keeps in ROM, so it stays small.
"""

import os

import utime

# The PC's own file system, still reachable by this object after "/" became the flash.
files = os.VfsPosix()


def setting(name, default=""):
    """The runner's setting `name` (environment variable VB_<name>), or `default`."""
    return os.getenv("VB_" + name) or default


# One letter, an argument, a newline: B booted, F feed, W<ms> watchdog, R<cause> reset, P<pin> <value>.
line = files.open(int(setting("LINE")), "wb")


def tell(text):
    """Send one line to the runner."""
    line.write(text + "\n")


def reset(cause):
    """Start anew. Does not return: the runner ends this process from outside."""
    tell("R%d" % cause)
    while True:
        try:
            utime.sleep(60)
        except KeyboardInterrupt:
            pass


_air = files.open(setting("STATE") + "/air", "rb")
_letter = bytearray(b"u")


def air(rewind=_air.seek, read=_air.readinto, letter=_letter):
    """State of the air, the first letter of what the test wrote: u(p) or d(own); a byte.

    It is asked for with each byte that goes through a socket, so nothing is looked up or allocated.
    """
    rewind(0)
    read(letter)
    return letter[0]
