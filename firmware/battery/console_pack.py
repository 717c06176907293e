"""What one pack said in two answers of the text console -> Reading (§7.4). Bytes have become values; no I/O in here.
Loaded for the moment.
"""

from ..reading import NORMAL, OTHER, Alarms, Reading, alarm_flags
from . import NoReply
from . import console_words as terms
from .console import Extra

_SOC_OFF = 3  # %, that a pack may say more or less than each of its cells
# Basic Status -> BatteryState (mqtt.md)
_STATES = {"Charge": "charging", "Dischg": "discharging", "Idle": "idle", "Balance": "balancing", "Sleep": "sleeping"}


def together(dialect, pack, counters, of_cells, of_pack):
    """-> (Reading, console.Extra, None or what in it contradicts itself). `counters`: cycles, SOH in %; `of_cells` and
    `of_pack` as from console_cells.cell_values() and console_values.pack_values(). NoReply when the cells do not sum to
    the pack's voltage.
    """
    voltage, current, bms, coulomb, capacity, status = of_pack
    cells, temperatures, socs, charges, balancing, states, words = of_cells
    if abs(sum(cells) - voltage) * 100 > voltage:
        raise NoReply("the cells of pack %d do not sum to its voltage" % pack)
    why = None
    if socs and not min(socs) - _SOC_OFF <= coulomb <= max(socs) + _SOC_OFF:
        why = "SOC of pack %d and of its cells contradict each other" % pack
    for soc, charge in zip(socs, charges):
        if not _agree(charge, soc, capacity):
            why = "SOC and Coulomb of a cell of pack %d contradict each other" % pack
    soc = min(coulomb, 100)
    charge = min(charges) if charges else 0
    if not charges or not _agree(charge, soc, capacity):
        charge = capacity * soc // 100
    alarms = _alarms(status, current, states, words, dialect.odd.get(pack, ()))
    base = status["Basic Status"]
    state = _STATES.get(base, "other")
    extra = Extra(temperatures, dialect.mos.get(pack), soc, base, state, balancing, tuple(words))
    reading = Reading(
        pack,
        cells,
        (bms,),
        current,
        voltage,
        min(charge, capacity),
        capacity,
        *counters,
        alarms,
    )
    return reading, extra, why


def _agree(charge, soc, capacity):
    """Can a charge in mAh be so many percent of the capacity, of worn cells too? It has another length otherwise."""
    said, made = 100 * charge, soc * capacity
    return made - 15 * capacity <= 3 * said and 2 * said <= 3 * made + 10 * capacity


def _alarms(status, current, states, words, odd):
    """The pack's states in words, those of its cells, and what is `odd` in the table -> Alarms; unknown words are
    appended to `words`.
    """
    cells, currents, temperatures = states
    voltage = terms.state(status["Volt Status"], "Volt Status", words)
    flow = terms.state(status["Current Status"], "Current Status", words) or max(currents)
    temperature = terms.state(status["Tmpr. Status"], "Tmpr. Status", words)
    base = status["Basic Status"]
    rest = OTHER if OTHER in currents else NORMAL
    mosfets = NORMAL
    for name, word in odd:
        if name == "M.T.St":
            mosfets = terms.state(word, name, words)
        else:
            terms.remark(words, name, word)
            rest = OTHER
    if base not in terms.BASE:
        terms.remark(words, "Status", base)
        rest = OTHER
    for name in ("Coul. Status", "Soh. Status"):  # no flag is for these
        word = status.get(name) or "-"
        if word not in ("Normal", "-"):
            terms.remark(words, name, word)
            rest = OTHER
    heater, fault = status.get("Heater Status") or "-", status.get("System Fault", "0x0")
    if heater not in ("ON", "OFF", "-"):
        terms.remark(words, "Heater Status", heater)
        rest = OTHER
    if fault.strip("0x"):
        terms.remark(words, "System Fault", fault)
        rest = OTHER
    charge, discharge = (flow, NORMAL) if current >= 0 else (NORMAL, flow)
    flags = alarm_flags(cells, temperatures + bytes((temperature, mosfets, rest)), charge, voltage, discharge)
    flags += ("Charging", base == "Charge"), ("Discharging", base == "Dischg")
    if heater in ("ON", "OFF"):
        flags += (("Heater", heater == "ON"),)
    return Alarms(cells, bytes((temperature,)), charge, voltage, discharge, flags, ())
