"""The text console of newer firmware: what a pack says in every cycle -> Reading; the face of pylontech.Pylontech.

An answer is taken when its form (console_text.py) is that of the one before: a damaged one is asked for again.
"""

from collections import namedtuple
from struct import pack_into, unpack_from

from micropython import const

from ..overlay import drop
from . import NoReply

_COUNTERS_MS = const(600_000)  # cycles and SOH hardly change
_MOS_MS = const(30_000)
_TEXT = "firmware.battery.console_text"
_FORM = ">I"
_FORM_SIZE = const(4)
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
        self.mos_at = None  # ms; None: this battery does not say them
        self._forms = bytearray(_FORM_SIZE * _PACKS * 5)
        self._candidate = None  # (place in _forms, form) that came once
        self._counters = {}  # pack -> (ms, cycles, SOH %)
        self.extra = None  # Extra: what came with the last reading beyond it

    def ask(self, kind, pack):
        """A question that is seldom asked: "packs", "identity"; None for "limits" and "parameters", which nobody can
        ask here.
        """
        return self._seldom(kind, pack) if kind in ("packs", "identity") else None

    def read(self, pack):
        """One pack's values and states -> Reading. Its parts were not said at the same moment."""
        counters = self._count(pack)
        if self.mos_at is not None and self.elapsed(self.mos_at) >= _MOS_MS:
            self._seldom("mos", pack)
        from .console_pack import read

        try:
            reading, self.extra = read(self, pack, counters)
        finally:
            drop("firmware.battery.console_pack")
            drop(_TEXT)
        return reading

    def elapsed(self, since):
        """ms from the ticks `since` until now."""
        return self.link.clock.ticks_diff(self.link.clock.ticks_ms(), since)

    def take(self, command, pack, kind, parse):
        """The answer to a command -> what `parse` (lines, pack -> value, form) makes of it; its form is one we know."""
        at = _FORM_SIZE * (_PACKS * kind + (pack or 0))

        def settled(lines):
            value, form = parse(lines, pack)
            if form != unpack_from(_FORM, self._forms, at)[0]:
                if self._candidate != (at, form):
                    self._candidate = at, form
                    self.link.frame_errors -= 1  # which will count this: but nothing is wrong with it
                    raise ValueError("its names and columns came for the first time")
                pack_into(_FORM, self._forms, at, form)
            self._candidate = None
            return value

        return self.link.request(command, pack, settled)

    def _count(self, pack):
        """(ms, cycles, SOH) of a pack, asked for now and then."""
        known = self._counters.get(pack)
        if not known or self.elapsed(known[0]) >= _COUNTERS_MS:
            try:
                said = self._seldom("counters", pack)
            except NoReply:
                if not known:
                    raise
                said = known[1:]
            self._counters[pack] = known = (self.link.clock.ticks_ms(),) + said
        return known

    def _seldom(self, what, pack):
        from . import console_seldom

        try:
            return getattr(console_seldom, what)(self, pack)
        finally:
            drop("firmware.battery.console_seldom")
            drop(_TEXT)
