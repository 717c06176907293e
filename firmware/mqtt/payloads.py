"""Readings, totals and flat values as JSON (mqtt.md)."""

from micropython import const

from .. import problems
from .json_writer import JsonWriter

_READING_BYTES = const(2560)  # the longest payload: a reading of 16 cells with all that a text console says
_CELLS_PER_SENSOR = const(4)
# How raw integers are published: decimals of the integer, decimals published
_WHOLE, _AMPERE, _VOLT = (0, 0), (3, 1), (3, 3)  # of a count, mA, mV
_TENTHS, _AH, _KWH = (1, 1), (3, 3), (6, 3)  # of 0.1 W, 0.1 % or 0.1 °C; mAh; mWh
# The values of stat/limits and stat/parameters in their order; V: mV, A: mA, C: 0.1 °C, -: true or false
_LIMITS = (
    "ChargeVoltageLimit V DischargeVoltageLimit V ChargeCurrentLimit A DischargeCurrentLimit A "
    "ChargeEnable - DischargeEnable - ChargeImmediately - FullChargeRequest -"
)
_PARAMETERS = (
    "CellHighVoltageLimit V CellLowVoltageLimit V CellUnderVoltageLimit V "
    "ChargeHighTemperatureLimit C ChargeLowTemperatureLimit C ChargeCurrentLimit A "
    "PackHighVoltageLimit V PackLowVoltageLimit V PackUnderVoltageLimit V "
    "DischargeHighTemperatureLimit C DischargeLowTemperatureLimit C DischargeCurrentLimit A"
)
_UNITS = {"V": _VOLT, "A": _AMPERE, "C": _TENTHS, "-": _WHOLE}
# The objects that flags are published in; System_Status holds those that are in none of the others
_STATUS_OBJECTS = (
    ("Protect_Status", problems.PROTECT),
    ("System_Status", None),
    ("Fault_Status", problems.FAULT),
    ("Alarm_Status", problems.ALARM),
)
_IN_OTHER_OBJECTS = problems.PROTECT + problems.FAULT + problems.ALARM


def temperature_key(index, cells):
    """Key of the sensor `index` (from 0) of a pack of `cells` cells: the board, cells in groups of four, others."""
    first = (index - 1) * _CELLS_PER_SENSOR + 1
    if index == 0:
        return "BMS_T"
    return "CellTemp%d_%d" % (first, first + _CELLS_PER_SENSOR - 1) if first <= cells else "Temp%d" % (index + 1)


