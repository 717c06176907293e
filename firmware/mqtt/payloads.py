"""Readings, totals and flat values as JSON (mqtt.md)."""

from micropython import const

from .. import problems
from .json_writer import JsonWriter

_READING_BYTES = const(2304)  # of most; with all that can be wrong, a text console and PACE need up to 2.5 KB
_SEGMENT_BYTES = const(1200)
# How raw integers are published: decimals of the integer, decimals published
_WHOLE, _TENTHS, _THOUSANDTHS, _KWH = (0, 0), (1, 1), (3, 3), (6, 3)
_FORMS = {45: _WHOLE, 68: _TENTHS, 84: _THOUSANDTHS, 69: _KWH}  # -, D, T, E
# Keys in the order of their payload, each with its form: T mV, mA or mAh, D 0.1 of a unit, E mWh, - anything else.
# One piece of bytes each, since tuples would take five times the memory.
_RACK = (
    b"PackCurrent T PackVoltage T Packs - PacksExpected - RemainingCapacity T FullCapacity T StoredEnergy E SOC D "
    b"Power D CellMin T CellMinAt - CellMax T CellMaxAt - CellDelta T TempMin D TempMax D ChargedEnergy E "
    b"DischargedEnergy E BatteryState - TimeToFull - TimeToEmpty - Problem - Warning - ProblemText -"
)
_PACK = (
    b"RemainingCapacity T FullCapacity T StoredEnergy E CycleCount - SOC D SOH - Power D CellMin T CellMinNumber - "
    b"CellMax T CellMaxNumber - CellDelta T TempMin D TempMax D ChargedEnergy E DischargedEnergy E BatteryState - "
    b"BaseState - Events - Problem - Warning - ProblemText -"
)
# The objects that flags are published in
_PROTECT, _SYSTEM, _FAULT, _ALARM = _STATUS_OBJECTS = "Protect_Status", "System_Status", "Fault_Status", "Alarm_Status"


def temperature_key(index, cells):
    """Key of the sensor `index` (from 0) of a pack of `cells` cells: the board, cells in groups of four, others."""
    first, last = problems.cells_of_sensor(index)
    if index == 0:
        return "BMS_T"
    return "CellTemp%d_%d" % (first, last) if first <= cells else "Temp%d" % (index + 1)


def status_object(key):
    """The object that the flag `key` is published in; its name ends as those of all flags in it."""
    if key.endswith("P"):
        return _PROTECT
    if key.endswith("_Fault"):
        return _FAULT
    return _ALARM if key in problems.ALARM or key.endswith("_OT") or key.endswith("_UT") else _SYSTEM


class Payloads:
    """Makes each payload in one buffer: what a method gives is only good until the next is called."""

    def __init__(self):
        self._json = JsonWriter(_READING_BYTES)

    def collected(self, parts):
        """Yields bytes in memoryviews of about a TCP segment: many small ones at once would be lost on the way."""
        json = self._json
        json.begin()
        for part in parts:
            json.raw(part)
            if json.length >= _SEGMENT_BYTES:
                yield json.text_view()
                json.begin()
        yield json.text_view()

    def flat(self, values):
        """An object of (key, raw value or None: left out, (its decimals, decimals published)) -> memoryview."""
        json = self._json
        json.begin()
        json.raw(b"{")
        self._write(values)
        json.raw(b"}")
        return json.text_view()

    def _write(self, values):
        json = self._json
        for key, raw, decimals in values:
            if raw is not None:
                json.key(key)
                json.value(raw, decimals)

    def rack(self, values, charged, discharged):
        """`stat/readings/Rack` from rack.Rack.cycle() -> memoryview. `charged` and `discharged` in mWh."""
        values["ChargedEnergy"], values["DischargedEnergy"] = charged, discharged
        return self.flat(members(_RACK, None, values.get))

    def pack(self, reading, summary, charged, discharged):
        """`stat/readings/PackN` -> memoryview. `summary`: reading.Summary; `charged` and `discharged` in mWh."""
        json, alarms = self._json, reading.alarms
        json.begin()
        json.raw(b"{")
        json.key("Cells")
        self._cells(reading)
        json.key("Temps")
        self._temperatures(reading)
        current = voltage = None
        if alarms is not None:
            current, voltage = alarms.charge_state or alarms.discharge_state, alarms.voltage_state
        self._member("PackCurrent", reading.current, _THOUSANDTHS, current)
        self._member("PackVoltage", reading.voltage, _THOUSANDTHS, voltage)
        values = (reading.remaining, reading.capacity, summary.energy, reading.cycles, summary.soc, reading.soh,
                  summary.power, summary.low, summary.low_at, summary.high, summary.high_at, summary.high - summary.low,
                  summary.temperature_low, summary.temperature_high, charged, discharged, summary.state,
                  reading.base, reading.events, summary.problem, summary.warning, summary.text)  # fmt: skip
        self._write(members(_PACK, values))
        if reading.design is not None:
            json.key("DesignCapacity")
            json.value(reading.design, _THOUSANDTHS)
        if reading.balancing is not None:
            json.key("Balancing_Cells")
            json.numbers(reading.balancing)
        if alarms is not None:
            self._status_objects(alarms)
        json.raw(b"}")
        return json.text_view()

    def _member(self, key, raw, decimals, state, temperature=None):
        """A value, with its state and temperature where those are known."""
        json = self._json
        json.key(key)
        json.raw(b'{"Reading":')
        json.decimal(raw, decimals)
        if state is not None:
            json.raw(b',"State":')
            json.decimal(state, _WHOLE)
        if temperature is not None:
            json.raw(b',"Temp":')
            json.decimal(temperature, _TENTHS)
        json.raw(b"}")

    def _cells(self, reading):
        json, temperatures = self._json, reading.cell_temperatures
        states = reading.alarms.cell_states if reading.alarms is not None else b""
        json.raw(b"{")
        for index, cell in enumerate(reading.cells):
            state = states[index] if index < len(states) else None
            self._member(b"Cell_%d" % (index + 1), cell, _THOUSANDTHS, state, temperatures and temperatures[index])
        json.raw(b"}")

    def _temperatures(self, reading):
        json, sensors = self._json, reading.sensors
        states = reading.alarms.temperature_states if reading.alarms is not None else b""
        json.raw(b"{")
        for index, temperature in enumerate(reading.temperatures):
            key = sensors[index] if sensors else temperature_key(index, len(reading.cells))
            self._member(key, temperature, _TENTHS, states[index] if index < len(states) else None)
        if reading.mos is not None:
            self._member("MOS_T", reading.mos, _TENTHS, None)
        json.raw(b"}")

    def _status_objects(self, alarms):
        json, objects = self._json, [status_object(key) for key in alarms.keys]
        for name in _STATUS_OBJECTS:
            json.key(name)
            json.raw(b"{")
            for key, where in zip(alarms.keys, objects):
                if where is name:
                    is_set = key in alarms.on
                    json.key(key)
                    json.value(is_set, _WHOLE)
                    if key == "Cell_Fault" and (alarms.faulty_cells or not is_set):  # some do not say which
                        json.key("Faulty_Cells")
                        json.numbers(alarms.faulty_cells)
            json.raw(b"}")


def members(keys_and_forms, values, value_of=None):
    """Yields (key, raw, form) of each key: raw is the next of `values`, or what `value_of` gives for the key."""
    at = index = 0
    while at < len(keys_and_forms):
        end = keys_and_forms.find(b" ", at)
        key = keys_and_forms[at:end]
        yield key, value_of(key.decode()) if value_of else values[index], _FORMS[keys_and_forms[end + 1]]
        at = end + 3
        index += 1
