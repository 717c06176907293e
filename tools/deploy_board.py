"""The board at the other end of a serial port, through mpremote; what goes wrong is told in words."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import struct
import termios
import time
from collections import namedtuple

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport
from serial.tools import list_ports

from tools import ToolError, options
from tools.deploy_plan import AGAIN, FIRMWARE, FLASH_HINT, PART, TOP, check_release

FIRST_READ_TIMEOUT_S, READ_TIMEOUT_S = 1, 5  # until somebody answers; of a board that is just busy
REPL_TIMEOUT_S = 10
REPL_TRIES = 2
STEP_S = 0.1
CHUNK_BYTES = 256

Who = namedtuple("Who", "chip release machine free")

# Programs for the board, whose output is Python values
# -> (chip, release, machine, free bytes)
ASK_WHO = """
import os, sys
u = os.uname() if hasattr(os, 'uname') else (sys.platform, '', '.'.join(map(str, sys.implementation[1][:3])), '', '')
s = os.statvfs('/')
print((u[0], u[2], u[4], s[0] * s[3]))
"""

# Defines look(path): a line (name, size, sha256) for each file there; directories as (name, -1, '').
ASK_FILES = """
import os, hashlib, binascii
b = memoryview(bytearray(512))
def show(p):
    h = hashlib.sha256()
    z = 0
    with open(p, 'rb') as f:
        while True:
            n = f.readinto(b)
            if not n:
                break
            h.update(b[:n])
            z += n
    print((p, z, binascii.hexlify(h.digest()).decode()))
def walk(d):
    print((d, -1, ''))
    for e in os.ilistdir(d):
        p = d + '/' + e[0]
        walk(p) if e[1] & 0x4000 else show(p)
def look(p):
    try:
        m = os.stat(p)[0]
    except OSError:
        return
    walk(p) if m & 0x4000 else show(p)
"""
MAKE_DIRECTORY = """
import os
try:
    os.mkdir(%r)
except OSError as e:
    if e.errno != 17:  # it is there already
        raise
