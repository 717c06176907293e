"""What the text console says of one pack: `bat N` and `pwr N` -> Reading. No I/O."""

from binascii import crc32

from micropython import const

from ..problems import NORMAL, OTHER, PROTECT, Alarms, alarm_flags
from ..reading import Extra, Reading, rounded
from . import NoReply
from . import console_text as text

_MAX_CELLS = const(16)
_SOC_OFF = const(3)  # %, that a pack may say more or less than each of its cells
# Names and words are in texts that are split when they are needed: tuples of them would take five times the memory.
# Of `bat N`: what it must have; columns of a cell's states: voltage, current, then temperature. US3000D has
# one of its temperature for discharging and one for charging.
_COLUMNS = "Battery;Volt;Tempr;Base State;Volt. State"
_STATES = "Volt. State;Curr. State;Temp. State;DTemp. State;CTemp. State"
_TEMPERATURE = const(2)  # place in _STATES; those behind are of temperatures, too
_UNFIT = "a row does not fit its header"
# Of `pwr N`: values with their units, and states, which must all be there; switches with their flags; words that are no
# trouble, or have a flag of their own; events: a number, and words where there are some
_VALUES = b";Voltage=mV;Current=mA;Temperature=mC;Coulomb=%;Total Coulomb=mAH"
_STATUS = b";Volt Status=;Current Status=;Tmpr. Status=;Basic Status="
_SWITCHES = (
    b";Heater Status=Heater;CMOS Status=Charge_MOS;CFetState=Charge_MOS;DMOS Status=Discharge_MOS"
    b";DFetState=Discharge_MOS"
)
_KNOWN = (
    b";Coul. Status=Normal - Full Low;Soh. Status=Normal -;Heater Status=ON OFF -"
    b";System Fault=0x0 0x00 0x0000 0x00000000"
)
_EVENTS = b";Bat Events=;Power Events=;System Alarm="


def cells(lines, _):
    """`bat N` -> ((cells, temperatures, socs, charges, balancing, states, words), form). ValueError.

    cells [mV]; temperatures [0.1 °C]; socs [%], charges [mAh]: empty where not said; balancing: numbers of cells, None:
    not said; states of voltage, current, temperature: bytes, one a cell, as text.state(); words: unknown ones.
    """
    header = next(lines, b"")
    form = text.mixed(crc32(header), 0)
    header = str(header, "ascii")
    names = text.columns(header, _COLUMNS.split(";"))
    if header.find("Temp. State") < 0:  # or one of two that end so
        raise ValueError("the header has no Temp. State")
    voltages, temperatures, socs, charges, balancing, unknown = [], [], [], [], [], []
    states = bytearray(_MAX_CELLS), bytearray(_MAX_CELLS), bytearray(_MAX_CELLS)
    places = good = None  # good: a word that is a base state
    for line in lines:
        form = text.mixed(form, len(line))
        words = line.split()
        places = places or _places(names, words)
        width, voltage, temperature, base, soc, charge, balance, states_at = places
        at = len(voltages)
        if len(words) != width:
            raise ValueError(_UNFIT)
        if at == _MAX_CELLS or words[0] != b"%d" % at:
            raise ValueError("cell %s is not the next" % text.shown(words[0]))
        voltages.append(text.number(words[voltage]))
        temperatures.append(rounded(text.number(words[temperature]), 100))
        if soc is not None:
            socs.append(text.percent(words[soc]))
        if charge is not None:
            charges.append(text.converted(words[charge], words[charge + 1], b"mAH"))
        for place, kind, name in states_at:
            if words[place] != b"Normal":
                state = text.state(words[place], b"Cell %d %s" % (at + 1, name.encode()), unknown)
                states[kind][at] = max(states[kind][at], state)
        if words[base] != good and text.meaning(words[base], text.BASE):
            good = words[base]
        if words[base] != good:
            states[-1][at] = OTHER
            text.remark(unknown, b"Cell %d" % (at + 1), words[base])
        word = words[balance] if balance is not None else b"-"
        if word == b"Y":
            if balancing is not None:
                balancing.append(at + 1)
        elif word != b"N":
            balancing = None
            if word != b"-":
                states[-1][at] = OTHER
                text.remark(unknown, b"Cell %d BAL" % (at + 1), word)
    if not places:
        raise ValueError("rows are missing")
    states = [bytes(said[: len(voltages)]) for said in states]  # MicroPython finds nothing in a bytearray
    return (tuple(voltages), tuple(temperatures), socs, charges, balancing, states, unknown), form


def _places(names, first):
    """Of the columns `names`, with `first`, the words of the first row -> (width, places of voltage, temperature, base
    state, SOC, charge and balance, the last three None where they are not said, [(place, 0 … 2, name) of a state]).
    """
    charge = None
    for at, word in enumerate(first):
        if charge is None and text.is_charge(word):
            charge = at - 1
    units = 0 if charge is None else 1  # words that have no name in the header
    if units and len(first) == len(names) + 2 and "SOC" not in names and "Coulomb" in names:
        names.insert(names.index("Coulomb"), "SOC")  # old headers lack it
    if len(first) != len(names) + units or (units and names[charge] != "Coulomb"):
        raise ValueError(_UNFIT)
    states = []
    for kind, name in enumerate(_STATES.split(";")):
        if name in names:
            states.append((names.index(name), min(kind, _TEMPERATURE), name))
    at = names.index
    soc = "SOC" if units or "SOC" in names else "Coulomb"
    soc = at(soc) if soc in names else None
    balance = at("BAL") if "BAL" in names else None
    if balance is not None and units and charge < balance:
        balance += 1
    return len(first), at("Volt"), at("Tempr"), at("Base State"), soc, charge, balance, states


