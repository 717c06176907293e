"""What a reading and a rack are as JSON (mqtt.md). Loaded for the moment."""

from .. import reading as r
from .parts import Parts, decimal, temperature_key, value


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
