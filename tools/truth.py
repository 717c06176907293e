"""Is what was published what the battery said? Readings against the truth of the simulated battery (mqtt.md).

Written from the contract alone: no line of it is the firmware's, so that no error hides in both.
"""

import json
import threading
from collections import defaultdict, deque
from decimal import Decimal
from typing import NamedTuple

from tools import truth_console
from tools.truth_console import extremes, flags, round_tenth, tenth, thousandth

WINDOW_S = 20  # a reading was said at most so long before it was heard; pack by pack, asked again once or twice
KEPT = 64  # replies of one kind and pack
# object, key, status byte (1 … 5), bit; of each byte the keys from bit 7 to bit 0
BITS = tuple((group, key, byte, 7 - place) for group, byte, keys in (
    ("Protect_Status", 1, "Pack_UVP CHG_TP DSG_TP DSG_OCP - CHG_OCP Cell_UVP Pack_OVP"),
    ("System_Status", 2, "- - - - Using_Pack_Power Discharge_MOS Charge_MOS Precharge_MOS"),
    ("System_Status", 3, "Charging Discharging Heater - Fully_Charged - - Buzzer"),
) for place, key in enumerate(keys.split()) if key != "-")  # fmt: skip
# of a battery of PACE: objects, and the flags that stand in them because a bit of the reply says so
PACE = {key: group for group, keys in (
    ("Protect_Status", "Charger_OVP SCP DSG_OCP CHG_OCP Pack_UVP Pack_OVP Cell_UVP Cell_OVP ENV_UTP ENV_OTP MOS_OTP "
                       "DSG_UTP CHG_UTP DSG_OTP CHG_OTP"),
    ("Fault_Status", "Heater_Fault CCB_Fault Sampling_Fault Cell_Fault NTC_Fault DSG_MOS_Fault CHG_MOS_Fault"),
    ("Alarm_Status", "Low_SOC MOS_OT ENV_UT ENV_OT DSG_UT CHG_UT DSG_OT CHG_OT"),
    ("System_Status", "Fully_Charged Discharge_MOS Charge_MOS"),
) for key in keys.split()}  # fmt: skip


class Wrong(NamedTuple):
    """A published reading that no reply said. differences: [(key, published, said)]."""

    pack: int
    differences: list

    def __str__(self):
        found = ", ".join(f"{key} {published} instead of {said}" for key, published, said in self.differences[:4])
        return f"pack {self.pack}: {found}"


class Truth:
    """Remembers what the simulated battery said, and holds readings against it."""

    def __init__(self):
        self._said = defaultdict(lambda: deque(maxlen=KEPT))
        self._lock = threading.Lock()
        self.checked = 0
        self.wrong = []

    def note(self, record):
        """A record of the simulator's truth; called from its thread."""
        with self._lock:
            self._said[record.kind, record.pack].append((record.time, record.values))

    def check(self, pack, payload, now):
        """Hold the JSON of a reading against what was said until `now` (s, the simulator's clock) -> Wrong or None."""
        self.checked += 1
        try:
            reading = json.loads(payload, parse_float=Decimal)
            differences = self._differences(pack, reading, now)
        except (ValueError, TypeError, KeyError, AttributeError) as error:  # of another shape than a reading
            differences = [("all of it", repr(error), "a reading")]
        if not differences:
            return None
        self.wrong.append(Wrong(pack, differences))
        return self.wrong[-1]

    def _differences(self, pack, reading, now):
        """[(key, published, said)], part by part, each from the reply that differs least."""
        if "BaseState" in reading:  # which only the text console says
            parts = truth_console.parts(reading)
        else:
            parts = [("analog", WINDOW_S, analog, published_analog(reading))]
            parts += [("alarm", WINDOW_S, alarm, published_alarm(reading))] if "Problem" in reading else []
        found = []
        for kind, window_s, expected, published in parts:
            best = [("all of it", "published", "nothing: nothing was said lately")]
            with self._lock:
                recent = [values for time, values in self._said[kind, pack] if now - time <= window_s]
            for count, said in enumerate(map(expected, recent)):
                keys = sorted(published.keys() | said.keys())
                differences = [(k, published.get(k), said.get(k)) for k in keys if published.get(k) != said.get(k)]
                best = min(best, differences, key=len) if count else differences
            found += best
        return found

    def summary(self):
        """"31 readings, 0 wrong", and what was wrong."""
        found = f" ({'; '.join(map(str, self.wrong[:3]))})" if self.wrong else ""
        return f"{self.checked} readings, {len(self.wrong)} wrong{found}"


