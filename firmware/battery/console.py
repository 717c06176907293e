"""The text console of newer firmware, as a dialect; it has the methods of pylontech.Pylontech.

An answer is taken when its form (console_text.py) is that of the one before: a damaged one is asked for again.
"""

from array import array
from collections import namedtuple
from struct import pack_into, unpack_from

from micropython import const

from ..modules import Temporary
from ..reading import Identity
from . import NoReply, Refusal, console_group, console_pack

_COUNTERS_MS = const(3_600_000)  # cycles and SOH hardly change
_COUNTERS_RETRY_MS = const(60_000)  # after they could not be asked
_TABLE_MS = const(30_000)  # so old can be what only the table of all packs says
_READINGS = const(3)  # of one pack, until two contradict themselves in the same way or one does not
_WHOLE_MS = const(15_000)  # after which nothing more is asked for one reading, or one question
_JUMP = const(30)  # 0.1 °C, of a MOSFET temperature
_MASTER = const(1)  # pack that answers commands without a number
_PACKS = const(17)  # from 1 to 16, and 0 for the whole group
# Of a pack: ms until the counters are asked again, ms when they were asked, Counters; -1 where there is none
_RECORD = ">iq6i"
_RECORD_BYTES = const(36)
# Answers that have a form of their own
_TABLE, _PWR, _BAT, _STAT, _INFO = const(0), const(1), const(2), const(3), const(4)
_COMMANDS = "pwr;pwr;bat;stat;info"
_KINDS = const(5)

# What a pack has counted in its life, None where it does not say it. soh %; discharged mAh; protections: how often it
# has switched off; resets, shutdowns
Counters = namedtuple("Counters", "cycles soh discharged protections resets shutdowns")


