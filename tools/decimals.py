"""Raw integers as the exact decimals of mqtt.md."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def thousandth(value):
    """An integer `value` in mV, mA or mAh -> V, A or Ah, as Decimal."""
    return Decimal(value) / 1000


def tenth(value):
    """An integer `value` in 0.1 °C -> °C, as Decimal."""
    return Decimal(value) / 10


def round_tenth(value):
    """A Decimal `value` -> the same with one decimal, rounded half away from zero."""
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)
