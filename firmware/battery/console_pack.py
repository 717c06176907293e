"""What the text console says of one pack: `bat N` and `pwr N` -> Reading. No I/O."""

from binascii import crc32
from collections import namedtuple

from micropython import const

from ..problems import NORMAL, OTHER, PROTECT, Alarms, alarm_flags
from ..reading import Extra, Reading, rounded
from . import NoReply
from . import console_text as text

_MAX_CELLS = const(16)
_NUMBERS = [b"%d" % number for number in range(_MAX_CELLS)]  # of rows
_SOC_OFF = const(3)  # %, that a pack may say more or less than each of its cells

# Of `bat N`: what it must have, and which of a cell's states each column is: of voltage, current, temperature. US3000D
# has one of its temperature for discharging and one for charging.
_COLUMNS = (b"Battery", b"Volt", b"Tempr", b"Base State", b"Volt. State")
_STATES = (
    (b"Volt. State", 0), (b"Curr. State", 1), (b"Temp. State", 2), (b"DTemp. State", 2), (b"CTemp. State", 2),
)  # fmt: skip
# cells [mV]; temperatures [0.1 °C]; socs [%]; charges [mAh]; balancing: numbers of cells, None: not said; states of
# voltage, current, temperature: bytes, one a cell, as text.state(); words: unknown ones. Empty: not said.
Cells = namedtuple("Cells", "cells temperatures socs charges balancing states words")

# Of `pwr N`: values with the unit that they are wanted in, words that must be there, and others.
_VALUES = (
    (b"Voltage", "mV"), (b"Current", "mA"), (b"Temperature", "0.1 °C"), (b"Coulomb", "%"), (b"Total Coulomb", "mAh"),
)  # fmt: skip
_NEEDED = tuple([name for name, _ in _VALUES]) + (b"Basic Status", b"Volt Status", b"Current Status", b"Tmpr. Status")
_COULOMB, _HEATER = b"Coul. Status", b"Heater Status"
_EVENTS = (b"Bat Events", b"Power Events", b"System Alarm")  # a number, and words where there are some
_SWITCHES = (
    (_HEATER, "Heater"),
    (b"CMOS Status", "Charge_MOS"), (b"CFetState", "Charge_MOS"),
    (b"DMOS Status", "Discharge_MOS"), (b"DFetState", "Discharge_MOS"),
)  # fmt: skip
# Words that are no trouble, or have a flag of their own
_KNOWN = (
    (_COULOMB, (b"Normal", b"-", b"Full", b"Low")),
    (b"Soh. Status", (b"Normal", b"-")),
    (_HEATER, (b"ON", b"OFF", b"-")),
    (b"System Fault", (b"0x0", b"0x00", b"0x0000", b"0x00000000")),
)
_WANTED = set([name for name, _ in _KNOWN + _SWITCHES] + list(_NEEDED + _EVENTS))
# In mV, mA, 0.1 °C, %, mAh; words: {name: word}
Values = namedtuple("Values", "voltage current temperature soc capacity words")

def cells(lines, _):
    """`bat N` -> (Cells, form). ValueError."""
    header = next(lines, b"")
    names = text.columns(header)
    for name in _COLUMNS:
        if name not in names:
            raise ValueError("the header has no %s" % text.shown(name))
    if header.find(b"Temp. State") < 0:  # or one of two that end so
        raise ValueError("the header has no Temp. State")
    form = crc32(header) & 0xFFFFFF
    table = None
    for line in lines:
        form = text.mixed(form, len(line))
        words = line.split()
        table = table or _Rows(names, words)
        table.add(words)
    if table is None:
        raise ValueError("rows are missing")
    return table.cells(), form


