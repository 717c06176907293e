"""What follows from a reading: state of charge, power, state, extremes. Runs on CPython and on MicroPython."""
# ruff: noqa: RUF005 - of MicroPython

from fakes import made_alarms, made_reading

from firmware import reading as r

# function, then rows of its two arguments and the result: a fraction rounded half away from zero; state of charge in
# 0.1 % of mAh and mAh; 0.1 W of mV and mA
NUMBERS = (
    (r.rounded, ((0, 1, 0), (5, 10, 1), (4, 10, 0), (25, 10, 3), (-5, 10, -1), (-4, 10, 0), (-15, 10, -2), (1, 3, 0),
                 (-2, 3, -1), (7, 1, 7), (10**15 + 5, 10, 10**14 + 1))),
    (r.soc, ((0, 50000, 0), (50000, 50000, 1000), (41442, 50000, 829), (25, 50000, 1), (24, 50000, 0), (-1, 50000, 0),
             (75480, 74000, 1000), (0, 0, None), (1, 1, 1000), (16000000, 16777215, 954))),
    (r.power, ((49539, -6300, -3121), (50010, 100, 50), (50500, 100, 51), (50500, -100, -51),
               (65535, -3276800, -2147451), (0, 5000, 0))),
)  # fmt: skip
EXTRA = r.Extra((180, 260), 275, 83, "Dischg", "discharging", (3,), ("Volt Status Odd",), "")
PACE = r.More(0, None, (), ())
# Flags or None, current; BatteryState, and that of a PACE battery
STATES = (
    (("Charging", "Charge_MOS"), 5000, "charging", "charging"), (("Fully_Charged",), 5000, "full", "full"),
    (("Discharging", "Discharge_MOS"), -5000, "discharging", "discharging"),
    (("Fully_Charged", "Discharging"), -5000, "discharging", "discharging"),
    (("Fully_Charged",), -5000, "full", "discharging"), ((), 5000, "idle", "charging"), (None, 100, "idle", "idle"),
    (None, -100, "idle", "idle"), (None, 101, "charging", "charging"), (None, -101, "discharging", "discharging"),
)  # fmt: skip
OTHER, USUAL = made_alarms(on=("Other",)), (3301, 7, 3306, 13, 220, 235, -3121, 829, 1989216)
# Fields of a reading -> its Summary
SUMMARIES = (
    ({}, USUAL + ("discharging", None, None, ((), 0), None)),
    ({"temperatures": (), "alarms": OTHER},
     USUAL[:4] + (None, None) + USUAL[6:] + ("idle", True, True, ([(9, "Other error")], 0), "Other error")),
    ({"alarms": made_alarms()}, USUAL + ("idle", False, False, ((), 0), "OK")),
    ({"alarms": made_alarms(on=("UT",)), "more": r.More(0, None, (), ("Heater fault",))}, USUAL + ("discharging", True,
     True, ([(-1, "Heater fault"), (17, "Under-temperature")], 0), "Heater fault; Under-temperature")),
    ({"extra": EXTRA, "alarms": OTHER}, USUAL[:4] + (180, 260, -3121, 830, 1989216, "discharging", True, True,
     ([(9, "Volt Status Odd")], 0), "Volt Status Odd")),
)  # fmt: skip


def check_numbers():
    for function, rows in NUMBERS:
        for one, other, result in rows:
            assert function(one, other) == result, (function, one, other)


def check_battery_state():
    """What the battery says, else what its alarm reply says, else the sign of the current: idle within ±0.1 A."""
    for on, current, state, of_pace in STATES:
        said = {"current": current, "alarms": None if on is None else made_alarms(on=on)}
        assert r.battery_state(made_reading(**said)) == state, (on, current)
        assert r.battery_state(made_reading(more=PACE, **said)) == of_pace, (on, current)
        assert r.battery_state(made_reading(extra=EXTRA, **said)) == "discharging"


def check_summary():
    """Of equal cells the one with the lowest number; what is wrong in words, which are kept of few packs."""
    for fields, expected in SUMMARIES:
        for _ in range(2):
            assert tuple(r.summarize(made_reading(**fields))) == expected, fields
    for cells, expected in (((5, 5, 5), (5, 1, 5, 1)), ((2, 1, 3, 1, 3), (1, 2, 3, 3)), ((-1,), (-1, 1, -1, 1))):
        assert r.summarize(made_reading(cells=cells))[:4] == expected, cells
    for key in ("UT", "OT", "Cell_OV", "Cell_UV", "Pack_OV", "Pack_UV"):
        r.summarize(made_reading(alarms=made_alarms(on=(key,))))
        assert len(r._known) <= 4
