"""What is only published when it changes (mqtt.md): who a pack is, what it allows. Loaded for that."""

from .payloads import members

# As payloads.py has them
_IDENTITY = b"BarCode - Protocol - Version - Manufacturer - Device - Dialect - Baud -"
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


def limits(values):
    """`stat/limits/PackN` from a dialect's limits() -> what Payloads.flat() takes."""
    return members(_LIMITS, values)


def parameters(values):
    """`stat/parameters` from a dialect's parameters() -> what Payloads.flat() takes."""
    return members(_PARAMETERS, values)
