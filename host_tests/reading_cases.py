"""What follows from a reading: state of charge, power, state, extremes. Runs on CPython and on MicroPython."""
# ruff: noqa: RUF005 - of MicroPython

from fakes import CELLS, made_alarms, made_reading

from firmware import reading as r

FIELDS = ("pack", "cells", "temperatures", "current", "voltage", "remaining", "capacity", "cycles", "soh", "alarms",
          "extra", "more")  # fmt: skip
# function, then rows of its two arguments and the result: a fraction rounded half away from zero; state of charge in
# 0.1 % of mAh and mAh; 0.1 W of mV and mA
NUMBERS = (
    (r.rounded, ((0, 1, 0), (5, 10, 1), (4, 10, 0), (15, 10, 2), (25, 10, 3), (-5, 10, -1), (-4, 10, 0), (-15, 10, -2),
                 (1, 3, 0), (2, 3, 1), (-1, 3, 0), (-2, 3, -1), (7, 1, 7), (10**15 + 5, 10, 10**14 + 1),
                 (-(10**15) - 5, 10, -(10**14) - 1))),
    (r.soc, ((0, 50000, 0), (50000, 50000, 1000), (41442, 50000, 829), (25, 50000, 1), (24, 50000, 0), (-1, 50000, 0),
             (75480, 74000, 1000), (49974, 50000, 999), (0, 0, None), (5, 0, None), (1, 1, 1000),
             (16000000, 16777215, 954))),
    (r.power, ((49539, -6300, -3121), (50000, 0, 0), (50010, 100, 50), (50500, 100, 51), (50500, -100, -51),
               (50499, 100, 50), (65535, 3276700, 2147385), (65535, -3276800, -2147451), (0, 5000, 0))),
)  # fmt: skip
EXTRA = r.Extra((180, 260), 275, 83, "Dischg", "discharging", (3,), ("Volt Status Odd",), "")


def check_fields():
    usual = (1, CELLS, (235, 220, 220, 220, 220), -6300, 49539, 41442, 50000, 31, None, None, None, None)
    assert made_reading() == r.Reading(*usual)
    numbers = r.Reading(*range(len(FIELDS)))
    assert [getattr(numbers, name) for name in FIELDS] == list(range(len(FIELDS)))


def check_numbers():
    for function, rows in NUMBERS:
        for one, other, result in rows:
            assert function(one, other) == result, (function, one, other)


def check_battery_state():
    """What the battery says, else what its alarm reply says, else the sign of the current: idle within ±0.1 A."""
    more = r.More(0, None, (), ())
    for on, current, state, of_pace in (
        (("Charging", "Charge_MOS"), 5000, "charging", "charging"),
        (("Discharging", "Discharge_MOS"), -5000, "discharging", "discharging"),
        (("Fully_Charged",), 0, "full", "full"),
        (("Fully_Charged",), 5000, "full", "full"),
        (("Fully_Charged", "Discharging"), -5000, "discharging", "discharging"),
        (("Fully_Charged",), -5000, "full", "discharging"),
        ((), 5000, "idle", "charging"),
        (None, 0, "idle", "idle"), (None, 100, "idle", "idle"), (None, -100, "idle", "idle"),
        (None, 101, "charging", "charging"), (None, -101, "discharging", "discharging"),
    ):  # fmt: skip
        alarms = None if on is None else made_alarms(on=on)
        assert r.battery_state(made_reading(current=current, alarms=alarms)) == state, (on, current)
        assert r.battery_state(made_reading(current=current, alarms=alarms, more=more)) == of_pace, (on, current)
        assert r.battery_state(made_reading(current=current, alarms=alarms, extra=EXTRA)) == "discharging"


def check_summary():
    """Of equal cells the one with the lowest number; what is wrong in words, of many packs one after the other."""
    alarms, usual = made_alarms(on=("Other",)), (3301, 7, 3306, 13)
    for fields, expected in (
        ({}, usual + (220, 235, -3121, 829, 1989216, "discharging", None, None, ((), 0), None)),
        ({"temperatures": (), "alarms": alarms},
         usual + (None, None, -3121, 829, 1989216, "idle", True, True, ([(9, "Other error")], 0), "Other error")),
        ({"alarms": made_alarms()}, usual + (220, 235, -3121, 829, 1989216, "idle", False, False, ((), 0), "OK")),
        ({"alarms": made_alarms(on=("UT",)), "more": r.More(0, None, (), ("Heater fault",))},
         usual + (220, 235, -3121, 829, 1989216, "discharging", True, True,
          ([(-1, "Heater fault"), (17, "Under-temperature")], 0), "Heater fault; Under-temperature")),
        ({"extra": EXTRA, "alarms": alarms},
         usual + (180, 260, -3121, 830, 1989216, "discharging", True, True, ([(9, "Volt Status Odd")], 0),
          "Volt Status Odd")),
        ({"extra": EXTRA}, usual + (180, 260, -3121, 830, 1989216, "discharging", None, None, ((), 0), None)),
    ):  # fmt: skip
        for _ in range(2):
            assert tuple(r.summarize(made_reading(**fields))) == expected, fields
    for cells, expected in (((5, 5, 5), (5, 1, 5, 1)), ((2, 1, 3, 1, 3), (1, 2, 3, 3)), ((-1,), (-1, 1, -1, 1))):
        assert r.summarize(made_reading(cells=cells))[:4] == expected, cells
    for key in ("UT", "OT", "Cell_OV", "Cell_UV", "Pack_OV", "Pack_UV"):
        r.summarize(made_reading(alarms=made_alarms(on=(key,))))
        assert len(r._known) <= 4, "words are kept of few"
