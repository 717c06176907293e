"""How a poller.Poller finds the battery, and how it loses it. Loaded for the moment."""

from ..overlay import drop
from .frame import ADR_ERROR
from .link import ReturnCode

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


def search(poller):
    """One rate of the search; when the battery is found the slow questions come next."""
    from .search import Search

    drop("firmware.battery.search")
    found = Search(poller.link, poller.log, poller.baud, poller.sought).step()
    now = poller.clock.ticks_ms()
    if found:
        poller.log.info("battery answers at %d baud", poller.link.baud)
        poller.searching = poller.explained = False
        poller.pause_ms = 0
        poller.sought.clear()
        poller.tell_again()
    elif found is False:
        if not poller.explained:
            poller.explained = True
            poller.log.warning(
                "no battery at 1200 to 19200 baud. Check: cable in the port named Console, TX and RX not swapped, "
                "GND connected, MAX3232 has 3.3 V, battery on. Newer firmware speaks text only. Trying on"
            )
        poller.pause_ms = min(2 * poller.pause_ms, _PAUSE_MAX_MS) or _PAUSE_MIN_MS
        poller.due = poller.clock.ticks_add(now, poller.pause_ms)


def failed(poller, what, pack, error):
    """Some requests without a reply in a row, or a refused address, and the search starts anew."""
    _say(poller, what, pack, error)
    if poller.link.failures >= _FAILURES or (isinstance(error, ReturnCode) and error.code == ADR_ERROR):
        poller.log.warning("battery does not answer any more, looking for it")
        poller.searching = True
        poller.link.failures = 0
        poller.due = poller.clock.ticks_ms()
        poller.slow = []
        poller.stop_cycle()


def unanswered(poller, kind, pack, error):
    """A slow question brought nothing: it is asked again in the next cycle, which also shows whether the battery is
    still there; there may be some that just do not know the command. Without the count nothing can go on.
    """
    if poller.packs:
        poller.later.append((kind, pack))
        _say(poller, kind, pack, error)
    else:
        poller.slow.insert(0, (kind, pack))
        poller.due = poller.clock.ticks_add(poller.clock.ticks_ms(), _PAUSE_MIN_MS)
        failed(poller, kind, pack, error)


def _say(poller, what, pack, error):
    text = str(error)
    if isinstance(error, ReturnCode):
        at = _RETURN_CODES.find(text)
        text = _RETURN_CODES[at : _RETURN_CODES.find("\n", at)] if at >= 0 else text
    poller.log.info("%s %s: %s", what, pack or "", text)
