"""What mqtt.md makes of what a battery of PACE said, for tools/truth.py; written from the contract alone."""

from __future__ import annotations

from tools.truth_console import thousandth

BELOW, ABOVE, OTHER = 1, 2, 240
SENSORS = ("CellTemp1_4", "CellTemp5_8", "CellTemp9_12", "CellTemp13_16", "MOS_T", "ENV_T")
# Objects of flags, and the flags that stand in them because a bit of the reply says so
TABLE = """\
Protect_Status Charger_OVP SCP DSG_OCP CHG_OCP Pack_UVP Pack_OVP Cell_UVP Cell_OVP
Protect_Status ENV_UTP ENV_OTP MOS_OTP DSG_UTP CHG_UTP DSG_OTP CHG_OTP
Fault_Status Heater_Fault CCB_Fault Sampling_Fault Cell_Fault NTC_Fault DSG_MOS_Fault CHG_MOS_Fault
Alarm_Status Low_SOC MOS_OT ENV_UT ENV_OT DSG_UT CHG_UT DSG_OT CHG_OT
System_Status Fully_Charged Discharge_MOS Charge_MOS"""
GROUPS = {key: group for group, *keys in map(str.split, TABLE.splitlines()) for key in keys}


def sensor(index, said):
    """Key of a temperature."""
    if len(said["temperatures"]) == len(SENSORS):
        return SENSORS[index]
    return SENSORS[index] if index < (len(said["cells"]) + 3) // 4 else f"Temp{index + 1}"


def more(said):
    """What only these batteries say in a 42H reply -> {key: value}."""
    out = {"DesignCapacity": thousandth(said["design"])}
    return out | ({} if said["soh"] is None else {"SOH": said["soh"]})


def alarm(said):
    """The flags of a 44H reply -> {key: state or flag}, without the states themselves."""
    on, states, temperatures = said["flags"], said["cells"], said["temperatures"]
    currents = (said["charge_current"], said["discharge_current"])
    found = {f"{group} {key}": on[key] for key, group in GROUPS.items()}
    found |= {f"Protect_Status {way}_TP": on[f"{way}_OTP"] or on[f"{way}_UTP"] for way in ("CHG", "DSG")}
    flags = {
        "Cell_UV": on["Cell_UV"] or BELOW in states, "Cell_OV": on["Cell_OV"] or ABOVE in states,
        "Pack_UV": on["Pack_UV"] or said["voltage"] == BELOW, "Pack_OV": on["Pack_OV"] or said["voltage"] == ABOVE,
        "CHG_OC": on["CHG_OC"] or currents[0] not in (0, OTHER),
        "DSG_OC": on["DSG_OC"] or currents[1] not in (0, OTHER),
        "UT": BELOW in temperatures or any(on[key] for key in GROUPS if key.endswith("_UT")),
        "OT": ABOVE in temperatures or any(on[key] for key in GROUPS if key.endswith("_OT")),
        "Other": OTHER in (*states, *temperatures, *currents, said["voltage"]),
    }  # fmt: skip
    found |= {f"Alarm_Status {key}": value for key, value in flags.items()}
    problems = {key for key, group in GROUPS.items() if group in ("Protect_Status", "Fault_Status") and on[key]}
    if not on["Cell_Fault"]:
        found["Fault_Status Faulty_Cells"] = []
    warning = any(flags.values()) or on["Low_SOC"]
    found |= {"Problem": bool(problems) or flags["Other"], "Warning": warning}
    return found | {"Balancing_Cells": said["balancing"]}
