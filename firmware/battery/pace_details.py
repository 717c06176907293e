"""What PACE batteries are asked seldom: how many packs there are, who they are. Loaded for a question."""

from ..reading import Identity
from . import NoReply, Refusal, frame, pace_messages
from .link_search import answering_packs
from .pace_readings import SERIAL_NUMBER, VERSION


def packs(link):
    """As Pace.packs()."""
    try:
        _, count = link.request(frame.PACK_COUNT, pace_messages.pack_count, pace_messages.ALL_PACKS, 2)
        return tuple(range(1, count + 1))
    except (NoReply, Refusal):
        return answering_packs(link, pace_messages.analog_values)


def identity(dialect, pack):
    """As Pace.identity()."""
    found, first = [], None
    for cid2, parse in ((SERIAL_NUMBER, pace_messages.serial_number), (VERSION, pace_messages.text)):
        try:
            found.append(dialect.link.request(cid2, lambda info, parse=parse: (pack, parse(info)), pack)[1])
        except (NoReply, Refusal) as error:
            found.append(None)
            first = first or error
    version = dialect.link.version
    protocol = "%d.%d" % (version >> 4, version & 15)
    return Identity(found[0], protocol, found[1], None, None, dialect.name, dialect.link.baud, None), first
