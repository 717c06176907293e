"""As _start.py, for a board with a serial port: after this the interpreter's REPL follows. Runs on MicroPython.

In a file of its own, because each name costs heap on the boards that have no use for it.
"""

import __main__

import _host
import _start
import time

_names = __main__.__dict__
_start.mount(_host.setting("FLASH"), [p for p in _host.setting("PATH").split(":") if p], _host.setting("ROM"))
import os  # noqa: E402, F401 (chip/os.py, which can be found now: on an ESP32 it takes no memory when it is wanted)

_host.tell("B")
_result = _start.run("boot.py", _names)
if not _result and _host.setting("REPL") == "friendly":  # in raw mode the ESP32 leaves main.py out
    _result = _start.run("main.py", _names)
if _result == _start.SOFT_RESET:
    _host.tell("S")
    while True:
        time.sleep(60)
