"""The board's USB serial port: a pty to which mpremote connects, with the interpreter's own REPL behind it.

Two ptys, because the interpreter switches the modes of its terminal as a program on a PC does, and the one that
mpremote opens must stay as it is. Between them stands what an ESP32 does by itself: Ctrl-C interrupts, lines end in
CR LF, and what nobody listens to is lost.
"""

import contextlib
import os
import re
import select
import termios
import threading
import time
import tty

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n"
FRIENDLY_BANNER = b'Type "help()" for more information.\r\n'
SOFT_RESET_TEXT = b"MPY: soft reboot\r\n"
CTRL_A, CTRL_C = b"\x01", b"\x03"
LEAVE = b"\x03\x04"  # at either prompt: forget the line, then end
READ_BYTES = 4096
ABSENT_STEP_S = 0.02
BLOCKED_S = 1.0  # an open port that is not read holds the board up no longer
_BARE_LF = re.compile(rb"(?<!\r)\n")


class Repl:
    """The serial port of one board; it lives as long as the board, through all resets.

    path: the pty for mpremote. raw: is the REPL in raw mode (a soft reset then skips main.py).
    """

    def __init__(self):
        self._master, slave = os.openpty()
        self.path = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)  # now the kernel tells whether somebody has it open
        os.set_blocking(self._master, False)
        self.raw = False

    def close(self):
        """Give the pty back; the board must be off."""
        os.close(self._master)

    def open(self, interrupt):
        """The next life -> (file descriptor of the interpreter's terminal, which the caller closes, a file from which
        its output can be read, too). Bytes are carried until the interpreter has ended.

        interrupt: called for Ctrl-C -> True where it was a signal, False where the REPL is to get it as a byte.
        """
        self._inner, slave = os.openpty()
        tty.setraw(slave)
        self._tail = b""
        if self.raw:
            self.type(CTRL_A)
        output, copy = os.pipe()
        self._thread = threading.Thread(target=self._carry, args=(self._inner, copy, interrupt), daemon=True)
        self._thread.start()
        return slave, os.fdopen(output, "rb")

    def type(self, data):
        """Bytes for the interpreter's terminal, as if they had come over the wire."""
        with contextlib.suppress(OSError):  # it has just ended
            os.write(self._inner, data)

    def ended(self, soft):
        """Behind each life: a soft reset keeps the mode of the REPL, any other begins in the friendly one."""
        self._thread.join()
        self.raw = self.raw and soft
        if soft:
            self._put(SOFT_RESET_TEXT)

    def _carry(self, inner, copy, interrupt):
        was_connected = False
        while True:
            connected = self._connected()
            ends = [inner, self._master] if connected else [inner]
            ready = select.select(ends, [], [], None if connected else ABSENT_STEP_S)[0]
            if inner in ready and not self._from_board(inner, copy):
                break
            if self._master in ready or not connected:  # also the last words of who has just left
                self._to_board(interrupt)
            if was_connected and not connected:
                self._forget()
            was_connected = connected
        os.close(copy)
        os.close(inner)

    def _from_board(self, inner, copy):
        """-> False when the interpreter has ended."""
        data = b""
        with contextlib.suppress(OSError):
            data = os.read(inner, READ_BYTES)
        joined = self._tail + data
        raw, friendly = joined.rfind(RAW_BANNER), joined.rfind(FRIENDLY_BANNER)
        if raw != friendly:
            self.raw = raw > friendly
        # LF -> CR LF, as the ESP32 prints; what ends in CR LF already stays
        before = b"\r" if self._tail.endswith(b"\r") else b""
        self._tail = joined[-len(FRIENDLY_BANNER) + 1 :]
        self._put(_BARE_LF.sub(b"\r\n", before + data)[len(before) :])
        os.write(copy, data)
        return bool(data)

    def _to_board(self, interrupt):
        try:
            data = os.read(self._master, READ_BYTES)
        except OSError:  # nobody has it open
            return
        first, *others = data.split(CTRL_C)
        self.type(first)
        for part in others:
            self.type(part if interrupt() else CTRL_C + part)

    def _connected(self):
        poll = select.poll()
        poll.register(self._master, 0)
        return not any(events & select.POLLHUP for _, events in poll.poll(0))

    def _put(self, data):
        deadline = time.monotonic() + BLOCKED_S
        while data and time.monotonic() < deadline and self._connected():
            if select.select([], [self._master], [], ABSENT_STEP_S)[1]:
                with contextlib.suppress(OSError):
                    data = data[os.write(self._master, data) :]

    def _forget(self):
        """Drop what was said and not read, as a cable that is pulled does."""
        slave = os.open(self.path, os.O_RDWR | os.O_NOCTTY)
        termios.tcflush(slave, termios.TCIFLUSH)
        os.close(slave)
