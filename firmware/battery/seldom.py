"""What a poller.Poller asks now and then, and whether the answer is news. Loaded for the moment."""

from binascii import crc32
from struct import pack_into, unpack_from

from ..overlay import drop
from .poller import KINDS

_LIMITS_MS = 300_000
_COUNT_MS = 180_000
_RECOUNT_MS = 20_000  # while a pack is missing
_PACKS, _IDENTITY, _LIMITS, _PARAMETERS = [kind << 5 for kind in range(len(KINDS))]
_PACK = 31
_CRC = ">I"


def ask_everything(poller):
    """Queues all slow questions; the sink is told all answers anew."""
    for at in range(len(poller.told)):
        poller.told[at] = 0
    poller.later = []
    poller.slow = [_PACKS]
    for kind in (_IDENTITY, _LIMITS):
        poller.slow += [kind | pack for pack in poller.packs]
    poller.slow.append(_PARAMETERS)


def schedule(poller, now):
    """Behind a cycle, at the ticks `now`: what is due to be asked. A difference below 0 is more than six days."""
    slow, diff = poller.slow, poller.clock.ticks_diff
    for pack in poller.packs:
        if pack in poller.lost and pack not in poller.missed and _IDENTITY | pack not in slow:
            slow.append(_IDENTITY | pack)  # it is back, or another one in its place
    if not 0 <= diff(now, poller.limits_at) < _LIMITS_MS:
        poller.limits_at = now
        for pack in poller.packs:
            if _LIMITS | pack not in slow:
                slow.append(_LIMITS | pack)
    is_short = poller.missed or len(poller.packs) < poller.most
    if not 0 <= diff(now, poller.counted_at) < (_RECOUNT_MS if is_short else _COUNT_MS) and _PACKS not in slow:
        poller.counted_at = now
        slow.insert(0, _PACKS)


def is_news(poller, question, answer):
    """True when the sink is to be told the answer to a slow question: it came twice in a row, and is not what the sink
    was told before. When it came once it is asked again.
    """
    said = crc32(repr(answer).encode()) or 1  # 0: the sink has none
    at = 4 * (17 * (question >> 5) + (question & _PACK))
    if answer is None or said == unpack_from(_CRC, poller.told, at)[0]:
        if poller.candidate and poller.candidate[0] == question:
            poller.candidate = None
        return False
    if poller.candidate != (question, said):
        poller.candidate = question, said
        poller.slow.insert(0, question)
        return False
    pack_into(_CRC, poller.told, at, said)
    if question == _PACKS:
        _regroup(poller, answer)
    return True


def _regroup(poller, packs):
    """The group is this now: who is new is asked who it is, who has left is forgotten."""
    poller.explained = False
    poller.pause_ms = 0
    poller.log.info("packs: %s", ", ".join([str(pack) for pack in packs]))
    from ..plausible import Judge

    drop("firmware.plausible")
    judge = Judge(poller.judged)
    for pack in poller.packs:
        if pack not in packs:
            judge.forget(pack)
    new = [pack for pack in packs if pack not in poller.packs]
    rest = [one for one in poller.slow + poller.later if not one & _PACK or one & _PACK in packs]
    poller.packs = packs
    poller.most = max(poller.most, len(packs))
    poller.slow = [_IDENTITY | pack for pack in new] + rest + [_LIMITS | pack for pack in new]
    poller.later = []
