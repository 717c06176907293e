"""What a cycle says of the rack as a whole (mqtt.md, "The rack"). Loaded at the end of each."""

from . import reading as r

_MISSING_MS = 60_000  # then the rack goes on without the pack
_BUCKET_MS, _BUCKETS = 30_000, 10  # the 5 minutes that times to full and empty come from
_TIME_MIN_MA = 1_000


def totals(rack, missed):
    """The end of a cycle -> totals as {key of mqtt.md: raw integer, text or bool}, or None: one of the packs
    `missed` has not been missing for 60 s.
    """
    clock = rack.clock
    now = clock.ticks_ms()
    values, states, texts, voltage = rack.values, rack.states, rack.texts, rack.voltage
    rack.begin()
    rack.missing = {pack: rack.missing.get(pack, now) for pack in missed}
    for since in rack.missing.values():
        if clock.ticks_diff(now, since) < _MISSING_MS:
            return None
    if not values:
        return None
    if missed:
        values["Problem"] = True
        values["Warning"] = values.get("Warning", False)
        texts = ["Pack %d missing" % pack for pack in missed] + texts
    if "Problem" in values:
        values["ProblemText"] = r.shortened("; ".join(texts)) or r.OK
    values["PacksExpected"] = rack.expected
    values["PackVoltage"] = r.rounded(voltage, values["Packs"])
    values["CellDelta"] = values["CellMax"] - values["CellMin"]
    values["BatteryState"] = _common_state(states, values["PackCurrent"])
    _soc_and_times(values, _mean(rack, values["PackCurrent"], now))
    return values


def _mean(rack, current, now):
    """Mean current over the last 5 minutes, in mA; from buckets of half a minute."""
    buckets, diff = rack.buckets, rack.clock.ticks_diff
    if not buckets or diff(now, buckets[-1][0]) >= _BUCKET_MS:
        buckets.append([now, 0, 0])
    buckets[-1][1] += current
    buckets[-1][2] += 1
    while diff(now, buckets[0][0]) >= _BUCKET_MS * _BUCKETS:
        buckets.pop(0)
    total = count = 0
    for _, some, n in buckets:
        total += some
        count += n
    return r.rounded(total, count)


def _soc_and_times(values, mean):
    """State of charge, and minutes to full or empty, from the mean current in mA."""
    remaining, capacity = values["RemainingCapacity"], values["FullCapacity"]
    values["SOC"] = r.soc(remaining, capacity)
    if mean >= _TIME_MIN_MA:
        values["TimeToFull"] = r.rounded(max(0, capacity - remaining) * 60, mean)
    elif mean <= -_TIME_MIN_MA:
        values["TimeToEmpty"] = r.rounded(remaining * 60, -mean)


def _common_state(states, current):
    """The state that all packs share, the direction that only some have, else what the current's sign says."""
    directions = [state for state in ("charging", "discharging") if state in states]
    if len(states) == 1:
        return list(states)[0]
    return directions[0] if len(directions) == 1 else r.state_of_current(current)
