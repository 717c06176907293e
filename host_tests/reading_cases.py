"""What follows from a reading: state of charge, power, state, extremes. Runs on CPython and on MicroPython."""

from fakes import CELLS, made_alarms, made_reading

from firmware import reading as r

FIELDS = ("pack", "cells", "temperatures", "current", "voltage", "remaining", "capacity", "cycles", "soh", "alarms",
          "extra", "more")  # fmt: skip

# numerator, denominator, rounded half away from zero
ROUNDED = (
    (0, 1, 0), (5, 10, 1), (4, 10, 0), (6, 10, 1), (15, 10, 2), (25, 10, 3), (-5, 10, -1), (-4, 10, 0), (-15, 10, -2),
    (1, 3, 0), (2, 3, 1), (-1, 3, 0), (-2, 3, -1), (7, 1, 7),
    (10**15 + 5, 10, 10**14 + 1), (-(10**15) - 5, 10, -(10**14) - 1),
)  # fmt: skip
# remaining, capacity, state of charge in 0.1 %
SOCS = (
    (0, 50000, 0), (50000, 50000, 1000), (41442, 50000, 829), (25000, 50000, 500), (1, 50000, 0), (25, 50000, 1),
    (24, 50000, 0), (75480, 74000, 1000), (49999, 50000, 1000), (49974, 50000, 999), (-1, 50000, 0), (0, 0, None),
    (5, 0, None), (16000000, 16777215, 954),
)  # fmt: skip
# mV, mA, 0.1 W
POWERS = (
    (49539, -6300, -3121), (50000, 0, 0), (50000, 100, 50), (50010, 100, 50), (50500, 100, 51), (50500, -100, -51),
    (50499, 100, 50), (65535, 3276700, 2147385), (65535, -3276800, -2147451), (0, 5000, 0),
)  # fmt: skip
EXTRA = r.Extra((180, 260), 275, 83, "Dischg", "discharging", (3,), ("Volt Status Odd",), "")


def check_fields():
    usual = (1, CELLS, (235, 220, 220, 220, 220), -6300, 49539, 41442, 50000, 31, None, None, None, None)
    assert made_reading() == r.Reading(*usual)
    numbers = r.Reading(*range(len(FIELDS)))
    assert [getattr(numbers, name) for name in FIELDS] == list(range(len(FIELDS)))


def check_numbers():
    for function, rows in ((r.rounded, ROUNDED), (r.soc, SOCS), (r.power, POWERS)):
        for one, other, result in rows:
            assert function(one, other) == result, (function, one, other)


def check_battery_state():
    """What the battery says, else what its alarm reply says, else the sign of the current: idle within ±0.1 A."""
    for on, current, state in (
        (("Charging", "Charge_MOS"), 5000, "charging"),
        (("Discharging", "Discharge_MOS"), -5000, "discharging"),
        (("Fully_Charged",), 0, "full"),
        (("Fully_Charged", "Discharging"), -5000, "discharging"),
        ((), 5000, "idle"),
        (None, 0, "idle"),
        (None, 100, "idle"),
        (None, -100, "idle"),
        (None, 101, "charging"),
        (None, -101, "discharging"),
    ):
        alarms = None if on is None else made_alarms(on=on)
        assert r.battery_state(made_reading(current=current, alarms=alarms)) == state, (on, current)
        assert r.battery_state(made_reading(current=current, alarms=alarms, extra=EXTRA)) == "discharging"


def check_summary():
    alarms = made_alarms(on=("Other",))
    for fields, expected in (
        ({}, (3301, 7, 3306, 13, 220, 235, -3121, 829, 1989216, "discharging", None, None, (), None)),
        ({"temperatures": (), "alarms": alarms},
         (3301, 7, 3306, 13, None, None, -3121, 829, 1989216, "idle", True, True, [(9, "Other error")], "Other error")),
        ({"extra": EXTRA, "alarms": alarms},
         (3301, 7, 3306, 13, 180, 260, -3121, 830, 1989216, "discharging", True, True,
          [(9, "Volt Status Odd")], "Volt Status Odd")),
        ({"extra": EXTRA}, (3301, 7, 3306, 13, 180, 260, -3121, 830, 1989216, "discharging", None, None, (), None)),
    ):  # fmt: skip
        assert tuple(r.summarize(made_reading(**fields))) == expected, fields


def check_extremes_and_their_numbers():
    """Of equal values the lowest number."""
    for cells, expected in (((5, 5, 5), (5, 1, 5, 1)), ((2, 1, 3, 1, 3), (1, 2, 3, 3)), ((-1,), (-1, 1, -1, 1))):
        s = r.summarize(made_reading(cells=cells))
        assert (s.low, s.low_at, s.high, s.high_at) == expected, cells
