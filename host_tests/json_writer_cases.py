"""JSON as bytes: every number is the exact decimal. Runs on CPython and on MicroPython."""

from firmware.mqtt.json_writer import JsonWriter

# raw, its decimals, decimals at most -> text; what must be rounded is rounded half away from zero
DECIMALS = (
    (3303, 3, 3, "3.303"), (3300, 3, 3, "3.3"), (0, 3, 3, "0.0"), (-1, 3, 3, "-0.001"), (50000, 3, 3, "50.0"),
    (149, 3, 1, "0.1"), (150, 3, 1, "0.2"), (-150, 3, 1, "-0.2"), (-49, 3, 1, "0.0"), (9950, 3, 1, "10.0"),
    (-4, 1, 1, "-0.4"), (1234499, 6, 3, "1.234"), (500, 6, 3, "0.001"), (10**16 + 1500, 6, 3, "10000000000.002"),
    (-3276800, 3, 1, "-3276.8"), (31, 0, 0, "31"), (-500, 3, 0, "-1"), (5, 3, 0, "0"),
    (2**64 - 1, 6, 3, "18446744073709.552"), (-(2**63), 0, 0, "-9223372036854775808"),
)  # fmt: skip
# text -> JSON; control characters become spaces
TEXTS = (
    ("", '""'), ('a"b', '"a\\"b"'), ("a\\b", '"a\\\\b"'), ("a\nb\0c\x1f ", '"a b c  "'), ("Zürich °", '"Zürich °"'),
    ('\\"', '"\\\\\\""'), ("\x7f\U0001f50b", '"\x7f\U0001f50b"'), (b"\xc3\xbc\t", '"ü "'),
)  # fmt: skip
VALUES = (True, "true"), (False, "false"), (1, "1"), (0, "0"), ("1", '"1"'), (b"1", '"1"')
LISTS = ((), "[]"), ((3,), "[3]"), ([0, 16, -1], "[0,16,-1]")


def check_each_by_itself():
    for method, rows in (
        ("decimal", [(raw, (scale, digits), text) for raw, scale, digits, text in DECIMALS]),
        ("text", TEXTS), ("value", [(raw, (0, 0), text) for raw, text in VALUES]), ("numbers", LISTS),
    ):  # fmt: skip
        for size in (0, 5, 64):
            for row in rows:
                json = JsonWriter(size)
                getattr(json, method)(*row[:-1])
                assert bytes(json.text_view()).decode() == row[-1], row


def check_commas_between_members_only():
    json = JsonWriter(4)
    json.raw(b"{")
    for key in ("a", "b"):
        json.key(key)
        json.raw(b"{")
        json.key("c")
        json.decimal(5, (1, 1))
        json.raw(b"}")
    json.raw(b"}")
    assert bytes(json.text_view()) == b'{"a":{"c":0.5},"b":{"c":0.5}}'
    json.begin()
    json.raw(b"[]")
    assert bytes(json.text_view()) == b"[]"
