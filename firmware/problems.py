"""Alarm states and flags (§3.7), and what they mean in words."""

from collections import namedtuple

# State of a cell, a sensor, a voltage or a current
NORMAL, BELOW, ABOVE, OTHER = 0, 1, 2, 240

# Published flags, by the object that they stand in (mqtt.md); System_Status holds all others.
PROTECT = ("Pack_UVP", "CHG_TP", "DSG_TP", "DSG_OCP", "CHG_OCP", "Cell_UVP", "Pack_OVP")
FAULT = ("Cell_Fault",)
ALARM = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other", "Low_SOC")
_PROBLEM = PROTECT + FAULT + ("Other",)

OK = "OK"
_TEXT_MAX = 120
# Flags that are told in words, the worst first. One text: as tuples it would take three times the memory.
_WORDS = b"""\
Pack_OVP Over-voltage protection
Pack_UVP Pack under-voltage protection
Cell_UVP Cell under-voltage protection
CHG_OCP Charge over-current protection
DSG_OCP Discharge over-current protection
CHG_TP Charge temperature protection
DSG_TP Discharge temperature protection
Cell_Fault fault
Other Other error
Cell_OV over-voltage
Cell_UV under-voltage
Pack_OV Pack over-voltage
Pack_UV Pack under-voltage
CHG_OC Charge over-current
DSG_OC Discharge over-current
OT Over-temperature
UT Under-temperature
Low_SOC Low charge"""

# cell_states, temperature_states: bytes, one state each; flags: tuple of (key of PROTECT …, bool); faulty_cells: from 1
Alarms = namedtuple(
    "Alarms", "cell_states temperature_states charge_state voltage_state discharge_state flags faulty_cells"
)


def alarm_flags(cell_states, temperature_states, charge_state, voltage_state, discharge_state):
    """The flags of Alarm_Status, from the states of cells and temperatures (bytes, one state each), and of charge
    current, pack voltage and discharge current (one state each) -> tuple of (key, bool) (§3.7), without Low_SOC, which
    no state says.
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


def judge(alarms, words=()):
    """Alarms -> (problem, warning, text).

    problem: a protection, a cell fault or a state "other". warning: any flag of Alarm_Status: beyond a limit, but not
    switched off for it. text: what it is, at most 120 characters, or "OK". `words` are the battery's own for what this
    project does not know; they stand for "Other error".
    """
    found = [key for key, is_set in alarms.flags if is_set]
    problem = warning = False
    for key in found:
        problem = problem or key in _PROBLEM
        warning = warning or key in ALARM
    if not (problem or warning):
        return False, False, OK
    texts = []
    for line in _WORDS.split(b"\n"):
        key, text = line.decode().split(" ", 1)
        if key in found:
            if key == "Other" and words:
                text = "; ".join(words)
            cells = _cells_of(key, alarms)
            if cells:
                text = "Cell%s %s %s" % ("s" if len(cells) > 1 else "", ", ".join(cells), text)
            texts.append(text)
    return problem, warning, shortened("; ".join(texts)) or OK


def shortened(text):
    """Text of at most 120 characters; what was cut shows as "..."."""
    return text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 3] + "..."


def _cells_of(key, alarms):
    """Numbers, as texts, of the cells that a flag speaks of."""
    if key == "Cell_Fault":
        return [str(number) for number in alarms.faulty_cells]
    state = {"Cell_UV": BELOW, "Cell_OV": ABOVE}.get(key)
    return [str(number) for number, it in enumerate(alarms.cell_states, 1) if it == state]
