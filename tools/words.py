"""The values of a rack in words and figures, for one line of text or a cell of a table. Pure."""

from tools.heard import number

NOTHING = "–"
# Counters of tele/STATE, and the words for them. Anything but 0 is a bad sign, except of the first
COUNTERS = {"Polls": "polls", "Timeouts": "timeouts", "FrameErrors": "frame errors", "ReturnCodes": "return codes",
            "Implausible": "implausible", "BrokerDrops": "broker drops", "WifiDrops": "Wi-Fi drops"}
# Flags of System_Status: which value is worth a word, and the word
FLAGS = {"Fully_Charged": (True, "full"), "Heater": (True, "heater on"), "Buzzer": (True, "buzzer on"),
         "Precharge_MOS": (True, "pre-charging"), "Charge_MOS": (False, "charge MOSFET off"),
         "Discharge_MOS": (False, "discharge MOSFET off")}
MINUTE_S, HOUR_MIN, DAY_H = 60, 60, 24
KIB = 1024


def figure(value, digits, unit="", sign=""):
    """A number, or that of {"Reading":…}, with decimals and unit, `sign` "+" for a plus; a dash where it is none."""
    value = number(value.get("Reading") if isinstance(value, dict) else value)
    return NOTHING if value is None else f"{value:{sign}.{digits}f} {unit}".rstrip()


def duration(seconds):
    """Seconds in one or two units, such as "12 s", "5 min", "2 h 13 min", "3 d 4 h"."""
    if number(seconds) is None:
        return NOTHING
    minutes = int(seconds) // MINUTE_S
    if minutes < 2:
        return f"{int(seconds)} s"
    if minutes < HOUR_MIN:
        return f"{minutes} min"
    hours = minutes // HOUR_MIN
    return f"{hours} h {minutes % HOUR_MIN} min" if hours < DAY_H else f"{hours // DAY_H} d {hours % DAY_H} h"


def millivolts_apart(pack):
    """The difference of the cells in mV, as text."""
    said = number(pack.reading.get("CellDelta"))
    return figure(said and said * 1000, 0)


def temperatures(pack, digits):
    """The coldest and the warmest sensor, "22…25", without unit."""
    return "…".join(dict.fromkeys(figure(pack.reading.get(key), digits) for key in ("TempMin", "TempMax")))


def problem(said):
    """(text, severity) of a reading or of the totals: severity is "problem", "warning", "" or None (no alarm data)."""
    if "Problem" not in said:
        return "no alarm data", None
    severity = "problem" if said["Problem"] else "warning" if said.get("Warning") else ""
    return str(said.get("ProblemText", severity or "OK")), severity


def state(said):
    """BatteryState of a reading or of the totals."""
    return str(said.get("BatteryState", NOTHING))


def flags(said):
    """What System_Status of a reading says that is worth a word, as a list."""
    status = said.get("System_Status")
    return [word for key, (value, word) in FLAGS.items() if isinstance(status, dict) and status.get(key) is value]


def reading_line(number_, pack):
    """One reading of the heard.Pack `number_` as one line of plain text."""
    said = pack.reading
    low, high = (f"{figure(said.get(key), 3)}{unit} ({figure(said.get(key + 'Number'), 0)})"
                 for key, unit in (("CellMin", ""), ("CellMax", " V")))
    return (f"Pack {number_:<2}  {figure(said.get('SOC'), 1):>5} %  {figure(said.get('PackVoltage'), 3):>6} V  "
            f"{figure(said.get('PackCurrent'), 1, sign='+'):>5} A  {figure(said.get('Power'), 1, sign='+'):>7} W  "
            f"cells {low} to {high}, {millivolts_apart(pack)} mV apart  {temperatures(pack, 1)} °C  "
            f"{', '.join([state(said), *flags(said), problem(said)[0]])}")


def counted(health):
    """The counters of tele/STATE as [("60 polls", whether that is a bad sign)]."""
    counts = [(key, word, number(health.get(key))) for key, word in COUNTERS.items()]
    return [(f"{count} {word.removesuffix('s') if count == 1 else word}", key != "Polls" and count != 0)
            for key, word, count in counts if count is not None]


def link(heard):
    """"online, 4800 baud, cycle 1.1 s of 10 s": the battery side of tele/STATE."""
    health = heard.health
    parts = [str(health.get("Link", "nothing said yet"))]
    parts += [f"{health['Baud']} baud"] if "Baud" in health and parts[0] == "online" else []
    if number(health.get("Cycle")) is not None:
        parts.append(f"cycle {figure(health['Cycle'], 1)} s of {heard.publish_rate_s():g} s")
    return ", ".join(parts)


def device(health):
    """How the device itself is: uptime, version, memory, address, Wi-Fi."""
    free = number(health.get("HeapFree"))
    parts = {"Uptime": f"up {duration(health.get('Uptime'))}", "Version": f"version {health.get('Version')}",
             "HeapFree": f"{figure(free and free / KIB, 0)} KB free", "IP": str(health.get("IP")),
             "RSSI": f"{health.get('RSSI')} dBm", "ResetCause": f"last start: {health.get('ResetCause')}"}
    return ", ".join(text for key, text in parts.items() if health.get(key) is not None)


def status(heard, now):
    """(text, style, advice or None): is the rack there? In words that an owner understands."""
    if heard.trouble:
        return heard.trouble, "red", "What is shown below is old. Trying again."
    if heard.online is False:
        advice = ("The device has lost its power, its network or this broker, or was stopped. "
                  "It comes back by itself; what is shown below is old.")
        return f"Offline for {duration(now - heard.online_at)}", "red", advice
    if heard.online is None:
        return "Waiting", "yellow", (
            f"Nothing was published below {heard.prefix} so far. Is the device on, and does it use this broker? "
            "Are --root and --rack right?")
    if heard.health.get("Link") == "searching":
        advice = "It is looking for the battery: cable, TX and RX, supply of the MAX3232, battery on?"
        return "Online, but no battery", "yellow", advice
    return "Online", "green", None if heard.readings else "No reading so far."
