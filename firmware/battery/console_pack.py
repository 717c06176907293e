"""What the text console says of one pack: `pwr N` and `bat N` -> Reading. No I/O. What does not fit is a ValueError."""

from micropython import const

from ..problems import NORMAL, OF_STATES, PROTECT, alarms_of
from ..reading import Reading, rounded
from . import NoReply
from . import console_text as text

_MAX_CELLS = const(16)
_EVENTS_MAX = const(255)  # characters: Home Assistant takes no longer state
_SOC_OFF = const(3)  # %, that a pack may say more or less than each of its cells
# Names and words are in texts that are split when they are needed: tuples of them would take five times the memory.
# What `pwr N` says. The first nine must be there: values in _UNITS, three states, the base state. Of the next four some
# words are calm. From the last of these on: switches, then events, a number and words where there are some.
_NAMES = (
    b"Voltage;Current;Temperature;Coulomb;Total Coulomb;Volt Status;Current Status;Tmpr. Status;Basic Status"
    b";Coul. Status;Soh. Status;System Fault;Heater Status;CMOS Status;CFetState;DMOS Status;DFetState"
    b";Bat Events;Power Events;System Alarm"
)
_STATES, _BASE, _COULOMB, _SWITCHES, _EVENTS = const(5), const(8), const(9), const(12), const(17)
_CALM = b" Normal - Full Low ; Normal - ; 0x0 0x00 0x0000 0x00000000 ; ON OFF - "
_FLAGS = "Heater", "Charge_MOS", "Charge_MOS", "Discharge_MOS", "Discharge_MOS"  # of the switches
_BASES = b";Charge=charging;Dischg=discharging;Idle=idle;Balance=balancing;Sleep=sleeping;"  # -> BatteryState (mqtt.md)
# Of `bat N`: columns that it must have, and those of a cell's states: voltage, current, then temperature. US3000D has
# one of its temperature for discharging and one for charging.
_COLUMNS = b"Battery;Volt;Tempr;Base State;Volt. State"
_CELL_STATES = b"Volt. State;Curr. State;Temp. State;DTemp. State;CTemp. State"


def values(lines, pack):
    """`pwr N` -> [voltage mV, current mA, temperature 0.1 °C, soc %, capacity mAh, states of voltage, current and
    temperature, base state and BatteryState as texts, keys of flags, events as in Reading, Findings].
    """
    said = text.fields(lines, pack, b";%s;" % _NAMES)
    names = _NAMES.split(b";")
    found = []
    for at in range(_STATES):
        word, _, unit = (said[at] or b"").partition(b" ")
        if not said[at + _STATES - 1]:
            raise text.unfit(names[at + _STATES - 1])
        found.append(text.quantity(word, b"%s%d" % (unit.strip(), at)))
    if found[3] < 0 or found[4] <= 0:
        raise text.unfit(names[3])
    findings = text.Findings(found[1])
    for at in range(_STATES, _BASE):
        found.append(findings.state(said[at], names[at], b"vit"[at - _STATES : at - _STATES + 1]))
    base, coulomb = said[_BASE], said[_COULOMB]
    if not (state := str(text.meaning(base, _BASES), "ascii")):
        findings.remark(b"Status", base)
    for at, calm in enumerate(_CALM.split(b";"), _COULOMB):
        if said[at] and b" %s " % said[at] not in calm:
            findings.remark(names[at], said[at])
    keys, on = ["Charging", "Discharging"], findings.flags
    on.update([key for key in keys if key.lower() == state])
    for key, word in zip(_FLAGS, said[_SWITCHES:]):
        if word in (b"ON", b"OFF"):
            if key not in keys:
                keys.append(key)
            if word == b"ON":
                on.add(key)
            else:
                on.discard(key)
    events = None
    for name, value in zip(names[_EVENTS:], said[_EVENTS:]):
        if value:
            events, words = events or b"", value.split()
            if value.strip(b"0x "):
                for word in words:
                    findings.flag(word)
                events += b"%s%s %s" % (b"; " if events else b"", name, b" ".join(words))
    if coulomb == b"Low":
        on.add("Low_SOC")
    if coulomb or "Low_SOC" in on:
        keys += ["Fully_Charged", "Low_SOC"]
    if coulomb == b"Full":
        on.add("Fully_Charged")
        state = state if state == "discharging" else "full"
    events = None if events is None else str(events[:_EVENTS_MAX], "ascii") or "none"
    return found + [str(base, "ascii"), state or "other", keys, events, findings]


