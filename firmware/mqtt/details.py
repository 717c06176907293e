"""What is only published when it changes (mqtt.md): who a pack is, what it allows. Loaded for that."""

from .devices import DEVICES
from .json_writer import JsonWriter
from .payloads import members

# As payloads.py has them
_IDENTITY = b"BarCode - Protocol - Version - Manufacturer - Device - Dialect - Baud -"
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


def message(kind, pack, answer):
    """The answer to a seldom question as publisher.publish_detail() gets it -> (topic, what Payloads.flat() takes)."""
    if kind == "parameters":
        return "stat/parameters", members(_PARAMETERS, answer)
    if kind == "limits":
        return "stat/limits/Pack%d" % pack, members(_LIMITS, answer)
    if kind == "counters":
        return "stat/counters/Pack%d" % pack, members(_COUNTERS, answer[2:])
    values = answer.serial, answer.protocol, answer.version, answer.maker, answer.device, answer.dialect, answer.baud
    return "stat/info/Pack%d" % pack, members(_IDENTITY, [value or None for value in values])


def about(found):
    """What Home Assistant shows of a pack on its page, from a reading.Identity -> members of JSON (bytes)."""
    json = JsonWriter(64)
    json.begin()
    maker = found.maker or ("PACE" if found.dialect == "pace" else "Pylontech")
    for key, value in (("mf", maker), ("mdl", found.device), ("sw", found.version), ("hw", found.board)):
        if value:
            json.key(key)
            json.text(value)
    return bytes(json.text_view())


def to_clear(devices, gone):
    """Yields (topic, payload) of what the packs `gone` (bits) retain; with 0 what a text console does not say."""
    for pack in range(1, DEVICES):
        if gone >> pack & 1:
            for kind in ("info", "limits", "counters"):
                yield "stat/%s/Pack%d" % (kind, pack), b"{}"  # an empty one would be an error in Home Assistant
        elif not gone and b"text" in devices.said(pack):
            yield "stat/limits/Pack%d" % pack, b""
            if pack == 1:
                yield "stat/parameters", b""
