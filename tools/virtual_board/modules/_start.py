"""What the ESP32's start-up does: the flash is "/", then boot.py, then main.py. Runs on MicroPython, as -m _start.

What an ESP32 has in ROM is loaded here, while the PC's files are still "/", and so comes before what is built in.
"""

import os
import sys

import _host
import _memory
import _tls
import esp32  # noqa: F401
import machine  # noqa: F401
import network  # noqa: F401
import ntptime  # noqa: F401
import socket  # noqa: F401
import time  # noqa: F401

sys.modules["gc"] = _memory.Gc()
sys.modules["tls"] = _tls

ENDED = 0
FAILED = 1
INTERRUPTED = 2
SOFT_RESET = 3


def mount(flash, libraries, rom):
    """Make the directory `flash` the file system; `libraries` come before it on the path, `rom` after it."""
    os.umount("/")
    os.mount(os.VfsPosix(flash), "/")
    os.chdir("/")
    sys.path[:] = []
    for number, directory in enumerate(libraries):
        point = "/path%d" % number
        os.mount(os.VfsPosix(directory), point, readonly=True)
        sys.path.append(point)
    sys.path += ["", ".frozen", "/lib"]
    if rom:
        os.mount(os.VfsPosix(rom), "/rom", readonly=True)
        sys.path.append("/rom")


def run(name, names):
    """Run one file of the flash -> ENDED (also when it is not there), FAILED, INTERRUPTED or SOFT_RESET."""
    try:
        os.stat(name)
    except OSError:
        return ENDED
    try:
        execfile(name, names)  # noqa: F821
        return ENDED
    except SystemExit:
        return SOFT_RESET
    except KeyboardInterrupt as error:
        sys.print_exception(error)
        return INTERRUPTED
    except BaseException as error:
        sys.print_exception(error)
        return FAILED


def boot():
    mount(_host.setting("FLASH"), [p for p in _host.setting("PATH").split(":") if p], _host.setting("ROM"))
    names = {"__name__": "__main__"}
    _host.tell("B")
    result = run("boot.py", names)
    return result or run("main.py", names)


if __name__ == "__main__":  # not for _repl.py
    sys.exit(boot())
