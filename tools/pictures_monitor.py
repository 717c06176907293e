"""The monitor's screen, as rich draws it, of a simulated rack: the same picture in every run.

What the simulated packs say is turned into what is published by truth.py, which knows the contract and no firmware.
"""

from __future__ import annotations

import json

import firmware
from tools import pictures_terminal, truth, view
from tools.heard import Heard
from tools.simulator.group import Group

COLUMNS = 80
PACKS, SEED = 2, 9
CHARGED_S = 3600  # how long the rack has been charging
NOW_S, SAID_S, HEALTH_S = 100.0, 98.0, 77.0  # now, when the readings came, when the device spoke of itself
TITLE = "python3 tools/monitor.py --broker 192.168.2.245"
RACK_ENERGY = {"ChargedEnergy": 412.307, "DischargedEnergy": 391.846}  # kWh
HEALTH = {
    "Uptime": 1_044_780, "Version": firmware.__version__, "ResetCause": "power on", "Boots": 1, "IP": "192.168.2.17",
    "RSSI": -61, "HeapFree": 23552, "Link": "online", "Dialect": "framed", "Baud": 4800, "Packs": PACKS,
    "PublishRate": 10, "Cycle": 1.1, "Polls": 418_320, "Timeouts": 0, "FrameErrors": 0, "ReturnCodes": 0,
    "Implausible": 0, "BrokerDrops": 0, "WifiDrops": 0, "LastError": "none",
}  # fmt: skip
SUMS = ("PackCurrent", "Power", "RemainingCapacity", "FullCapacity")


def published(values, alarms):
    """What a pack said (mV, mA, mAh, 0.1 °C; states) -> its reading as mqtt.md has it."""
    flat = truth.analog(values) | truth.alarm(alarms, len(values["cells"]))
    reading = {"Cells": {}, "Temps": {}, "ProblemText": "OK", "BatteryState": _state(values["current"])}
    for key, value in flat.items():
        group, _, flag = key.partition(" ")
        if flag == "State":
            continue
        measured = {"Reading": value, "State": flat.get(f"{key} State")}
        if flag:
            reading.setdefault(group, {})[flag] = value
        elif f"{key} State" not in flat:
            reading[key] = value
        elif key.startswith("Pack"):
            reading[key] = measured
        else:
            reading["Cells" if key.startswith("Cell_") else "Temps"][key] = measured
    return reading


def _state(current):
    return "charging" if current > 0 else "discharging" if current < 0 else "idle"


def totals(packs):
    """Readings {number: values as truth.analog has them} -> stat/readings/Rack."""
    said = list(packs.values())
    sums = {key: sum(one[key] for one in said) for key in SUMS}
    low = min(packs, key=lambda number: packs[number]["CellMin"])
    high = max(packs, key=lambda number: packs[number]["CellMax"])
    missing = sums["FullCapacity"] - sums["RemainingCapacity"]
    return sums | {
        "Packs": len(said), "PacksExpected": len(said), "SOC": 100 * sums["RemainingCapacity"] / sums["FullCapacity"],
        "PackVoltage": sum(one["PackVoltage"] for one in said) / len(said), "BatteryState": "charging",
        "CellMin": packs[low]["CellMin"], "CellMinAt": f"Pack {low} cell {packs[low]['CellMinNumber']}",
        "CellMax": packs[high]["CellMax"], "CellMaxAt": f"Pack {high} cell {packs[high]['CellMaxNumber']}",
        "CellDelta": packs[high]["CellMax"] - packs[low]["CellMin"], "TempMin": min(one["TempMin"] for one in said),
        "TempMax": max(one["TempMax"] for one in said), "TimeToFull": round(60 * missing / sums["PackCurrent"]),
        "Problem": False, "Warning": False, "ProblemText": "OK", **RACK_ENERGY,
    }  # fmt: skip


def heard():
    """-> Heard of a rack that charges."""
    group = Group(PACKS, SEED)
    group.advance(CHARGED_S)
    rack = Heard()

    def tell(topic, said, at):
        rack.take(rack.prefix + topic, json.dumps(said, default=float).encode(), at)

    rack.take(rack.prefix + "tele/LWT", b"Online", HEALTH_S, True)
    tell("tele/STATE", HEALTH, HEALTH_S)
    for number, pack in enumerate(group.packs, 1):
        device = {"Device": "US2KBPL"} if number == 1 else {}
        tell(f"stat/info/Pack{number}", {"BarCode": pack.serial, **device}, HEALTH_S)
        tell(f"stat/readings/Pack{number}", published(pack.analog(), pack.alarm()), SAID_S)
    said = {number: truth.analog(pack.analog()) for number, pack in enumerate(group.packs, 1)}
    tell("stat/readings/Rack", totals(said), SAID_S)
    return rack


def pictures():
    """-> {name of the file: SVG}."""
    return {"monitor.svg": pictures_terminal.drawn(view.screen(heard(), NOW_S, COLUMNS), COLUMNS, TITLE)}
