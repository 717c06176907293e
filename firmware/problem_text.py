"""What is wrong with a pack, and with the rack, in words. Loaded for its run, when the alarms change."""

from micropython import const

from .problems import ABOVE, BELOW, OK, OTHER, cells_of_sensor

_TEXT_MAX = 120
# Flags that are told in words, the worst first; a place in it is a rank. Some texts: each row as a tuple would take
# three times the memory, all in one need it in one piece. The first two are of PACE. No battery says Missing.
_WORDS = (
    b"SCP Short-circuit protection;Charger_OVP Charger over-voltage protection;Cell_OVP Cell over-voltage protection;"
    b"MOS_OTP MOSFET over-temperature protection;ENV_OTP Ambient over-temperature protection;"
    b"ENV_UTP Ambient under-temperature protection",
    b"CHG_MOS_Fault Charge MOSFET fault;DSG_MOS_Fault Discharge MOSFET fault;NTC_Fault Temperature sensor fault;"
    b"Sampling_Fault Sampling fault;CCB_Fault CCB fault;Heater_Fault Heater fault",
    b"Pack_OVP Over-voltage protection;Pack_UVP Pack under-voltage protection;Cell_UVP Cell under-voltage protection;"
    b"CHG_OCP Charge over-current protection;DSG_OCP Discharge over-current protection",
    b"CHG_TP Charge temperature protection;DSG_TP Discharge temperature protection;Cell_Fault fault;Missing missing;"
    b"Other Other error;Cell_OV over-voltage",
    b"Cell_UV under-voltage;Pack_OV Pack over-voltage;Pack_UV Pack under-voltage;CHG_OC Charge over-current;"
    b"DSG_OC Discharge over-current;OT Over-temperature;UT Under-temperature;Low_SOC Low charge",
)
_MISSING = const(20)  # rank
# The state that a flag speaks of
_STATE = {"Cell_UV": BELOW, "Cell_OV": ABOVE, "UT": BELOW, "OT": ABOVE, "Other": OTHER}


def troubles_of(reading):
    """Reading -> [(rank, text)], the worst first; the battery's own words where this project knows none for a state."""
    found, troubles, rank = reading.alarms.on, [], 0
    for part in _WORDS:
        for line in part.split(b";"):
            key, text = line.decode().split(" ", 1)
            if key == "Other" and key in found and reading.words:
                troubles += [(rank, word) for word in reading.words]
            elif key in found:
                troubles.append((rank, _with_places(key, text, reading)))
            rank += 1
    return troubles


def _with_places(key, text, reading):
    """The text of a flag, with the cells and sensors that it speaks of."""
    alarms, state = reading.alarms, _STATE.get(key)
    cells = alarms.faulty_cells if key == "Cell_Fault" else ()
    if key in ("Cell_UV", "Cell_OV", "Other"):
        cells = [number for number, it in enumerate(alarms.cell_states, 1) if it == state]
    places = []
    if cells:
        places.append("cell%s %s" % ("s" if len(cells) > 1 else "", ", ".join([str(number) for number in cells])))
    if key in ("UT", "OT", "Other"):
        places += [_sensor(index, reading) for index, it in enumerate(alarms.temperature_states) if it == state]
    elif places:  # "Cell 7 over-voltage"
        return "C%s %s" % (places[0][1:], text)
    if key == "Other":
        for it, name in ((alarms.charge_state, "charge current"), (alarms.voltage_state, "voltage"),
                         (alarms.discharge_state, "discharge current")):  # fmt: skip
            if it == state:
                places.append(name)
    return "%s: %s" % (text, ", ".join(places)) if places else text


def _sensor(index, reading):
    if reading.sensors:
        return reading.sensors[index]
    if index == 0:
        return "BMS"
    if reading.cell_temperatures:
        return "MOSFETs" if index == 1 else "cell %d" % (index - 1)
    first, last = cells_of_sensor(index)
    return "cells %d–%d" % (first, last) if first <= len(reading.cells) else "sensor %d" % (index + 1)


def joined(texts, others=0):
    """Texts, the worst first -> one of 120 characters at most, which counts what does not fit, and `others`; or OK."""
    shown, more = OK, ""
    for count, text in enumerate(texts):
        longer = shown + "; " + text if count else text
        left = len(texts) - count - 1 + others
        rest = " … and %d more" % left if left else ""
        if len(longer) + len(rest) > _TEXT_MAX:
            if count == 0:
                shown, more = text[: _TEXT_MAX - 3 - len(rest)] + "...", rest
            break
        shown, more = longer, rest
    return shown + more


def of_the_rack(troubles, more, missing):
    """[(rank, pack, text)], how many `more` there are, numbers of missing packs -> a text that names each pack once."""
    if missing:
        packs = ", ".join([str(pack) for pack in missing])
        troubles = troubles + [(_MISSING, 0, "Pack%s %s missing" % ("s" if len(missing) > 1 else "", packs))]
    texts, before = [], 0
    for _, pack, text in sorted(troubles):
        texts.append("Pack %d: %s" % (pack, text) if pack and pack != before else text)
        before = pack
    return joined(texts, more)
