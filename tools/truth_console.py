"""What mqtt.md makes of the answers of the text console: the second half of truth.py, from the contract alone too."""

from decimal import ROUND_HALF_UP, Decimal

BELOW, ABOVE, OTHER = 1, 2, 240  # states
STATES = {"Charge": "charging", "Dischg": "discharging", "Idle": "idle", "Balance": "balancing", "Sleep": "sleeping"}
# kinds of the simulator's truth, and how long (s) what they said may be published: some are asked now and then
KINDS = {"pwr": 20, "bat": 20, "stat": 700, "mos": 400}
# who says a key; by default it is `bat`
BY = {"CycleCount": "stat", "SOH": "stat", "FullCapacity": "pwr", "SOC": "pwr", "Power": "pwr", "BaseState": "pwr",
      "BatteryState": "pwr", "Events": "pwr"}  # fmt: skip
# taken apart by itself; and what follows from the states of both is in neither
ELSEWHERE = ("Cells", "Temps", "PackVoltage", "PackCurrent", "Problem", "Warning", "ProblemText")


def thousandth(value):
    """An integer `value` in mV, mA or mAh -> V, A or Ah, as Decimal."""
    return Decimal(value) / 1000


def tenth(value):
    """An integer `value` in 0.1 °C -> °C, as Decimal."""
    return Decimal(value) / 10


def round_tenth(value):
    """A Decimal `value` -> the same with one decimal, rounded half away from zero."""
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)


def extremes(cells, temperatures):
    """What follows from the `cells` [mV] and `temperatures` [0.1 °C] of a pack -> {key of mqtt.md: Decimal}."""
    low, high = min(cells), max(cells)
    return {
        "CellMin": thousandth(low), "CellMinNumber": cells.index(low) + 1, "CellMax": thousandth(high),
        "CellMaxNumber": cells.index(high) + 1, "CellDelta": thousandth(high - low),
        "TempMin": tenth(min(temperatures)), "TempMax": tenth(max(temperatures)),
    }  # fmt: skip


def flags(said):
    """What the states of a 44H reply mean -> {key of Alarm_Status: bool}."""
    cells, temperatures, voltage = said["cells"], said["temperatures"], said["voltage"]
    charge, discharge = said["charge_current"], said["discharge_current"]
    return {
        "Cell_UV": BELOW in cells, "Cell_OV": ABOVE in cells, "Pack_UV": voltage == BELOW, "Pack_OV": voltage == ABOVE,
        "CHG_OC": charge not in (0, OTHER), "DSG_OC": discharge not in (0, OTHER), "UT": BELOW in temperatures,
        "OT": ABOVE in temperatures, "Other": OTHER in (*cells, *temperatures, charge, discharge, voltage),
    }  # fmt: skip


def parts(reading):
    """Splits a reading by who says it -> [(kind, window in s, what makes the same of what was said, {key: value})]."""
    found = {kind: {} for kind in KINDS}
    for key, one in reading["Cells"].items():
        found["bat"] |= {key: one["Reading"], f"{key} State": one["State"], f"{key} Temp": one["Temp"]}
    temperatures = dict(reading["Temps"])
    if "MOS_T" in temperatures:
        found["mos"]["MOS_T"] = temperatures.pop("MOS_T")["Reading"]
    for key, one in (temperatures | {key: reading[key] for key in ("PackVoltage", "PackCurrent")}).items():
        found["pwr"] |= {key: one["Reading"], f"{key} State": one["State"]}
    for key, value in reading.items():
        if key not in ELSEWHERE and "Energy" not in key and not key.endswith("_Status"):
            found[BY.get(key, "bat")][key] = value
    makers = {"pwr": _pwr, "bat": _bat, "stat": _stat, "mos": lambda said: {"MOS_T": tenth(said["mos"])}}
    return [(kind, window_s, makers[kind], found[kind]) for kind, window_s in KINDS.items() if found[kind]]


def _pwr(said):
    alarm, full = said["alarm"], said["coulomb"] == "Full"
    return {
        "BMS_T": tenth(said["temperatures"][0]), "BMS_T State": max(alarm["temperatures"]),
        "PackVoltage": thousandth(said["voltage"]), "PackVoltage State": alarm["voltage"],
        "PackCurrent": thousandth(said["current"]), "FullCapacity": thousandth(said["capacity"]),
        "PackCurrent State": alarm["charge_current"] or alarm["discharge_current"],
        "Power": round_tenth(thousandth(said["voltage"]) * thousandth(said["current"])),
        "SOC": min(said["soc"], 100), "BaseState": said["base"],
        "BatteryState": "full" if full and said["base"] != "Dischg" else STATES.get(said["base"], "other"),
        "Events": "Power Events 0x2000 COULFULL" if full else "none",
    }  # fmt: skip


def _bat(said):
    cells, temperatures = said["cells"], said["cell_temperatures"]
    out = {f"Cell_{n}": thousandth(mv) for n, mv in enumerate(cells, 1)}
    out |= {f"Cell_{n} State": state for n, state in enumerate(said["alarm"]["cells"], 1)}
    out |= {f"Cell_{n} Temp": tenth(value) for n, value in enumerate(temperatures, 1)}
    out |= {} if said["balancing"] is None else {"Balancing_Cells": said["balancing"]}
    return out | extremes(cells, temperatures) | {"RemainingCapacity": thousandth(said["remaining"])}


def _stat(said):
    return {"CycleCount": said["cycles"]} | ({"SOH": said["soh"]} if "soh" in said else {})


