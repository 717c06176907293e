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
_COLUMNS = b"Battery;Volt;Tempr;Base State;Volt. State"
_STATES = b"Volt. State;Curr. State;Temp. State;DTemp. State;CTemp. State"
_KINDS = (0, 1, 2, 2, 2)
# cells [mV]; temperatures [0.1 °C]; socs [%]; charges [mAh]; balancing: numbers of cells, None: not said; states of
# voltage, current, temperature: bytes, one a cell, as text.state(); words: unknown ones. Empty: not said.
Cells = namedtuple("Cells", "cells temperatures socs charges balancing states words")

# Of `pwr N`: values, and the unit of each; words that must be there; events, a number and words; what is on or off, and
# the flag that it is; and words that are no trouble, or have a flag of their own
_VALUES = b";Voltage;Current;Temperature;Coulomb;Total Coulomb;"
_UNITS = b"mV;mA;mC;%;mAH"
_NEEDED = b"Basic Status;Volt Status;Current Status;Tmpr. Status;"
_EVENTS = b"Bat Events;Power Events;System Alarm;"
_SWITCHES = b"Heater Status;CMOS Status;CFetState;DMOS Status;DFetState;"
_SWITCH_FLAGS = ("Heater", "Charge_MOS", "Charge_MOS", "Discharge_MOS", "Discharge_MOS")
_KNOWN = (
    (b"Coul. Status", b" Normal - Full Low "),
    (b"Soh. Status", b" Normal - "),
    (b"Heater Status", b" ON OFF - "),
    (b"System Fault", b" 0x0 0x00 0x0000 0x00000000 "),
)
_WANTED = _VALUES + _NEEDED + _EVENTS + _SWITCHES + b"Coul. Status;Soh. Status;System Fault;"
# In mV, mA, 0.1 °C, %, mAh; words: {name: word}
Values = namedtuple("Values", "voltage current temperature soc capacity words")

def cells(lines, _):
    """`bat N` -> (Cells, form). ValueError."""
    header = next(lines, b"")
    names = text.columns(header)
    for name in _COLUMNS.split(b";"):
        if name not in names:
            raise ValueError("the header has no %s" % text.shown(name))
    if header.find(b"Temp. State") < 0:  # or one of two that end so
        raise ValueError("the header has no Temp. State")
    form = crc32(header) & 0xFFFFFF
    said = Cells([], [], [], [], [], (bytearray(), bytearray(), bytearray()), [])
    columns = None
    for line in lines:
        form = text.mixed(form, len(line))
        words = line.split()
        columns = columns or _columns(names, words)
        _add_cell(said, columns, words)
    if not said.cells:
        raise ValueError("rows are missing")
    values, temperatures, socs, charges, balancing, states, unknown = said
    balancing = tuple(balancing) if columns[6] and None not in balancing else None
    states = [bytes(of_kind) for of_kind in states]  # MicroPython finds nothing in a bytearray
    return Cells(tuple(values), tuple(temperatures), socs, charges, balancing, states, unknown), form


def _columns(names, first):
    """Where each value is in a row, by the header's `names` and the `first` row -> (words of a row, voltage, base
    state, temperature, SOC or 0, charge or 0, BAL or 0, [(state, its kind, its name)]). All rows are alike. ValueError.
    """
    charge = 0
    for at, word in enumerate(first):
        charge = charge or (at - 1 if text.is_charge(word) else 0)
    if charge and len(first) == len(names) + 2 and b"SOC" not in names and b"Coulomb" in names:
        names.insert(names.index(b"Coulomb"), b"SOC")  # old headers lack it
    if len(first) != len(names) + (charge > 0) or (charge and names[charge] != b"Coulomb"):
        raise ValueError("a row does not fit its header")

    def at(name):
        return names.index(name) if name in names else 0

    balance = at(b"BAL")
    return (
        len(first), at(b"Volt"), at(b"Base State"), at(b"Tempr"), at(b"SOC") or (0 if charge else at(b"Coulomb")),
        charge, balance + (0 < charge < balance),
        [(at(name), kind, name) for name, kind in zip(_STATES.split(b";"), _KINDS) if name in names],
    )  # fmt: skip


def _add_cell(said, columns, words):
    """Puts a row, as words, into the lists of `said`. ValueError."""
    count = len(said.cells)
    width, volt, base, temperature, soc, charge, balance, states = columns
    if len(words) != width:
        raise ValueError("a row does not fit its header")
    if count == _MAX_CELLS or words[0] != _NUMBERS[count]:
        raise ValueError("cell %s is not the next" % text.shown(words[0]))
    said.cells.append(text.number(words[volt]))
    said.temperatures.append(rounded(text.number(words[temperature]), 100))
    if soc:
        said.socs.append(text.percent(words[soc]))
    if charge:
        said.charges.append(text.converted(words[charge], words[charge + 1], b"mAH"))
    worst = [NORMAL, NORMAL, NORMAL]
    for at, kind, name in states:
        if words[at] != b"Normal":
            value = text.state(words[at], "Cell %d %s" % (count + 1, text.shown(name)), said.words)
            worst[kind] = max(worst[kind], value)
    if words[base] not in text.BASE:
        worst[2] = OTHER
        text.remark(said.words, "Cell %d" % (count + 1), words[base])
    word = words[balance] if balance else b"N"
    if word == b"Y":
        said.balancing.append(count + 1)
    elif word != b"N":
        said.balancing.append(None)
        if word != b"-":
            worst[2] = OTHER
            text.remark(said.words, "Cell %d BAL" % (count + 1), word)
    for kind in range(3):
        said.states[kind].append(worst[kind])


def values(lines, pack):
    """`pwr N` -> (Values, form). ValueError."""
    found, form = text.fields(lines, pack, _WANTED)
    for name in (_VALUES + _NEEDED).split(b";"):
        if name and not found.get(name):
            raise ValueError("%s is missing" % text.shown(name))
    said = [text.quantity(found[name], unit) for name, unit in zip(_VALUES[1:].split(b";"), _UNITS.split(b";"))]
    said[2] = rounded(said[2], 100)
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
    if state != "discharging" and of_pack.words.get(b"Coul. Status") == b"Full":
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
        if said.get(name) and known.find(b" " + said[name] + b" ") < 0:
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
    values = [(name, said[name]) for name in _EVENTS.split(b";") if said.get(name)]
    texts = [text.event(name, value, on) for name, value in values if value != b"0x0"]
    return "; ".join([words for words in texts if words]) if values else None


def _system_flags(said, on):
    """What the pack does, as flags; those that it does not tell are left out."""
    base = said[b"Basic Status"]
    flags = [("Charging", base == b"Charge"), ("Discharging", base == b"Dischg")]
    for name, key in zip(_SWITCHES.split(b";"), _SWITCH_FLAGS):
        if said.get(name) in (b"ON", b"OFF"):
            flags.append((key, said[name] == b"ON"))
    coulomb = said.get(b"Coul. Status")
    if coulomb or "Low_SOC" in on:
        flags.append(("Fully_Charged", coulomb == b"Full"))
        flags.append(("Low_SOC", coulomb == b"Low" or "Low_SOC" in on))
    return tuple(flags)
