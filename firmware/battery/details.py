"""What the RS232 V2.8 dialect is seldom asked: the group, who a pack is, what it allows. Loaded for the moment.

Each function takes the dialect (pylontech.Pylontech) and a pack number or None; may raise NoReply or ReturnCode.
"""

from . import NoReply, ReturnCode, blocks, frame, layouts

_MAX_PACKS = 16  # of a group (§2.8)
# what dialect.tries counts: how often a pack was asked in vain who it is
_ENOUGH = 2  # then what it does not say is not known
_ONCE_WHOLE, _CHANGED = 255, 3  # it has said everything, and is to do so again; until it lacks some so often


def packs(dialect, _):
    """Numbers of the packs in the group: (1, 2, …) (§3, 90H)."""
    dialect.lacks.clear()  # what was lacking may have been a damaged reply: it is tried anew now and then
    try:
        count = dialect.link.request(frame.PACK_COUNT, _group_size)
    except (NoReply, ReturnCode) as error:
        if dialect.link.failures > 1 or (isinstance(error, ReturnCode) and error.code == frame.ADR_ERROR):
            raise  # nobody answers anything
        count = _counted(dialect.link)
    return tuple(range(1, count + 1))


def _group_size(info):
    count = layouts.pack_count(info)
    if not 1 <= count <= _MAX_PACKS:
        raise blocks.DataError("a group of %d packs" % count)
    return count


def _counted(link):
    """How many packs answer: for a battery that does not know the command, or declines it."""
    count = 0
    try:
        while count < _MAX_PACKS:
            link.request(frame.ANALOG_VALUES, blocks.analog_values, count + 1)
            count += 1
    except (NoReply, ReturnCode):
        if not count:
            raise
    return count


def identity(dialect, pack):
    """Who this pack is -> (serial number, protocol version, software version, maker, device), texts or None, the last
    three the master's; (…, dialect, baud) (§4.4, §4.6).
    """
    version, serial, manufacturer = _parts(dialect, pack)
    device, software, maker = manufacturer or (None,) * 3
    return (
        (serial[1] or None) if serial else None,
        version and "%d.%d" % (version >> 4, version & 15),
        software,
        maker,
        device,
        dialect.name,
        dialect.link.baud,
    )


def _parts(dialect, pack):
    """[version, serial number, manufacturer]; None: the battery lacks it, or it was asked for in vain too often. What
    was once said whole is not said in part.
    """
    tries = dialect.tries
    said = []
    for cid2, parse, of in (
        (frame.PROTOCOL_VERSION, None, None),
        (frame.SERIAL_NUMBER, layouts.serial_number, pack),
        (frame.MANUFACTURER, layouts.manufacturer, None),
    )[: 3 if pack == 1 else 2]:
        try:
            said.append(dialect.optional(cid2, parse, of))
        except (NoReply, ReturnCode):
            if tries[pack] != _ENOUGH:
                tries[pack] += tries[pack] < _ENOUGH
                raise
            said.append(None)
    if None not in said:
        tries[pack] = _ONCE_WHOLE
    elif tries[pack] > _CHANGED:
        tries[pack] -= 1
        raise NoReply("the battery does not say all of it now")
    elif tries[pack] == _CHANGED:  # another pack in its place
        tries[pack] = _ENOUGH
    return said if pack == 1 else said + [None]


def limits(dialect, pack):
    """Charge and discharge management of one pack -> (charge voltage, discharge voltage in mV, charge current,
    discharge current in mA, charge enabled, discharge enabled, charge immediately, full charge request), or None: the
    battery lacks it (§4.5).
    """
    said = dialect.optional(frame.MANAGEMENT, layouts.management, pack)
    return said and said[1:5] + tuple([bool(said[5] & mask) for mask in (0x80, 0x40, 0x30, 0x08)])


def parameters(dialect, _):
    """System parameters -> layouts.system_parameters() (§4.3), or None: the battery lacks them."""
    return dialect.optional(frame.SYSTEM_PARAMETERS, layouts.system_parameters)
