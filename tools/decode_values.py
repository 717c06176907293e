"""The commands of the framed protocol and of PACE by name, and what the firmware reads in INFO, in words with units."""

from __future__ import annotations

from firmware.battery import ADR_ERROR, frame, messages, pace_messages
from tools.simulator.pace import BITS as PACE_BITS
from tools.truth import BITS

# CID2 -> the command in words, its section, what reads INFO of the reply (None: none belongs there) (§2.9, §3)
COMMANDS = {
    frame.ANALOG_VALUES: ("analog values", "3.5", messages.analog_values),
    frame.ALARMS: ("alarm data", "3.7", messages.alarms),
    frame.SYSTEM_PARAMETERS: ("system parameters", "3.6", messages.system_parameters),
    frame.PROTOCOL_VERSION: ("protocol version", "3", None),
    frame.MANUFACTURER: ("manufacturer", "3.3", messages.manufacturer),
    frame.PACK_COUNT: ("pack count", "3", messages.pack_count),
    frame.SET_RATE: ("set communication rate", "3", None),
    frame.MANAGEMENT: ("charge/discharge management", "3.9", messages.management),
    frame.SERIAL_NUMBER: ("serial number", "3.10", messages.serial_number),
}
# The same of PACE; its requests name a pack, FFH for the pack count
PACE = {
    frame.ANALOG_VALUES: ("analog values", "", pace_messages.analog_values),
    frame.ALARMS: ("alarm data", "", pace_messages.alarms),
    frame.PACK_COUNT: ("pack count", "", pace_messages.pack_count),
    0xC1: ("version", "", pace_messages.text),
    0xC2: ("serial number", "", pace_messages.serial_number),
}
WITH_PACK = (frame.ANALOG_VALUES, frame.ALARMS, frame.MANAGEMENT, frame.SERIAL_NUMBER)  # their requests name it
# known by name only, never sent
NEVER_SENT = {
    0x82: "wake-up of the text console, undocumented",
    0x94: "set charge/discharge limits; this project never sends it",
    0x95: "turn a pack off; this project never sends it",
    0x99: "buzzer; this project never sends it",
}
# RTN in words (§2.9)
RETURN_CODES = {frame.NORMAL: "normal"} | {
    code: frame.return_code(code).partition("H ")[2] for code in (1, 2, 3, 4, 5, 6, ADR_ERROR, 0x91)
}  # fmt: skip
RATES = {1: 1200, 2: 2400, 3: 4800}
ALL_PACKS = 0xFF
HEX = frozenset("0123456789ABCDEF")
STATES = {0x00: "normal", 0x01: "below", 0x02: "above", 0xF0: "other error"}
# end of a field's name, unit
UNITS = (("voltage", "mV"), ("cells", "mV"), ("remaining", "mAh"), ("capacity", "mAh"), ("design", "mAh"), ("soh", "%"))
SMALLEST_MAH = 15_000  # no Pylontech pack holds less
MANAGEMENT_BITS = ("charge enabled", "discharge enabled", "charge immediately", "charge immediately 2",
                   "full charge request")  # fmt: skip


def is_hex(text):
    """Whether all are hex digits, of either case."""
    return HEX.issuperset(text.upper()) and text.isascii()


def shown(text):
    """Characters in quotes, or in hex where they cannot be printed; a few of them."""
    some, more = text[:8], "…" * (len(text) > 8)
    printable = some.isascii() and some.isprintable()
    return (f"'{some}'" if printable else " ".join(f"{ord(one):02X}H" for one in some)) + more


def command_in_words(cid2, commands=COMMANDS):
    """-> the name of the command `cid2` of COMMANDS or PACE."""
    return commands[cid2][0] if cid2 in commands else NEVER_SENT.get(cid2, "not a command of V2.8")


def fitting(info, commands=COMMANDS):
    """The commands whose reply can have this INFO, as CID2."""
    return [cid2 for cid2 in commands if info and not refusal(info, cid2, commands)]


