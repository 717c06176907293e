"""Alarm states and flags (§3.7); problem_text.py has them in words."""

from binascii import crc32
from collections import namedtuple

# State of a cell, a sensor, a voltage or a current
NORMAL, BELOW, ABOVE, OTHER = 0, 1, 2, 240
_KNOWN = (NORMAL, BELOW, ABOVE)

# Published flags, by the object that they stand in (mqtt.md). Names of protections end in P, those of faults in _Fault,
# and no others do; in Alarm_Status are those of ALARM, and what ends in _OT or _UT; System_Status holds all others.
PROTECT = ("Pack_UVP", "CHG_TP", "DSG_TP", "DSG_OCP", "CHG_OCP", "Cell_UVP", "Pack_OVP")
OF_STATES = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")  # that they tell
ALARM = OF_STATES + ("Low_SOC",)

OK = "OK"

# cell_states, temperature_states: bytes, one state each; the latter from a text console of the BMS, the MOSFETs and
# each cell. keys: the flags that are told; on: those of them that are set; faulty_cells: from 1
Alarms = namedtuple(
    "Alarms", "cell_states temperature_states charge_state voltage_state discharge_state keys on faulty_cells"
)


def alarms_of(cells, temperatures, currents_and_voltage, keys, on, faulty_cells=()):
    """States as the battery says them, those of currents and voltage in the order of Alarms -> Alarms (§3.7). `keys`:
    OF_STATES, then its own flags; `on`: what is set whatever the states are. A state that is not known is "other".
    """
    cells, temperatures, others = [
        bytes([state if state in _KNOWN else OTHER for state in states])
        for states in (cells, temperatures, currents_and_voltage)
    ]
    charge, voltage, discharge = others
    found = (BELOW in cells, ABOVE in cells, voltage == BELOW, voltage == ABOVE, charge not in (NORMAL, OTHER),
             discharge not in (NORMAL, OTHER), BELOW in temperatures, ABOVE in temperatures,
             OTHER in cells + temperatures + others)  # fmt: skip
    on = [key for index, key in enumerate(keys) if key in on or (index < len(found) and found[index])]
    return Alarms(cells, temperatures, charge, voltage, discharge, keys, on, faulty_cells)


def judge(alarms):
    """Alarms -> (is there a protection, a fault or a state "other"?, is there any flag of Alarm_Status?)."""
    problem = warning = False
    for key in alarms.on:
        problem = problem or key == "Other" or key.endswith("P") or key.endswith("_Fault")
        warning = warning or key in ALARM
    return problem, warning


def crc(alarms):
    """Of all that an alarm reply said."""
    states = bytes((alarms.charge_state, alarms.voltage_state, alarms.discharge_state))
    flags = bytes([key in alarms.on for key in alarms.keys])
    return crc32(alarms.cell_states + alarms.temperature_states + states + flags + bytes(alarms.faulty_cells))


def cells_of_sensor(index):
    """-> numbers of the first and the last cell that the sensor `index` (from 1) of a framed battery is at."""
    return 4 * index - 3, 4 * index
