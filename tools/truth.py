"""Is what was published what the battery said? Readings against the truth of the simulated battery (mqtt.md).

Written from the contract alone: no line of it is the firmware's, so that no error hides in both.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from decimal import Decimal

from tools import truth_console, truth_pace
from tools.truth_console import extremes, flags, round_tenth, tenth, thousandth

WINDOW_S = 20  # a reading was said at most so long before it was heard; pack by pack, asked again once or twice
KEPT = 64  # replies of one kind and pack
KINDS = ("analog", "alarm", *(kind for kind, _ in truth_console.KINDS))
# object, key, status byte (1 … 5), bit; of each byte the keys from bit 7 to bit 0
BITS = tuple((group, key, byte, 7 - place) for group, byte, keys in (
    ("Protect_Status", 1, "Pack_UVP CHG_TP DSG_TP DSG_OCP - CHG_OCP Cell_UVP Pack_OVP"),
    ("System_Status", 2, "- - - - Using_Pack_Power Discharge_MOS Charge_MOS Precharge_MOS"),
    ("System_Status", 3, "Charging Discharging Heater - Fully_Charged - - Buzzer"),
) for place, key in enumerate(keys.split()) if key != "-")  # fmt: skip
# How far two readings in a row may be apart (protocol.md §6): nothing in a wrong value within that shows that it is
# wrong, when the errors of the line cancel in every sum
DISTANCES = (("Cell_", Decimal("0.1")), ("BMS_T", 3), ("CellTemp", 3), ("Temp", 3), ("MOS_T", 3), ("ENV_T", 3),
             ("PackCurrent", 5))  # fmt: skip
REMAINING_SHARE = Decimal("0.02")
DERIVED = ("SOC", "Power", "CellMin", "CellMinNumber", "CellMax", "CellMaxNumber", "CellDelta", "TempMin", "TempMax",
           "BatteryState")  # fmt: skip


@dataclass
class Wrong:
    """A published reading that no reply said. differences: [(key, published, said)]; slight: none of them is beyond
    the distances within which one reading follows another."""

    pack: int
    differences: list
    slight: bool

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
        if record.kind in KINDS:
            with self._lock:
                self._said[record.kind, record.pack].append((record.time, record.values))

    def check(self, pack, payload, now):
        """Hold the JSON of a reading (bytes) against what was said until `now` (s, the simulator's clock) -> Wrong or
        None."""
        self.checked += 1
        try:
            reading = json.loads(payload, parse_float=Decimal)
            differences = self._differences(pack, reading, now)
            slight = all(_is_slight(key, *values, reading) for key, *values in differences)
        except (ValueError, TypeError, KeyError, AttributeError) as error:  # of another shape than a reading
            differences, slight = [("all of it", repr(error), "a reading")], False
        if not differences:
            return None
        found = Wrong(pack, differences, slight)
        self.wrong.append(found)
        return found

    def _differences(self, pack, reading, now):
        if "BaseState" in reading:  # which only the text console says
            found = []
            for kind, window_s, published in truth_console.parts(reading):
                said = map(getattr(truth_console, kind), self._recent(kind, pack, now, window_s))
                found = found + _least(published, said)
            return found
        found = _least(published_analog(reading), map(analog, self._recent("analog", pack, now)))
        if "Problem" in reading:
            cells = len(reading["Cells"])
            alarms = (alarm(values, cells) for values in self._recent("alarm", pack, now))
            found = found + _least(published_alarm(reading), alarms)
        return found

    def is_wrong(self):
        """-> whether a value was wrong, by more than errors may hide that cancel in every sum."""
        return any(not one.slight for one in self.wrong)

    def summary(self):
        """"31 readings, 0 wrong", and what was wrong."""
        beyond, slight = ([one for one in self.wrong if one.slight is is_slight] for is_slight in (False, True))
        text = f"{self.checked} readings, {len(beyond)} wrong"
        if beyond:
            text += f" ({'; '.join(map(str, beyond[:3]))})"
        if slight:
            text += (f"; {len(slight)} off by less than two readings in a row may differ, from errors that cancel in "
                     f"every sum ({'; '.join(map(str, slight[:3]))})")  # fmt: skip
        return text

    def _recent(self, kind, pack, now, window_s=WINDOW_S):
        with self._lock:
            return [values for time, values in reversed(self._said[kind, pack]) if now - time <= window_s]


def analog(said):
    """The values of a 42H reply -> {key: what mqtt.md makes of it}."""
    cells, temperatures = said["cells"], said["temperatures"]
    out = {f"Cell_{n}": thousandth(mv) for n, mv in enumerate(cells, 1)}
    is_pace = "design" in said
    out |= {truth_pace.sensor(n, said) if is_pace else _sensor(n, len(cells)): tenth(value)
            for n, value in enumerate(temperatures)}  # fmt: skip
    out |= truth_pace.more(said) if is_pace else {}
    share = Decimal(1000 * said["remaining"]) / said["capacity"]
    out |= {
        "PackCurrent": thousandth(said["current"]),
        "PackVoltage": thousandth(said["voltage"]),
        "RemainingCapacity": thousandth(said["remaining"]),
        "FullCapacity": thousandth(said["capacity"]),
        "CycleCount": Decimal(said["cycles"]),
        "SOC": min(Decimal(100), round_tenth(share / 10)),
        "Power": round_tenth(thousandth(said["voltage"]) * thousandth(said["current"])),
    }
    return out | extremes(cells, temperatures)


def alarm(said, cells):
    """The values of a 44H reply -> {key: state or flag}; `cells`: how many the pack has."""
    status, states = said["status"], said["cells"]
    found = {f"Cell_{n} State": state for n, state in enumerate(states, 1)}
    is_pace = "flags" in said
    found |= {f"{truth_pace.sensor(n, said) if is_pace else _sensor(n, cells)} State": state
              for n, state in enumerate(said["temperatures"])}  # fmt: skip
    found |= {
        "PackCurrent State": said["charge_current"] or said["discharge_current"],
        "PackVoltage State": said["voltage"],
    }
    if is_pace:
        return found | truth_pace.alarm(said)
    found |= {f"{group} {key}": bool(status[byte - 1] >> bit & 1) for group, key, byte, bit in BITS}
    faulty = [8 * byte + bit + 1 for byte in range(2) for bit in range(8) if status[3 + byte] >> bit & 1]
    found |= {"Fault_Status Cell_Fault": bool(faulty), "Fault_Status Faulty_Cells": faulty}
    alarms = flags(said)
    found |= {f"Alarm_Status {key}": value for key, value in alarms.items()}
    protected = any(found[f"{group} {key}"] for group, key, _, _ in BITS if group == "Protect_Status")
    return found | {"Problem": protected or bool(faulty) or alarms["Other"], "Warning": any(alarms.values())}


def published_analog(reading):
    """A reading -> the same keys as analog()."""
    out = {key: one["Reading"] for group in ("Cells", "Temps") for key, one in reading[group].items()}
    out |= {key: reading[key]["Reading"] for key in ("PackCurrent", "PackVoltage")}
    return out | {key: value for key, value in reading.items() if type(value) in (int, Decimal) and "Energy" not in key}


def published_alarm(reading):
    """A reading with alarm data -> the same keys as alarm()."""
    measured = {**reading["Cells"], **reading["Temps"]}
    measured |= {key: reading[key] for key in ("PackCurrent", "PackVoltage")}
    out = {f"{key} State": one.get("State") for key, one in measured.items()}
    for group in ("Protect_Status", "System_Status", "Fault_Status", "Alarm_Status"):
        out |= {f"{group} {key}": value for key, value in reading[group].items()}
    return out | {key: reading[key] for key in ("Problem", "Warning", "Balancing_Cells") if key in reading}


def _least(published, candidates):
    """The differences to the candidate that differs least: [(key, published, said)]."""
    best = [("all of it", "published", "nothing: nothing was said lately")]
    for count, said in enumerate(candidates):
        keys = published.keys() | said.keys()
        found = [(k, published.get(k), said.get(k)) for k in sorted(keys) if published.get(k) != said.get(k)]
        if not found:
            return []
        if count == 0 or len(found) < len(best):
            best = found
    return best


def _is_slight(key, published, said, reading):
    if key in DERIVED:
        return True
    if key == "RemainingCapacity":
        limit = REMAINING_SHARE * reading["FullCapacity"]
    else:
        limit = next((distance for start, distance in DISTANCES if key.startswith(start)), None)
    numbers = type(published) in (int, Decimal) and type(said) in (int, Decimal)
    return " " not in key and limit is not None and numbers and abs(published - said) <= limit


def _sensor(index, cells):
    """mqtt.md, "Temperature keys"."""
    first = 4 * index - 3
    return "BMS_T" if index == 0 else f"CellTemp{first}_{first + 3}" if first <= cells else f"Temp{index + 1}"
