"""What a poller.Poller does now and then: looking for the battery, slow questions. Loaded for the moment."""

from binascii import crc32

from ..overlay import drop
from .frame import ADR_ERROR
from .link import NoReply, ReturnCode
from .poller import IDENTITY, LIMITS, PACKS, PARAMETERS

_FAILURES = 3  # requests in a row without a reply, then the battery is looked for again
_PAUSE_MIN_MS, _PAUSE_MAX_MS = 1_000, 60_000  # between two rounds of the search
_RETURN_CODES = """
RTN 01H VER error
RTN 02H CHKSUM error
RTN 03H LCHKSUM error
RTN 04H CID2 invalid
RTN 05H command format error
RTN 06H invalid data, or no such pack
RTN 90H ADR error
RTN 91H communication error: the master could not reach the pack
"""
_KINDS = (PACKS, IDENTITY, LIMITS, PARAMETERS)


def search(poller):
    """One rate of the search; when the battery is found the slow questions come next."""
    if not poller.seeker:
        from .search import Search

        poller.seeker = Search(poller.link, poller.log, poller.baud)
    found = poller.seeker.step()
    now = poller.clock.ticks_ms()
    if found:
        poller.log.info("battery answers at %d baud", poller.link.baud)
        poller.searching = poller.explained = False
        poller.pause_ms = 0
        poller.seeker = None
        drop("firmware.battery.search")
        poller.due = now
        ask_everything(poller)
    elif found is False:
        if not poller.explained:
            poller.explained = True
            poller.log.warning(
                "no battery at 1200 to 19200 baud. Check: cable in the port named Console, TX and RX not swapped, "
                "GND connected, MAX3232 has 3.3 V, battery on. Newer firmware speaks text only. Trying on"
            )
        poller.pause_ms = min(2 * poller.pause_ms, _PAUSE_MAX_MS) or _PAUSE_MIN_MS
        poller.due = poller.clock.ticks_add(now, poller.pause_ms)


def ask_everything(poller):
    """Queues all slow questions."""
    poller.slow = [(PACKS, None)]
    for kind in (IDENTITY, LIMITS):
        poller.slow += [(kind, pack) for pack in poller.packs]
    poller.slow.append((PARAMETERS, None))


def failed(poller, what, pack, error):
    """Some requests without a reply in a row, or a refused address, and the search starts anew."""
    text = str(error)
    if isinstance(error, ReturnCode):
        at = _RETURN_CODES.find(text)
        text = _RETURN_CODES[at : _RETURN_CODES.find("\n", at)] if at >= 0 else text
    poller.log.info("%s %s: %s", what, pack or "", text)
    if poller.link.failures >= _FAILURES or isinstance(error, ReturnCode) and error.code == ADR_ERROR:
        poller.log.warning("battery does not answer any more, looking for it")
        poller.searching = True
        poller.link.failures = 0
        poller.due = poller.clock.ticks_ms()
        poller.slow = []
        poller.stop_cycle()


def unanswered(poller, kind, pack, error):
    """A slow question brought nothing: it is asked again in the next cycle."""
    if poller.packs:
        poller.later.append((kind, pack))
    else:  # without the count nothing can go on
        poller.slow.insert(0, (kind, pack))
        poller.due = poller.clock.ticks_add(poller.clock.ticks_ms(), _PAUSE_MIN_MS)
    failed(poller, kind, pack, error)


def is_news(poller, kind, pack, answer):
    """True when the sink is to be told the answer to a slow question: it came twice in a row, and is not what the sink
    was told before. When it came once it is asked again.
    """
    said = crc32(repr(answer).encode())
    key = _KINDS.index(kind) << 8 | (pack or 0)
    if answer is None or said == poller.told.get(key):
        return False
    if poller.candidate != (key, said):
        poller.candidate = key, said
        poller.slow.insert(0, (kind, pack))
        return False
    poller.told[key] = said
    if kind == PACKS:
        _regroup(poller, answer)
    return True


def _regroup(poller, packs):
    """The group is this now: who is new is asked who it is, who has left is forgotten."""
    poller.log.info("packs: %s", ", ".join([str(pack) for pack in packs]))
    for pack in poller.packs:
        if pack not in packs:
            poller.judge.forget(pack)
    new = [pack for pack in packs if pack not in poller.packs]
    poller.packs = packs
    poller.slow = [(IDENTITY, pack) for pack in new] + poller.slow + [(LIMITS, pack) for pack in new]
