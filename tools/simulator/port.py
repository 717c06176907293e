"""The wire: a pty whose user's rate is known, and the pace at which characters leave."""

import contextlib
import errno
import os
import termios
import tty
from collections import deque

BITS_PER_CHARACTER = 10
CHUNK_S = 0.02  # what is due within this time goes out in one piece
READ_BYTES = 4096
BAUDS = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
RATES = {getattr(termios, f"B{baud}"): baud for baud in BAUDS}


def wire_time(characters, baud):
    """Seconds that so many characters need (protocol.md §1)."""
    return characters * BITS_PER_CHARACTER / baud


class Pty:
    """Owns the master side. The slave is kept open too, so that nothing breaks while no user has it."""

    def __init__(self):
        self.master, self._slave = os.openpty()
        self.path = os.ttyname(self._slave)
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)

    def rate(self):
        """Bits per second that the user set, or None when it is not one of the usual ones."""
        return RATES.get(termios.tcgetattr(self.master)[5])

    def read(self):
        """Bytes that the user wrote, b"" when there are none."""
        try:
            return os.read(self.master, READ_BYTES)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EIO):
                return b""
            raise

    def write(self, data):
        """To the user; what he leaves unread for too long is lost, as on a real line."""
        with contextlib.suppress(BlockingIOError):
            os.write(self.master, data)

    def close(self):
        """Both ends."""
        os.close(self.master)
        os.close(self._slave)


class _Piece:
    def __init__(self, start, data, per_character, done):
        self.start, self.data, self.per_character, self.done = start, data, per_character, done
        self.sent = 0

    @property
    def end(self):
        return self.start + len(self.data) * self.per_character


class Pace:
    """A schedule of what leaves when. Times are those of any monotonic clock in seconds; nothing here waits.
    `paced`: a character takes its 10 bit times, else none.
    """

    def __init__(self, paced=True):
        self.paced = paced
        self._pieces = deque()
        self._free_at = 0.0

    def send(self, at, pieces, baud, done=None, paced=None):
        """Queues `pieces` = [(pause before it in s, bytes), …]; the first pause counts from `at` if the line is free by
        then, the others from the end of the piece before. `done` is called when the last one is written. `paced`: other
        than usual.
        """
        per_character = wire_time(1, baud) if (self.paced if paced is None else paced) else 0.0
        for number, (pause, data) in enumerate(pieces):
            start = max(at + pause, self._free_at) if number == 0 else self._free_at + pause
            last = number == len(pieces) - 1
            piece = _Piece(start, data, per_character, done if last else None)
            self._free_at = piece.end
            self._pieces.append(piece)

    def take(self, now):
        """-> (bytes that are through by now, [what is to be called once they are written])."""
        out, finished = b"", []
        while self._pieces and self._pieces[0].start <= now:
            piece = self._pieces[0]
            through = len(piece.data)
            if now < piece.end:
                through = int((now - piece.start) / piece.per_character + 1e-6)
            out += piece.data[piece.sent:through]
            piece.sent = max(piece.sent, through)
            if now < piece.end:
                break
            self._pieces.popleft()
            if piece.done:
                finished.append(piece.done)
        return out, finished

    def due(self):
        """When take() should be called next, or None."""
        if not self._pieces:
            return None
        piece = self._pieces[0]
        if not piece.per_character:
            return piece.start
        chunk = max(1, int(CHUNK_S / piece.per_character))
        return min(piece.end, piece.start + (piece.sent + chunk) * piece.per_character)

    def clear(self):
        """Drops all that did not leave yet."""
        self._pieces.clear()
        self._free_at = 0.0
