"""What mqtt.md makes of the answers of the text console: the second half of truth.py, from the contract alone too."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

KNOWN = (0, 1, 2)  # states: normal, below, above
BELOW, ABOVE, OTHER = 1, 2, 240
STATES = {"Charge": "charging", "Dischg": "discharging", "Idle": "idle", "Balance": "balancing", "Sleep": "sleeping"}
# kinds of the simulator's truth, and how long (s) what they said may be published: some are asked now and then
KINDS = (("pwr", 20), ("bat", 20), ("stat", 700), ("mos", 400))
OF_PWR = ("FullCapacity", "SOC", "Power", "BaseState", "BatteryState", "Events")
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
        "CellMin": thousandth(low),
        "CellMinNumber": Decimal(cells.index(low) + 1),
        "CellMax": thousandth(high),
        "CellMaxNumber": Decimal(cells.index(high) + 1),
        "CellDelta": thousandth(high - low),
        "TempMin": tenth(min(temperatures)),
        "TempMax": tenth(max(temperatures)),
    }


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
    """Splits a reading by who says it -> [(kind of KINDS, window in s, {key: value})]."""
    found = {kind: {} for kind, _ in KINDS}
    for key, one in reading["Cells"].items():
        found["bat"] |= {key: one["Reading"], f"{key} State": one["State"], f"{key} Temp": one["Temp"]}
    temperatures = dict(reading["Temps"])
    if "MOS_T" in temperatures:
        found["mos"]["MOS_T"] = temperatures.pop("MOS_T")["Reading"]
    for key, one in (*temperatures.items(), *((key, reading[key]) for key in ("PackVoltage", "PackCurrent"))):
        found["pwr"] |= {key: one["Reading"], f"{key} State": one["State"]}
    for key, value in reading.items():
        if key not in ELSEWHERE and "Energy" not in key and not key.endswith("_Status"):
            kind = "stat" if key in ("CycleCount", "SOH") else "pwr" if key in OF_PWR else "bat"
            found[kind][key] = value
    return [(kind, window, found[kind]) for kind, window in KINDS if found[kind]]


def pwr(said):
    """The values of a `pwr N` -> {key: what mqtt.md makes of it}."""
    alarm = said["alarm"]
    current = alarm["charge_current"] or alarm["discharge_current"]
    full = said.get("coulomb") == "Full"
    return {
        "BMS_T": tenth(said["temperatures"][0]),
        "BMS_T State": _state(max(alarm["temperatures"])),
        "PackVoltage": thousandth(said["voltage"]),
        "PackVoltage State": _state(alarm["voltage"]),
        "PackCurrent": thousandth(said["current"]),
        "PackCurrent State": _state(current),
        "Power": round_tenth(thousandth(said["voltage"]) * thousandth(said["current"])),
        "FullCapacity": thousandth(said["capacity"]),
        "SOC": Decimal(min(said["soc"], 100)),
        "BaseState": said["base"],
        "BatteryState": "full" if full and said["base"] != "Dischg" else STATES.get(said["base"], "other"),
        "Events": "Power Events 0x2000 COULFULL" if full else "none",
    }


def bat(said):
    """The values of a `bat N`."""
    cells, temperatures = said["cells"], said["cell_temperatures"]
    out = {f"Cell_{n}": thousandth(mv) for n, mv in enumerate(cells, 1)}
    out |= {f"Cell_{n} State": _state(state) for n, state in enumerate(said["alarm"]["cells"], 1)}
    out |= {f"Cell_{n} Temp": tenth(value) for n, value in enumerate(temperatures, 1)}
    return out | extremes(cells, temperatures) | {
        "RemainingCapacity": thousandth(said["remaining"]),
        **({} if said["balancing"] is None else {"Balancing_Cells": said["balancing"]}),
    }


def stat(said):
    """The values of a `stat N`."""
    return {"CycleCount": Decimal(said["cycles"])} | ({"SOH": Decimal(said["soh"])} if "soh" in said else {})


def mos(said):
    """The column MosTempr of a `pwr`."""
    return {"MOS_T": tenth(said["mos"])}


def _state(raw):
    return raw if raw in KNOWN else OTHER