class _Rows:
    """The rows of one answer to `bat N`. They all have the layout of the first."""

    def __init__(self, names, first):
        units = [at for at, word in enumerate(first) if text.is_charge(word)]
        charge = units[0] - 1 if units else None
        if charge is not None and len(first) == len(names) + 2 and b"SOC" not in names and b"Coulomb" in names:
            names.insert(names.index(b"Coulomb"), b"SOC")  # old headers lack it
        if len(first) != len(names) + (charge is not None):
            raise ValueError("a row does not fit its header")
        if charge is not None and names[charge] != b"Coulomb":
            raise ValueError("a charge stands in the wrong column")
        at = names.index
        soc = b"Coulomb" if charge is None and b"SOC" not in names else b"SOC"
        self._width = len(first)
        self._volt, self._tempr, self._base = at(b"Volt"), at(b"Tempr"), at(b"Base State")
        self._soc = at(soc) if soc in names else None
        self._charge = charge
        self._balance = at(b"BAL") + (charge is not None and charge < at(b"BAL")) if b"BAL" in names else None
        self._states = [(at(name), kind, name) for name, kind in _STATES if name in names]
        self._cells, self._temperatures, self._socs, self._charges, self._words = [], [], [], [], []
        self._balancing = [] if self._balance is not None else None
        self._said = bytearray(), bytearray(), bytearray()

    def add(self, words):
        """The next row, as words. ValueError."""
        count = len(self._cells)
        if len(words) != self._width:
            raise ValueError("a row does not fit its header")
        if count == _MAX_CELLS or words[0] != _NUMBERS[count]:
            raise ValueError("cell %s is not the next" % text.shown(words[0]))
        self._cells.append(text.number(words[self._volt]))
        self._temperatures.append(rounded(text.number(words[self._tempr]), 100))
        if self._soc is not None:
            self._socs.append(text.percent(words[self._soc]))
        if self._charge is not None:
            self._charges.append(text.converted(words[self._charge], words[self._charge + 1], "mAh"))
        self._add_states(words, count + 1)

    def _add_states(self, words, number):
        voltage = current = temperature = NORMAL
        for at, kind, name in self._states:
            word = words[at]
            if word == b"Normal":
                continue
            state = text.state(word, "Cell %d %s" % (number, text.shown(name)), self._words)
            if kind == 0:
                voltage = max(voltage, state)
            elif kind == 1:
                current = max(current, state)
            else:
                temperature = max(temperature, state)
        if words[self._base] not in text.BASE:
            temperature = OTHER
            text.remark(self._words, "Cell %d" % number, words[self._base])
        balance = words[self._balance] if self._balance is not None else b"N"
        if balance not in (b"Y", b"N"):
            self._balancing = None
        elif balance == b"Y" and self._balancing is not None:
            self._balancing.append(number)
        if balance not in (b"Y", b"N", b"-"):
            temperature = OTHER
            text.remark(self._words, "Cell %d BAL" % number, balance)
        voltages, currents, temperatures = self._said
        voltages.append(voltage)
        currents.append(current)
        temperatures.append(temperature)

    def cells(self):
        """-> Cells."""
        return Cells(
            tuple(self._cells), tuple(self._temperatures), self._socs, self._charges,
            None if self._balancing is None else tuple(self._balancing),
            [bytes(states) for states in self._said],  # MicroPython finds nothing in a bytearray
            self._words,
        )  # fmt: skip


def values(lines, pack):
    """`pwr N` -> (Values, form). ValueError."""
    found, form = text.fields(lines, pack, _WANTED)
    for name in _NEEDED:
        if not found.get(name):
            raise ValueError("%s is missing" % text.shown(name))
    said = [text.quantity(found[name], unit) for name, unit in _VALUES]
    if said[4] <= 0 or said[3] < 0:
        raise ValueError("Coulomb cannot be")
    return Values(*said, found), form


