"""JSON in parts: nothing is ever one long string. Decimals are made from integers (mqtt.md)."""

from .. import reading as r

_CELLS_PER_SENSOR = 4


class Parts:
    """A payload that knows its length and is made twice rather than held: `make` returns an iterator of texts."""

    def __init__(self, make):
        self._make = make
        self._length = 0
        for part in self:
            self._length += len(part)

    def __len__(self):
        return self._length

    def __iter__(self):
        for part in self._make():
            yield part.encode()


def decimal(raw, scale, digits):
    """The exact decimal of raw / 10**scale with at most `digits` decimals, at least one; "3" when digits is 0.

    What must be rounded is rounded half away from zero.
    """
    if scale > digits:
        raw = r.rounded(raw, 10 ** (scale - digits))
        scale = digits
    if scale == 0:
        return "%d" % raw
    whole, fraction = divmod(abs(raw), 10**scale)
    text = "%d" % (10**scale + fraction)
    return "%s%d.%s" % ("-" if raw < 0 else "", whole, text[1:].rstrip("0") or "0")


def value(raw, scale, digits):
    """Anything as JSON: an integer as decimal(), a text, a boolean."""
    if raw is True or raw is False:
        return "true" if raw else "false"
    return text(raw) if isinstance(raw, str) else decimal(raw, scale, digits)


def text(raw):
    """A JSON string; control characters become spaces."""
    for char in raw:
        if char < " ":
            raw = raw.replace(char, " ")
    return '"%s"' % raw.replace("\\", "\\\\").replace('"', '\\"')


def temperature_key(index, cells):
    """Key of the sensor `index` (from 0) of a pack of `cells` cells: the board, cells in groups of four, others."""
    first = (index - 1) * _CELLS_PER_SENSOR + 1
    if index == 0:
        return "BMS_T"
    return "CellTemp%d_%d" % (first, first + _CELLS_PER_SENSOR - 1) if first <= cells else "Temp%d" % (index + 1)
