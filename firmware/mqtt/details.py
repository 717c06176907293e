"""What is only published when it changes (mqtt.md): who a pack is, what it allows. Loaded for that."""

from .payloads import in_turn, members

_PLAIN = (0, 0)  # as it is
# As payloads.py has them
_LIMITS = (
    b"ChargeVoltageLimit V DischargeVoltageLimit V ChargeCurrentLimit A DischargeCurrentLimit A "
    b"ChargeEnable - DischargeEnable - ChargeImmediately - FullChargeRequest -"
)
_PARAMETERS = (
    b"CellHighVoltageLimit V CellLowVoltageLimit V CellUnderVoltageLimit V "
    b"ChargeHighTemperatureLimit D ChargeLowTemperatureLimit D ChargeCurrentLimit A "
    b"PackHighVoltageLimit V PackLowVoltageLimit V PackUnderVoltageLimit V "
    b"DischargeHighTemperatureLimit D DischargeLowTemperatureLimit D DischargeCurrentLimit A"
)


def identity(found):
    """`stat/info/PackN` from a reading.Identity -> what Payloads.flat() takes."""
    return (
        ("BarCode", found.serial or None, _PLAIN),
        ("Protocol", found.protocol or None, _PLAIN),
        ("Version", found.version or None, _PLAIN),
        ("Manufacturer", found.maker or None, _PLAIN),
        ("Device", found.device or None, _PLAIN),
        ("Dialect", found.dialect, _PLAIN),
        ("Baud", found.baud, _PLAIN),
    )


def limits(values):
    """`stat/limits/PackN` from a dialect's limits() -> what Payloads.flat() takes."""
    return members(_LIMITS, in_turn(values))


def parameters(values):
    """`stat/parameters` from a dialect's parameters() -> what Payloads.flat() takes."""
    return members(_PARAMETERS, in_turn(values))