def _entries(table):
    """The entries of a table above -> [(name, b"=", what stands behind it)]."""
    return [entry.partition(b"=") for entry in table[1:].split(b";")]


def values(lines, pack):
    """`pwr N` -> ([voltage mV, current mA, temperature 0.1 °C, soc %, capacity mAh, {name: word}], form).
    ValueError.
    """
    said, form = text.fields(lines, pack, _VALUES + _STATUS + _SWITCHES + _KNOWN + _EVENTS)
    found = []
    for name, _, unit in _entries(_VALUES + _STATUS):
        if not said.get(name):
            raise ValueError("%s is missing" % text.shown(name))
        if unit:
            found.append(text.quantity(said[name], unit))
    if found[4] <= 0 or found[3] < 0:
        raise ValueError("Coulomb cannot be")
    return found + [said], form


def reading(pack, counters, of_cells, of_pack, mos, odd):
    """-> (Reading, what in it contradicts itself, or None).

    counters: console_group.Counters or None; of_cells: as cells(); of_pack: as values(); mos: 0.1 °C or None; odd:
    states that only the table of all packs has, [(column, word)]. NoReply when the cells do not sum to the pack's
    voltage.
    """
    voltages, temperatures, socs, charges, balancing, states, words = of_cells
    voltage, current, temperature, soc, capacity, said = of_pack
    if abs(sum(voltages) - voltage) * 100 > voltage:
        raise NoReply("the cells of pack %d do not sum to its voltage" % pack)
    why = None
    if socs and not min(socs) - _SOC_OFF <= soc <= max(socs) + _SOC_OFF:
        why = "SOC of pack %d and of its cells contradict each other" % pack
    for cell_soc, charge in zip(socs, charges):
        if not _agree(charge, cell_soc, capacity):
            why = "SOC and Coulomb of a cell of pack %d contradict each other" % pack
    soc = min(soc, 100)
    charge = min(charges) if charges else -1
    if charge < 0 or not _agree(charge, soc, capacity):
        charge = capacity * soc // 100
    words = words[:]
    alarms, events = _alarms(said, current, states, words, odd)
    base = said[b"Basic Status"]
    state = text.meaning(base, text.BASE) or "other"
    if state != "discharging" and said.get(b"Coul. Status") == b"Full":
        state = "full"
    balancing = None if balancing is None else tuple(balancing)
    extra = Extra(temperatures, mos, soc, text.shown(base), state, balancing, tuple(words), events)
    charge = min(charge, capacity)
    cycles, soh = (counters.cycles, counters.soh) if counters else (None, None)
    values = (pack, voltages, (temperature,), current, voltage, charge, capacity, cycles, soh, alarms, extra, None)
    return Reading(*values), why


def _agree(charge, soc, capacity):
    """Can a charge in mAh be so many percent of the capacity, of worn cells too? It has another length otherwise."""
    said, made = 100 * charge, soc * capacity
    return made - 15 * capacity <= 3 * said and 2 * said <= 3 * made + 10 * capacity


def _alarms(said, current, states, words, odd):
    """-> (Alarms, text of events or None). Unknown words are appended to `words`."""
    count = len(words)
    cells, currents, temperatures = states
    found = []
    for name, _, _ in _entries(_STATUS)[:3]:
        found.append(text.state(said[name], name, words))
    voltage, flow, temperature = found
    flow = flow or max(currents)
    mosfets = NORMAL
    for name, word in odd:
        if name == "M.T.St":
            mosfets = text.state(word, name.encode(), words)
        else:
            text.remark(words, name.encode(), word)
    base = said[b"Basic Status"]
    state = text.meaning(base, text.BASE)
    if not state:
        text.remark(words, b"Status", base)
    for name, _, known in _entries(_KNOWN):
        if said.get(name) and said[name] not in known.split():
            text.remark(words, name, said[name])
    on = []  # flags that words mean
    events = None
    for name, _, _ in _entries(_EVENTS):
        if said.get(name):
            event = text.event(name, said[name], on)
            events = "%s; %s" % (events, event) if events and event else events or event
    text.protections(voltage, max(cells), flow, max(temperature, max(temperatures)), current, on, words)
    rest = OTHER if len(words) > count or OTHER in currents else NORMAL
    cells, temperatures = text.published(cells), text.published(temperatures)
    temperature, flow, voltage = text.published(bytes((temperature, flow, voltage)))
    charge, discharge = (flow, NORMAL) if current >= 0 else (NORMAL, flow)
    flags = alarm_flags(cells, temperatures + bytes((temperature, mosfets, rest)), charge, voltage, discharge)
    flags = [(key, is_set or key in on) for key, is_set in flags] + [(key, key in on) for key in PROTECT]
    flags += [("Charging", state == "charging"), ("Discharging", state == "discharging")]
    for name, _, key in _entries(_SWITCHES):
        word = said.get(name)
        if word == b"ON" or word == b"OFF":
            flags.append((str(key, "ascii"), word == b"ON"))
    coulomb = said.get(b"Coul. Status")
    if coulomb or "Low_SOC" in on:
        flags.append(("Fully_Charged", coulomb == b"Full"))
        flags.append(("Low_SOC", coulomb == b"Low" or "Low_SOC" in on))
    return Alarms(cells, bytes((temperature,)), charge, voltage, discharge, tuple(flags), ()), events