class Console:
    """The master pack and its slaves, asked over a console_line.Line. NoReply or Refusal from every method."""

    name = "console"
    exact = False  # the cells do not sum to the pack's voltage to the millivolt: they were not read at one moment

    def __init__(self, line):
        self.link = line
        self._began = 0  # ms, this reading or question
        self._forms = array("I", bytes(4 * _PACKS * _KINDS))
        self._candidate = None  # (index in _forms, form) that came once
        self._mos = {}  # pack -> 0.1 °C
        self._odd = {}  # pack -> states of the table that are not Normal
        self._table_at = None  # ms; None: the table says neither
        self._counters = bytearray(b"\xff" * (_RECORD_BYTES * _PACKS))
        self._bare = []  # kinds that the master answers only without its number

    def packs(self, pack=0):
        """Numbers of the packs that are there: (1, 2, …)."""
        self._began = self.link.clock.ticks_ms()
        return self._ask_table()

    def identity(self, pack):
        """-> (reading.Identity, None); where the pack refuses to say it or is silent, with nothing but dialect and baud
        in it, and that NoReply or Refusal.
        """
        self._began = self.link.clock.ticks_ms()
        said, refused = (None,) * 6, None
        try:
            said = self._ask(_INFO, pack, _details().info)
        except (NoReply, Refusal) as error:
            refused = error
        serial, protocol, version, maker, device, board = said
        return Identity(serial, protocol, version, maker, device, self.name, self.link.baud, board), refused

    def limits(self, pack=0):
        """None: this dialect cannot tell."""
        return None

    parameters = limits

    def counters(self, pack):
        """Counters as they came with a reading, at most an hour old, or None. Nothing is asked."""
        said = unpack_from(_RECORD, self._counters, _RECORD_BYTES * pack)[2:]
        return Counters(*[None if count < 0 else count for count in said]) if max(said) >= 0 else None

    def read(self, pack):
        """One pack's values and states -> reading.Reading. Its parts were not said at the same moment."""
        self._began = self.link.clock.ticks_ms()
        if self._table_at is not None and self._is_past(self._table_at, _TABLE_MS):
            try:
                self._ask_table()
            except (NoReply, Refusal):
                self._mos, self._odd, self._table_at = {}, {}, self.link.clock.ticks_ms()
        doubt = ""
        for _ in range(_READINGS):
            try:
                self._count(pack)
                cells = self._ask(_BAT, pack, console_pack.cells)
                values = self._ask(_PWR, pack, console_pack.values)
                mos, odd = self._mos.get(pack), self._odd.get(pack, ())
                reading, why = console_pack.reading(pack, self.counters(pack), cells, values, mos, odd)
            except (NoReply, Refusal):
                self._keep(pack, -1, -1)  # when it answers again it may be another pack
                raise
            if why in (None, doubt):  # two equal contradictions are taken as this model's behaviour
                return reading
            doubt = why
        raise NoReply(why)

    def _count(self, pack):
        """Asks for the Counters of a pack now and then; all of them are None when that was in vain."""
        pause, since = unpack_from(_RECORD, self._counters, _RECORD_BYTES * pack)[:2]
        if pause >= 0 and not self._is_past(since, pause):
            return
        self._ask(_BAT, pack, console_pack.cells)  # is it there? What it says is asked again: memory is for one answer
        pause = _COUNTERS_MS
        said = ()
        try:
            said = self._ask(_STAT, pack, _details().stat)
        except Refusal:
            pass  # this model has none
        except NoReply:
            pause = _COUNTERS_RETRY_MS
            self.link.failures = 0  # the pack has just answered other questions
        self._keep(pack, pause, self.link.clock.ticks_ms(), said)

    def _keep(self, pack, pause, since, said=()):
        counts = [-1 if count is None else count for count in said or (None,) * 6]
        pack_into(_RECORD, self._counters, _RECORD_BYTES * pack, pause, since, *counts)

    def _is_past(self, since, after_ms):
        """Are the ticks `since` longer ago? A negative difference means more than six days."""
        return not 0 <= self.link.clock.ticks_diff(self.link.clock.ticks_ms(), since) < after_ms

    def _ask(self, kind, pack, codec):
        """The value that `codec` makes of an answer whose form is known, or came twice. The master may answer only
        without its number.
        """
        bare = pack == _MASTER and kind in self._bare
        try:
            return self._take(kind, pack, None if bare else pack or None, codec)
        except Refusal:
            if bare:
                self._bare.remove(kind)  # another battery; next time as the others
            if bare or pack != _MASTER or kind < _STAT:
                raise
        value = self._take(kind, pack, None, codec)
        self._bare.append(kind)
        return value

    def _take(self, kind, pack, sent, codec):
        """As _ask(); `sent`: the number that the command has, or None."""
        if self._is_past(self._began, _WHOLE_MS):
            raise NoReply("the battery takes too long")
        index = _PACKS * kind + pack

        def settled(lines):
            value, form = codec(lines, pack)
            if form != self._forms[index]:
                if self._candidate != (index, form):
                    self._candidate = index, form
                    return None
                self._forms[index] = form
            self._candidate = None
            return value

        return self.link.request(_COMMANDS.split(";")[kind], sent, settled)

    def _ask_table(self):
        """The packs that are there; what only the table says is kept, when it is as before or came twice."""
        there, mos, odd, tells = self._ask(_TABLE, 0, console_group.table)
        doubtful = odd != self._odd
        for pack in there:
            doubtful = doubtful or _jumps(pack, mos, self._mos)
        if doubtful:
            _, mos_again, odd_again, _ = self._ask(_TABLE, 0, console_group.table)
            for pack in there:
                if _jumps(pack, mos, mos_again):
                    mos.pop(pack)
                if odd.get(pack) != odd_again.get(pack):
                    odd.pop(pack, None)
        self._mos, self._odd = mos, odd
        self._table_at = self.link.clock.ticks_ms() if tells else None
        return there


def _jumps(pack, mos, known):
    """Is the MOSFET temperature of a pack where it cannot be after the one that is known?"""
    return pack in mos and (pack not in known or abs(mos[pack] - known[pack]) > _JUMP)


def _details():
    with Temporary():
        from . import console_details
    return console_details
