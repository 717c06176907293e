"""Readings, totals and flat values as JSON (mqtt.md), and the table entities.txt that says how each is published."""

from micropython import const

from .. import problems
from .json_writer import JsonWriter

_PATH = __file__[: __file__.rfind("/") + 1] + "entities.txt"
_COMMENT = const(35)  # "#"
_CHUNK_BYTES = const(128)  # of the table; smaller reads from flash are slow, larger ones need memory in one piece
_READING_BYTES = const(2560)  # the longest payload: a reading of 16 cells with all that a text console says
_CELLS_PER_SENSOR = const(4)
# The objects that flags are published in; System_Status holds those that are in none of the others
_STATUS_OBJECTS = (
    (b"Protect_Status", problems.PROTECT),
    (b"System_Status", None),
    (b"Fault_Status", problems.FAULT),
    (b"Alarm_Status", problems.ALARM),
)
_IN_OTHER_OBJECTS = problems.PROTECT + problems.FAULT + problems.ALARM


def table():
    """Yields the lines of entities.txt as (first word, rest), both bytes."""
    with open(_PATH, "rb") as file:
        rest = b""
        while True:
            chunk = file.read(_CHUNK_BYTES)
            if not chunk:
                return
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[0] != _COMMENT:
                    yield line.split(b" ", 1)


def _columns(topic):
    """[(key, decimals of the raw integer, decimals published)] of a topic, in the order of the table."""
    decimals, columns = {}, []
    for word, rest in table():
        if word == b"kind":
            kind, scale, digits, _ = rest.split(b" ", 3)
            decimals[kind] = int(scale), int(digits)
        elif word == topic:
            key, kind, _ = rest.split(b" ", 2)
            columns.append((key.decode(),) + decimals[kind])
    return columns


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
        self._readings = _columns(b"readings")
        self._cell = _columns(b"Cells")[0][1:]  # (decimals of the raw integer, decimals published)
        self._temperature = _columns(b"Temps")[0][1:]
        self._current, self._voltage = [column[1:] for column in _columns(b"Pack")]

    def rack(self, values):
        """`stat/readings/Rack` from {key: raw} -> memoryview."""
        self._begin()
        self._summaries(values)
        return self._done()

    def listed(self, topic, values):
        """An object of `values` in the order of the table's rows of `topic`, such as b"limits" -> memoryview."""
        self._begin()
        for (key, scale, digits), raw in zip(_columns(topic), values):
            self._member(key, raw, scale, digits)
        return self._done()

    def flat(self, values):
        """An object of (key, raw integer or text, decimals of the integer) -> memoryview."""
        self._begin()
        for key, raw, scale in values:
            self._member(key, raw, scale, scale)
        return self._done()

    def _begin(self):
        self._json.begin()
        self._json.raw(b"{")

    def _done(self):
        self._json.raw(b"}")
        return self._json.text_view()

    def _member(self, key, raw, scale, digits):
        """A member with the raw integer's decimals and those published; None is left out."""
        if raw is not None:
            self._json.key(key)
            self._json.value(raw, scale, digits)

    def _summaries(self, values):
        """The members of {key: raw} that the table lists for readings."""
        for key, scale, digits in self._readings:
            self._member(key, values.get(key), scale, digits)

    def pack(self, reading, summary, charged, discharged):
        """`stat/readings/PackN` -> memoryview. `summary`: reading.Summary; `charged` and `discharged` in mWh."""
        json, alarms, extra = self._json, reading.alarms, reading.extra
        self._begin()
        json.key(b"Cells")
        self._cells(reading)
        json.key(b"Temps")
        self._temperatures(reading)
        current = voltage = None
        if alarms is not None:
            current, voltage = alarms.charge_state or alarms.discharge_state, alarms.voltage_state
        json.key(b"PackCurrent")
        self._with_state(reading.current, self._current, current)
        json.raw(b"}")
        json.key(b"PackVoltage")
        self._with_state(reading.voltage, self._voltage, voltage)
        json.raw(b"}")
        self._summaries(_pack_values(reading, summary, charged, discharged))
        if extra and extra.balancing is not None:
            json.key(b"Balancing_Cells")
            json.numbers(extra.balancing)
        if alarms is not None:
            self._status_objects(alarms)
        return self._done()

    def _with_state(self, raw, decimals, state):
        """A value and its state, where that is known; the object stays open."""
        json = self._json
        json.raw(b'{"Reading":')
        json.decimal(raw, *decimals)
        if state is not None:
            json.raw(b',"State":')
            json.decimal(state, 0, 0)

    def _cells(self, reading):
        json, extra = self._json, reading.extra
        states = reading.alarms.cell_states if reading.alarms is not None else b""
        json.raw(b"{")
        for index, cell in enumerate(reading.cells):
            json.raw(b',"Cell_' if index else b'"Cell_')
            json.decimal(index + 1, 0, 0)
            json.raw(b'":')
            self._with_state(cell, self._cell, states[index] if index < len(states) else None)
            if extra:
                json.key(b"Temp")
                json.decimal(extra.temperatures[index], *self._temperature)
            json.raw(b"}")
        json.raw(b"}")

    def _temperatures(self, reading):
        json, extra = self._json, reading.extra
        states = reading.alarms.temperature_states if reading.alarms is not None else b""
        json.raw(b"{")
        for index, temperature in enumerate(reading.temperatures):
            json.key(temperature_key(index, len(reading.cells)))
            self._with_state(temperature, self._temperature, states[index] if index < len(states) else None)
            json.raw(b"}")
        if extra and extra.mos is not None:
            json.key(b"MOS_T")
            self._with_state(extra.mos, self._temperature, None)
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
                    json.value(is_set)
                    if key == "Cell_Fault":
                        json.key(b"Faulty_Cells")
                        json.numbers(alarms.faulty_cells)
            json.raw(b"}")


def _pack_values(reading, summary, charged, discharged):
    """What follows from a reading -> {key of mqtt.md: raw}."""
    return {
        "RemainingCapacity": reading.remaining,
        "FullCapacity": reading.capacity,
        "CycleCount": reading.cycles,
        "SOC": summary.soc,
        "SOH": reading.soh,
        "Power": summary.power,
        "CellMin": summary.low,
        "CellMinNumber": summary.low_at,
        "CellMax": summary.high,
        "CellMaxNumber": summary.high_at,
        "CellDelta": summary.high - summary.low,
        "TempMin": summary.temperature_low,
        "TempMax": summary.temperature_high,
        "ChargedEnergy": charged,
        "DischargedEnergy": discharged,
        "BatteryState": summary.state,
        "BaseState": reading.extra and reading.extra.base,
        "Problem": summary.problem,
        "Warning": summary.warning,
        "ProblemText": summary.text,
    }
