"""Does a battery answer over its link, how many packs do, and bringing it to another rate (§5). Loaded for that."""

from micropython import const

from . import ADR_ERROR, NoReply, Refusal, frame

# Their places, from 1, are the INFO of 91H; those behind 4800 are not documented
_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115_200)
_SETTLE_MS = const(50)  # behind a change of the rate
_ATTEMPTS = const(3)
_COUNT_MS = const(20_000)  # of counting packs, then none is asked twice: at 1200 baud sixteen take half a minute
_PACE_VERSIONS, _VER_ERROR = (0x25, 0x20), 1  # VER of a request, as the battery wants it; RTN


def reaches(link, attempts=_ATTEMPTS, log=None):
    """True when a whole frame comes back; where ADR is refused each other one is tried, and the one that works kept."""
    first = link.address
    for address in [first] + [other for other in link.addresses if other != first]:
        link.address = address
        try:
            link.request(frame.PROTOCOL_VERSION, attempts=attempts)
            return True
        except NoReply:
            break
        except Refusal as error:
            if error.code != ADR_ERROR:
                return True
            if log:
                log.info("battery refuses ADR %02XH", address)
    link.address = first
    return False


def reaches_pace(link, attempts=_ATTEMPTS):
    """True when pack 1 answers over the pace.PaceLink, whatever it says; the VER that it takes is kept."""
    for version in _PACE_VERSIONS:
        link.version = version
        try:
            link.request(frame.ANALOG_VALUES, link.analog_values, 1, attempts)
            return True
        except NoReply:
            pass
        except Refusal as error:
            if error.code != _VER_ERROR:
                return True
    link.version = _PACE_VERSIONS[0]
    return False


def answering_packs(link, analog_values):
    """Numbers of the packs, by asking for analog values one after the other, for a battery that does not count them.
    One that is silent is passed over where there was one behind it before. NoReply, Refusal: of the first one.
    """
    clock, found, attempts = link.clock, [], 2
    start = clock.ticks_ms()
    for pack in range(1, frame.MAX_PACKS + 1):
        if clock.ticks_diff(clock.ticks_ms(), start) >= _COUNT_MS:
            attempts = 1
        try:
            link.request(frame.ANALOG_VALUES, analog_values, pack, attempts)
            found.append(pack)
        except (NoReply, Refusal):
            if not found:
                raise
            if pack >= link.last_pack:
                break
            attempts = 1
    link.failures = 0  # it is there, whoever is not
    link.last_pack = max(link.last_pack, found[-1])
    return tuple(found)


def switch_rate(link, baud):
    """Brings the battery and our side to `baud` (§5). NoReply, Refusal."""
    link.request(frame.SET_RATE, byte=_RATES.index(baud) + 1)
    link.set_rate(baud)
    link.clock.sleep_ms(_SETTLE_MS)
    if not reaches(link):
        raise NoReply("silent at the new rate")
