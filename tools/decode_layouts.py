"""The names of what is in INFO (§3, §4), field by field. Pure.

firmware/battery/messages.py says whether an INFO is right; here is how its fields are called, and where each stands.
"""

from __future__ import annotations

from typing import NamedTuple

from firmware.battery import frame, messages
from firmware.battery.blocks import MILLIAMPERES, ZERO_CELSIUS

ALL_PACKS = 0xFF
FULL = 0xFFFF  # a 2-byte capacity of a pack over 65.535 Ah
WAKE_UP, LIMITS, TURN_OFF, BUZZER = 0x82, 0x94, 0x95, 0x99  # known by name only, never sent


class Row(NamedTuple):
    """name ({} is its number), bytes, kind of value; `sets` a count, `times` that many (U4: only where U is 4)."""

    name: str
    width: int
    kind: str
    sets: str = ""
    times: str = ""


class Layout(NamedTuple):
    """The reply to one command: section, rows at the beginning, rows of each pack's block, the firmware's parser."""

    section: str
    head: tuple
    block: tuple = ()
    parse: object = None
    spare: int = 0  # bytes of unknown meaning that may follow a block


class Field(NamedTuple):
    """at, width in bytes of INFO; value in words."""

    at: int
    width: int
    name: str
    value: str


def _two_bytes(kinds):
    return tuple(Row(name, 2, kind) for name, kind in kinds)


_FLAG_AND_COMMAND = (Row("INFOFLAG", 1, "flag"), Row("Command or pack count", 1, "command"))
_ANALOG = (
    Row("M, number of cells", 1, "count", sets="M"),
    Row("cell {} voltage", 2, "signed mV", times="M"),
    Row("N, number of temperatures", 1, "count", sets="N"),
    Row("temperature {}", 2, "0.1 K", times="N"),
    Row("current", 2, "100 mA"),
    Row("pack voltage", 2, "mV"),
    Row("remaining capacity", 2, "mAh"),
    Row("U, user-defined count", 1, "count", sets="U"),
    Row("total capacity", 2, "mAh"),
    Row("cycles", 2, "count"),
    Row("remaining capacity in 3 bytes", 3, "mAh", times="U4"),
    Row("total capacity in 3 bytes", 3, "mAh", times="U4"),
)
_ALARM = (
    Row("M, number of cells", 1, "count", sets="M"),
    Row("cell {} state", 1, "state", times="M"),
    Row("N, number of temperatures", 1, "count", sets="N"),
    Row("temperature {} state", 1, "state", times="N"),
    Row("charge current state", 1, "state"),
    Row("pack voltage state", 1, "state"),
    Row("discharge current state", 1, "state"),
    *(Row(f"status{number}", 1, f"status{number}") for number in range(1, 6)),
)
_PARAMETERS = _two_bytes((
    ("cell high-voltage limit", "mV"), ("cell low-voltage alarm", "mV"), ("cell under-voltage protection", "mV"),
    ("charge high temperature", "0.1 K"), ("charge low temperature", "0.1 K"), ("charge current limit", "100 mA"),
    ("pack high-voltage limit", "mV"), ("pack low-voltage alarm", "mV"), ("pack under-voltage protection", "mV"),
    ("discharge high temperature", "0.1 K"), ("discharge low temperature", "0.1 K"),
    ("discharge current limit", "100 mA"),
))  # fmt: skip
_MANAGEMENT = _two_bytes((
    ("charge voltage limit", "mV"), ("discharge voltage limit", "mV"), ("charge current limit", "100 mA"),
    ("discharge current limit", "100 mA"),
))  # fmt: skip
_COMMAND = Row("Command", 1, "command")