class Payloads:
    """Makes each payload in one buffer: what a method gives is only good until the next is called."""

    def __init__(self):
        self._json = JsonWriter(_READING_BYTES)

    def flat(self, members):
        """An object of (key, raw integer, text or boolean, (its decimals, decimals published)) -> memoryview. What is None
        is left out.
        """
        json = self._json
        json.begin()
        json.raw(b"{")
        self._members(members)
        json.raw(b"}")
        return json.text_view()

    def _members(self, members):
        json = self._json
        for key, raw, decimals in members:
            if raw is not None:
                json.key(key)
                json.value(raw, decimals)

    def limits(self, values):
        """`stat/limits/PackN` from pylontech's limits() -> memoryview."""
        return self._listed(_LIMITS, values)

    def parameters(self, values):
        """`stat/parameters` from messages.SystemParameters -> memoryview."""
        return self._listed(_PARAMETERS, values)

    def _listed(self, names_and_units, values):
        words = names_and_units.split(" ")
        return self.flat([(words[2 * at], raw, _UNITS[words[2 * at + 1]]) for at, raw in enumerate(values)])

    def rack(self, values, charged, discharged):
        """`stat/readings/Rack` from rack.Rack.cycle() -> memoryview. `charged` and `discharged` in mWh."""
        get = values.get
        return self.flat(
            (
                ("PackCurrent", get("PackCurrent"), _AMPERE),
                ("PackVoltage", get("PackVoltage"), _VOLT),
                ("Packs", get("Packs"), _WHOLE),
                ("PacksExpected", get("PacksExpected"), _WHOLE),
                ("RemainingCapacity", get("RemainingCapacity"), _AH),
                ("FullCapacity", get("FullCapacity"), _AH),
                ("SOC", get("SOC"), _TENTHS),
                ("Power", get("Power"), _TENTHS),
                ("CellMin", get("CellMin"), _VOLT),
                ("CellMinAt", get("CellMinAt"), _WHOLE),
                ("CellMax", get("CellMax"), _VOLT),
                ("CellMaxAt", get("CellMaxAt"), _WHOLE),
                ("CellDelta", get("CellDelta"), _VOLT),
                ("TempMin", get("TempMin"), _TENTHS),
                ("TempMax", get("TempMax"), _TENTHS),
                ("ChargedEnergy", charged, _KWH),
                ("DischargedEnergy", discharged, _KWH),
                ("BatteryState", get("BatteryState"), _WHOLE),
                ("TimeToFull", get("TimeToFull"), _WHOLE),
                ("TimeToEmpty", get("TimeToEmpty"), _WHOLE),
                ("Problem", get("Problem"), _WHOLE),
                ("Warning", get("Warning"), _WHOLE),
                ("ProblemText", get("ProblemText"), _WHOLE),
            )
        )

    def pack(self, reading, summary, charged, discharged):
        """`stat/readings/PackN` -> memoryview. `summary`: reading.Summary; `charged` and `discharged` in mWh."""
        json, alarms, extra = self._json, reading.alarms, reading.extra
        json.begin()
        json.raw(b"{")
        json.key("Cells")
        self._cells(reading)
        json.key("Temps")
        self._temperatures(reading)
        current = voltage = None
        if alarms is not None:
            current, voltage = alarms.charge_state or alarms.discharge_state, alarms.voltage_state
        json.key("PackCurrent")
        self._with_state(reading.current, _AMPERE, current)
        json.raw(b"}")
        json.key("PackVoltage")
        self._with_state(reading.voltage, _VOLT, voltage)
        json.raw(b"}")
        self._members(
            (
                ("RemainingCapacity", reading.remaining, _AH),
                ("FullCapacity", reading.capacity, _AH),
                ("CycleCount", reading.cycles, _WHOLE),
                ("SOC", summary.soc, _TENTHS),
                ("SOH", reading.soh, _WHOLE),
                ("Power", summary.power, _TENTHS),
                ("CellMin", summary.low, _VOLT),
                ("CellMinNumber", summary.low_at, _WHOLE),
                ("CellMax", summary.high, _VOLT),
                ("CellMaxNumber", summary.high_at, _WHOLE),
                ("CellDelta", summary.high - summary.low, _VOLT),
                ("TempMin", summary.temperature_low, _TENTHS),
                ("TempMax", summary.temperature_high, _TENTHS),
                ("ChargedEnergy", charged, _KWH),
                ("DischargedEnergy", discharged, _KWH),
                ("BatteryState", summary.state, _WHOLE),
                ("BaseState", extra and extra.base, _WHOLE),
                ("Problem", summary.problem, _WHOLE),
                ("Warning", summary.warning, _WHOLE),
                ("ProblemText", summary.text, _WHOLE),
            )
        )
        if extra and extra.balancing is not None:
            json.key("Balancing_Cells")
            json.numbers(extra.balancing)
        if alarms is not None:
            self._status_objects(alarms)
        json.raw(b"}")
        return json.text_view()

    def _with_state(self, raw, decimals, state):
        """A value and its state, where that is known; the object stays open."""
        json = self._json
        json.raw(b'{"Reading":')
        json.decimal(raw, decimals)
        if state is not None:
            json.raw(b',"State":')
            json.decimal(state, _WHOLE)

    def _cells(self, reading):
        json, extra = self._json, reading.extra
        states = reading.alarms.cell_states if reading.alarms is not None else b""
        json.raw(b"{")
        for index, cell in enumerate(reading.cells):
            json.raw(b',"Cell_' if index else b'"Cell_')
            json.decimal(index + 1, _WHOLE)
            json.raw(b'":')
            self._with_state(cell, _VOLT, states[index] if index < len(states) else None)
            if extra:
                json.key("Temp")
                json.decimal(extra.temperatures[index], _TENTHS)
            json.raw(b"}")
        json.raw(b"}")

    def _temperatures(self, reading):
        json, extra = self._json, reading.extra
        states = reading.alarms.temperature_states if reading.alarms is not None else b""
        json.raw(b"{")
        for index, temperature in enumerate(reading.temperatures):
            json.key(temperature_key(index, len(reading.cells)))
            self._with_state(temperature, _TENTHS, states[index] if index < len(states) else None)
            json.raw(b"}")
        if extra and extra.mos is not None:
            json.key("MOS_T")
            self._with_state(extra.mos, _TENTHS, None)
            json.raw(b"}")
        json.raw(b"}")

    def _status_objects(self, alarms):
        """The four *_Status objects, with the flags that this dialect knows."""
        json = self._json
        for name, keys in _STATUS_OBJECTS:
            json.key(name)
            json.raw(b"{")
            for key, is_set in alarms.flags:
                if key in keys if keys else key not in _IN_OTHER_OBJECTS:
                    json.key(key)
                    json.value(is_set, _WHOLE)
                    if key == "Cell_Fault":
                        json.key("Faulty_Cells")
                        json.numbers(alarms.faulty_cells)
            json.raw(b"}")
