"""The read commands of the framed protocol and of PACE by name, and what the firmware reads in INFO, in words."""

from firmware.battery import ADR_ERROR, frame, messages, pace, pace_details, pylontech
from firmware.battery.pace import PaceLink, alarms, analog_values
from firmware.problems import OF_STATES

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
# The same of PACE (9)
PACE = {
    frame.ANALOG_VALUES: ("analog values", "9", analog_values),
    frame.ALARMS: ("alarm data", "9", alarms),
    frame.PACK_COUNT: ("pack count", "9", pace_details.pack_count),
    PaceLink.PROTOCOL_VERSION: ("version", "9", pace_details.text),
    PaceLink.SERIAL_NUMBER: ("serial number", "9", pace_details.serial_number),
}
# RTN in words (§2.9)
RETURN_CODES = {frame.NORMAL: "normal"} | {
    code: frame.return_code(code).partition("H ")[2] for code in (1, 2, 3, 4, 5, 6, ADR_ERROR, 0x91)}
STATES = {0x00: "normal", 0x01: "below", 0x02: "above", 0xF0: "other error"}
UNITS = {"voltage": "mV", "cells": "mV", "remaining": "mAh", "capacity": "mAh", "design": "mAh", "soh": "%"}
NAMES = {
    frame.MANUFACTURER: "device,version,maker",
    frame.MANAGEMENT: "pack,charge voltage,discharge voltage,charge current,discharge current,status",
    frame.SYSTEM_PARAMETERS: "cell high voltage,cell low voltage,cell under voltage,charge high temperature,"
    "charge low temperature,charge current,pack high voltage,pack low voltage,pack under voltage,"
    "discharge high temperature,discharge low temperature,discharge current",
}
MANAGEMENT_BITS = (
    "charge enabled", "discharge enabled", "charge immediately", "charge immediately 2", "full charge request")


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
    """-> [(name, value in words)] of what messages.py or pace_details.py read in a reply to the command `cid2`."""
    if isinstance(answer, str):
        return [(PACE[cid2][0], repr(answer))]
    if cid2 == frame.SERIAL_NUMBER:
        return [("Command", str(answer[0])), ("serial number", repr(answer[1]))]
    if cid2 == frame.PACK_COUNT:
        return [("number of packs", str(answer[1] if isinstance(answer, tuple) else answer))]
    if cid2 not in (frame.ANALOG_VALUES, frame.ALARMS):
        return [(name, _management(value) if name == "status" else _measured(name, value))
                for name, value in zip(NAMES[cid2].split(","), answer, strict=True)]
    command, packs = answer
    found = [("Command or pack count", str(command))]
    for number, pack in enumerate(packs, 1):
        for name, value in pack._asdict().items():
            if value is not None:
                said = _alarm(name, value, pack) if cid2 == frame.ALARMS else _measured(name, value)
                found.append((f"pack {number}: {name}" if len(packs) > 1 else name, said))
    return found


def _measured(name, value):
    """A number, or several of them; the last word of the name tells what it is."""
    kind = name.rpartition(" ")[2]
    if kind == "current":
        return f"{value / 1000:.{2 if value % 100 else 1}f} A{' (charge)' * (value > 0)}{' (discharge)' * (value < 0)}"
    several = value if isinstance(value, tuple | list) else (value,)
    if kind.startswith("temperature"):
        return ", ".join(f"{one / 10:.1f}" for one in several) + " °C"
    return f"{', '.join(map(str, several))} {UNITS.get(kind, '')}".rstrip()


def _alarm(name, value, pack):
    """A state, several of them, or what the firmware makes of the status bytes (§4.2)."""
    if name == "balancing":
        return ", ".join(f"cell {cell}" for cell in range(1, 17) if value >> cell - 1 & 1) or "none"
    if name == "status":
        said = (pace if hasattr(pack, "warn") else pylontech)._alarms(pack)
        flags = sorted(said.on, key=OF_STATES.__contains__) + [f"cell {cell} faulty" for cell in said.faulty_cells]
        return f"{value.hex(' ').upper()}: {', '.join(flags) or 'none'}"
    if isinstance(value, bytes):
        return value.hex(" ").upper()
    if isinstance(value, tuple):
        wrong = [f"{number} {STATES.get(one, f'{one:02X}H')}" for number, one in enumerate(value, 1) if one]
        return f"{len(value)}, {', '.join(wrong) or 'all normal'}"
    return STATES.get(value, f"{value:02X}H, unknown")


def _management(value):
    said = [text for place, text in enumerate(MANAGEMENT_BITS) if value >> 7 - place & 1]
    return f"{value:02X}H: {', '.join(said) or 'none'}"
