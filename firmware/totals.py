"""What a cycle says of the rack as a whole (mqtt.md, "The rack"). Loaded at the end of each."""

from . import reading as r

_MISSING_MS = 60_000  # then the rack goes on without the pack
_BUCKET_MS, _BUCKETS = 30_000, 10  # the 5 minutes that times to full and empty come from
_TIME_MIN_MA = 1_000


def totals(rack, missed):
    """The end of a cycle -> totals as {key of mqtt.md: raw integer, text or bool}, or None: one of the packs
    `missed`, or of those that left the group, has not been missing for 60 s; or the cycle was cut short (None).
    """
    clock = rack.clock
    now = clock.ticks_ms()
    values, states, texts, voltage = rack.values, rack.states, rack.texts, rack.voltage
    rack.begin()
    before, rack.missing = rack.missing, {}
    if missed is None:  # and how long somebody is missing counts only while the others are there
        return None
    missed = sorted(set(missed) | (set(rack.packs) - set(rack.group)))
    waits = not values
    for pack in missed:
        since = before.get(pack, now)
        if since is not None and clock.ticks_diff(now, since) >= _MISSING_MS:
            since = None  # for good: ticks cannot tell more than six days
        rack.missing[pack] = since
        waits = waits or since is not None
    if waits:
        return None
    if missed:
        values["Problem"] = True
        values["Warning"] = values.get("Warning", False)
        texts = ["Pack %d missing" % pack for pack in missed] + texts
    if "Problem" in values:
        values["ProblemText"] = r.shortened("; ".join(texts)) or r.OK
    values["PacksExpected"] = len(rack.packs)
    values["PackVoltage"] = r.rounded(voltage, values["Packs"])
    values["CellDelta"] = values["CellMax"] - values["CellMin"]
    values["BatteryState"] = _common_state(states, values["PackCurrent"])
    _soc_and_times(values, _mean(rack, values["PackCurrent"], now))
    return values


def _mean(rack, current, now):
    """Mean current over the last 5 minutes, in mA; from buckets of half a minute."""
    buckets, diff = rack.buckets, rack.clock.ticks_diff
    while buckets and not 0 <= diff(now, buckets[0][0]) < _BUCKET_MS * _BUCKETS:  # below 0: more than six days ago
        buckets.pop(0)
    if not buckets or diff(now, buckets[-1][0]) >= _BUCKET_MS:
        buckets.append([now, 0, 0])
    buckets[-1][1] += current
    buckets[-1][2] += 1
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
