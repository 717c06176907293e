"""json_writer.py: what it writes is JSON, and says what it was given."""

import json
import random
from decimal import ROUND_HALF_UP, Decimal

from firmware.mqtt.json_writer import JsonWriter

CHARACTERS = "\0\t\n\x1f \"\\/{}[]:,aZ\x7fäß€\u2028\U0001f50b"


def test_what_json_makes_of_it():
    choice, writer = random.Random(1), JsonWriter(16)
    for _ in range(8000):
        near_a_power = 10 ** choice.randrange(19) + choice.randrange(-1, 2)
        raw = choice.choice((1, -1)) * choice.choice((choice.randrange(1000), near_a_power, choice.getrandbits(64)))
        scale, digits = choice.randrange(7), choice.randrange(4)
        text = "".join(choice.choice(CHARACTERS) for _ in range(choice.randrange(60)))
        exact = (Decimal(raw) / 10**scale).quantize(Decimal(1).scaleb(-min(scale, digits)), ROUND_HALF_UP) + 0  # no -0
        writer.begin()
        writer.raw(b"{")
        for key, value in (("number", raw), ("text", choice.choice((text, text.encode())))):
            writer.key(key)
            writer.value(value, (scale, digits))
        writer.key("list")
        writer.numbers([raw, scale])
        writer.raw(b"}")
        said = json.loads(bytes(writer.text_view()), parse_float=str, parse_int=str)
        assert Decimal(said["number"]) == exact and ("." in said["number"]) == (min(scale, digits) > 0), said
        assert said["number"].endswith(".0") or not (said["number"].endswith("0") and "." in said["number"])
        assert said["text"] == "".join(" " if c < " " else c for c in text) and said["list"] == [str(raw), str(scale)]
