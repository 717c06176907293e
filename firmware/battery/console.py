"""The text console of newer firmware: what a pack says in every cycle -> Reading; the face of pylontech.Pylontech.

An answer is taken when its form (console_text.py) is that of the one before: a damaged one is asked for again.
"""

from collections import namedtuple
from struct import pack_into, unpack_from

from micropython import const

from ..overlay import drop
from ..reading import NORMAL, OTHER, Alarms, Reading, alarm_flags
from . import console_text as text
from .link import NoReply

_COUNTERS_MS = const(600_000)  # cycles and SOH hardly change
_MOS_MS = const(30_000)
_FORM = ">I"
_FORM_SIZE = const(4)
_PACKS = const(17)  # from 1 to 16, and 0 for the whole group
TABLE, PWR, BAT, STAT, INFO = range(5)  # kinds of answers, each with a form of its own

# What this dialect has beyond a Reading: temperatures [0.1 °C] of the cells; mos 0.1 °C, half a minute old at most, or
# None; soc %, 0 … 100; base: the pack's raw word; balancing: numbers of cells from 1, or None; words: what is not as it
# should be, such as "Volt Status High"
Extra = namedtuple("Extra", "temperatures mos soc base balancing words")


class Console:
    """The master pack and its slaves, asked over a console_line.Line. NoReply or ReturnCode from every method."""

    name = "console"

    def __init__(self, line):
        self.link = line
        self.mos = {}  # pack -> 0.1 °C
        self.mos_at = None  # ms; None: this battery does not say them
        self._forms = bytearray(_FORM_SIZE * _PACKS * 5)
        self._candidate = None  # (place in _forms, form) that came once
        self._counters = {}  # pack -> (ms, cycles, SOH %)
        self._extra = None, None  # pack, Extra

    def ask(self, kind, pack):
        """A question that is seldom asked: "packs", "identity"; None for "limits" and "parameters", which nobody can
        ask here.
        """
        return self._seldom(kind, pack) if kind in ("packs", "identity") else None

    def read(self, pack):
        """One pack's values and states -> Reading. Its parts were not said at the same moment."""
        counters = self._count(pack)
        voltage, current, bms, coulomb, capacity, said = self.take("pwr", pack, PWR, text.pack_values)
        cells, temperatures, socs, charges, balancing, states, words = self.take("bat", pack, BAT, text.cell_values)
        if abs(sum(cells) - voltage) * 100 > voltage:
            raise NoReply("the cells of pack %d do not sum to its voltage" % pack)
        for soc, charge in zip(socs, charges):
            if not _agree(charge, soc, capacity):
                raise NoReply("SOC and Coulomb of a cell of pack %d contradict each other" % pack)
        if self.mos_at is not None and self.elapsed(self.mos_at) >= _MOS_MS:
            self._seldom("mos", pack)
        soc = min(coulomb, 100)
        charge = min(charges) if charges else 0
        if not charges or not _agree(charge, soc, capacity):
            charge = capacity * soc // 100
        alarms = _alarms(said, current, states, words)
        base = said["Basic Status"]
        self._extra = pack, Extra(temperatures, self.mos.get(pack), soc, base, balancing, tuple(words))
        return Reading(
            pack,
            cells,
            (bms,),
            current,
            voltage,
            min(charge, capacity),
            capacity,
            counters[1],
            counters[2],
            alarms,
        )

    def extra(self, pack):
        """What came with the last reading beyond it -> Extra, or None when that was of another pack."""
        return self._extra[1] if self._extra[0] == pack else None

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


def _agree(charge, soc, capacity):
    """Can a charge in mAh be so many percent of the capacity, of worn cells too? It has another length otherwise."""
    said, made = 100 * charge, soc * capacity
    return made - 15 * capacity <= 3 * said and 2 * said <= 3 * made + 10 * capacity


def _alarms(said, current, states, words):
    """The pack's states in words, and those of its cells -> Alarms; what is not normal is appended to `words`."""
    cells, currents, temperatures = states
    voltage = text.state(said["Volt Status"], "Volt Status", words)
    flow = text.state(said["Current Status"], "Current Status", words) or max(currents)
    temperature = text.state(said["Tmpr. Status"], "Tmpr. Status", words)
    base = said["Basic Status"]
    rest = NORMAL
    if base not in text.BASE:
        text.remark(words, "Status", base)
        rest = OTHER
    for name in ("Coul. Status", "Soh. Status"):  # no flag is for these, but for what nobody knows
        if text.state(said.get(name, "-"), name, words) == OTHER:
            rest = OTHER
    heater, fault = said.get("Heater Status", "-"), said.get("System Fault", "0x0")
    if heater not in ("ON", "OFF", "-"):
        text.remark(words, "Heater Status", heater)
        rest = OTHER
    if fault.strip("0x"):
        text.remark(words, "System Fault", fault)
        rest = OTHER
    charge, discharge = (flow, NORMAL) if current >= 0 else (NORMAL, flow)
    flags = alarm_flags(cells, temperatures + bytes((temperature, rest)), charge, voltage, discharge)
    flags += ("Charging", base == "Charge"), ("Discharging", base == "Dischg")
    if heater in ("ON", "OFF"):
        flags += (("Heater", heater == "ON"),)
    return Alarms(cells, bytes((temperature,)), charge, voltage, discharge, flags, ())
