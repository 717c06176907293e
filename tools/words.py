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


def figure(value, digits, unit="", sign=""):
    """A number with so many decimals and its unit; a dash where it is none. sign: "+" writes that one too."""
    value = number(value)
    return NOTHING if value is None else f"{value:{sign}.{digits}f} {unit}".rstrip()


def measured(said, key, digits, sign=""):
    """The figure of {"Reading":…} under `key` of a reading or of the totals, where it stands without one."""
    value = said.get(key)
    return figure(value.get("Reading") if isinstance(value, dict) else value, digits, sign=sign)


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


def extremes(pack):
    """-> numbers of the lowest and the highest cell, the first of equal ones; (None, None) without cells."""
    volts = {cell: value for cell, (value, _) in pack.cells().items()}
    return (min(volts, key=volts.get), max(volts, key=volts.get)) if volts else (None, None)


def delta_mv(pack):
    """The difference of the cells in mV, as text."""
    said = number(pack.reading.get("CellDelta"))
    return NOTHING if said is None else figure(said * 1000, 0)


def temperatures(pack, digits):
    """The coldest and the warmest sensor, "22…25", without unit."""
    said = pack.temperatures()
    ends = [figure(value, digits) for value in (min(said), max(said))] if said else [NOTHING]
    return "…".join(dict.fromkeys(ends))


def problem(said):
    """(text, severity) of a reading or of the totals: severity is "problem", "warning", "" or None (no alarm data)."""
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
    said, cells = pack.reading, pack.cells()
    low, high = (f"{figure(cells[cell][0], 3)} ({cell})" if cell else NOTHING for cell in extremes(pack))
    high = high.replace(" (", " V (")
    return "  ".join([
        f"Pack {number_:<2}",
        f"{figure(said.get('SOC'), 1):>5} %",
        f"{measured(said, 'PackVoltage', 3):>6} V",
        f"{measured(said, 'PackCurrent', 1, '+'):>5} A",
        f"{figure(said.get('Power'), 1, sign='+'):>7} W",
        f"cells {low} to {high}, {delta_mv(pack)} mV apart",
        f"{temperatures(pack, 1)} °C",
        ", ".join([state(said), *flags(pack), problem(said)[0]]),
    ])


def counted(health):
    """The counters of tele/STATE as [("60 polls", whether that is a bad sign)]."""
    found = []
    for key, word, is_bad in COUNTERS:
        count = number(health.get(key))
        if count is not None:
            found.append((f"{count} {word.removesuffix('s') if count == 1 else word}", bool(is_bad and count)))
    return found


def link(heard):
    """"online, 4800 baud, cycle 1.1 s of 10 s": the battery side of tele/STATE."""
    health, parts = heard.health, [heard.link() or "nothing said yet"]
    if number(health.get("Baud")) is not None and parts[0] == "online":
        parts.append(f"{health['Baud']} baud")
    if number(health.get("Cycle")) is not None:
        parts.append(f"cycle {figure(health['Cycle'], 1)} s of {heard.publish_rate_s():g} s")
    return ", ".join(parts)


def device(health):
    """How the device itself is: uptime, version, memory, address, Wi-Fi."""
    free = number(health.get("HeapFree"))
    parts = (
        ("Uptime", f"up {duration(health.get('Uptime'))}"),
        ("Version", f"version {health.get('Version')}"),
        ("HeapFree", f"{figure(free and free / KIB, 0)} KB free"),
        ("IP", str(health.get("IP"))),
        ("RSSI", f"{health.get('RSSI')} dBm"),
        ("ResetCause", f"last start: {health.get('ResetCause')}"),
    )
    return ", ".join(text for key, text in parts if health.get(key) is not None)


def status(heard, now):
    """(text, style, advice or None): is the rack there? In words that an owner understands."""
    if heard.trouble:
        return heard.trouble, "bold red", "What is shown below is old. Trying again."
    if heard.online is False:
        advice = ("The device has lost its power, its network or this broker, or was stopped. "
                  "It comes back by itself; what is shown below is old.")  # fmt: skip
        return f"Offline for {duration(now - heard.online_at)}", "bold red", advice
    if not heard.messages:
        others = ", ".join(sorted(heard.other_racks - {heard.rack}))
        advice = f"Nothing was published below {heard.prefix} so far. Is the device on, and does it use this broker? "
        advice += f"Other racks here: {others} (--rack)" if others else "Are --root and --rack right?"
        return "Waiting", "bold yellow", heard.hint or advice
    if heard.online is None:
        return "Waiting", "bold yellow", f"No word on {heard.prefix}tele/LWT so far."
    if heard.link() == "searching":
        advice = "It is looking for the battery: cable, TX and RX, supply of the MAX3232, battery on?"
        return "Online, but no battery", "bold yellow", advice
    return "Online", "bold green", None if heard.readings else "No reading so far."
