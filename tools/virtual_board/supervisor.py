"""The part of the board that is outside the processor: power, watchdog, reset. One thread for each board."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time

from tools.process import tie
from tools.virtual_board.interrupt import interrupt
from tools.virtual_board.repl import LEAVE

HARD_RESET, WDT_RESET, SOFT_RESET = 2, 3, 5
EXIT_SOFT_RESET = 3  # of modules/_start.py
READ_BYTES = 65536


class Supervisor(threading.Thread):
    """Runs the interpreter until it ends for good, or is killed. `cause`: of the first start, such as PWRON_RESET;
    `repl`: repl.Repl or None.
    """

    def __init__(self, board, cause, repl=None):
        super().__init__(name="board", daemon=True)
        self._board = board
        self._repl = repl
        self._cause = cause
        self._lock = threading.Lock()
        self._process = None
        self._booted = self._interrupt_wanted = self._last = self._killed = False
        self._watchdog_s = None
        self._deadline = None
        # Nothing is ever written: its end of file means that this program is gone.
        self._leash_read, self._leash_write = os.pipe()

    # -- from other threads ----------------------------------------------------------------------------------------

    def interrupt(self, last=False):
        """SIGINT, as soon as the interpreter takes it -> False where no program runs and the REPL itself must see the
        Ctrl-C. last: what ends after it is not started again.
        """
        with self._lock:
            self._last = self._last or last
            self._interrupt_wanted = not self._booted
            sent = self._send_interrupt() if self._booted else True
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

    # -- the thread ------------------------------------------------------------------------------------------------

    def run(self):
        """The thread: start after start, until it ends for good."""
        status = None
        try:
            while True:
                status, cause = self._run_once()
                if self._killed or cause is None or self._last:
                    break
                self._cause = cause
                if cause != SOFT_RESET:
                    self._watchdog_s = self._deadline = None
                if self._repl:
                    self._repl.restarted(soft=cause == SOFT_RESET)
                self._board.take_reset(cause)
        finally:
            os.close(self._leash_write)
            os.close(self._leash_read)
            self._board.take_end(-signal.SIGKILL if status is None else status)

    def _run_once(self):
        """One life of the interpreter -> (exit status, cause of the next start or None)."""
        line_read, line_write = os.pipe()
        try:
            with self._lock:
                self._booted = False
                if self._killed:
                    os.close(line_read)
                    return None, None
                self._process = process = self._spawn(line_write)
        finally:
            os.close(line_write)
        console = self._repl.serve(self.interrupt) if self._repl else process.stdout.fileno()
        try:
            ordered = self._listen(process, console, line_read)
        finally:
            process.kill()
            status = process.wait()
            if self._repl:
                os.close(console)
            else:
                process.stdout.close()
            os.close(line_read)
            with self._lock:
                self._process = None
                booted, self._booted = self._booted, False
        # With a REPL only a soft reset ends the interpreter by itself; a crash of it is the ESP32's panic.
        if ordered is None and (status == EXIT_SOFT_RESET or (self._repl and booted)):
            ordered = SOFT_RESET if status >= 0 else HARD_RESET
        return status, ordered

    def _spawn(self, line_fd):
        # Its own process group: Ctrl-C of the terminal must reach it once, from us, not twice.
        terminal = self._repl.open() if self._repl else None
        process = subprocess.Popen(
            self._board.command(),
            cwd=self._board.flash,
            env=self._board.environment(line_fd, self._cause),
            stdin=terminal if self._repl else subprocess.DEVNULL,
            stdout=terminal if self._repl else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(line_fd, self._leash_read),
            process_group=0,
        )
        if self._repl:
            os.close(terminal)
        # Where the kernel cannot (macOS), the board's next word on its line fails, and ends it.
        tie(process, self._leash_read, signal.SIGKILL)
        return process

    def _listen(self, process, console_read, line_read):
        """Console and line until both end -> cause of the reset that was ordered on the way, or None."""
        console, orders = _Lines(console_read), _Lines(line_read)
        ordered = None
        with selectors.DefaultSelector() as selector:
            selector.register(console_read, selectors.EVENT_READ, (console, self._console))
            selector.register(line_read, selectors.EVENT_READ, (orders, self._order))
            while selector.get_map():
                left_s = None if self._deadline is None else max(0, self._deadline - time.monotonic())
                events = selector.select(left_s)
                for key, _ in events:
                    lines, handle = key.data
                    for text in lines.read():
                        ordered = handle(text) or ordered
                    if lines.ended:
                        selector.unregister(key.fileobj)
                if not events and self._deadline is not None and time.monotonic() >= self._deadline:
                    ordered, self._deadline = WDT_RESET, None
                    process.kill()
        return ordered

    def _console(self, text):
        self._board.take_line(text.decode("utf-8", "replace").rstrip("\r"))

    def _order(self, text):
        """One line of modules/_host.py's `line`."""
        letter, argument = text[:1], text[1:]
        if letter == b"F":
            self._feed()
        elif letter == b"W":
            self._watchdog_s = int(argument) / 1000 / self._board.speed
            self._feed()
        elif letter == b"P":
            self._board.take_pin(*map(int, argument.split()))
        elif letter == b"B":
            with self._lock:
                self._booted = True
                if self._interrupt_wanted:
                    self._send_interrupt()
        elif letter in (b"R", b"S"):
            self._process.kill()
            return HARD_RESET if letter == b"R" else SOFT_RESET
        return None

    def _feed(self):
        if self._watchdog_s is not None:
            self._deadline = time.monotonic() + self._watchdog_s

    def _send_interrupt(self):
        """-> False where it was not sent: no program runs that it could interrupt."""
        self._interrupt_wanted = False
        return bool(self._process) and interrupt(self._process, always=self._repl is None)


class _Lines:
    """Cuts what comes from a file descriptor into lines."""

    def __init__(self, fd):
        self._fd = fd
        self._rest = b""
        self.ended = False

    def read(self):
        """-> whole lines; at the end of the stream the rest too."""
        data = os.read(self._fd, READ_BYTES)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not data:
            self.ended = True
            if self._rest:
                lines, self._rest = [self._rest], b""
        return lines