def factor_of_ten(cid2, answer):
    """What makes a Pylontech reading look like one of PACE, in words, or ""."""
    small = [one.capacity for one in answer[1] if one.capacity < SMALLEST_MAH] if cid2 == frame.ANALOG_VALUES else []
    if not small:
        return ""
    return (f"a capacity of {small[0] / 1000:g} Ah is a tenth of what such packs have: in units of 10 mAh, as PACE "
            f"batteries say it, it would be {small[0] / 100:g} Ah")  # fmt: skip


def refusal(info, cid2, commands=COMMANDS):
    """Why the firmware does not take this INFO as a reply to `cid2`, or ""."""
    parse = commands[cid2][2]
    if parse is None:
        return f"INFO of {len(info)} bytes where none belongs" if info else ""
    try:
        parse(info)
    except ValueError as error:
        return str(error)
    return ""


def values(cid2, answer):
    """Yields (name, value in words) of what messages.py read in a reply to the command `cid2`."""
    if isinstance(answer, str):
        yield "text", repr(answer)
    elif cid2 in (frame.ANALOG_VALUES, frame.ALARMS):
        command, packs = answer
        yield "Command or pack count", str(command)
        for number, pack in enumerate(packs, 1):
            for name, value in zip(pack._fields, pack, strict=True):
                if value is None:
                    continue
                words = _alarm(name, value, pack) if cid2 == frame.ALARMS else _measured(name, value)
                yield f"pack {number}: {name}" if len(packs) > 1 else name, words
    elif cid2 == frame.SERIAL_NUMBER:
        yield from (("Command", str(answer[0])), ("serial number", repr(answer[1])))
    elif cid2 == frame.PACK_COUNT:
        yield "number of packs", str(answer[1] if isinstance(answer, tuple) else answer)
    else:
        for name, value in zip(answer._fields, answer, strict=True):
            is_status = cid2 == frame.MANAGEMENT and name == "status"
            yield name.replace("_", " "), _management(value) if is_status else _measured(name, value)


def _measured(name, value):
    """A number, or several of them; the name tells what it is."""
    if name.endswith("current"):
        return f"{value / 1000:.{2 if value % 100 else 1}f} A{' (charge)' * (value > 0)}{' (discharge)' * (value < 0)}"
    several = value if isinstance(value, tuple | list) else (value,)
    if name.endswith(("temperature", "temperatures")):
        return ", ".join(f"{one / 10:.1f}" for one in several) + " °C"
    unit = next((unit for ending, unit in UNITS if name.endswith(ending)), "")
    return f"{', '.join(map(str, several))} {unit}".rstrip()


def _alarm(name, value, pack):
    """A state, several of them, or status bytes (§4.2; of PACE protect1, protect2, system, control, fault)."""
    if hasattr(pack, "warn") and name in ("status", "balancing", "warn"):
        if name == "balancing":
            return ", ".join(f"cell {cell}" for cell in range(1, 17) if value >> cell - 1 & 1) or "none"
        first = 0 if name == "status" else 7
        on = [key for key, byte, bit in PACE_BITS if 0 <= byte - first < len(value) and value[byte - first] >> bit & 1]
        return f"{value.hex(' ').upper()}: {', '.join(on) or 'none'}"
    if name == "status":
        flags = [key for _, key, byte, bit in BITS if value[byte - 1] >> bit & 1]
        faulty = [f"cell {cell} faulty" for cell in range(1, 17) if value[3 + (cell - 1) // 8] >> (cell - 1) % 8 & 1]
        return f"{value.hex(' ').upper()}: {', '.join(flags + faulty) or 'none'}"
    if isinstance(value, tuple | list):
        wrong = [f"{number} {STATES.get(one, f'{one:02X}H')}" for number, one in enumerate(value, 1) if one]
        return f"{len(value)}, {', '.join(wrong) or 'all normal'}"
    return STATES.get(value, f"{value:02X}H, unknown")


def _management(value):
    said = [words for place, words in enumerate(MANAGEMENT_BITS) if value >> 7 - place & 1]
    return f"{value:02X}H: {', '.join(said) or 'none'}"
