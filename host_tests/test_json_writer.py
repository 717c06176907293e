"""json_writer.py: what it writes is JSON, and says what it was given."""

from __future__ import annotations

import json
import random
from decimal import ROUND_HALF_UP, Decimal

import pytest

from firmware.mqtt.json_writer import JsonWriter

ROUNDS = 2000
CHARACTERS = "\0\t\n\x1f \"\\/{}[]:,aZ\x7fäß€\u2028\U0001f50b"


def number(choice):
    """-> (raw, (scale, digits)); small ones, powers of ten and their neighbours, large ones."""
    raw = choice.choice((choice.randrange(1000), 10 ** choice.randrange(19) + choice.randrange(-1, 2),
                         choice.getrandbits(64)))  # fmt: skip
    return raw * choice.choice((1, -1)), (choice.randrange(7), choice.randrange(4))


def expected(raw, decimals):
    """-> a number with decimals as it is written, at least one, no zero more; else a whole one."""
    scale, digits = decimals[0], min(decimals)
    value = (Decimal(raw) / 10**scale).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0  # no -0
    if digits == 0:
        return str(int(value))
    whole, _, rest = f"{value:f}".partition(".")
    return f"{whole}.{rest.rstrip('0') or '0'}"


@pytest.mark.parametrize("seed", range(4))
def test_what_json_makes_of_it(seed):
    choice, writer = random.Random(seed), JsonWriter(16)
    for _ in range(ROUNDS):
        decimals = [number(choice) for _ in range(choice.randrange(1, 6))]
        text = "".join(choice.choice(CHARACTERS) for _ in range(choice.randrange(60)))
        numbers = [raw for raw, _ in decimals]
        writer.begin()
        writer.raw(b"{")
        for at, (raw, how) in enumerate([*decimals, (choice.choice((text, text.encode())), (0, 0))]):
            writer.key(f"n{at}")
            writer.value(raw, how)
        writer.key("list")
        writer.numbers(numbers)
        writer.raw(b"}")
        data = bytes(writer.text_view())
        *said, said_text, said_numbers = json.loads(data, parse_float=str, parse_int=str).values()
        assert said == [expected(*one) for one in decimals], data
        assert said_text == "".join(" " if c < " " else c for c in text) and said_numbers == list(map(str, numbers))
