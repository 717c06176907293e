"""The part of the board that is outside the processor: power, watchdog, reset. Two threads for each board."""

import os
import select
import signal
import subprocess
import threading
import time

from tools.process import tie
from tools.virtual_board.interrupt import interrupt
from tools.virtual_board.repl import LEAVE

HARD_RESET, WDT_RESET, SOFT_RESET = 2, 3, 5
BOOT_S = 20
PIPE_BYTES = 65536  # all that a pipe holds


class Supervisor(threading.Thread):
    """Runs the interpreter until it ends for good. `cause` of its first start: PWRON_RESET …; `repl`: or None."""

    def __init__(self, board, cause, repl=None):
        super().__init__(name="board", daemon=True)
        self._board = board
        self._repl = repl
        self._cause = cause
        self._ordered = None  # the cause of the next start
        self._lock = threading.Lock()
        self._process = None
        self._booted = threading.Event()
        self._last = self._killed = False
        self._watchdog_s = self._deadline = None
        # Nothing is ever written: its end of file means that this program is gone.
        self._leash_read, self._leash_write = os.pipe()

    def interrupt(self, last=False):
        """SIGINT, as soon as the interpreter takes it -> False where no program runs and the REPL itself must see the
        Ctrl-C. last: what ends after it is not started again.
        """
        self._last = self._last or last
        self._booted.wait(BOOT_S)
        sent = interrupt(self._process, always=self._repl is None)
        if last and self._repl:
            self._repl.type(LEAVE)
        return sent

    def kill(self):
        """SIGKILL, and wait until all is gone (but not where the board's own console callback asks for it)."""
        with self._lock:
            self._killed = True
            if self._process:
                self._process.kill()
        if threading.current_thread() is not self:
            self.join()

    def run(self):
        """The thread: start after start, until it ends for good."""
        status = -signal.SIGKILL
        try:
            while not self._killed:
                status = self._live()
                if self._ordered is None or self._last or self._killed:
                    break
                self._cause = self._ordered
                if self._cause != SOFT_RESET:
                    self._watchdog_s = self._deadline = None
                self._board.resets.append(self._cause)
        finally:
            os.close(self._leash_write)
            os.close(self._leash_read)
            self._booted.set()
            self._board.take_end(status)

    def _live(self):
        """One life of the interpreter -> its exit status."""
        self._ordered = None
        terminal, console = self._repl.open(self.interrupt) if self._repl else (None, None)
        orders, line_write = os.pipe()
        with self._lock:
            # Its own process group: Ctrl-C of the terminal must reach it once, from us, not twice.
            self._process = process = subprocess.Popen(
                self._board.command(), cwd=self._board.flash, env=self._board.environment(line_write, self._cause),
                stdin=terminal or subprocess.DEVNULL, stdout=terminal or subprocess.PIPE, stderr=subprocess.STDOUT,
                pass_fds=(line_write, self._leash_read), process_group=0,
            )  # fmt: skip
            # Where the kernel cannot (macOS), the board's next word on its line fails, and ends it.
            tie(process, self._leash_read, signal.SIGKILL)
            if self._killed:
                process.kill()
        os.close(line_write)
        if self._repl:
            os.close(terminal)
        obeys = threading.Thread(target=self._obey, args=(orders,), daemon=True)
        obeys.start()
        with console or process.stdout as lines:
            for line in lines:
                self._board.take_line(line.decode("utf-8", "replace").rstrip("\r\n"))
        obeys.join()
        status = process.wait()
        # With a REPL only a soft reset ends the interpreter by itself; a crash of it is the ESP32's panic.
        if self._ordered is None and self._repl and self._booted.is_set():
            self._ordered = SOFT_RESET if status >= 0 else HARD_RESET
        self._booted.clear()
        if self._repl:
            self._repl.ended(soft=self._ordered == SOFT_RESET)
        return status

    def _obey(self, orders):
        """The second thread: what the board tells by modules/_host.py, and its watchdog, until it has ended."""
        while True:
            left_s = None if self._deadline is None else max(0, self._deadline - time.monotonic())
            if not select.select([orders], [], [], left_s)[0]:
                self._deadline = None
                self._reset(WDT_RESET)
                continue
            data = os.read(orders, PIPE_BYTES)  # whole lines: each is written at once, and all that is there is read
            if not data:
                break
            for line in data.decode().splitlines():
                self._take_order(line[0], line[1:])
        os.close(orders)

    def _take_order(self, letter, argument):
        if letter == "W":
            self._watchdog_s = int(argument) / 1000 / self._board.speed
        if letter in "WF" and self._watchdog_s is not None:
            self._deadline = time.monotonic() + self._watchdog_s
        elif letter == "P":
            self._board.pin_changes.append((time.monotonic(), *map(int, argument.split())))
        elif letter == "B":
            self._booted.set()
        elif letter == "R":
            self._reset(int(argument))

    def _reset(self, cause):
        self._ordered = cause
        self._process.kill()