def reading(pack, counters, of_cells, of_pack, mos, odd):
    """-> (Reading, what in it contradicts itself, or None).

    counters: (cycles, SOH in %), each or None; of_cells: Cells; of_pack: Values; mos: 0.1 °C or None; odd: states
    that only the table of all packs has, [(column, word)]. NoReply when the cells do not sum to the pack's voltage.
    """
    if abs(sum(of_cells.cells) - of_pack.voltage) * 100 > of_pack.voltage:
        raise NoReply("the cells of pack %d do not sum to its voltage" % pack)
    capacity, socs, charges, why = of_pack.capacity, of_cells.socs, of_cells.charges, None
    if socs and not min(socs) - _SOC_OFF <= of_pack.soc <= max(socs) + _SOC_OFF:
        why = "SOC of pack %d and of its cells contradict each other" % pack
    for soc, charge in zip(socs, charges):
        if not _agree(charge, soc, capacity):
            why = "SOC and Coulomb of a cell of pack %d contradict each other" % pack
    soc = min(of_pack.soc, 100)
    charge = min(charges) if charges else -1
    if charge < 0 or not _agree(charge, soc, capacity):
        charge = capacity * soc // 100
    words = list(of_cells.words)
    alarms, events = _alarms(of_pack, of_cells.states, words, odd)
    base = of_pack.words[b"Basic Status"]
    state = text.BASE.get(base, "other")
    if state != "discharging" and of_pack.words.get(_COULOMB) == b"Full":
        state = "full"
    extra = Extra(
        of_cells.temperatures, mos, soc, text.shown(base), state, of_cells.balancing, tuple(words), events
    )
    said = Reading(
        pack, of_cells.cells, (of_pack.temperature,), of_pack.current, of_pack.voltage, min(charge, capacity), capacity,
        *counters, alarms, extra
    )  # fmt: skip
    return said, why


def _agree(charge, soc, capacity):
    """Can a charge in mAh be so many percent of the capacity, of worn cells too? It has another length otherwise."""
    said, made = 100 * charge, soc * capacity
    return made - 15 * capacity <= 3 * said and 2 * said <= 3 * made + 10 * capacity


def _alarms(of_pack, states, words, odd):
    """-> (Alarms, text of events or None). Unknown words are appended to `words`."""
    said, current, count = of_pack.words, of_pack.current, len(words)
    cells, currents, temperatures = states
    voltage = text.state(said[b"Volt Status"], "Volt Status", words)
    flow = text.state(said[b"Current Status"], "Current Status", words) or max(currents)
    temperature = text.state(said[b"Tmpr. Status"], "Tmpr. Status", words)
    mosfets = NORMAL
    for name, word in odd:
        if name == b"M.T.St":
            mosfets = text.state(word, "M.T.St", words)
        else:
            text.remark(words, text.shown(name), word)
    if said[b"Basic Status"] not in text.BASE:
        text.remark(words, "Status", said[b"Basic Status"])
    for name, known in _KNOWN:
        if said.get(name) and said[name] not in known:
            text.remark(words, text.shown(name), said[name])
    on = []  # flags that words mean
    events = _events(said, on)
    text.protections(voltage, max(cells), flow, max(temperature, max(temperatures)), current, on, words)
    rest = OTHER if len(words) > count or OTHER in currents else NORMAL
    cells, temperatures = text.published(cells), text.published(temperatures)
    temperature, flow, voltage = text.published(bytes((temperature, flow, voltage)))
    charge, discharge = (flow, NORMAL) if current >= 0 else (NORMAL, flow)
    flags = alarm_flags(cells, temperatures + bytes((temperature, mosfets, rest)), charge, voltage, discharge)
    if on:
        flags = tuple([(key, is_set or key in on) for key, is_set in flags])
    flags += tuple([(key, key in on) for key in PROTECT]) + _system_flags(said, on)
    return Alarms(cells, bytes((temperature,)), charge, voltage, discharge, flags, ()), events


def _events(said, on):
    """The events in the battery's words, or None: it says none of them. Flags that they are are appended to `on`."""
    values = [(name, said[name]) for name in _EVENTS if said.get(name)]
    texts = [text.event(name, value, on) for name, value in values if value != b"0x0"]
    return "; ".join([words for words in texts if words]) if values else None


def _system_flags(said, on):
    """What the pack does, as flags; those that it does not tell are left out."""
    base = said[b"Basic Status"]
    flags = [("Charging", base == b"Charge"), ("Discharging", base == b"Dischg")]
    for name, key in _SWITCHES:
        if said.get(name) in (b"ON", b"OFF"):
            flags.append((key, said[name] == b"ON"))
    coulomb = said.get(_COULOMB)
    if coulomb or "Low_SOC" in on:
        flags.append(("Fully_Charged", coulomb == b"Full"))
        flags.append(("Low_SOC", coulomb == b"Low" or "Low_SOC" in on))
    return tuple(flags)
