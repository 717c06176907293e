"""Raw integers as the exact decimals of mqtt.md."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def thousandth(value):
    """mV, mA, mAh -> V, A, Ah."""
    return Decimal(value) / 1000


def tenth(value):
    """0.1 °C -> °C."""
    return Decimal(value) / 10


def round_tenth(value):
    """To one decimal, half away from zero."""
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)
