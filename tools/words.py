"""The values of a rack in words and figures, for one line of text or a cell of a table. Pure."""

from __future__ import annotations

from tools.heard import number

NOTHING = "–"
# Flags of System_Status that are worth a word: key, value that is, the word
SYSTEM_WORDS = (
    ("Fully_Charged", True, "full"),
    ("Heater", True, "heater on"),
    ("Buzzer", True, "buzzer on"),
    ("Precharge_MOS", True, "pre-charging"),
    ("Charge_MOS", False, "charge MOSFET off"),
    ("Discharge_MOS", False, "discharge MOSFET off"),
)
# Counters of tele/STATE: key, the word, whether anything but 0 is a bad sign
COUNTERS = (
    ("Polls", "polls", False),
    ("Timeouts", "timeouts", True),
    ("FrameErrors", "frame errors", True),
    ("ReturnCodes", "return codes", True),
    ("Implausible", "implausible", True),
    ("BrokerDrops", "broker drops", True),
    ("WifiDrops", "Wi-Fi drops", True),
)
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
KIB = 1024
POWER_ON = "power on"


def figure(value, digits, unit="", sign=False):
    """A number with so many decimals and its unit; a dash where it is none. sign: + too."""
    value = number(value)
    if value is None:
        return NOTHING
    text = f"{value:{'+' if sign else ''}.{digits}f}"
    return f"{text} {unit}" if unit else text


def signed(value, digits, unit=""):
    """A current or power with its `unit`: charge is +."""
    return figure(value, digits, unit, sign=True)


def duration(seconds):
    """Seconds in one or two units, such as "12 s", "5 min", "2 h 13 min", "3 d 4 h"."""
    seconds = number(seconds)
    if seconds is None:
        return NOTHING
    seconds = int(seconds)
    if seconds < 2 * MINUTE_S:
        return f"{seconds} s"
    if seconds < HOUR_S:
        return f"{seconds // MINUTE_S} min"
    if seconds < DAY_S:
        return f"{seconds // HOUR_S} h {seconds % HOUR_S // MINUTE_S} min"
    return f"{seconds // DAY_S} d {seconds % DAY_S // HOUR_S} h"


def short_age(seconds):
    """The age of a reading in `seconds` -> at most four characters: "2s", "13m", "5h", "9d"."""
    for unit_s, letter in ((DAY_S, "d"), (HOUR_S, "h"), (2 * MINUTE_S, "m")):
        if seconds >= unit_s:
            return f"{int(seconds // (MINUTE_S if letter == 'm' else unit_s))}{letter}"
    return f"{int(seconds)}s"


def extreme(pack, which):
    """("3.301", "7"): volts and number of the lowest (`which`: "Min") or highest ("Max") cell, as published or else as
    found.
    """
    said = number(pack.reading.get(f"Cell{which}"))
    place = number(pack.reading.get(f"Cell{which}Number"))
    if said is None or place is None:
        cells = pack.cells()
        if not cells:
            return NOTHING, NOTHING
        order = (lambda cell: (cell[1], cell[0])) if which == "Min" else (lambda cell: (-cell[1], cell[0]))
        place, said, _ = min(cells, key=order)
    return figure(said, 3), figure(place, 0)


def delta_mv(pack):
    """The difference of the cells in mV, as text."""
    said = number(pack.reading.get("CellDelta"))
    return NOTHING if said is None else figure(said * 1000, 0)


def temperatures(pack, digits):
    """The coldest and the warmest sensor, "22…25", without unit."""
    said = [value for _, value, _ in pack.temperatures()]
    if not said:
        return NOTHING
    low, high = figure(min(said), digits), figure(max(said), digits)
    return low if low == high else f"{low}…{high}"


def problem(said):
    """(text, severity) of a reading or of the rack's totals: severity is "problem", "warning", "" or None (no alarm
    data)."""
    if "Problem" not in said:
        return "no alarm data", None
    severity = "problem" if said.get("Problem") else "warning" if said.get("Warning") else ""
    return str(said.get("ProblemText", severity or "OK")), severity


def flags(pack):
    """What System_Status says that is worth a word, as a list."""
    return [word for key, wanted, word in SYSTEM_WORDS if pack.flag("System_Status", key) is wanted]


