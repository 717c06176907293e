"""JSON as bytes, written once into one buffer that is kept: digits and words without a string for each."""

from micropython import const

from ..reading import rounded

_ZERO, _POINT, _MINUS, _QUOTE, _BACKSLASH = const(48), const(46), const(45), const(34), const(92)
_WHOLE = (0, 0)
_DIGITS_MAX = const(24)  # of a number, with sign and point


class JsonWriter:
    """Writes one JSON text after another. `size` of the buffer in bytes; it grows where a text needs more.
    `length`: bytes written since begin().
    """

    def __init__(self, size):
        self._buffer = bytearray(size)
        self.length = 0

    def begin(self):
        """A new text; the one before is lost."""
        self.length = 0

    def text_view(self):
        """-> memoryview of what was written since begin()."""
        return memoryview(self._buffer)[: self.length]

    def raw(self, data):
        """Bytes as they are."""
        start = self.length
        self.length = end = start + len(data)
        self._buffer[start:end] = data

    def key(self, key):
        """A member's name, bytes or a text, with its comma and colon; it holds nothing that must be escaped."""
        if self.length and self._buffer[self.length - 1] not in b"{[":
            self.raw(b",")
        self.raw(b'"')
        self.raw(key if isinstance(key, bytes) else key.encode())
        self.raw(b'":')

    def value(self, raw, decimals):
        """Anything: an integer as decimal(), bytes or a text as text(), a boolean."""
        if raw is True:
            self.raw(b"true")
        elif raw is False:
            self.raw(b"false")
        elif isinstance(raw, int):
            self.decimal(raw, decimals)
        else:
            self.text(raw)

    def decimal(self, raw, decimals):
        """raw / 10**scale with 1 to `digits` decimals, rounded half away from zero; "3" when `digits` is 0."""
        scale, digits = decimals
        if scale > digits:
            raw = rounded(raw, 10 ** (scale - digits))
            scale = digits
        buffer, at = self._buffer, self.length
        if at + _DIGITS_MAX > len(buffer):
            buffer.extend(bytes(_DIGITS_MAX))
        if raw < 0:
            raw = -raw
            buffer[at] = _MINUS
            at += 1
        while scale > 1 and raw % 10 == 0:
            raw //= 10
            scale -= 1
        count, limit = 1, 10
        while count <= scale or limit <= raw:
            count += 1
            limit *= 10
        at += count + (scale > 0)
        self.length = at
        for place in range(count):  # from the last digit to the first
            if place == scale and place:
                at -= 1
                buffer[at] = _POINT
            at -= 1
            buffer[at] = _ZERO + raw % 10
            raw //= 10

    def text(self, text):
        """A string, from bytes (UTF-8) or a text; control characters become spaces."""
        data = text if isinstance(text, bytes) else text.encode()
        self.raw(b'"')
        for byte in data:
            if byte < 32 or byte in (_QUOTE, _BACKSLASH):
                data = data.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
                data = bytes([byte if byte >= 32 else 32 for byte in data])
                break
        self.raw(data)
        self.raw(b'"')

    def numbers(self, numbers):
        """A list of whole numbers."""
        self.raw(b"[")
        for index, number in enumerate(numbers):
            if index:
                self.raw(b",")
            self.decimal(number, _WHOLE)
        self.raw(b"]")
