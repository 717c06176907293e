"""What PACE batteries are asked seldom: the group, identity; and the layouts of that. Loaded for a question."""

from ..reading import Identity
from . import NoReply, Refusal, frame
from .frame import MAX_PACKS, DataError
from .link_search import answering_packs

_ALL_PACKS = 0xFF
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
    return _ALL_PACKS, info[0]


def packs(link):
    """As Pace.packs()."""
    try:
        return tuple(range(1, link.request(frame.PACK_COUNT, pack_count, _ALL_PACKS, 2)[1] + 1))
    except (NoReply, Refusal):
        return answering_packs(link, link.analog_values)


def identity(dialect, pack):
    """As Pace.identity()."""
    found, first, link = [], None, dialect.link
    for cid2, parse in ((link.SERIAL_NUMBER, serial_number), (link.PROTOCOL_VERSION, text)):
        try:
            found.append(link.request(cid2, lambda info, parse=parse: (pack, parse(info)), pack)[1])
        except (NoReply, Refusal) as error:
            found.append(None)
            first = first or error
    protocol = "%d.%d" % (link.version >> 4, link.version & 15)
    return Identity(found[0], protocol, found[1], None, None, dialect.name, link.baud, None), first
