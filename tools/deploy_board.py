"""The board at the other end of a serial port, through mpremote; what goes wrong is told in words."""

import ast
import contextlib
import io
import os
import re
import struct
import termios
from pathlib import PurePosixPath

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport
from serial.tools import list_ports

from tools import ToolError, options
from tools.deploy_plan import AGAIN, FLASH_HINT, OURS, PART, check_release

FIRST_READ_TIMEOUT_S, READ_TIMEOUT_S = 1, 5  # until somebody answers; of a board that is just busy
REPL_TIMEOUT_S, REPL_TRIES = 10, 2
CHUNK_BYTES = 256
# What a board says of itself -> what to do
HINTS = {r"No space|OSError: (\[Errno )?28\b": "no space left on its flash. Remove files that are not needed",
         "MemoryError": "it has too little free memory for this. Press its reset button"}  # fmt: skip
BEGUN = "The board stays at its REPL until it has all files: run it again"

# Programs for the board, whose output is Python values
# -> (chip, release, machine, free bytes)
ASK_WHO = """
import os
u, s = os.uname(), os.statvfs('/')
print((u[0], u[2], u[4], s[0] * s[3]))
"""
# -> a line (name, size, sha256) for each file that is ours; directories as (name, -1, '')
ASK_FILES = """
import os, hashlib, binascii
def look(path, mode):
    if mode & 0x4000:
        print((path, -1, ''))
        for entry in os.ilistdir(path):
            look(path + '/' + entry[0], entry[1])
        return
    sha, size = hashlib.sha256(), 0
    with open(path, 'rb') as file:
        while part := file.read(512):
            sha.update(part)
            size += len(part)
    print((path, size, binascii.hexlify(sha.digest()).decode()))
for entry in os.ilistdir('/'):
    if '/' + entry[0] in %r:
        look('/' + entry[0], entry[1])
"""

# -> "True": it can import it; else nothing
ASK_UMQTT = """
try:
    import umqtt.simple
    print(True)
except Exception:  # what is broken raises whatever it likes
    pass
"""


def find_port():
    """-> path of the only serial port on USB. ToolError: there is none, or several."""
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
        self._left = "If the board stays at its REPL, its reset button starts it"
        with self._in_words():
            self._transport = SerialTransport(path, timeout=FIRST_READ_TIMEOUT_S)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        """What went wrong is a ToolError that tells what becomes of the board; what still is as it was starts anew."""
        try:
            if kind is KeyboardInterrupt:
                raise ToolError(f"interrupted. {self._leave()}") from None
            if kind is ToolError and self._transport.in_raw_repl:
                raise ToolError(f"{error}. {self._leave()}") from None
        finally:
            with contextlib.suppress(OSError, termios.error):
                if self._transport.in_raw_repl:
                    self._transport.exit_raw_repl()
                self._transport.close()

    def _leave(self):
        if self._transport.in_raw_repl and self._left != BEGUN:
            with contextlib.suppress(ToolError), self._in_words():
                self._raw_repl(soft_reset=False)  # it may still do what it was asked for
                self.reset()
                return "The board starts anew"
        return self._left

    def enter(self):
        """Interrupt what runs, soft reset, raw REPL: main.py does not run."""
        for _ in range(REPL_TRIES):
            with self._in_words(), contextlib.suppress(TransportError):
                self._raw_repl(soft_reset=True)
                self._transport.serial.timeout = READ_TIMEOUT_S
                return
        raise ToolError(
            f"nothing at {self._path} gives a MicroPython REPL: either there is no MicroPython on it ({FLASH_HINT}), "
            "or a program on it does not stop (press its reset button, then try again)"
        )

    def _raw_repl(self, soft_reset):
        with contextlib.redirect_stdout(io.StringIO()):
            self._transport.enter_raw_repl(soft_reset, timeout_overall=REPL_TIMEOUT_S)

    def who(self):
        """-> (name of its hardware, release of MicroPython, free bytes). ToolError: the firmware cannot run on it."""
        chip, release, machine, free = ast.literal_eval(self.ask(ASK_WHO))
        if chip != "esp32":
            raise ToolError(f"wrong chip: the board at {self._path} says it is {machine or chip}; an ESP32 is needed")
        check_release(release)
        return machine, release, free

    def files(self):
        """-> {name: (size in bytes, sha256 in hex)}, directories as (-1, ""), of all places that are ours."""
        lines = self.ask(ASK_FILES % (OURS,)).splitlines()
        return {name: (size, digest) for name, size, digest in map(ast.literal_eval, lines)}

    def has(self, name):
        """Is there such a file or directory?"""
        with self._in_words():
            return self._transport.fs_exists(name)

    def write(self, name, data):
        """Put a file, whole or not at all."""
        self._left = BEGUN
        with self._in_words(f"copying {name}"):
            for directory in reversed(PurePosixPath(name).parents[:-1]):
                with contextlib.suppress(FileExistsError):
                    self._transport.fs_mkdir(str(directory))
            self._transport.fs_writefile(name + PART, data, CHUNK_BYTES)
            self._transport.exec(f"import os\nos.rename({name + PART!r}, {name!r})")

    def remove(self, name, function="remove"):
        """A file goes; an empty directory with "rmdir"."""
        self._left = BEGUN
        self.ask(f"import os\nos.{function}({name!r})", f"removing {name}")

    def ask(self, program, what="the board"):
        """Run a `program` (text) on the board -> what it printed. `what`: what it does, for ToolError."""
        with self._in_words(what):
            return self._transport.exec(program).decode("utf-8", "replace").strip()

    def reset(self):
        """As by the reset button; boot.py and main.py run."""
        with self._in_words():
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
        self._left, self._transport.in_raw_repl = "The board was told to start", False

    def line(self, silence_s):
        """-> the next line that the board says; "": it said nothing for so long."""
        with self._in_words():
            self._transport.serial.timeout = silence_s
            return self._transport.serial.readline().decode("utf-8", "replace").strip()

    @contextlib.contextmanager
    def _in_words(self, what="the board"):
        try:
            yield
        except TransportExecError as error:
            raise ToolError(_refusal(what, error.error_output.strip().splitlines()[-1])) from None
        except (OSError, termios.error, struct.error, TransportError) as error:  # struct: nothing comes
            if str(getattr(error, "strerror", "")).startswith("/"):  # mpremote's way to tell the board's own OSError
                raise ToolError(_refusal(what, f"{os.strerror(error.errno)} on the board's flash")) from None
            raise ToolError(f"the connection to {self._path} broke off ({error}). Is the cable in? {AGAIN}") from None


def _refusal(what, said):
    hints = [hint for pattern, hint in HINTS.items() if re.search(pattern, said)]
    return f"{what}: {(hints or [said])[0]}. {AGAIN}"
