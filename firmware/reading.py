"""What one pack said, as integers: mV, mA, mAh, 0.1 °C; and what follows from it. Both wings know this."""

from collections import namedtuple

from .overlay import drop

# State of a cell, a sensor, a voltage or a current (§3.7)
NORMAL, BELOW, ABOVE, OTHER = 0, 1, 2, 240

# Every flag is published in one of four objects (mqtt.md): in System_Status what stands nowhere else.
PROTECT = ("Pack_UVP", "CHG_TP", "DSG_TP", "DSG_OCP", "CHG_OCP", "Cell_UVP", "Pack_OVP")
FAULT = ("Cell_Fault",)
ALARM = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")
GROUPS = (("Protect_Status", PROTECT), ("System_Status", None), ("Fault_Status", FAULT), ("Alarm_Status", ALARM))
OK = "OK"
_TEXT_MAX = 120
_IDLE_MA = 100

# pack number; cells [mV]; temperatures [0.1 °C], the BMS first; current mA, charge positive; voltage mV;
# remaining, capacity mAh; cycles; soh % (None where unknown); alarms: Alarms, or None where no alarm reply was decoded
Reading = namedtuple("Reading", "pack cells temperatures current voltage remaining capacity cycles soh alarms")
# cell_states, temperature_states: bytes, a state each; flags: tuple of (key of GROUPS, bool); faulty_cells: from 1
Alarms = namedtuple(
    "Alarms", "cell_states temperature_states charge_state voltage_state discharge_state flags faulty_cells"
)


def rounded(numerator, denominator):
    """numerator / denominator, two integers (denominator > 0), rounded half away from zero."""
    half_up = (2 * abs(numerator) + denominator) // (2 * denominator)
    return half_up if numerator >= 0 else -half_up


def soc(remaining, capacity):
    """State of charge in 0.1 %, 0…1000, from remaining and full capacity in the same unit, such as mAh; None when the
    capacity is 0.
    """
    return max(0, min(1000, rounded(1000 * remaining, capacity))) if capacity > 0 else None


def power(voltage, current):
    """A voltage in mV and a current in mA -> 0.1 W, charge positive."""
    return rounded(voltage * current, 100_000)


def alarm_flags(cell_states, temperature_states, charge_state, voltage_state, discharge_state):
    """The flags of Alarm_Status, from the states of cells and temperatures (bytes, a state each), and of charge
    current, pack voltage and discharge current (a state each) -> tuple of (key, bool) (§3.7).
    """
    states = cell_states + temperature_states + bytes((charge_state, voltage_state, discharge_state))
    found = (
        BELOW in cell_states,
        ABOVE in cell_states,
        voltage_state == BELOW,
        voltage_state == ABOVE,
        charge_state not in (NORMAL, OTHER),
        discharge_state not in (NORMAL, OTHER),
        BELOW in temperature_states,
        ABOVE in temperature_states,
        OTHER in states,
    )
    return tuple(zip(ALARM, found))


def health(alarms, extra=None):
    """-> (problem, warning, text): a protection, a cell fault or a state "other"; any flag of Alarm_Status, which is
    beyond a limit, but not switched off for it; and what it is, in words, at most 120 characters, or "OK".

    `extra` as in battery_state(): what its words are stands in the text.
    """
    problem = warning = False
    for key, is_set in alarms.flags:
        if is_set:
            problem = problem or key in PROTECT or key in FAULT or key == "Other"
            warning = warning or key in ALARM
    text = OK
    if problem or warning:
        from . import words

        text = words.problem_text(alarms, extra.words if extra else ())
        drop("firmware.words")
    return problem, warning, text


def shortened(text):
    """Text of at most 120 characters; what was cut shows as "..."."""
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 3] + "..."


def battery_state(reading, extra=None):
    """charging, discharging, idle or full: from the alarm reply, else from the current's sign. `extra`: what a dialect
    has beyond a Reading (console.Extra); its state then, which is one of mqtt.md's too.
    """
    if extra:
        return extra.state
    if reading.alarms is None:
        return state_of_current(reading.current)
    for key in ("Discharging", "Fully_Charged", "Charging"):
        if (key, True) in reading.alarms.flags:
            return "full" if key == "Fully_Charged" else key.lower()
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
