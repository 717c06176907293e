"""What the framed dialect is asked seldom: the group, identity, limits, parameters. Loaded for a question."""

from ..reading import Identity
from . import ADR_ERROR, NoReply, Refusal, frame, messages
from .link_search import answering_packs

_LIMIT_FLAGS = (0x80, 0x40, 0x30, 0x08)  # of the status byte (§4.5), as limits() gives them


def packs(dialect):
    """As Pylontech.packs()."""
    if frame.PACK_COUNT not in dialect.link.commands:
        return answering_packs(dialect.link, messages.analog_values)
    try:
        count = dialect.link.request(frame.PACK_COUNT, _group_size)
    except (NoReply, Refusal) as error:
        if dialect.link.failures > 1 or (isinstance(error, Refusal) and error.code == ADR_ERROR):
            raise  # nobody answers anything
        return answering_packs(dialect.link, messages.analog_values)
    return tuple(range(1, count + 1))


def identity(dialect, pack):
    """As Pylontech.identity()."""
    errors = []
    version = _part(dialect, errors, frame.PROTOCOL_VERSION, None, None)
    serial = _part(dialect, errors, frame.SERIAL_NUMBER, messages.serial_number, pack)
    master = _part(dialect, errors, frame.MANUFACTURER, messages.manufacturer, None) if pack == 1 else None
    found = Identity(
        (serial and serial[1]) or None,
        version and "%d.%d" % (version >> 4, version & 15),
        master and master.version,
        master and master.maker,
        master and master.device,
        dialect.name,
        dialect.link.baud,
        None,
    )
    silent = [error for error in errors if isinstance(error, NoReply)]
    return found, (silent or errors or [None])[0]


def _part(dialect, errors, cid2, parse, pack):
    """One reply; None, and one more in `errors`, when it does not come. Behind two that were not answered it is not
    asked for: a step has to end within 10 s.
    """
    if len([error for error in errors if isinstance(error, NoReply)]) > 1:
        return None
    try:
        reply = dialect.optional(cid2, parse, pack)
        if reply is None:
            errors.append(Refusal(frame.CID2_INVALID, "the battery does not know %02XH" % cid2))
        return reply
    except (NoReply, Refusal) as error:
        errors.append(error)
        return None


def limits(dialect, pack):
    """As Pylontech.limits()."""
    reply = dialect.optional(frame.MANAGEMENT, messages.management, pack)
    return reply and reply[1:5] + tuple([bool(reply.status & mask) for mask in _LIMIT_FLAGS])


def parameters(dialect):
    """As Pylontech.parameters()."""
    return dialect.optional(frame.SYSTEM_PARAMETERS, messages.system_parameters, None)


def _group_size(info):
    count = messages.pack_count(info)
    if not 1 <= count <= frame.MAX_PACKS:
        raise messages.DataError("a group of %d packs" % count)
    return count
