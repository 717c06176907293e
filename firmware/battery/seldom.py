"""What a poller.Poller asks now and then, and whether the answer is news. Loaded for the moment."""

from binascii import crc32

from .poller import IDENTITY, LIMITS, PACKS, PARAMETERS

_KINDS = (PACKS, IDENTITY, LIMITS, PARAMETERS)


def ask_everything(poller):
    """Queues all slow questions; the sink is told all answers anew."""
    poller.told.clear()
    poller.later = []
    poller.slow = [(PACKS, None)]
    for kind in (IDENTITY, LIMITS):
        poller.slow += [(kind, pack) for pack in poller.packs]
    poller.slow.append((PARAMETERS, None))


def is_news(poller, kind, pack, answer):
    """True when the sink is to be told the answer to a slow question: it came twice in a row, and is not what the sink
    was told before. When it came once it is asked again.
    """
    said = crc32(repr(answer).encode())
    key = _KINDS.index(kind) << 8 | (pack or 0)
    if answer is None or said == poller.told.get(key):
        poller.candidate = None
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
    poller.explained = False
    poller.log.info("packs: %s", ", ".join([str(pack) for pack in packs]))
    for pack in poller.packs:
        if pack not in packs:
            poller.judge.forget(pack)
    new = [pack for pack in packs if pack not in poller.packs]
    rest = [one for one in poller.slow + poller.later if one[1] is None or one[1] in packs]
    poller.packs = packs
    poller.slow = [(IDENTITY, pack) for pack in new] + rest + [(LIMITS, pack) for pack in new]
    poller.later = []
