"""The pace at which characters leave, in seconds of any monotonic clock; nothing here waits."""

from collections import deque

BITS_PER_CHARACTER = 10
CHUNK_S = 0.02  # what is due within this time goes out in one piece
AT_ONCE_BYTES = 4096


def wire_time(characters, baud):
    """Seconds that so many characters need (protocol.md §1)."""
    return characters * BITS_PER_CHARACTER / baud


class Pace:
    """A schedule of what leaves when."""

    def __init__(self):
        self._chunks = deque()  # (when it is through, bytes, what is to be called then or None)
        self._free_at = 0.0

    def send(self, at, pieces, baud, done=None):
        """Queues `pieces` = [(pause before it in s, bytes), …]; the first pause counts from `at` if the line is free by
        then, the others from the end of the piece before. `done` is called when the last one has left. baud: None for
        at once.
        """
        per_chunk = max(1, int(CHUNK_S * baud / BITS_PER_CHARACTER)) if baud else AT_ONCE_BYTES
        self._free_at = max(at, self._free_at - pieces[0][0])
        for pause, data in pieces:
            self._free_at += pause
            for start in range(0, len(data), per_chunk):
                chunk = data[start : start + per_chunk]
                self._free_at += wire_time(len(chunk), baud) if baud else 0.0
                self._chunks.append((self._free_at, chunk, None))
        self._chunks.append((self._free_at, b"", done))

    def take(self, now):
        """-> bytes that are through by now."""
        out = b""
        while self._chunks and self._chunks[0][0] <= now:
            _, data, done = self._chunks.popleft()
            out += data
            if done:
                done()
        return out

    def due(self):
        """When take() should be called next, or None."""
        return self._chunks[0][0] if self._chunks else None
