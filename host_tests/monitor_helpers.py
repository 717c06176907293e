"""Readings as a rack publishes them, for what shows them."""

import json

from fakes import CELLS
from payload_cases import NORMAL_TEXT

from tools.heard import Heard

STATUS = {group: json.loads(NORMAL_TEXT)[group] for group in ("Protect_Status", "System_Status", "Alarm_Status")}
NORMAL = {"Discharging", "Discharge_MOS", "Charge_MOS", "Using_Pack_Power"}
SENSORS = ("BMS_T", "CellTemp1_4", "CellTemp5_8", "CellTemp9_12", "CellTemp13_16")
HEALTH = {
    "Uptime": 7980, "Version": "0.1.0", "ResetCause": "watchdog", "IP": "192.168.2.17", "RSSI": -61, "HeapFree": 23552,
    "Link": "online", "Baud": 4800, "Packs": 2, "PublishRate": 5, "Cycle": 1.1, "Polls": 214, "Timeouts": 3,
    "FrameErrors": 0, "ReturnCodes": 0, "Implausible": 1, "BrokerDrops": 0, "WifiDrops": 0, "LastError": "none",
}
FINE = {"Problem": False, "Warning": False, "ProblemText": "OK"}
TOTALS = {
    "Packs": 2, "PacksExpected": 2, "PackVoltage": 49.539, "PackCurrent": -12.6, "RemainingCapacity": 82.884,
    "FullCapacity": 100.0, "SOC": 82.9, "Power": -624.2, "ChargedEnergy": 1.234, "DischargedEnergy": 0.871,
    "BatteryState": "discharging", "TimeToEmpty": 395, **FINE,
}


def reading(cells=CELLS, temperatures=(23.5, 22.0, 22.0, 22.0, 22.0), on=NORMAL, states=None, **changes):
    """A reading as a dict. cells: mV; on: the flags that are set, None without alarm data; states: {key: State}."""

    def measured(key, value):
        return {"Reading": value} | ({} if on is None else {"State": (states or {}).get(key, 0)})

    low, high = min(cells), max(cells)
    made = {
        "Cells": {f"Cell_{cell}": measured(f"Cell_{cell}", mv / 1000) for cell, mv in enumerate(cells, 1)},
        "Temps": {key: measured(key, value) for key, value in zip(SENSORS, temperatures, strict=False)},
        "PackCurrent": measured("PackCurrent", -6.3), "PackVoltage": measured("PackVoltage", sum(cells) / 1000),
        "RemainingCapacity": 41.442, "FullCapacity": 50.0, "CycleCount": 31, "SOC": 82.9, "Power": -312.1,
        "CellMin": low / 1000, "CellMinNumber": cells.index(low) + 1, "CellMax": high / 1000,
        "CellMaxNumber": cells.index(high) + 1, "CellDelta": (high - low) / 1000, "TempMin": min(temperatures),
        "TempMax": max(temperatures), "ChargedEnergy": 1.234, "DischargedEnergy": 0.871, "BatteryState": "discharging",
    }
    if on is not None:
        made |= FINE | {"Fault_Status": {"Cell_Fault": False, "Faulty_Cells": []}}
        made |= {group: {key: key in on for key in keys} for group, keys in STATUS.items()}
    return made | changes


def told(rack, topic, said, now=100.0, retain=False):
    """Let `rack` hear text or an object on a topic below its own -> what take() says."""
    text = said if isinstance(said, str) else json.dumps(said)
    return rack.take(rack.prefix + topic, text.encode(), now, retain)


def heard(packs=2, **last):
    """Heard, after an online rack of `packs` packs was read at 100 s; last: changes to the last pack's reading."""
    rack = Heard()
    told(rack, "tele/LWT", "Online", 50.0, True)
    told(rack, "tele/STATE", HEALTH | {"Packs": packs}, 80.0)
    for number in range(1, packs + 1):
        told(rack, f"stat/readings/Pack{number}", reading(**(last if number == packs else {})))
    told(rack, "stat/readings/Rack", TOTALS | {"Packs": packs, "PacksExpected": packs})
    return rack