"""
RENAME = "import os\nos.rename(%r, %r)"


def find_port():
    """-> path of the only serial port on USB. ToolError where there is none, or several."""
    ports = sorted(port.device for port in list_ports.comports() if port.vid is not None)
    if not ports:
        raise ToolError("no board found: is it plugged in, with a cable that carries data and not only power? "
                        "Name its port with --port if you know it")  # fmt: skip
    if len(ports) > 1:
        raise ToolError(f"several serial ports: {', '.join(ports)}. Say which with --port")
    return ports[0]


class Port:
    """An open serial port with a MicroPython at its other end, in the raw REPL. ToolError by every method."""

    def __init__(self, path):
        options.check_port(path)
        self._path = path
        self._is_begun = self._is_reset = False
        try:
            self._transport = SerialTransport(path, timeout=FIRST_READ_TIMEOUT_S)
        except TransportError:
            raise ToolError(options.busy_port(path)) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError, termios.error):
            if self._transport.in_raw_repl:
                self._transport.exit_raw_repl()
            self._transport.close()

    @contextlib.contextmanager
    def left_in_words(self):
        """What goes wrong inside is a ToolError that tells what becomes of the board; what still is as it was starts
        anew.
        """
        try:
            yield
        except KeyboardInterrupt:
            raise ToolError(f"interrupted. {self._leave()}") from None
        except ToolError as error:
            if not self._transport.in_raw_repl:
                raise
            raise ToolError(f"{error}. {self._leave()}") from None

    def _leave(self):
        if self._is_reset:
            return "The board was told to start"
        if self._is_begun:
            return "The board stays at its REPL until it has all files: run it again"
        with contextlib.suppress(ToolError, TransportError, struct.error), self._in_words():  # struct: nothing comes
            if self._transport.in_raw_repl:
                self._raw_repl(soft_reset=False)  # it may still do what it was asked for
                self.reset()
                return "The board starts anew"
        return "If the board stays at its REPL, its reset button starts it"

    def enter(self):
        """Interrupt what runs, soft reset, raw REPL: main.py does not run."""
        for attempt in range(REPL_TRIES):
            try:
                with self._in_words():
                    self._raw_repl(soft_reset=True)
                self._transport.serial.timeout = READ_TIMEOUT_S
                return
            except TransportError:
                if attempt == REPL_TRIES - 1:
                    raise ToolError(
                        f"nothing at {self._path} gives a MicroPython REPL: either there is no MicroPython on it "
                        f"({FLASH_HINT}), or a program on it does not stop (press its reset button, then try again)"
                    ) from None

    def _raw_repl(self, soft_reset):
        with contextlib.redirect_stdout(io.StringIO()):
            self._transport.enter_raw_repl(soft_reset, timeout_overall=REPL_TIMEOUT_S)

    def who(self):
        """-> Who; ToolError where the firmware cannot run on it."""
        who = Who(*ast.literal_eval(self.ask(ASK_WHO)))
        if who.chip != "esp32":
            said = who.machine or repr(who.chip)
            raise ToolError(f"wrong chip: the board at {self._path} says it is {said}; an ESP32 is needed")
        check_release(who.release)
        return who

    def files(self):
        """-> {name: (size in bytes, sha256 in hex)}, directories as (-1, ""), of all places that are ours."""
        looks = "".join(f"look({name!r})\n" for name in (*TOP, FIRMWARE))
        lines = self.ask(ASK_FILES + looks).splitlines()
        return {name: (size, digest) for name, size, digest in map(ast.literal_eval, lines)}

    def write(self, name, data):
        """Put a file, whole or not at all."""
        parts = name.strip("/").split("/")[:-1]
        for count in range(len(parts)):
            self.ask(MAKE_DIRECTORY % ("/" + "/".join(parts[: count + 1])), f"copying {name}")
        part = name + PART
        self._is_begun = True
        with self._in_words(f"copying {name}", part):
            self._transport.fs_writefile(part, data, chunk_size=CHUNK_BYTES)
        self.ask(RENAME % (part, name), f"copying {name}")

    def remove(self, name):
        """A file goes. ToolError."""
        self._is_begun = True
        self.ask(f"import os\nos.remove({name!r})", f"removing {name}")

    def remove_directory(self, name):
        """An empty directory goes. ToolError."""
        self.ask(f"import os\nos.rmdir({name!r})", f"removing {name}")

    def ask(self, program, what="the board"):
        """Run a `program` (text) on the board -> what it printed. `what`: what it does, for ToolError."""
        with self._in_words(what):
            return self._transport.exec(program).decode("utf-8", "replace").strip()

    def reset(self):
        """As by the reset button; boot.py and main.py run."""
        with self._in_words():
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
        self._is_reset, self._transport.in_raw_repl = True, False

    def lines(self, timeout_s):
        """Yield each line that the board says within `timeout_s`; None after each short silence."""
        self._transport.serial.timeout = STEP_S
        deadline = time.monotonic() + timeout_s
        rest = b""
        while time.monotonic() < deadline:
            with self._in_words():
                data = self._transport.serial.read(max(1, self._transport.serial.in_waiting))
            *whole, rest = (rest + data).split(b"\n")
            yield from (line.decode("utf-8", "replace").strip() for line in whole)
            if not data:
                yield None

    @contextlib.contextmanager
    def _in_words(self, what="the board", file=None):
        try:
            yield
        except TransportExecError as error:
            raise ToolError(_refusal(what, error.error_output)) from None
        except (serial.SerialException, OSError, termios.error) as error:
            if file and getattr(error, "strerror", None) == file:  # mpremote's way to tell the board's own OSError
                raise ToolError(_refusal(what, f"OSError: {error.errno} {os.strerror(error.errno)}")) from None
            raise ToolError(f"the connection to {self._path} broke off ({error}). Is the cable in? {AGAIN}") from None
        except TransportError as error:
            if self._transport.in_raw_repl:
                raise ToolError(f"the board at {self._path} stopped answering ({error}). {AGAIN}") from None
            raise


def _refusal(what, output):
    last = output.strip().splitlines()[-1:] or ["no reason told"]
    if "ENOSPC" in last[0] or re.search(r"OSError: (\[Errno )?28\b", last[0]):
        return f"{what}: no space left on the board's flash. Remove files that are not needed, then run it again"
    if re.search(r"OSError: (\[Errno )?2[01]\b", last[0]):
        return f"{what}: a directory, or a file where a directory must be, is in the way: remove it with mpremote rm -r"
    if "MemoryError" in last[0]:
        return f"{what}: the board has too little free memory for this. Press its reset button, then run it again"
    return f"{what} refused: {last[0]}. {AGAIN}"
