"""Starts MicroPython as a board: gives it power, its wires and a watchdog, and starts it anew after a reset."""

import hashlib
import os
import re
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

from tools import environment
from tools.virtual_board import layout
from tools.virtual_board.repl import Repl
from tools.virtual_board.supervisor import Supervisor

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
STOP_TIMEOUT_S = 10
LINES_KEPT = 10_000


class Board:
    """A board on which the flash directory `flash` boots.

    uart: path of the tty or pty that hangs on UART 1 and 2 (None: an open wire). heap: what the firmware gets: "120k",
    or "chip": what it has on an ESP32 without PSRAM; what an ESP32 has elsewhere comes on top. state: directory of what
    survives a reset (RTC memory; None: a new one, removed by close()). stdout: called with each line of the console.
    env: more environment variables, such as VB_LARGEST (modules/_memory.py), VB_SSID, VB_KEY and VB_ETHERNET
    (network.py). repl: with a serial port (`port`) that mpremote connects to. speed: a whole number; the board's clock
    and its watchdog go so many times as fast; sockets keep the PC's time. ValueError: no heap size.
    """

    def __init__(self, flash, uart=None, micropython=None, heap="chip", state=None, stdout=None, env=None, repl=False,
                 speed=1):  # fmt: skip
        self.flash = Path(flash).resolve()
        self.uart = uart and os.path.abspath(uart)  # the board's own directory is its flash
        self.speed = speed
        self._own_heap = layout.OWN_HEAP + layout.REPL_HEAP * repl + layout.FASTER_HEAP * (speed > 1)
        self._heap = layout.bytes_of(heap) + self._own_heap
        self._temporary = None if state else tempfile.TemporaryDirectory(prefix="board-")
        self.state = Path(state or self._temporary.name).resolve()
        self.state.mkdir(parents=True, exist_ok=True)
        self.resets = []  # the cause of each start but the first
        self.pin_changes = deque(maxlen=LINES_KEPT)  # (time [s, monotonic], number, level)
        self.lines = deque(maxlen=LINES_KEPT)
        self.line_count = 0
        self.status = None  # exit status, once it has ended
        self._interpreter = environment.micropython(micropython)
        self._stdout = stdout
        self._env = env or {}
        self._changed = threading.Condition()
        self._repl = Repl() if repl else None
        self.port = self._repl and self._repl.path
        self._supervisor = None
        self._rtc = self.state / "rtc"
        self.wifi("up")

    def start(self):
        """Switch on. Returns at once; wait_for() tells when a line has come."""
        cause = HARD_RESET if self._rtc.exists() else PWRON_RESET
        self._rtc.touch()
        self.status = None
        if self._repl:
            self._repl.raw = False
        self._supervisor = Supervisor(self, cause, self._repl)
        self._supervisor.start()
        return self

    def stop(self, timeout_s=STOP_TIMEOUT_S):
        """Ctrl-C, wait for the end for `timeout_s`, else kill -> exit status (None: it had to be killed)."""
        if self._supervisor is None or self.status is not None:
            return self.status
        self._supervisor.interrupt(last=True)
        try:
            return self.wait(timeout_s)
        except TimeoutError:
            self.kill()
            return None

    def kill(self):
        """SIGKILL, no restart. What a reset keeps is kept."""
        if self._supervisor is not None:
            self._supervisor.kill()

    def power_cut(self):
        """As kill(), and the RTC memory is lost."""
        self.kill()
        self._rtc.unlink(missing_ok=True)

    def close(self):
        """Stop and remove the temporary state."""
        self.stop()
        if self._repl:
            self._repl.close()
            self._repl = None
        if self._temporary:
            self._temporary.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def wifi(self, state):
        """Make the air `up` or `down` from now on; a LAN is unplugged while `down`."""
        with open(os.open(self.state / "air", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(f"{state:<10}\n")

    def wait(self, timeout_s=None):
        """Wait for the end -> exit status. TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.status is not None, timeout_s):
                raise TimeoutError(f"the board still runs after {timeout_s} s")
            return self.status

    def wait_for(self, pattern, timeout_s=10, after=0):
        """Wait for a console line that holds the text, or matches the compiled regex, `pattern` -> that line.

        after: only lines from this number on (take it from line_count). TimeoutError when none comes, or at once when
        the board ends before.
        """
        fits = pattern.search if isinstance(pattern, re.Pattern) else lambda line: pattern in line
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                oldest = self.line_count - len(self.lines)
                for number, line in enumerate(self.lines, oldest):
                    if number >= after and fits(line):
                        return line
                after = max(after, self.line_count)
                left_s = deadline - time.monotonic()
                if self.status is not None or left_s <= 0 or not self._changed.wait(left_s):
                    why = "the board ended" if self.status is not None else f"not within {timeout_s} s"
                    tail = "\n".join(list(self.lines)[-20:])
                    raise TimeoutError(f"no line with {pattern!r}: {why}. Its last lines:\n{tail}")

    # -- called by the supervisor ----------------------------------------------------------------------------------

    def command(self):
        """-> command line of the interpreter."""
        source = layout.SOURCE_HEAP if (self.flash / "firmware" / "app.py").exists() else 0
        start = ["-i", "-c", "import _start; _start.boot(globals())"] if self._repl else ["-m", "_start"]
        return [str(self._interpreter), "-X", f"heapsize={self._heap + source}", *start]

    def environment(self, line_fd, cause):
        """-> the interpreter's environment. `line_fd`: where it tells what it does; `cause` such as WDT_RESET."""
        path = [layout.board_modules("chip")] if self._repl else []
        path += [Path(p).resolve() for p in os.environ.get("MICROPYPATH", "").split(":") if p]
        port = f"{os.uname().nodename}\n{self.uart or self.state}"  # it always has the same number
        settings = {
            "LINE": line_fd, "RESET_CAUSE": cause, "STATE": self.state, "FLASH": self.flash, "UART": self.uart or "",
            "PATH": ":".join(map(str, path)), "ROM": layout.rom(), "SPEED": self.speed, "HEAP_COST": self._own_heap,
            "UNIQUE_ID": "02" + hashlib.sha256(port.encode()).hexdigest()[:10],
            "REPL": "raw" if self._repl and self._repl.raw else "",
        }  # fmt: skip
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        kept["MICROPYPATH"] = str(layout.board_modules())
        return kept | {f"VB_{name}": str(value) for name, value in settings.items()} | self._env

    def take_line(self, line):
        """The supervisor heard a line of the console."""
        if self._stdout:
            self._stdout(line)
        with self._changed:
            self.lines.append(line)
            self.line_count += 1
            self._changed.notify_all()

    def take_end(self, status):
        """The supervisor is done: an exit status."""
        with self._changed:
            self.status = status
            self._changed.notify_all()
