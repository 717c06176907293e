"""What one pack said, as integers: mV, mA, mAh, 0.1 °C; and what follows from it. Both wings know this."""

from collections import namedtuple

# State of a cell, a sensor, a voltage or a current (§3.7)
NORMAL, BELOW, ABOVE, OTHER = 0, 1, 2, 240

# Every flag: key, the object it is published in, words for ProblemText (None: it is no problem).
PROTECT, SYSTEM, FAULT, ALARM = "Protect_Status", "System_Status", "Fault_Status", "Alarm_Status"
FLAGS = (
    ("Pack_UVP", PROTECT, "Pack under-voltage protection"),
    ("CHG_TP", PROTECT, "Charge temperature protection"),
    ("DSG_TP", PROTECT, "Discharge temperature protection"),
    ("DSG_OCP", PROTECT, "Discharge over-current protection"),
    ("CHG_OCP", PROTECT, "Charge over-current protection"),
    ("Cell_UVP", PROTECT, "Cell under-voltage protection"),
    ("Pack_OVP", PROTECT, "Over-voltage protection"),
    ("Fully_Charged", SYSTEM, None),
    ("Heater", SYSTEM, None),
    ("Charging", SYSTEM, None),
    ("Discharging", SYSTEM, None),
    ("Buzzer", SYSTEM, None),
    ("Using_Pack_Power", SYSTEM, None),
    ("Discharge_MOS", SYSTEM, None),
    ("Charge_MOS", SYSTEM, None),
    ("Precharge_MOS", SYSTEM, None),
    ("Cell_Fault", FAULT, "fault"),
    ("Other", ALARM, "Other error"),
    ("Cell_UV", ALARM, "under-voltage"),
    ("Cell_OV", ALARM, "over-voltage"),
    ("Pack_UV", ALARM, "Pack under-voltage"),
    ("Pack_OV", ALARM, "Pack over-voltage"),
    ("CHG_OC", ALARM, "Charge over-current"),
    ("DSG_OC", ALARM, "Discharge over-current"),
    ("UT", ALARM, "Under-temperature"),
    ("OT", ALARM, "Over-temperature"),
)
_CELL_STATES = (("Cell_UV", BELOW), ("Cell_OV", ABOVE))
OK = "OK"
_PROBLEM_TEXT_MAX = 120
_IDLE_MA = 100

# pack number; cells [mV]; temperatures [0.1 °C], the BMS first; current mA, charge positive; voltage mV;
# remaining, capacity mAh; cycles; soh % (None where unknown); alarms: Alarms, or None where no alarm reply was decoded
Reading = namedtuple(
    "Reading",
    ("pack", "cells", "temperatures", "current", "voltage", "remaining", "capacity", "cycles", "soh", "alarms"),
)
# states as above; flags: tuple of (key of FLAGS, bool); faulty_cells: numbers from 1
Alarms = namedtuple(
    "Alarms",
    (
        "cell_states",
        "temperature_states",
        "charge_state",
        "voltage_state",
        "discharge_state",
        "flags",
        "faulty_cells",
    ),
)

# who a pack is, texts or None; version, maker and device are the master's
Identity = namedtuple("Identity", ("serial", "protocol", "version", "maker", "device"))
# what the battery allows: mV, mA (discharge negative), and what it asks for
Limits = namedtuple(
    "Limits",
    (
        "charge_voltage",
        "discharge_voltage",
        "charge_current",
        "discharge_current",
        "charge_enable",
        "discharge_enable",
        "charge_immediately",
        "full_charge_request",
    ),
)


def rounded(numerator, denominator):
    """The quotient of two integers (denominator > 0), rounded half away from zero."""
    if numerator < 0:
        return -rounded(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def soc(remaining, capacity):
    """State of charge in 0.1 %, 0…1000; None when the capacity is 0. Both in the same unit."""
    if capacity <= 0:
        return None
    return max(0, min(1000, rounded(1000 * remaining, capacity)))


def power(voltage, current):
    """mV and mA -> 0.1 W, charge positive."""
    return rounded(voltage * current, 100_000)


def alarm_flags(cell_states, temperature_states, charge_state, voltage_state, discharge_state):
    """The keys of Alarm_Status, from the states -> tuple of (key, bool)."""
    states = tuple(cell_states) + tuple(temperature_states) + (charge_state, voltage_state, discharge_state)
    return (
        ("Cell_UV", BELOW in cell_states),
        ("Cell_OV", ABOVE in cell_states),
        ("Pack_UV", voltage_state == BELOW),
        ("Pack_OV", voltage_state == ABOVE),
        ("CHG_OC", charge_state not in (NORMAL, OTHER)),
        ("DSG_OC", discharge_state not in (NORMAL, OTHER)),
        ("UT", BELOW in temperature_states),
        ("OT", ABOVE in temperature_states),
        ("Other", OTHER in states),
    )


def is_problem(alarms):
    """True with any protection, a cell fault or a state "other"."""
    for key, group, _ in FLAGS:
        if (group in (PROTECT, FAULT) or key == "Other") and (key, True) in alarms.flags:
            return True
    return False


def is_warning(alarms):
    """True with any flag of Alarm_Status: beyond a limit, but not switched off for it."""
    for key, group, _ in FLAGS:
        if group == ALARM and (key, True) in alarms.flags:
            return True
    return False


def problem_text(alarms):
    """What is wrong, in words, at most 120 characters; "OK" when nothing is."""
    found = []
    for key, _, words in FLAGS:
        if words and (key, True) in alarms.flags:
            cells = _cells_of(key, alarms)
            if cells:
                words = "Cell%s %s %s" % ("s" if len(cells) > 1 else "", ", ".join([str(n) for n in cells]), words)
            found.append(words)
    return shortened("; ".join(found)) or OK


def shortened(text):
    """Text of at most 120 characters; what was cut shows as "..."."""
    if len(text) > _PROBLEM_TEXT_MAX:
        return text[: _PROBLEM_TEXT_MAX - 3] + "..."
    return text


def _cells_of(key, alarms):
    """Numbers of the cells that a flag speaks of."""
    if key == "Cell_Fault":
        return alarms.faulty_cells
    for name, state in _CELL_STATES:
        if name == key:
            return [number for number, it in enumerate(alarms.cell_states, 1) if it == state]
    return ()


def battery_state(reading):
    """charging, discharging, idle or full: from the alarm reply, else from the current's sign."""
    if reading.alarms is None:
        return state_of_current(reading.current)
    for key, state in (("Discharging", "discharging"), ("Fully_Charged", "full"), ("Charging", "charging")):
        if (key, True) in reading.alarms.flags:
            return state
    return "idle"


def state_of_current(current):
    """charging or discharging, idle within ±0.1 A; current in mA."""
    if current > _IDLE_MA:
        return "charging"
    return "discharging" if current < -_IDLE_MA else "idle"


def extremes(values):
    """(lowest, its number, highest, its number); numbers from 1, of equal values the lowest."""
    lowest, highest = min(values), max(values)
    return lowest, values.index(lowest) + 1, highest, values.index(highest) + 1
