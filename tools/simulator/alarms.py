"""What `alarm()` can ask for: every state and every status bit of a 44H reply (protocol.md §4.2), by name."""

MOST_CELLS = 16
BELOW, ABOVE, OTHER = 0x01, 0x02, 0xF0

# name, part of the reply, state
STATES = (
    ("cell_under_voltage", "cells", BELOW),
    ("cell_over_voltage", "cells", ABOVE),
    ("cell_other", "cells", OTHER),
    ("under_temperature", "temperatures", BELOW),
    ("over_temperature", "temperatures", ABOVE),
    ("temperature_other", "temperatures", OTHER),
    ("charge_under_current", "charge_current", BELOW),
    ("charge_over_current", "charge_current", ABOVE),
    ("charge_current_other", "charge_current", OTHER),
    ("pack_under_voltage", "voltage", BELOW),
    ("pack_over_voltage", "voltage", ABOVE),
    ("pack_voltage_other", "voltage", OTHER),
    ("discharge_under_current", "discharge_current", BELOW),
    ("discharge_over_current", "discharge_current", ABOVE),
    ("discharge_current_other", "discharge_current", OTHER),
)
# name, status byte (1 … 3), bit
BITS = (
    ("pack_under_voltage_protection", 1, 7),
    ("charge_temperature_protection", 1, 6),
    ("discharge_temperature_protection", 1, 5),
    ("discharge_over_current_protection", 1, 4),
    ("charge_over_current_protection", 1, 2),
    ("cell_under_voltage_protection", 1, 1),
    ("over_voltage_protection", 1, 0),
    ("using_pack_power", 2, 3),
    ("discharge_fet", 2, 2),
    ("charge_fet", 2, 1),
    ("precharge_fet", 2, 0),
    ("charging", 3, 7),
    ("discharging", 3, 6),
    ("heater", 3, 5),
    ("fully_charged", 3, 3),
    ("buzzer", 3, 0),
)
# name, bit of the status byte of a 92H reply (§4.5)
REQUESTS = (
    ("charge_enabled", 7),
    ("discharge_enabled", 6),
    ("charge_immediately", 5),
    ("charge_immediately_2", 4),
    ("full_charge_request", 3),
)
CELL_FAULT = "cell_fault"

NAMES = (*(row[0] for row in STATES), *(row[0] for row in BITS), *(row[0] for row in REQUESTS), CELL_FAULT)

STOPS_CHARGE = {"over_voltage_protection", "charge_over_current_protection", "charge_temperature_protection"}
STOPS_DISCHARGE = {
    "pack_under_voltage_protection", "cell_under_voltage_protection",
    "discharge_over_current_protection", "discharge_temperature_protection",
}


class Alarms:
    """The alarms asked for of one pack, and the reply's states and bytes that come of them."""

    def __init__(self):
        self._places = {}  # name -> the cells or sensors that have it, from 1; {1} for an alarm of the whole pack
        self.bits = {}  # name -> forced on or off

    def ask(self, name, cell=None, sensor=None, on=True):
        """Switches the alarm `name` on or off; cell and sensor count from 1 (1 when none is named). ValueError: no such
        alarm.
        """
        if name not in NAMES:
            raise ValueError(f"unknown alarm {name!r}; known are: {', '.join(NAMES)}")
        place = (sensor if "temperature" in name else cell) or 1
        if not 1 <= place <= MOST_CELLS:
            raise ValueError(f"cells and sensors count from 1 to {MOST_CELLS}, not {place}")
        if name == CELL_FAULT or any(row[0] == name for row in STATES):
            places = self._places.setdefault(name, set())
            (places.add if on else places.discard)(place)
        else:
            self.bits[name] = bool(on)

    def clear(self):
        """Nothing is asked for any more."""
        self._places.clear()
        self.bits.clear()

    def is_on(self, name):
        """Whether a status bit was asked for."""
        return bool(self.bits.get(name))

    @property
    def charge_allowed(self):
        """Does none of the alarms stop the charge?"""
        return not any(self.is_on(name) for name in STOPS_CHARGE)

    @property
    def discharge_allowed(self):
        """Does none of the alarms stop the discharge?"""
        return not any(self.is_on(name) for name in STOPS_DISCHARGE)

    def values(self, cells, temperatures, natural):
        """The 44H reply's values for so many cells and temperatures (sensors); `natural` are the bits that the pack's
        own state sets, by name.
        """
        out = {"cells": [0] * cells, "temperatures": [0] * temperatures,
               "charge_current": 0, "voltage": 0, "discharge_current": 0, "status": [0] * 5}
        for name, part, state in STATES:
            for place in self._places.get(name, ()):
                if not isinstance(out[part], list):
                    out[part] = state
                elif place <= len(out[part]):
                    out[part][place - 1] = state
        for name, byte, bit in BITS:
            if self.bits.get(name, name in natural):
                out["status"][byte - 1] |= 1 << bit
        for place in self._places.get(CELL_FAULT, ()):
            out["status"][3 + (place - 1) // 8] |= 1 << (place - 1) % 8
        return out

    def request_byte(self, natural):
        """The status byte of a 92H reply; `natural` as of values()."""
        return sum(1 << bit for name, bit in REQUESTS if self.bits.get(name, name in natural))
