"""What mqtt.md makes of what a battery of PACE said, for tools/truth.py; written from the contract alone."""

from __future__ import annotations

from tools.truth_console import flags, thousandth

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
    on = said["flags"]
    found = {f"{group} {key}": on[key] for key, group in GROUPS.items()}
    found |= {f"Protect_Status {way}_TP": on[f"{way}_OTP"] or on[f"{way}_UTP"] for way in ("CHG", "DSG")}
    alarms = {key: value or on.get(key, False) for key, value in flags(said).items()}
    for end in ("UT", "OT"):
        alarms[end] |= any(on[key] for key in GROUPS if key.endswith(f"_{end}"))
    found |= {f"Alarm_Status {key}": value for key, value in alarms.items()}
    if not on["Cell_Fault"]:
        found["Fault_Status Faulty_Cells"] = []
    problem = any(on[key] for key, group in GROUPS.items() if group in ("Protect_Status", "Fault_Status"))
    return found | {"Problem": problem or alarms["Other"], "Warning": any(alarms.values()) or on["Low_SOC"],
                    "Balancing_Cells": said["balancing"]}  # fmt: skip
