"""Alarm states and flags (§3.7); problem_text.py has them in words."""

from binascii import crc32
from collections import namedtuple

# State of a cell, a sensor, a voltage or a current
NORMAL, BELOW, ABOVE, OTHER = 0, 1, 2, 240
_KNOWN = (NORMAL, BELOW, ABOVE)

# Published flags, by the object that they stand in (mqtt.md). Names of protections end in P, those of faults in _Fault;
# System_Status holds all others.
PROTECT = ("Pack_UVP", "CHG_TP", "DSG_TP", "DSG_OCP", "CHG_OCP", "Cell_UVP", "Pack_OVP")
ALARM = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other", "Low_SOC")

OK = "OK"

# cell_states, temperature_states: bytes, one state each; the latter from a text console of the BMS, the MOSFETs and
# each cell. flags: tuple of (key of PROTECT …, bool); faulty_cells: from 1
Alarms = namedtuple(
    "Alarms", "cell_states temperature_states charge_state voltage_state discharge_state flags faulty_cells"
)


def known_states(raw):
    """States as the battery says them -> bytes, with those that are not known as "other"."""
    return bytes([state if state in _KNOWN else OTHER for state in raw])


def alarm_flags(cell_states, temperature_states, charge_state, voltage_state, discharge_state):
    """States as in Alarms -> the flags of Alarm_Status, (key, bool), … (§3.7), without Low_SOC, which no state says."""
    states = cell_states + temperature_states + bytes((charge_state, voltage_state, discharge_state))
    found = (BELOW in cell_states, ABOVE in cell_states, voltage_state == BELOW, voltage_state == ABOVE,
             charge_state not in (NORMAL, OTHER), discharge_state not in (NORMAL, OTHER), BELOW in temperature_states,
             ABOVE in temperature_states, OTHER in states)  # fmt: skip
    return tuple(zip(ALARM, found))


def judge(alarms):
    """Alarms -> (is there a protection, a cell fault or a state "other"?, is there any flag of Alarm_Status?)."""
    problem = warning = False
    for key, is_set in alarms.flags:
        if is_set:
            problem = problem or key == "Other" or key.endswith("P") or key.endswith("_Fault")
            warning = warning or key in ALARM
    return problem, warning


def crc(alarms):
    """Of all that an alarm reply said."""
    states = bytes((alarms.charge_state, alarms.voltage_state, alarms.discharge_state))
    flags = bytes([is_set for _, is_set in alarms.flags])
    return crc32(alarms.cell_states + alarms.temperature_states + states + flags + bytes(alarms.faulty_cells))


def cells_of_sensor(index):
    """-> numbers of the first and the last cell that the sensor `index` (from 1) of a framed battery is at."""
    return 4 * index - 3, 4 * index
