"""What the framed dialect is asked seldom: the group, identity, limits; and all layouts of INFO (§3, §4)."""

from ..reading import Identity
from . import ADR_ERROR, NoReply, Refusal, frame
from .frame import DataError, take
from .link_search import answering_packs
from .readings import MILLIAMPERES, ZERO_CELSIUS, Alarm, Analog, alarms, analog_values  # noqa: F401

_LIMIT_FLAGS = (0x80, 0x40, 0x30, 0x08)  # of the status byte (§4.5), as limits() gives them
_PARAMETER_UNITS = "VVVTTAVVVTTA"  # §3.6: voltages, temperatures, amperes, in the order of the wire


def system_parameters(info):
    """Reply to 47H (§3.6, §4.3), INFOFLAG included -> its 12 values in the order of the wire, in mV, 0.1 °C and mA:
    high, low, under voltage of a cell; two temperatures and the current of charge; the same of the pack, of discharge.
    DataError.
    """
    values = []
    for unit, raw in zip(_PARAMETER_UNITS, _whole(info, b">BHHHHHhHHHHHh")[1:]):
        values.append(raw - ZERO_CELSIUS if unit == "T" else raw * MILLIAMPERES if unit == "A" else raw)
    return tuple(values)


def management(info):
    """Reply to 92H (§3.9, §4.5) -> (pack, charge voltage, discharge voltage in mV, charge current, discharge current
    in mA, status byte). DataError.
    """
    pack, charge_voltage, discharge_voltage, charge, discharge, status = _whole(info, b">BHHhhB")
    return pack, charge_voltage, discharge_voltage, charge * MILLIAMPERES, discharge * MILLIAMPERES, status


def manufacturer(info):
    """Reply to 51H (§3.3, §4.4) -> (device, version "2.3", maker). DataError."""
    device, major, minor, maker = _whole(info, b">10sBB20s")
    return _text(device), "%d.%d" % (major, minor), _text(maker)


def serial_number(info):
    """Reply to 93H (§3.10) -> (pack, text of at most 16 characters). DataError."""
    pack, serial = _whole(info, b">B16s")
    return pack, _text(serial)


def pack_count(info):
    """Reply to 90H -> how many packs the group has. DataError."""
    return _whole(info, b">B")[0]


def _whole(info, layout):
    values, end = take(info, 0, layout)
    if end != len(info):
        raise DataError("INFO has %d bytes, its layout %d" % (len(info), end))
    return values


def _text(raw):
    """Printable ASCII without its padding: NUL and space, and the hyphens that some makers fill up with."""
    raw = raw.rstrip(b"\0 ").rstrip(b"-").rstrip(b"\0 ")
    for byte in raw:
        if not 32 <= byte < 127:
            raise DataError("a text has the byte %02XH in it" % byte)
    return raw.decode()


def packs(dialect):
    """As Pylontech.packs()."""
    link = dialect.link
    if frame.PACK_COUNT not in link.commands:
        return answering_packs(link, analog_values)
    try:
        return tuple(range(1, link.request(frame.PACK_COUNT, _group_size) + 1))
    except (NoReply, Refusal) as error:
        if link.failures > 1 or (isinstance(error, Refusal) and error.code == ADR_ERROR):
            raise  # nobody answers anything
        return answering_packs(link, analog_values)


def identity(dialect, pack):
    """As Pylontech.identity()."""
    errors = []
    version = _part(dialect, errors, frame.PROTOCOL_VERSION, None, None)
    serial = _part(dialect, errors, frame.SERIAL_NUMBER, serial_number, pack)
    master = _part(dialect, errors, frame.MANUFACTURER, manufacturer, None) if pack == 1 else None
    device, software, maker = master or (None, None, None)
    found = Identity((serial and serial[1]) or None, version and "%d.%d" % (version >> 4, version & 15), software,
                     maker, device, dialect.name, dialect.link.baud, None)  # fmt: skip
    silent = [error for error in errors if isinstance(error, NoReply)]
    return found, (silent or errors or [None])[0]


def _part(dialect, errors, cid2, parse, pack):
    """One reply, or None and one more in `errors`; behind two that did not come in time none is asked for."""
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
    reply = dialect.optional(frame.MANAGEMENT, management, pack)
    return reply and reply[1:5] + tuple([bool(reply[5] & mask) for mask in _LIMIT_FLAGS])


def parameters(dialect):
    """As Pylontech.parameters()."""
    return dialect.optional(frame.SYSTEM_PARAMETERS, system_parameters, None)


def _group_size(info):
    count = pack_count(info)
    if not 1 <= count <= frame.MAX_PACKS:
        raise DataError("a group of %d packs" % count)
    return count
