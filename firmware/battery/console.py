"""The text console of newer firmware: what a pack says in every cycle -> Reading; the face of pylontech.Pylontech.

An answer is taken when its form (console_text.py) is that of the one before: a damaged one is asked for again.
"""

from collections import namedtuple
from struct import pack_into, unpack_from

from micropython import const

from ..overlay import drop
from . import NoReply, ReturnCode
from .console_line import Unsettled

_COUNTERS_MS = const(600_000)  # cycles and SOH hardly change
_AGAIN_MS = const(60_000)  # when they could not be asked
_MOS_MS = const(30_000)
_DOUBTS = const(3)
_WHOLE_MS = const(15_000)  # after which nothing more is asked for one reading, or one question
_TEXT, _SAID = "firmware.battery.console_text", "firmware.battery.console_words"
_FORM = ">I"
_FORM_SIZE = const(4)
_COUNTERS = ">BIib"  # 1: they were asked, 2: in vain; ms; cycles and SOH in %, -1: None
_COUNTERS_SIZE = const(10)
_PACKS = const(17)  # from 1 to 16, and 0 for the whole group
TABLE, PWR, BAT, STAT, INFO = range(5)  # kinds of answers, each with a form of its own

# What this dialect has beyond a Reading: temperatures [0.1 °C] of the cells; mos 0.1 °C, half a minute old at most, or
# None; soc %, 0 … 100; base: the pack's raw word, and state: what it means (mqtt.md); balancing: numbers of cells from
# 1, or None; words: those that nobody knows, with whose they are, such as "Volt Status Odd"
Extra = namedtuple("Extra", "temperatures mos soc base state balancing words")


class Console:
    """The master pack and its slaves, asked over a console_line.Line. NoReply or ReturnCode from every method."""

    name = "console"
    exact = False  # the cells do not sum to the pack's voltage to the millivolt: they were not read at one moment

    def __init__(self, line):
        self.link = line
        self.mos = {}  # pack -> 0.1 °C
        self.odd = {}  # pack -> states of the table that are not Normal
        self.nameless = 0  # 1 << each pack that did not say who it is when it was last asked
        self.named = 0  # 1 << each pack that ever did
        self.mos_at = None  # ms; None: this battery says neither
        self._began = 0  # ms, this reading or question
        self._forms = bytearray(_FORM_SIZE * _PACKS * 5)
        self._candidate = None  # (place in _forms, form) that came once
        self._counters = bytearray(_COUNTERS_SIZE * _PACKS)  # of packs, which are never many small things
        self.extra = None  # Extra: what came with the last reading beyond it

    def ask(self, kind, pack):
        """A question that is seldom asked: "packs", "identity"; None for "limits" and "parameters", which nobody can
        ask here.
        """
        self._began = self.link.clock.ticks_ms()
        if kind == "packs":
            return self._table(kind)
        return self._seldom(kind, pack) if kind == "identity" else None

    def read(self, pack):
        """One pack's values and states -> Reading. Its parts were not said at the same moment."""
        self._began = self.link.clock.ticks_ms()
        if self.mos_at is not None and self._due(self.mos_at, _MOS_MS):
            self._table("mos")
        doubt = ""
        for _ in range(_DOUBTS):
            reading, self.extra, why = self._read(pack)
            if why in (None, doubt):  # what contradicts itself twice in the same way is how this battery is
                return reading
            doubt = why
        raise NoReply(why)

    def _read(self, pack):
        try:  # one after the other: there is no room for all
            from .console_cells import cells

            drop("firmware.battery.console_cells")
            of_cells = cells(self, pack)
            del cells
            from .console_values import values

            drop("firmware.battery.console_values")
            of_pack = values(self, pack)
            del values
            drop(_TEXT)  # what comes now needs room
            counters = self._count(pack)
            from .console_pack import together

            drop("firmware.battery.console_pack")
            return together(self, pack, counters, of_cells, of_pack)
        except (NoReply, ReturnCode):
            self._counters[_COUNTERS_SIZE * pack] = 0  # when it answers again it may be another pack
            raise
        finally:
            drop(_TEXT)
            drop(_SAID)

    def _due(self, since, after_ms):
        """Are the ticks `since` longer ago? What is so long ago that ticks have wrapped shows as yet to come."""
        return not 0 <= self.link.clock.ticks_diff(self.link.clock.ticks_ms(), since) < after_ms

    def take(self, command, pack, kind, parse):
        """The answer to a command -> what `parse` (lines, pack -> value, form) makes of it; its form is one we know."""
        if self._due(self._began, _WHOLE_MS):
            raise NoReply("the battery takes too long")
        at = _FORM_SIZE * (_PACKS * kind + (pack or 0))

        def settled(lines):
            value, form = parse(lines, pack)
            if form != unpack_from(_FORM, self._forms, at)[0]:
                if self._candidate != (at, form):
                    self._candidate = at, form
                    raise Unsettled("its names and columns came for the first time")
                pack_into(_FORM, self._forms, at, form)
            self._candidate = None
            return value

        return self.link.request(command, pack, settled)

    def _count(self, pack):
        """(cycles, SOH) of a pack, each or None; asked for now and then, and both None when that was in vain."""
        at = _COUNTERS_SIZE * pack
        known, since, cycles, soh = unpack_from(_COUNTERS, self._counters, at)
        said = (None if cycles < 0 else cycles), (None if soh < 0 else soh)
        if not known or self._due(since, _COUNTERS_MS if known == 1 else _AGAIN_MS):
            known = 1
            try:
                said = self._seldom("counters", pack)
            except NoReply:
                known, said = 2, (None, None)
                self.link.failures = 0  # the pack has just answered other questions
            raw = [-1 if one is None else one for one in said]
            pack_into(_COUNTERS, self._counters, at, known, self.link.clock.ticks_ms(), *raw)
        return said

    def _table(self, what):
        from . import console_table

        try:
            return getattr(console_table, what)(self)
        finally:
            drop("firmware.battery.console_table")
            drop(_TEXT)

    def _seldom(self, what, pack):
        from . import console_seldom

        try:
            return getattr(console_seldom, what)(self, pack)
        finally:
            drop("firmware.battery.console_seldom")
            drop(_TEXT)