def analog(said):
    """The values of a 42H reply -> {key: what mqtt.md makes of it}."""
    cells, temperatures, is_pace = said["cells"], said["temperatures"], "design" in said
    out = {f"Cell_{n}": thousandth(mv) for n, mv in enumerate(cells, 1)}
    out |= dict(zip(_sensors(said, is_pace), map(tenth, temperatures), strict=True))
    out |= {key: thousandth(said[name]) for key, name in (
        ("PackCurrent", "current"), ("PackVoltage", "voltage"), ("RemainingCapacity", "remaining"),
        ("FullCapacity", "capacity"), ("DesignCapacity", "design")) if name in said}  # fmt: skip
    out |= {"SOH": said["soh"]} if said.get("soh") is not None else {}
    share = Decimal(100 * said["remaining"]) / said["capacity"]
    power = thousandth(said["voltage"]) * thousandth(said["current"])
    out |= {"CycleCount": said["cycles"], "SOC": min(Decimal(100), round_tenth(share)), "Power": round_tenth(power)}
    return out | extremes(cells, temperatures)


def alarm(said):
    """The values of a 44H reply -> {key: state or flag}."""
    status, alarms, is_pace = said["status"], flags(said), "flags" in said
    found = {f"Cell_{n} State": state for n, state in enumerate(said["cells"], 1)}
    states = zip(_sensors(said, is_pace), said["temperatures"], strict=True)
    found |= {f"{key} State": state for key, state in states}
    found |= {"PackCurrent State": said["charge_current"] or said["discharge_current"],
              "PackVoltage State": said["voltage"]}  # fmt: skip
    if is_pace:
        on = said["flags"]
        found |= {f"{group} {key}": on[key] for key, group in PACE.items()}
        found |= {f"Protect_Status {way}_TP": on[f"{way}_OTP"] or on[f"{way}_UTP"] for way in ("CHG", "DSG")}
        alarms = {key: value or any(on[one] for one in on if one == key or one[-3:] == f"_{key}")
                  for key, value in alarms.items()}  # fmt: skip
        found |= {"Balancing_Cells": said["balancing"]}
        found |= {} if on["Cell_Fault"] else {"Fault_Status Faulty_Cells": []}
    else:
        found |= {f"{group} {key}": bool(status[byte - 1] >> bit & 1) for group, key, byte, bit in BITS}
        faulty = [8 * byte + bit + 1 for byte in range(2) for bit in range(8) if status[3 + byte] >> bit & 1]
        found |= {"Fault_Status Cell_Fault": bool(faulty), "Fault_Status Faulty_Cells": faulty}
    found |= {f"Alarm_Status {key}": value for key, value in alarms.items()}
    problem = alarms["Other"] or any(found[key] for key in found if key.startswith(("Protect_", "Fault_")))
    return found | {"Problem": problem, "Warning": any(found[key] for key in found if key.startswith("Alarm_"))}


def published_analog(reading):
    """A reading -> the same keys as analog()."""
    out = {key: one["Reading"] for key, one in _measured(reading).items()}
    return out | {key: value for key, value in reading.items() if type(value) in (int, Decimal) and "Energy" not in key}


def published_alarm(reading):
    """A reading with alarm data -> the same keys as alarm()."""
    out = {f"{key} State": one.get("State") for key, one in _measured(reading).items()}
    for group in ("Protect_Status", "System_Status", "Fault_Status", "Alarm_Status"):
        out |= {f"{group} {key}": value for key, value in reading[group].items()}
    return out | {key: reading[key] for key in ("Problem", "Warning", "Balancing_Cells") if key in reading}


def _measured(reading):
    return reading["Cells"] | reading["Temps"] | {key: reading[key] for key in ("PackCurrent", "PackVoltage")}


def _sensors(said, is_pace):
    """mqtt.md, "Temperature keys"."""
    cells, count = len(said["cells"]), len(said["temperatures"])
    named = ["CellTemp1_4", "CellTemp5_8", "CellTemp9_12", "CellTemp13_16"]
    if is_pace and count == len(named) + 2:
        return [*named, "MOS_T", "ENV_T"]
    named = ([] if is_pace else ["BMS_T"]) + named[: (cells + 3) // 4]
    return (named + [f"Temp{n}" for n in range(len(named) + 1, count + 1)])[:count]