def cells(lines, current):
    """`bat N` -> (cells mV, temperatures 0.1 °C, socs %, charges mAh: empty where not said; balancing: numbers of
    cells, None: not said; states of voltage, current, temperature: bytes, one a cell; Findings). `current`: mA.
    """
    header = next(lines, b"")
    names = text.columns(header, _COLUMNS)
    if b"Temp. State" not in header:  # or one of two that end so
        raise text.unfit(header)
    findings = text.Findings(current)
    voltages, temperatures, socs, charges, balancing = [], [], [], [], []
    states = bytearray(_MAX_CELLS), bytearray(_MAX_CELLS), bytearray(_MAX_CELLS)
    places = good = None  # good: a word that is a base state
    for line in lines:
        words = line.split()
        places = places or _places(names, words)
        voltage, temperature, base, soc, unit, balance, states_at = places
        at = len(voltages)
        if len(words) != len(names) or at == _MAX_CELLS or text.number(words[0]) != at:
            raise text.unfit(line)
        voltages.append(text.number(words[voltage]))
        temperatures.append(rounded(text.number(words[temperature]), 100))
        if soc is not None:
            word = words[soc]
            if word[-1:] != b"%":
                raise text.unfit(word)
            socs.append(text.number(word[:-1]))
        if unit is not None:
            word = words[unit - 1]
            charges.append(text.number(word) if words[unit] == b"mAH" else text.quantity(word, words[unit] + b"4"))
        for kind, place in states_at:
            if words[place] != b"Normal":
                whose = b"Cell %d %s" % (at + 1, names[place])
                state = findings.state(words[place], whose, b"cit"[kind : kind + 1])
                states[kind][at] = max(states[kind][at], state)
        if words[base] != good and text.meaning(words[base], _BASES):
            good = words[base]
        if words[base] != good:
            findings.remark(b"Cell %d" % (at + 1), words[base])
        word = words[balance] if balance is not None else b"-"
        if word == b"Y" and balancing is not None:
            balancing.append(at + 1)
        elif word not in (b"Y", b"N"):
            balancing = None
            if word != b"-":
                findings.remark(b"Cell %d BAL" % (at + 1), word)
    if not places:
        raise text.unfit(header)
    of_volts, of_current, of_temperature = states
    at += 1  # as bytes, since MicroPython finds nothing in a bytearray
    states = bytes(of_volts[:at]), max(of_current), bytes(of_temperature[:at])
    return tuple(voltages), tuple(temperatures), socs, charges, balancing, states, findings


def _places(names, words):
    """The first row tells which words have no name: `names` gets one for each -> places of voltage, temperature, base
    state, SOC, the charge's unit and balance, the last three None where they are not said; [(0 … 2, place) of a state].
    """
    unit = None
    for at, word in enumerate(words):
        if text.meaning(word + b"4", text.UNITS):
            unit = unit or at
    if unit:
        if len(words) == len(names) + 2:
            names.insert(unit - 2, b"SOC")  # old headers lack it
        names.insert(unit, b"unit")
        if names[unit - 1] != b"Coulomb":
            raise text.unfit(names[unit - 1])
    found, states = [], []
    for name in (b"Volt", b"Tempr", b"Base State", b"SOC" if unit or b"SOC" in names else b"Coulomb", b"unit", b"BAL"):
        found.append(names.index(name) if name in names else None)
    for kind, name in enumerate(_CELL_STATES.split(b";")):
        if name in names:
            states.append((min(kind, 2), names.index(name)))
    return found + [states]


def reading(pack, counters, of_pack, of_cells, mos, odd):
    """-> (Reading, 0, or a number of what in it contradicts itself). counters: as of Console; of_pack: values();
    of_cells: cells(); mos: 0.1 °C; odd: ((column, word), …) of the table of all packs. NoReply: cells do not sum to the
    voltage.
    """
    voltage, current, temperature, soc, capacity, volts, flow, heat, base, state, keys, events, more = of_pack
    voltages, temperatures, socs, charges, balancing, states, findings = of_cells
    if abs(sum(voltages) - voltage) * 100 > voltage:
        raise NoReply("the cells do not sum to the voltage")
    doubt = 0
    if socs and not min(socs) - _SOC_OFF <= soc <= max(socs) + _SOC_OFF:
        doubt = 1
    for cell_soc, charge in zip(socs, charges):
        if not _agree(charge, cell_soc, capacity):
            doubt = 2
    soc = min(soc, 100)
    charge = min(charges) if charges else -1
    if charge < 0 or not _agree(charge, soc, capacity):
        charge = capacity * soc // 100

    mosfets = NORMAL
    for name, word in odd:
        if name == b"M.T.St":
            mosfets = findings.state(word, name)
        else:
            findings.remark(name, word)
    words = findings.words + more.words
    on = findings.flags | more.flags
    if words:
        on.add("Other")
    of_volts, of_current, of_heat = states
    flow = flow or of_current
    others = (flow, volts, NORMAL) if current >= 0 else (NORMAL, volts, flow)
    alarms = alarms_of(of_volts, bytes((heat, mosfets)) + of_heat, others, OF_STATES + PROTECT + tuple(keys), on)
    balancing = None if balancing is None else tuple(balancing)
    cycles, soh = counters[:2] if counters else (None, None)
    charge = min(charge, capacity)
    values = (pack, voltages, (temperature,), current, voltage, charge, capacity, cycles, soh, alarms)
    return Reading(*values, temperatures, mos, soc, base, state, balancing, tuple(words), events, None, None), doubt


def _agree(charge, soc, capacity):
    """Can a charge in mAh be so many percent of the capacity, of worn cells too? It has another length otherwise."""
    said, made = 100 * charge, soc * capacity
    return made - 15 * capacity <= 3 * said and 2 * said <= 3 * made + 10 * capacity
