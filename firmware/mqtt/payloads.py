"""Reading -> JSON, in parts: nothing is ever one long string. Decimals are made from integers (mqtt.md)."""

from .. import reading as r
from . import entities

_ESCAPES = {'"': '\\"', "\\": "\\\\"}


class Parts:
    """A payload that knows its length and is made twice rather than held: `make` returns an iterator of texts."""

    def __init__(self, make):
        self._make = make
        self._length = sum([len(part) for part in self])

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


def number(kind, raw):
    """A raw integer as the JSON number of its kind (entities)."""
    _, scale, digits, _, _, _ = entities.kind(kind)
    return decimal(raw, int(scale), int(digits))


def value(kind, raw):
    """Anything as JSON: number, text or boolean."""
    if raw is True or raw is False:
        return "true" if raw else "false"
    return text(raw) if isinstance(raw, str) else number(kind, raw)


def text(raw):
    """A JSON string; control characters become spaces."""
    return '"%s"' % "".join([_ESCAPES.get(c, c if c >= " " else " ") for c in raw])


def members(values, table, device):
    """Yields the members of an object, in the order of the table; absent values are left out."""
    comma = ""
    for key, kind, _, _, _ in entities.rows(table, device):
        raw = values.get(key)
        if raw is not None:
            yield '%s"%s":%s' % (comma, key, value(kind, raw))
            comma = ","


def flat(values, table, device=None):
    """An object of flat values {key: raw} -> Parts."""

    def make():
        yield "{"
        yield from members(values, table, device)
        yield "}"

    return Parts(make)


def listed(values, table):
    """An object of values that come in the order of the table -> Parts."""
    return flat(dict(zip([row[0] for row in entities.rows(table)], values)), table)


def summary(reading, charged, discharged):
    """What follows from a reading -> {key of mqtt.md: raw}; energies in mWh."""
    low, low_at, high, high_at = r.extremes(reading.cells)
    values = {
        "RemainingCapacity": reading.remaining,
        "FullCapacity": reading.capacity,
        "CycleCount": reading.cycles,
        "SOC": r.soc(reading.remaining, reading.capacity),
        "SOH": reading.soh,
        "Power": r.power(reading.voltage, reading.current),
        "CellMin": low,
        "CellMinNumber": low_at,
        "CellMax": high,
        "CellMaxNumber": high_at,
        "CellDelta": high - low,
        "ChargedEnergy": charged,
        "DischargedEnergy": discharged,
        "BatteryState": r.battery_state(reading),
    }
    if reading.temperatures:
        values["TempMin"], values["TempMax"] = min(reading.temperatures), max(reading.temperatures)
    if reading.alarms is not None:
        values["Problem"], values["Warning"], values["ProblemText"] = r.health(reading.alarms)
    return values


def pack(reading, charged, discharged):
    """`stat/readings/PackN` -> Parts. Energies in mWh."""
    values = summary(reading, charged, discharged)
    alarms = reading.alarms
    cell_states = temperature_states = current = voltage = b""
    if alarms is not None:
        cell_states, temperature_states = alarms.cell_states, alarms.temperature_states
        current, voltage = (alarms.charge_state or alarms.discharge_state,), (alarms.voltage_state,)

    def make():
        before = '{"Cells":{'
        for index, raw in enumerate(reading.cells):
            yield _measured(before, "Cell_%d" % (index + 1), "cell", raw, cell_states, index)
            before = ","
        before = '},"Temps":{'
        for index, raw in enumerate(reading.temperatures):
            key = entities.temperature_key(index, len(reading.cells))
            yield _measured(before, key, "celsius", raw, temperature_states, index)
            before = ","
        yield _measured("}," if reading.temperatures else '},"Temps":{},', "PackCurrent", "ampere", reading.current, current, 0)
        yield _measured(",", "PackVoltage", "volt", reading.voltage, voltage, 0)
        yield ","
        yield from members(values, entities.READINGS, "p")
        if alarms is not None:
            yield from _status_objects(alarms)
        yield "}"

    return Parts(make)


def _measured(before, key, kind, raw, states, index):
    """One {"Reading":…,"State":…}; no State where no alarm reply told one."""
    state = ',"State":%d' % states[index] if index < len(states) else ""
    return '%s"%s":{"Reading":%s%s}' % (before, key, number(kind, raw), state)


def _status_objects(alarms):
    """Yields the four *_Status objects with the flags that this dialect knows."""
    known = dict(alarms.flags)
    for name, keys in r.GROUPS:
        yield ',"%s":{' % name
        yield ",".join(['"%s":%s' % (key, value("flag", known[key])) for key in keys if key in known])
        if keys is r.FAULT:
            yield ',"Faulty_Cells":[%s]' % ",".join([str(cell) for cell in alarms.faulty_cells])
        yield "}"


def info(identity):
    """`stat/info/PackN` from what a dialect's identity() gives -> bytes."""
    keys = ("BarCode", "Protocol", "Version", "Manufacturer", "Device")
    found = ['"%s":%s' % (key, text(said)) for key, said in zip(keys, identity) if said]
    return ("{%s}" % ",".join(found)).encode()
