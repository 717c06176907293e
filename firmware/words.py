"""What is wrong with a pack, in words. Loaded when something is."""

from .reading import ABOVE, BELOW, OK, shortened

# flag, words; the worst first. One text: as a tuple it would take five times the memory
_WORDS = """Pack_OVP Over-voltage protection
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
UT Under-temperature"""


def problem_text(alarms, said=()):
    """reading.Alarms -> what is wrong, at most 120 characters; "OK" when nothing is. `said`: the battery's own words
    for what is none of ours.
    """
    found = []
    for line in _WORDS.split("\n"):
        key, words = line.split(" ", 1)
        if (key, True) in alarms.flags:
            if key == "Other" and said:
                words = "; ".join(said)
            cells = _cells_of(key, alarms)
            if cells:
                words = "Cell%s %s %s" % ("s" if len(cells) > 1 else "", ", ".join(cells), words)
            found.append(words)
    return shortened("; ".join(found)) or OK


def _cells_of(key, alarms):
    """Numbers, as texts, of the cells that a flag speaks of."""
    if key == "Cell_Fault":
        return [str(number) for number in alarms.faulty_cells]
    state = {"Cell_UV": BELOW, "Cell_OV": ABOVE}.get(key)
    return [str(number) for number, it in enumerate(alarms.cell_states, 1) if it == state]