def state(said):
    """BatteryState of a reading or of the totals."""
    return str(said.get("BatteryState", NOTHING))


def reading_line(number_, pack):
    """One reading of the heard.Pack `number_` as one line of plain text."""
    said = pack.reading
    low, low_at = extreme(pack, "Min")
    high, high_at = extreme(pack, "Max")
    parts = [
        f"Pack {number_:<2}",
        f"{figure(said.get('SOC'), 1):>5} %",
        f"{_measured(said, 'PackVoltage', figure, 3):>6} V",
        f"{_measured(said, 'PackCurrent', signed, 1):>5} A",
        f"{signed(said.get('Power'), 1):>7} W",
        f"cells {low} ({low_at}) to {high} V ({high_at}), {delta_mv(pack)} mV apart",
        f"{temperatures(pack, 1)} °C",
        ", ".join([state(said), *flags(pack), problem(said)[0]]),
    ]
    return "  ".join(parts)


def voltage(pack, digits=2):
    """The pack's voltage in V, as text."""
    return _measured(pack.reading, "PackVoltage", figure, digits)


def current(pack):
    """The pack's current in A, charge +, as text."""
    return _measured(pack.reading, "PackCurrent", signed, 1)


def _measured(said, key, write, digits):
    value = said.get(key)
    return write(value.get("Reading") if isinstance(value, dict) else None, digits)


def counted(health):
    """The counters of tele/STATE as [("60 polls", whether that is a bad sign)]."""
    found = []
    for key, word, is_bad in COUNTERS:
        count = number(health.get(key))
        if count is not None:
            one = count == 1 and word.endswith("s")
            found.append((f"{count} {word[:-1] if one else word}", bool(is_bad and count)))
    return found


def link(heard):
    """"online, 4800 baud, cycle 1.1 s of 10 s": the battery side of tele/STATE."""
    health, parts = heard.health, [heard.link() or "nothing said yet"]
    if number(health.get("Baud")) is not None and parts[0] == "online":
        parts.append(f"{health['Baud']} baud")
    if number(health.get("Cycle")) is not None:
        parts.append(f"cycle {figure(health['Cycle'], 1)} s of {heard.publish_rate_s()} s")
    return ", ".join(parts)


def device(health):
    """How the device itself is: uptime, version, memory, address, Wi-Fi."""
    free, cause = number(health.get("HeapFree")), health.get("ResetCause")
    parts = (
        ("Uptime", f"up {duration(health.get('Uptime'))}"),
        ("Version", f"version {health.get('Version')}"),
        ("HeapFree", f"{figure(free and free / KIB, 0)} KB free"),
        ("IP", str(health.get("IP"))),
        ("RSSI", f"{health.get('RSSI')} dBm"),
        ("ResetCause", f"last start: {cause}" if cause != POWER_ON else None),
    )
    return ", ".join(text for key, text in parts if text and health.get(key) is not None)


def status(heard, now):
    """(text, style, advice or None): is the rack there? In words that an owner understands."""
    if heard.trouble:
        return heard.trouble, "bold red", "What is shown below is old. Trying again."
    if heard.online is False:
        since = duration(now - heard.online_at)
        advice = ("The device has lost its power, its network or this broker, or was stopped. "
                  "It comes back by itself; what is shown below is old.")  # fmt: skip
        return f"Offline for {since}" if since != "0 s" else "Offline", "bold red", advice
    if not heard.messages:
        if heard.hint:
            return "Waiting", "bold yellow", heard.hint
        others = ", ".join(sorted(heard.other_racks - {heard.rack}))
        advice = f"Nothing was published below {heard.prefix} so far. Is the device on, and does it use this broker? "
        advice += f"Other racks here: {others} (--rack)" if others else "Are --root and --rack right?"
        return "Waiting", "bold yellow", advice
    if heard.online is None:
        return "Waiting", "bold yellow", f"No word on {heard.prefix}tele/LWT so far."
    if heard.link() == "searching":
        advice = "It is looking for the battery: cable, TX and RX, supply of the MAX3232, battery on?"
        return "Online, but no battery", "bold yellow", advice
    return "Online", "bold green", None if heard.readings else "No reading so far."
