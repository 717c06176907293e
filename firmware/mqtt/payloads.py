"""Reading -> JSON, in parts: nothing is ever one long string. Decimals are made from integers (mqtt.md)."""

from .. import reading as r

_CELLS_PER_SENSOR = 4


class Parts:
    """A payload that knows its length and is made twice rather than held: `make` returns an iterator of texts."""

    def __init__(self, make):
        self._make = make
        self._length = 0
        for part in self:
            self._length += len(part)

    def __len__(self):
        return self._length

    def __iter__(self):
        for part in self._make():
            yield part.encode()


def decimal(raw, scale, digits):
    """The exact decimal of raw / 10**scale with at most `digits` decimals, at least one; "3" when digits is 0.

    What must be rounded is rounded half away from zero.
    """
    if scale > digits:
        raw = r.rounded(raw, 10 ** (scale - digits))
        scale = digits
    if scale == 0:
        return "%d" % raw
    whole, fraction = divmod(abs(raw), 10**scale)
    text = "%d" % (10**scale + fraction)
    return "%s%d.%s" % ("-" if raw < 0 else "", whole, text[1:].rstrip("0") or "0")


def value(raw, scale, digits):
    """Anything as JSON: an integer as decimal(), a text, a boolean."""
    if raw is True or raw is False:
        return "true" if raw else "false"
    return text(raw) if isinstance(raw, str) else decimal(raw, scale, digits)


def text(raw):
    """A JSON string; control characters become spaces."""
    for char in raw:
        if char < " ":
            raw = raw.replace(char, " ")
    return '"%s"' % raw.replace("\\", "\\\\").replace('"', '\\"')


def rows(table):
    """Yields (key, decimals of the raw integer, decimals published) of a table as columns.compact() makes it."""
    start = 0
    while start < len(table):
        end = table.find("\n", start)
        yield table[start : end - 4], int(table[end - 3]), int(table[end - 1])
        start = end + 1


def members(values, table):
    """Yields the members of an object, in the order of the table; absent values are left out."""
    comma = ""
    for key, scale, digits in rows(table):
        raw = values.get(key)
        if raw is not None:
            yield '%s"%s":%s' % (comma, key, value(raw, scale, digits))
            comma = ","


def flat(values, table):
    """An object of flat values {key: raw} -> Parts."""

    def make():
        yield "{"
        yield from members(values, table)
        yield "}"

    return Parts(make)


def summary(reading, charged, discharged, extra=None):
    """What follows from a reading -> {key of mqtt.md: raw}; `charged` and `discharged` in mWh; `extra` as in pack()."""
    temperatures = (extra or reading).temperatures
    low, low_at, high, high_at = r.extremes(reading.cells)
    values = {
        "RemainingCapacity": reading.remaining,
        "FullCapacity": reading.capacity,
        "CycleCount": reading.cycles,
        "SOC": 10 * extra.soc if extra else r.soc(reading.remaining, reading.capacity),
        "SOH": reading.soh,
        "Power": r.power(reading.voltage, reading.current),
        "CellMin": low,
        "CellMinNumber": low_at,
        "CellMax": high,
        "CellMaxNumber": high_at,
        "CellDelta": high - low,
        "ChargedEnergy": charged,
        "DischargedEnergy": discharged,
        "BatteryState": r.battery_state(reading, extra),
        "BaseState": extra and extra.base,
    }
    if temperatures:
        values["TempMin"], values["TempMax"] = min(temperatures), max(temperatures)
    if reading.alarms is not None:
        values["Problem"], values["Warning"], values["ProblemText"] = r.health(reading.alarms, extra)
    return values


def pack(reading, charged, discharged, table, extra=None):
    """`stat/readings/PackN` -> Parts. `charged` and `discharged` in mWh; `table` from columns.compact(). `extra`: what
    the dialect has beyond a Reading (console.Extra), or None.
    """
    values = summary(reading, charged, discharged, extra)
    alarms = reading.alarms
    cells, temperatures = reading.cells, reading.temperatures
    if extra and extra.mos is not None:
        temperatures += (extra.mos,)
    cell_states = temperature_states = current = voltage = b""
    if alarms is not None:
        cell_states, temperature_states = alarms.cell_states, alarms.temperature_states
        current, voltage = (alarms.charge_state or alarms.discharge_state,), (alarms.voltage_state,)

    parts = (
        ('{"Cells":{', "Cell_%d", cells, cell_states),
        ('},"Temps":{', None, temperatures, temperature_states),
        ("},", "PackCurrent", (reading.current,), current),
        (",", "PackVoltage", (reading.voltage,), voltage),
    )

    def make():
        for (before, key, raws, states), (_, scale, digits) in zip(parts, rows(table)):
            yield before
            for index, raw in enumerate(raws):
                name = key or ("MOS_T" if extra and index else temperature_key(index, len(cells)))
                if "%" in name:
                    name = name % (index + 1)
                state = ',"State":%d' % states[index] if index < len(states) else ""
                if extra and raws is cells:
                    state += ',"Temp":%s' % decimal(extra.temperatures[index], 1, 1)
                yield '%s"%s":{"Reading":%s%s}' % ("," if index else "", name, decimal(raw, scale, digits), state)
        yield ","
        yield from members(values, table)
        if extra and extra.balancing is not None:
            yield ',"Balancing_Cells":%s' % str(list(extra.balancing)).replace(" ", "")
        if alarms is not None:
            yield from _status_objects(alarms)
        yield "}"

    return Parts(make)


def temperature_key(index, cells):
    """Key of the sensor `index` (from 0) of a pack of `cells` cells: the board, cells in groups of four, others."""
    first = (index - 1) * _CELLS_PER_SENSOR + 1
    if index == 0:
        return "BMS_T"
    return "CellTemp%d_%d" % (first, first + _CELLS_PER_SENSOR - 1) if first <= cells else "Temp%d" % (index + 1)


def _status_objects(alarms):
    """Yields the four *_Status objects with the flags that this dialect knows."""
    for name, keys in r.GROUPS:
        yield ',"%s":{' % name
        comma = ""
        for key, is_set in alarms.flags:
            if key in keys if keys else key not in r.PROTECT + r.FAULT + r.ALARM:
                yield '%s"%s":%s' % (comma, key, "true" if is_set else "false")
                comma = ","
                if key == "Cell_Fault":
                    yield ',"Faulty_Cells":%s' % str(list(alarms.faulty_cells)).replace(" ", "")
        yield "}"