# CID2 of the request -> the layout of the reply to it
REPLIES = {
    frame.ANALOG_VALUES: Layout("3.5", _FLAG_AND_COMMAND, _ANALOG, messages.analog_values),
    frame.ALARMS: Layout("3.7", (Row("DATAFLAG", 1, "flag"), _FLAG_AND_COMMAND[1]), _ALARM, messages.alarms, 1),
    frame.SYSTEM_PARAMETERS: Layout("3.6", (_FLAG_AND_COMMAND[0], *_PARAMETERS), (), messages.system_parameters),
    frame.PROTOCOL_VERSION: Layout("3", ()),
    frame.MANUFACTURER: Layout(
        "3.3", (Row("device name", 10, "text"), Row("software version", 2, "version"), Row("manufacturer", 20, "text")),
        (), messages.manufacturer,
    ),
    frame.PACK_COUNT: Layout("3", (Row("number of packs", 1, "count"),), (), messages.pack_count),
    frame.SET_RATE: Layout("3", ()),
    frame.MANAGEMENT: Layout("3.9", (_COMMAND, *_MANAGEMENT, Row("status", 1, "management")), (), messages.management),
    frame.SERIAL_NUMBER: Layout("3.10", (_COMMAND, Row("serial number", 16, "text")), (), messages.serial_number),
}  # fmt: skip
# CID2 -> the rows of the request's INFO
REQUESTS = {
    frame.ANALOG_VALUES: (_COMMAND,),
    frame.ALARMS: (_COMMAND,),
    frame.SET_RATE: (Row("rate", 1, "rate"),),
    frame.MANAGEMENT: (_COMMAND,),
    frame.SERIAL_NUMBER: (_COMMAND,),
}
# CID2 -> the command in words (§2.9, §3)
COMMANDS = {
    frame.ANALOG_VALUES: "analog values",
    frame.ALARMS: "alarm data",
    frame.SYSTEM_PARAMETERS: "system parameters",
    frame.PROTOCOL_VERSION: "protocol version",
    frame.MANUFACTURER: "manufacturer",
    frame.PACK_COUNT: "pack count",
    frame.SET_RATE: "set communication rate",
    frame.MANAGEMENT: "charge/discharge management",
    frame.SERIAL_NUMBER: "serial number",
    WAKE_UP: "wake-up of the text console, undocumented",
    LIMITS: "set charge/discharge limits; this project never sends it",
    TURN_OFF: "turn a pack off; this project never sends it",
    BUZZER: "buzzer; this project never sends it",
}
# RTN in words (§2.9)
RETURN_CODES = {
    frame.NORMAL: "normal",
    0x01: "VER error",
    frame.CHKSUM_ERROR: "CHKSUM error",
    frame.LCHKSUM_ERROR: "LCHKSUM error",
    frame.CID2_INVALID: "CID2 invalid",
    0x05: "command format error",
    frame.INVALID_DATA: "invalid data, or no such pack",
    frame.ADR_ERROR: "ADR error",
    0x91: "communication error: the master could not reach the pack",
}
RATES = {1: 1200, 2: 2400, 3: 4800}
_STATES = {0x00: "normal", 0x01: "below the lower limit", 0x02: "above the upper limit", 0xF0: "other error"}
# the bits of status bytes (§4.2, §4.5), bit 7 first; empty: nobody knows
_BITS = {
    "status1": ("pack under-voltage", "charge temperature", "discharge temperature", "discharge over-current", "",
                "charge over-current", "cell under-voltage", "over-voltage"),
    "status2": ("", "", "", "", "using pack power", "discharge FET on", "charge FET on", "pre-charge FET on"),
    "status3": ("charging", "discharging", "heater on", "", "fully charged", "", "", "buzzer on"),
    "status4": tuple(f"cell {cell} fault" for cell in range(8, 0, -1)),
    "status5": tuple(f"cell {cell} fault" for cell in range(16, 8, -1)),
    "management": ("charge enabled", "discharge enabled", "charge immediately", "charge immediately 2",
                   "full charge request", "", "", ""),
}  # fmt: skip


def in_words(raw, kind):
    """The value of one field, bytes -> text with its unit."""
    number = int.from_bytes(raw, "big", signed=kind in ("signed mV", "100 mA"))
    if kind in _BITS:
        names = [name or f"bit {7 - at}, unknown" for at, name in enumerate(_BITS[kind]) if number >> 7 - at & 1]
        return f"{number:02X}H: {', '.join(names) or 'none'}"
    if kind == "mAh" and number == FULL and len(raw) == 2:
        return "FFFFH: too large for 2 bytes, the 3-byte field has it"
    if kind == "100 mA":
        flow = " (charge)" if number > 0 else " (discharge)" if number < 0 else ""
        return f"{number * MILLIAMPERES / 1000:.1f} A{flow}"
    return {
        "flag": lambda: f"{number:02X}H",
        "command": lambda: "FFH: all packs" if number == ALL_PACKS else str(number),
        "count": lambda: str(number),
        "state": lambda: _STATES.get(number, f"{number:02X}H, unknown"),
        "rate": lambda: f"{RATES[number]} baud" if number in RATES else f"{number:02X}H, unknown",
        "text": lambda: repr(raw.rstrip(b"\0 ").decode("latin-1")),
        "version": lambda: ".".join(map(str, raw)),
        "0.1 K": lambda: f"{(number - ZERO_CELSIUS) / 10:.1f} °C",
        "mV": lambda: f"{number} mV",
        "signed mV": lambda: f"{number} mV",
        "mAh": lambda: f"{number} mAh",
    }[kind]()
