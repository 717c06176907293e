"""Raw integers as the exact decimals of mqtt.md, and what follows from them."""

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


def extremes(cells, temperatures):
    """What follows from the `cells` [mV] and `temperatures` [0.1 °C] of a pack -> {key of mqtt.md: Decimal}."""
    low, high = min(cells), max(cells)
    return {
        "CellMin": thousandth(low),
        "CellMinNumber": Decimal(cells.index(low) + 1),
        "CellMax": thousandth(high),
        "CellMaxNumber": Decimal(cells.index(high) + 1),
        "CellDelta": thousandth(high - low),
        "TempMin": tenth(min(temperatures)),
        "TempMax": tenth(max(temperatures)),
    }
