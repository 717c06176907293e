"""All layouts of INFO in the replies of PACE batteries: those of what is asked seldom, and those of `pace_readings`.
Bytes in, values out. Loaded for a question.
"""

from .frame import MAX_PACKS, DataError
from .pace_readings import Alarm, Analog, alarms, analog_values  # noqa: F401

ALL_PACKS = 0xFF
_SERIAL_CHARACTERS = 20  # padding included; a date follows


def text(info):
    """Reply to C1H, or a part of one to C2H -> printable ASCII without its padding. DataError."""
    raw = bytes(info).rstrip(b"\0 ")
    for byte in raw:
        if not 32 <= byte < 127:
            raise DataError("a text has the byte %02XH in it" % byte)
    if not raw:
        raise DataError("an empty text")
    return raw.decode()


def serial_number(info):
    """Reply to C2H -> the serial number, without the date behind it. DataError."""
    if len(info) < _SERIAL_CHARACTERS:
        raise DataError("INFO of %d bytes ends too early" % len(info))
    return text(info[:_SERIAL_CHARACTERS])


def pack_count(info):
    """Reply to 90H -> (FFH, how many packs there are). DataError."""
    if len(info) != 1 or not 1 <= info[0] <= MAX_PACKS:
        raise DataError("no pack count: %d bytes, %d" % (len(info), info[0] if info else 0))
    return ALL_PACKS, info[0]
