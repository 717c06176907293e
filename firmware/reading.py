"""What one pack said, as integers: mV, mA, mAh, 0.1 °C; and what follows from it. Both wings know this."""

from collections import namedtuple

from micropython import const

from . import problems
from .modules import Temporary

_IDLE_MA = const(100)
_CELL_MV = const(3200)  # nominal, for the energy that is stored: at any load and temperature the same

# pack: number from 1; cells [mV]; temperatures [0.1 °C], the BMS first; current mA, charge positive; voltage mV;
# remaining, capacity mAh; cycles; soh %; alarms: problems.Alarms. What only some dialects say: cell_temperatures
# [0.1 °C]; mos 0.1 °C; soc %, 0 … 100; base: the pack's state in its own word; state: one of mqtt.md's BatteryState,
# where the dialect tells it; balancing: numbers of cells from 1; words: states that this project does not know, each
# with what it is of: "Volt Status Odd"; events: the battery's own words, or "none"; design: mAh when new; sensors: keys
# of the temperatures (mqtt.md). None: it was not said.
Reading = namedtuple("Reading", "pack cells temperatures current voltage remaining capacity cycles soh alarms "
                     "cell_temperatures mos soc base state balancing words events design sensors")  # fmt: skip
# Texts, None where not known; dialect: name of the one that said it; baud: at which rate; board: hardware version
Identity = namedtuple("Identity", "serial protocol version maker device dialect baud board")
# What follows from a Reading. low mV, low_at: the lowest cell and its number, of equal ones the first; high, high_at;
# temperature_low, temperature_high 0.1 °C or None; power 0.1 W; soc 0.1 % or None; energy mWh that are stored; state:
# BatteryState; problem, warning: problems.judge(), or None without alarms; troubles: (the worst of
# problem_text.troubles_of(), how many others there are); text: all as one
Summary = namedtuple("Summary", "low low_at high high_at temperature_low temperature_high power soc energy state "
                     "problem warning troubles text")  # fmt: skip

TROUBLES_MAX = 7  # that are kept of a pack, or of the rack, to be told in words: no text has room for more
_KNOWN_MAX = const(4)
_known = {}  # what alarms were -> their words: those are loaded only when they change


def rounded(numerator, denominator):
    """numerator / denominator, two integers (denominator > 0), rounded half away from zero."""
    half_up = (2 * abs(numerator) + denominator) // (2 * denominator)
    return half_up if numerator >= 0 else -half_up


def soc(remaining, capacity):
    """State of charge in 0.1 %, 0…1000, from remaining and full capacity in the same unit; None when that is 0."""
    return max(0, min(1000, rounded(1000 * remaining, capacity))) if capacity > 0 else None


def summarize(reading):
    """Reading -> Summary."""
    cells, alarms = reading.cells, reading.alarms
    low, high = min(cells), max(cells)
    temperatures = reading.cell_temperatures or reading.temperatures
    problem = warning = text = None
    troubles = (), 0
    if alarms is not None:
        problem, warning = problems.judge(alarms)
        text = problems.OK
        if problem or warning:
            troubles, text = _in_words(reading)
    return Summary(low, cells.index(low) + 1, high, cells.index(high) + 1, min(temperatures) if temperatures else None,
                   max(temperatures) if temperatures else None, rounded(reading.voltage * reading.current, 100_000),
                   soc(reading.remaining, reading.capacity) if reading.soc is None else 10 * reading.soc,
                   reading.remaining * len(cells) * _CELL_MV // 1000, battery_state(reading), problem, warning,
                   troubles, text)  # fmt: skip


def _in_words(reading):
    crc = problems.crc(reading.alarms), reading.words
    if not (known := _known.get(crc)):
        if len(_known) == _KNOWN_MAX:  # each pack may have its own, and they are long
            _known.clear()
        with Temporary():
            from . import problem_text
        troubles = problem_text.troubles_of(reading)
        kept = troubles[:TROUBLES_MAX], max(0, len(troubles) - TROUBLES_MAX)
        _known[crc] = known = kept, problem_text.joined([text for _, text in troubles])
    return known


def battery_state(reading):
    """BatteryState of mqtt.md: what the battery says, else from the alarm reply, else from the current's sign."""
    if reading.state:
        return reading.state
    if reading.alarms is None:
        return state_of_current(reading.current)
    for key in ("Discharging", "Fully_Charged", "Charging"):
        if key in reading.alarms.on:
            return "full" if key == "Fully_Charged" else key.lower()
    return "idle"


def state_of_current(current):
    """charging or discharging, idle within ±0.1 A; current in mA."""
    if current > _IDLE_MA:
        return "charging"
    return "discharging" if current < -_IDLE_MA else "idle"
