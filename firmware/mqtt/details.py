"""What is only published when it changes (mqtt.md): who a pack is, what it allows. Loaded for that."""

from .devices import DEVICES
from .json_writer import JsonWriter
from .payloads import members

# As payloads.py has them
_IDENTITY = b"BarCode - Protocol - Version - Manufacturer - Device - Dialect - Baud -"
_OF_A_PACK = "info limits counters"
_COUNTERS = b"DischargedCapacity T Protections - Resets - Shutdowns -"
_LIMITS = (
    b"ChargeVoltageLimit T DischargeVoltageLimit T ChargeCurrentLimit T DischargeCurrentLimit T "
    b"ChargeEnable - DischargeEnable - ChargeImmediately - FullChargeRequest -"
)
_PARAMETERS = (
    b"CellHighVoltageLimit T CellLowVoltageLimit T CellUnderVoltageLimit T "
    b"ChargeHighTemperatureLimit D ChargeLowTemperatureLimit D ChargeCurrentLimit T "
    b"PackHighVoltageLimit T PackLowVoltageLimit T PackUnderVoltageLimit T "
    b"DischargeHighTemperatureLimit D DischargeLowTemperatureLimit D DischargeCurrentLimit T"
)


def identity(found):
    """`stat/info/PackN` from a reading.Identity -> what Payloads.flat() takes."""
    values = found.serial, found.protocol, found.version, found.maker, found.device, found.dialect, found.baud
    return members(_IDENTITY, [value or None for value in values])


def about(found):
    """What Home Assistant shows of a pack on its page, from a reading.Identity -> members of JSON (bytes)."""
    json = JsonWriter(64)
    json.begin()
    for key, value in (
        ("mf", found.maker or ("PACE" if found.dialect == "pace" else "Pylontech")),
        ("mdl", found.device),
        ("sw", found.version),
        ("hw", found.board),
    ):
        if value:
            json.key(key)
            json.text(value)
    return bytes(json.text_view())


def counters(values):
    """`stat/counters/PackN` from a dialect's counters() -> what Payloads.flat() takes."""
    return members(_COUNTERS, values[2:])


def to_clear(devices, gone):
    """Yields (topic, payload) of what is retained of the packs `gone` (bits), so that nothing they said stays as if it
    were so now; with 0 of what a battery that speaks text said while it spoke frames.
    """
    for pack in range(1, DEVICES):
        if gone >> pack & 1:
            for kind in _OF_A_PACK.split():
                yield "stat/%s/Pack%d" % (kind, pack), b"{}"  # an empty one would be an error in Home Assistant
        elif not gone and devices.has(pack, b"text"):
            yield "stat/limits/Pack%d" % pack, b""
            if pack == 1:
                yield "stat/parameters", b""


def limits(values):
    """`stat/limits/PackN` from a dialect's limits() -> what Payloads.flat() takes."""
    return members(_LIMITS, values)


def parameters(values):
    """`stat/parameters` from a dialect's parameters() -> what Payloads.flat() takes."""
    return members(_PARAMETERS, values)
