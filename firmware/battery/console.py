"""The text console of newer firmware, as a dialect; it has the methods of pylontech.Pylontech.

An answer is taken when its form (console_text.py) is that of the one before: a damaged one is asked for again.
"""

from micropython import const

from ..reading import Identity
from . import NoReply, Refusal, console_group, console_pack
from .console_line import Unsettled

_COUNTERS_MS = const(600_000)  # cycles and SOH hardly change
_COUNTERS_RETRY_MS = const(60_000)  # after they could not be asked
_TABLE_MS = const(30_000)  # so old can be what only the table of all packs says
_READINGS = const(3)  # of one pack, until two contradict themselves in the same way or one does not
_WHOLE_MS = const(15_000)  # after which nothing more is asked for one reading, or one question
_JUMP = const(30)  # 0.1 °C, of a MOSFET temperature
_MASTER = const(1)  # pack that answers commands without a number
_PACKS = const(17)  # from 1 to 16, and 0 for the whole group
# Answers that have a form of their own: command, codec
_TABLE, _PWR, _BAT, _STAT, _INFO = range(5)
_COMMANDS = ("pwr", "pwr", "bat", "stat", "info")
_CODECS = (console_group.table, console_pack.values, console_pack.cells, console_group.stat, console_group.info)
_NO_COUNTERS = console_group.Counters(None, None, None, None, None, None)


class Console:
    """The master pack and its slaves, asked over a console_line.Line. NoReply or Refusal from every method."""

    name = "console"
    exact = False  # the cells do not sum to the pack's voltage to the millivolt: they were not read at one moment

    def __init__(self, line):
        self.link = line
        self._began = 0  # ms, this reading or question
        self._forms = [0] * (_PACKS * len(_COMMANDS))
        self._candidate = None  # (index in _forms, form) that came once
        self._mos = {}  # pack -> 0.1 °C
        self._odd = {}  # pack -> states of the table that are not Normal
        self._table_at = None  # ms; None: the table says neither
        self._counters = {}  # pack -> (ms until they are asked again, ms when they were asked, Counters)
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
            said = self._ask(_INFO, pack)
        except (NoReply, Refusal) as error:
            refused = error
        serial, protocol, version, maker, device, board = said
        return Identity(serial, protocol, version, maker, device, self.name, self.link.baud, board), refused

    def limits(self, pack):
        """None: this dialect cannot tell."""
        return None

    def parameters(self, pack=0):
        """None: this dialect cannot tell."""
        return None

    def counters(self, pack):
        """reading.Counters as they came with a reading, at most ten minutes old, or None. Nothing is asked."""
        said = self._counters[pack][2] if pack in self._counters else _NO_COUNTERS
        return None if said == _NO_COUNTERS else said

    def read(self, pack):
        """One pack's values and states -> reading.Reading. Its parts were not said at the same moment."""
        self._began = self.link.clock.ticks_ms()
        if self._table_at is not None and self._is_past(self._table_at, _TABLE_MS):
            self._refresh_table()
        doubt = ""
        for _ in range(_READINGS):
            try:
                reading, why = self._read(pack)
            except (NoReply, Refusal):
                self._counters.pop(pack, None)  # when it answers again it may be another pack
                raise
            if why in (None, doubt):  # two equal contradictions are taken as this model's behaviour
                return reading
            doubt = why
        raise NoReply(why)

    def _read(self, pack):
        cells = self._ask(_BAT, pack)
        values = self._ask(_PWR, pack)
        counters = self._count(pack)
        return console_pack.reading(
            pack, (counters.cycles, counters.soh), cells, values, self._mos.get(pack), self._odd.get(pack, ())
        )

    def _count(self, pack):
        """The Counters of a pack, asked now and then; all None when that was in vain."""
        if pack in self._counters:
            pause, since, said = self._counters[pack]
            if not self._is_past(since, pause):
                return said
        pause = _COUNTERS_MS
        try:
            said = self._ask(_STAT, pack)
        except Refusal:
            said = _NO_COUNTERS
        except NoReply:
            said, pause = _NO_COUNTERS, _COUNTERS_RETRY_MS
            self.link.failures = 0  # the pack has just answered other questions
        self._counters[pack] = pause, self.link.clock.ticks_ms(), said
        return said

    def _is_past(self, since, after_ms):
        """Are the ticks `since` longer ago? A negative difference means more than six days."""
        return not 0 <= self.link.clock.ticks_diff(self.link.clock.ticks_ms(), since) < after_ms

    def _ask(self, kind, pack):
        """The value of an answer whose form is known, or came twice. The master may answer only without its number."""
        if pack == _MASTER and kind in self._bare:
            try:
                return self._take(kind, pack, None)
            except Refusal:
                self._bare.remove(kind)  # another battery; next time as the others
                raise
        try:
            return self._take(kind, pack, pack or None)
        except Refusal:
            if pack != _MASTER or kind not in (_STAT, _INFO):
                raise
        value = self._take(kind, pack, None)
        self._bare.append(kind)
        return value

    def _take(self, kind, pack, sent):
        """As _ask(); `sent`: the number that the command has, or None."""
        if self._is_past(self._began, _WHOLE_MS):
            raise NoReply("the battery takes too long")
        index = _PACKS * kind + pack

        def settled(lines):
            value, form = _CODECS[kind](lines, pack)
            if form != self._forms[index]:
                if self._candidate != (index, form):
                    self._candidate = index, form
                    raise Unsettled("its names and columns came for the first time")
                self._forms[index] = form
            self._candidate = None
            return value

        return self.link.request(_COMMANDS[kind], sent, settled)

    def _ask_table(self):
        """The packs that are there; what only the table says is kept, when it is as before or came twice."""
        there, mos, odd = self._ask(_TABLE, 0)
        if odd not in (None, self._odd) or not _follows(mos, self._mos):
            _, mos_again, odd_again = self._ask(_TABLE, 0)
            mos = mos and {pack: mos[pack] for pack in mos if _follows({pack: mos[pack]}, mos_again or {})}
            odd = odd and {pack: odd[pack] for pack in odd if odd[pack] == (odd_again or {}).get(pack)}
        self._mos, self._odd = mos or {}, odd or {}
        self._table_at = None if mos is None and odd is None else self.link.clock.ticks_ms()
        return there

    def _refresh_table(self):
        """Brings up to date what only the table says; what cannot be read is forgotten."""
        try:
            self._ask_table()
        except (NoReply, Refusal):
            self._mos, self._odd = {}, {}
            self._table_at = self.link.clock.ticks_ms()


def _follows(mos, known):
    """Is each MOSFET temperature where it can be after the one that is known?"""
    for pack in mos or ():
        if pack not in known or abs(mos[pack] - known[pack]) > _JUMP:
            return False
    return True
