"""How a poller.Poller finds the battery, and how it loses it. Loaded for the moment."""

from ..overlay import drop
from . import ReturnCode

_FRAMED, _CONSOLE = "framed", "console"
_CID2_INVALID, _ADR_ERROR = 0x04, 0x90  # RTN (§2.9)
_WHERE = {_FRAMED: "at 1200 to 19200 baud", _CONSOLE: "as text at 115200 baud"}
_AWAY_MS = 4_000  # pause of the search behind which the battery is away for long
_WOKEN = 2  # the step of console_wake.Waker behind the wake-up
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
    """One step of the search; when the battery is found the slow questions come next."""
    found = _step(poller)
    auto = poller.retained is not None
    away = auto and poller.pause_ms >= _AWAY_MS
    was_framed = poller.packs and poller.dialect.name == _FRAMED and not poller.turn
    if found is False and away and was_framed:
        found = _look_aside(poller)
    if found:
        text = "" if poller.dialect.name == _FRAMED else ", in text"
        poller.log.info("battery answers at %d baud%s", poller.link.baud, text)
        poller.searching = False
        poller.turn = poller.aside = 0
        if poller.packs:  # else it has still to say which there are
            poller.pause_ms = 0
        poller.sought.clear()
        poller.tell_again()
        if auto:
            _dialect("save", poller)
    elif found is False:
        both = auto and not was_framed and (away or not poller.packs)
        if both:
            poller.turn ^= 1
            _dialect("turn", poller)
        if not poller.turn:
            _end_round(poller, both)


def _look_aside(poller):
    """One that spoke frames will come back as it was, and soon; but its firmware may have been updated. So behind each
    round there is a step towards its text console, and no more -> True: it is there.
    """
    _dialect("turn", poller)
    poller.sought.append(poller.aside)
    found = _step(poller)
    if poller.sought[0] == _WOKEN:
        found = _step(poller)
    poller.aside = poller.sought[0]
    if not found:
        _dialect("turn", poller)
    return bool(found)


def _step(poller):
    if poller.dialect.name == _FRAMED:
        from .search import Search

        drop("firmware.battery.search")
        return Search(poller.link, poller.log, poller.baud, poller.sought).step()
    from .console_wake import Waker

    drop("firmware.battery.console_wake")
    return Waker(poller.link, poller.sought).step()


def _dialect(what, poller):
    from . import dialect

    drop("firmware.battery.dialect")
    getattr(dialect, what)(poller)


def _end_round(poller, both):
    """Nobody answered: what to check is said once, and the next round comes after a pause."""
    if not poller.explained:
        poller.explained = True
        where = _WHERE[_FRAMED] + " nor " + _WHERE[_CONSOLE] if both else _WHERE[poller.dialect.name]
        poller.log.warning(
            "no battery %s. Check: cable in the port named Console of the master pack, TX and RX not swapped, GND "
            "connected, MAX3232 has 3.3 V, battery on%s. Trying on",
            where,
            "" if poller.retained else ', setting "dialect" (auto tries both)',
        )
    _pause(poller)


def _pause(poller):
    """The next try comes later, and later each time until it is known which packs there are."""
    poller.pause_ms = min(2 * poller.pause_ms, _PAUSE_MAX_MS) or _PAUSE_MIN_MS
    poller.due = poller.clock.ticks_add(poller.clock.ticks_ms(), poller.pause_ms)


def failed(poller, what, pack, error):
    """Some requests without a reply in a row, or a refused address, and the search starts anew. `what` was asked: a
    kind of question, or "pack"; its number 0: the last resort of the poller.
    """
    if pack != 0:  # of the other nothing is to be said
        _say(poller, what, pack, error)
    silent = poller.link.failures >= _FAILURES
    if silent and pack and pack != poller.packs[0]:
        poller.todo.insert(0, 0)  # some slaves may be gone: is the master there?
    elif silent or (isinstance(error, ReturnCode) and error.code == _ADR_ERROR):
        if poller.packs:
            poller.log.warning("battery does not answer any more, looking for it")
        poller.searching = True
        poller.link.failures = 0
        poller.due = poller.clock.ticks_ms()
        poller.slow = []
        poller.stop_cycle()


def unanswered(poller, question, kind, pack, error):
    """A slow question, of that kind and pack, brought nothing: it is asked again in the next cycle, which also shows
    whether the battery is still there; there may be some that just do not know the command. Without the count nothing
    can go on.
    """
    if poller.packs:
        poller.later.append(question)
        _say(poller, kind, pack, error)
    else:
        poller.slow.insert(0, question)
        if not poller.explained:
            poller.explained = True
            poller.log.warning("battery does not say which packs there are: %s", error)
        failed(poller, kind, pack, error)
        _pause(poller)


def _say(poller, what, pack, error):
    text = str(error)
    if isinstance(error, ReturnCode) and poller.dialect.name == _CONSOLE:
        text = "the battery does not %s" % ("know that" if error.code == _CID2_INVALID else "do that: no such pack?")
    elif isinstance(error, ReturnCode):
        at = _RETURN_CODES.find(text)
        text = _RETURN_CODES[at : _RETURN_CODES.find("\n", at)] if at >= 0 else text
    poller.log.info("%s %s: %s", what, pack or "", text)
