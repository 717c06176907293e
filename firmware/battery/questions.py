"""What is asked seldom: the group, who a pack is, what it allows; and whether an answer is news."""

from binascii import crc32
from struct import pack_into, unpack_from

from micropython import const

from . import NoReply, Refusal

_LIMITS_MS, _COUNT_MS = const(300_000), const(180_000)
_RECOUNT_MS = const(20_000)  # while a pack is missing
# A question is one small number, since lists of them get long: a place in _KINDS << 5, and the pack, 0 for the group
_KINDS = ("packs", "identity", "limits", "parameters", "counters")
_PACKS, _IDENTITY, _LIMITS = const(0), const(1 << 5), const(2 << 5)
_PARAMETERS, _COUNTERS, _PACK = const(3 << 5), const(4 << 5), const(31)
_CRC = b">I"
_CRC_BYTES = const(4 * 17 * 5)  # one for each kind and pack
# Partial answers about who a pack is that are asked again before one is taken: 2 from a pack that never gave a whole
# one, and 250 more from one that did; that is then another pack.
_PARTIAL_FIRST, _PARTIAL_LATER = const(2), const(252)


class Questions:
    """Asks a dialect what is seldom asked: `due`, the next first. `clock` has ticks_ms and ticks_diff."""

    def __init__(self, dialect, clock):
        self._methods = (dialect.packs, dialect.identity, dialect.limits, dialect.parameters, dialect.counters)
        self._clock = clock
        self.due = []
        self._asked = None  # the question asked last
        self._retry = []  # those that failed, for the next cycle
        self._told = bytearray(_CRC_BYTES)  # the CRC of each answer that was news
        self._candidate = None  # (question, CRC): an answer that came once
        self._partial_left = bytearray([_PARTIAL_FIRST] * 17)
        self._limits_at = self._counted_at = clock.ticks_ms()

    def identity_is_next(self):
        """True when the next question is who a pack is."""
        return bool(self.due) and self.due[0] & ~_PACK == _IDENTITY

    def ask_everything(self, packs):
        """Queues all questions about the group and its `packs`; every answer is news again."""
        self._told = bytearray(_CRC_BYTES)
        self._retry = []
        self.due = [_PACKS]
        for kind in (_IDENTITY, _LIMITS, _COUNTERS):
            self.due += [kind | pack for pack in packs]
        self.due.append(_PARAMETERS)

    def ask_packs(self):
        """Queues the question which packs there are, before all others."""
        self.due.insert(0, _PACKS)

    def retry(self):
        """A new cycle: those that failed are due again."""
        self.due, self._retry = self.due + self._retry, []

    def schedule(self, packs, returned, is_short):
        """Behind a cycle: queues what is due. `returned`: packs that answer again; `is_short`: one is missing."""
        now, diff = self._clock.ticks_ms(), self._clock.ticks_diff
        for pack in returned:
            self._queue(_IDENTITY | pack)  # it may be another pack
        if not 0 <= diff(now, self._limits_at) < _LIMITS_MS:  # a negative difference means more than six days ago
            self._limits_at = now
            for pack in packs:
                self._queue(_LIMITS | pack)
                self._queue(_COUNTERS | pack)
        if not 0 <= diff(now, self._counted_at) < (_RECOUNT_MS if is_short else _COUNT_MS) and _PACKS not in self.due:
            self._counted_at = now
            self.ask_packs()

    def _queue(self, question):
        if question not in self.due:
            self.due.append(question)

    def ask(self):
        """Asks the next question -> (kind of _KINDS, pack or 0, answer, None), or (kind, pack, None, NoReply or
        Refusal). The answer is None when it is no news: news differs from the one before, and came twice in a row, for
        which it is asked again.
        """
        self._asked = question = self.due.pop(0)
        kind, pack = _KINDS[question >> 5], question & _PACK
        try:
            answer = self._methods[question >> 5](pack)
            if question & ~_PACK == _IDENTITY:
                answer = self._whole_enough(pack, *answer)
        except (NoReply, Refusal) as error:
            return kind, pack, None, error
        return kind, pack, answer if self._is_news(question, answer) else None, None

    def ask_again(self, at_once):
        """Queues the question that was just asked: first of all, or for the next cycle."""
        if at_once:
            self.due.insert(0, self._asked)
        else:
            self._retry.append(self._asked)

    def _whole_enough(self, pack, identity, error):
        """-> the identity, whole or not; raises `error` when it is asked again because something is missing in it."""
        left = self._partial_left[pack]
        if error is None:
            self._partial_left[pack] = _PARTIAL_LATER
        elif left > _PARTIAL_FIRST or (left and not isinstance(error, Refusal)):
            self._partial_left[pack] = left - 1 if left != _PARTIAL_FIRST + 1 else 0
            raise error
        return identity

    def _is_news(self, question, answer):
        crc = crc32(repr(answer).encode()) or 1  # 0: none was told
        at = 4 * (17 * (question >> 5) + (question & _PACK))
        if answer is None or crc == unpack_from(_CRC, self._told, at)[0]:
            if self._candidate and self._candidate[0] == question:
                self._candidate = None
            return False
        if self._candidate != (question, crc):
            self._candidate = question, crc
            self.due.insert(0, question)
            return False
        pack_into(_CRC, self._told, at, crc)
        return True

    def regroup(self, packs, new):
        """The group is `packs` now; the `new` ones are asked who they are, and nobody asks about those that left."""
        rest = [one for one in self.due + self._retry if not one & _PACK or one & _PACK in packs]
        self.due = [_IDENTITY | pack for pack in new] + rest
        for pack in new:
            self.due += [_LIMITS | pack, _COUNTERS | pack]
            for kind in range(len(_KINDS)):  # what was published of it is taken away where it left
                pack_into(_CRC, self._told, 4 * (17 * kind + pack), 0)
        self._retry = []
