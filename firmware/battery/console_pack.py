"""What one pack said in two answers of the text console -> Reading (§7.4). Bytes have become values; no I/O in here.
Loaded for the moment.
"""

from ..reading import NORMAL, OTHER, Alarms, Reading, alarm_flags
from . import NoReply
from . import console_text as text
from .console import Extra

# Basic Status -> BatteryState (mqtt.md)
_STATES = {"Charge": "charging", "Dischg": "discharging", "Idle": "idle", "Balance": "balancing", "Sleep": "sleeping"}


def together(pack, counters, mos, of_cells, of_pack):
    """-> (Reading, console.Extra). `counters`: cycles, SOH in %; `mos` 0.1 °C or None; `of_cells` and `of_pack` as
    from console_cells.cell_values() and console_values.pack_values(). NoReply when they contradict each other.
    """
    voltage, current, bms, coulomb, capacity, status = of_pack
    cells, temperatures, socs, charges, balancing, states, words = of_cells
    if abs(sum(cells) - voltage) * 100 > voltage:
        raise NoReply("the cells of pack %d do not sum to its voltage" % pack)
    for soc, charge in zip(socs, charges):
        if not _agree(charge, soc, capacity):
            raise NoReply("SOC and Coulomb of a cell of pack %d contradict each other" % pack)
    soc = min(coulomb, 100)
    charge = min(charges) if charges else 0
    if not charges or not _agree(charge, soc, capacity):
        charge = capacity * soc // 100
    alarms = _alarms(status, current, states, words)
    base = status["Basic Status"]
    state = _STATES.get(base, "other")
    extra = Extra(temperatures, mos, soc, base, state, balancing, tuple(words))
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
    return reading, extra


def _agree(charge, soc, capacity):
    """Can a charge in mAh be so many percent of the capacity, of worn cells too? It has another length otherwise."""
    said, made = 100 * charge, soc * capacity
    return made - 15 * capacity <= 3 * said and 2 * said <= 3 * made + 10 * capacity


def _alarms(status, current, states, words):
    """The pack's states in words, and those of its cells -> Alarms; unknown ones are appended to `words`."""
    cells, currents, temperatures = states
    voltage = text.state(status["Volt Status"], "Volt Status", words)
    flow = text.state(status["Current Status"], "Current Status", words) or max(currents)
    temperature = text.state(status["Tmpr. Status"], "Tmpr. Status", words)
    base = status["Basic Status"]
    rest = NORMAL
    if base not in text.BASE:
        text.remark(words, "Status", base)
        rest = OTHER
    for name in ("Coul. Status", "Soh. Status"):  # no flag is for these, but for what nobody knows
        if text.state(status.get(name, "-"), name, words) == OTHER:
            rest = OTHER
    heater, fault = status.get("Heater Status", "-"), status.get("System Fault", "0x0")
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
