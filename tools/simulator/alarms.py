"""What `ask()` can ask for: every state and every status bit of a 44H reply (protocol.md §4.2), by name."""

BELOW_ABOVE_OTHER = 0x01, 0x02, 0xF0
# part of the reply -> names of these three states of it
STATES = {
    "cells": ("cell_under_voltage", "cell_over_voltage", "cell_other"),
    "temperatures": ("under_temperature", "over_temperature", "temperature_other"),
    "charge_current": ("charge_under_current", "charge_over_current", "charge_current_other"),
    "voltage": ("pack_under_voltage", "pack_over_voltage", "pack_voltage_other"),
    "discharge_current": ("discharge_under_current", "discharge_over_current", "discharge_current_other"),
}
# names of bits 7 … 0 of the status bytes 1 … 3
BITS = (
    ("pack_under_voltage_protection", "charge_temperature_protection", "discharge_temperature_protection",
     "discharge_over_current_protection", None, "charge_over_current_protection", "cell_under_voltage_protection",
     "over_voltage_protection"),
    (None, None, None, None, "using_pack_power", "discharge_fet", "charge_fet", "precharge_fet"),
    ("charging", "discharging", "heater", None, "fully_charged", None, None, "buzzer"),
)  # fmt: skip
# names of bits 7 … of the status byte of a 92H reply (§4.5)
REQUESTS = ("charge_enabled", "discharge_enabled", "charge_immediately", "charge_immediately_2", "full_charge_request")
CELL_FAULT = "cell_fault"

OF_PLACES = {CELL_FAULT, *(name for names in STATES.values() for name in names)}
NAMES = OF_PLACES | {name for names in (*BITS, REQUESTS) for name in names if name}

STOPS_CHARGE = {"over_voltage_protection", "charge_over_current_protection", "charge_temperature_protection"}
STOPS_DISCHARGE = {"pack_under_voltage_protection", "cell_under_voltage_protection",
                   "discharge_over_current_protection", "discharge_temperature_protection"}  # fmt: skip


class Alarms:
    """The alarms asked for of one pack, and the reply's states and bytes that come of them."""

    def __init__(self):
        self._places = {}  # name -> the cells or sensors that have it, from 1; {1} for an alarm of the whole pack
        self._on = set()

    def ask(self, name, cell=None, sensor=None, on=True):
        """Switches the alarm `name` (one of NAMES) on or off; cell and sensor count from 1 (1 when none is named).
        ValueError: no such alarm.
        """
        if name not in NAMES:
            raise ValueError(f"unknown alarm {name!r}; known are: {', '.join(sorted(NAMES))}")
        if name in OF_PLACES:
            asked, one = self._places.setdefault(name, set()), (sensor if "temperature" in name else cell) or 1
        else:
            asked, one = self._on, name
        (asked.add if on else asked.discard)(one)

    @property
    def charge_allowed(self):
        """Does none of the alarms stop the charge?"""
        return not self._on & STOPS_CHARGE

    @property
    def discharge_allowed(self):
        """Does none of the alarms stop the discharge?"""
        return not self._on & STOPS_DISCHARGE

    def values(self, cells, temperatures, natural):
        """The 44H reply's values for so many cells and temperatures (sensors); `natural` are the bits that the pack's
        own state sets, by name.
        """
        out = {"cells": [0] * cells, "temperatures": [0] * temperatures,
               "charge_current": 0, "voltage": 0, "discharge_current": 0}  # fmt: skip
        for part, names in STATES.items():
            for name, state in zip(names, BELOW_ABOVE_OTHER, strict=True):
                for place in self._places.get(name, ()):
                    if isinstance(out[part], list):
                        out[part][place - 1] = state
                    else:
                        out[part] = state
        faults = sum(1 << place - 1 for place in self._places.get(CELL_FAULT, ()))
        return out | {"status": [*(self._byte(names, natural) for names in BITS), faults & 0xFF, faults >> 8]}

    def request_byte(self, natural):
        """The status byte of a 92H reply; `natural` as of values()."""
        return self._byte(REQUESTS, natural)

    def _byte(self, names, natural):
        return sum(0x80 >> place for place, name in enumerate(names) if name in self._on | natural)
