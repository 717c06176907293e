"""The commands of the framed protocol by name, and what messages.py reads in INFO, in words with units. Pure."""

from __future__ import annotations

from firmware.battery import ADR_ERROR, frame, messages
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
WITH_PACK = (frame.ANALOG_VALUES, frame.ALARMS, frame.MANAGEMENT, frame.SERIAL_NUMBER)  # their requests name it
# known by name only, never sent
NEVER_SENT = {
    0x82: "wake-up of the text console, undocumented",
    0x94: "set charge/discharge limits; this project never sends it",
    0x95: "turn a pack off; this project never sends it",
    0x99: "buzzer; this project never sends it",
}
# RTN in words (§2.9)
RETURN_CODES = {
    frame.NORMAL: "normal", 0x01: "VER error", frame.CHKSUM_ERROR: "CHKSUM error", frame.LCHKSUM_ERROR: "LCHKSUM error",
    frame.CID2_INVALID: "CID2 invalid", 0x05: "command format error",
    frame.INVALID_DATA: "invalid data, or no such pack", ADR_ERROR: "ADR error",
    0x91: "communication error: the master could not reach the pack",
}  # fmt: skip
RATES = {1: 1200, 2: 2400, 3: 4800}
ALL_PACKS = 0xFF
STATES = {0x00: "normal", 0x01: "below", 0x02: "above", 0xF0: "other error"}
UNITS = (("voltage", "mV"), ("cells", "mV"), ("remaining", "mAh"), ("capacity", "mAh"))  # end of a field's name, unit
MANAGEMENT_BITS = ("charge enabled", "discharge enabled", "charge immediately", "charge immediately 2",
                   "full charge request")  # fmt: skip


def command_in_words(cid2):
    """-> the name of the command `cid2`."""
    return COMMANDS[cid2][0] if cid2 in COMMANDS else NEVER_SENT.get(cid2, "not a command of V2.8")


def fitting(info):
    """The commands whose reply can have this INFO, as CID2."""
    return [cid2 for cid2 in COMMANDS if info and not refusal(info, cid2)]


def refusal(info, cid2):
    """Why the firmware does not take this INFO as a reply to `cid2`, or ""."""
    parse = COMMANDS[cid2][2]
    if parse is None:
        return f"INFO of {len(info)} bytes where none belongs" if info else ""
    try:
        parse(info)
    except ValueError as error:
        return str(error)
    return ""


def values(cid2, answer):
    """Yields (name, value in words) of what messages.py read in a reply to the command `cid2`."""
    if cid2 in (frame.ANALOG_VALUES, frame.ALARMS):
        command, packs = answer
        yield "Command or pack count", str(command)
        for number, pack in enumerate(packs, 1):
            for name, value in zip(pack._fields, pack, strict=True):
                words = _alarm(name, value) if cid2 == frame.ALARMS else _measured(name, value)
                yield f"pack {number}: {name}" if len(packs) > 1 else name, words
    elif cid2 == frame.SERIAL_NUMBER:
        yield from (("Command", str(answer[0])), ("serial number", repr(answer[1])))
    elif cid2 == frame.PACK_COUNT:
        yield "number of packs", str(answer)
    else:
        for name, value in zip(answer._fields, answer, strict=True):
            is_status = cid2 == frame.MANAGEMENT and name == "status"
            yield name.replace("_", " "), _management(value) if is_status else _measured(name, value)


def _measured(name, value):
    """A number, or several of them; the name tells what it is."""
    if name.endswith("current"):
        return f"{value / 1000:.1f} A{' (charge)' * (value > 0)}{' (discharge)' * (value < 0)}"
    several = value if isinstance(value, tuple | list) else (value,)
    if name.endswith(("temperature", "temperatures")):
        return ", ".join(f"{one / 10:.1f}" for one in several) + " °C"
    unit = next((unit for ending, unit in UNITS if name.endswith(ending)), "")
    return f"{', '.join(map(str, several))} {unit}".rstrip()


def _alarm(name, value):
    """A state, several of them, or the five status bytes (§4.2)."""
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
