"""What the ESP32's start-up does: the flash is "/", then boot.py, then main.py. Runs on MicroPython, as -m _start; with
a serial port boot() is called, and then the interpreter's REPL follows.

What an ESP32 has in ROM is loaded here, while the PC's files are still "/", and so comes before what is built in.
"""

import os
import sys

import _host
import _memory
import _tls
import machine
import network  # noqa: F401
import ntptime  # noqa: F401
import socket  # noqa: F401
import time  # noqa: F401

sys.modules["gc"] = sys.modules["esp32"] = _memory
sys.modules["tls"] = _tls


def _mount():
    """Make the flash the file system; what MICROPYPATH named comes before it on the path, what is frozen in after."""
    os.umount("/")
    os.mount(os.VfsPosix(_host.setting("FLASH")), "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib", "/rom"]
    os.mount(os.VfsPosix(_host.setting("ROM")), "/rom", readonly=True)
    directories = _host.setting("PATH")
    for number, directory in enumerate(directories.split(":") if directories else ()):
        os.mount(os.VfsPosix(directory), "/path%d" % number, readonly=True)
        sys.path.insert(number, "/path%d" % number)


def boot(names):
    """Run boot.py and main.py, as far as they are there -> exit status. SystemExit is a soft reset."""
    _mount()
    import os  # with a REPL chip/os.py, which is found now: on an ESP32 it takes no memory when it is wanted

    _host.tell("B")
    for name in ("boot.py", "main.py")[: 1 if _host.setting("REPL") == "raw" else 2]:  # in raw mode without main.py
        try:
            if name in os.listdir():
                execfile(name, names)  # noqa: F821
        except SystemExit:
            _host.reset(machine.SOFT_RESET)
        except BaseException as error:
            sys.print_exception(error)
            return 2 if isinstance(error, KeyboardInterrupt) else 1
    return 0


if __name__ == "__main__":
    sys.exit(boot({"__name__": "__main__"}))
