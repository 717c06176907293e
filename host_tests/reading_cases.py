"""What follows from a reading and its alarms, and what they mean in words. Runs on CPython and on MicroPython."""
# ruff: noqa: RUF005 - of MicroPython

from fakes import SYSTEM, made_alarms, made_reading

from firmware import problem_text, problems
from firmware import reading as r

# function, then rows of its two arguments and the result: a fraction rounded half away from zero; state of charge in
# 0.1 % of mAh and mAh
NUMBERS = (
    (r.rounded, ((0, 1, 0), (5, 10, 1), (4, 10, 0), (25, 10, 3), (-5, 10, -1), (-4, 10, 0), (-15, 10, -2), (1, 3, 0),
                 (-2, 3, -1), (7, 1, 7), (10**15 + 5, 10, 10**14 + 1))),
    (r.soc, ((0, 50000, 0), (50000, 50000, 1000), (41442, 50000, 829), (25, 50000, 1), (24, 50000, 0), (-1, 50000, 0),
             (75480, 74000, 1000), (0, 0, None), (1, 1, 1000), (16000000, 16777215, 954))),
)  # fmt: skip
TEXT = {"cell_temperatures": (180, 260), "mos": 275, "soc": 83, "base": "Dischg", "state": "discharging",
        "balancing": (3,), "words": ("Volt Status Odd",)}  # fmt: skip
# Flags or None, current; BatteryState
STATES = (
    (("Charging", "Charge_MOS"), 5000, "charging"), (("Fully_Charged",), 5000, "full"),
    (("Discharging", "Discharge_MOS"), -5000, "discharging"), (("Fully_Charged", "Discharging"), -5000, "discharging"),
    (("Fully_Charged",), -5000, "full"), ((), 5000, "idle"), (None, 100, "idle"), (None, -100, "idle"),
    (None, 101, "charging"), (None, -101, "discharging"),
)  # fmt: skip
OTHER, USUAL = made_alarms(on=("Other",)), (3301, 7, 3306, 13, 220, 235, -3121, 829, 1989216)
# Fields of a reading -> its Summary
SUMMARIES = (
    ({}, USUAL + ("discharging", None, None, ((), 0), None)),
    ({"temperatures": (), "alarms": OTHER},
     USUAL[:4] + (None, None) + USUAL[6:] + ("idle", True, True, ([(21, "Other error")], 0), "Other error")),
    ({"alarms": made_alarms()}, USUAL + ("idle", False, False, ((), 0), "OK")),
    ({"alarms": made_alarms(on=("UT", "Heater_Fault"), keys=("UT", "Heater_Fault"))}, USUAL + ("idle", True, True,
     ([(11, "Heater fault"), (29, "Under-temperature")], 0), "Heater fault; Under-temperature")),
    (dict(TEXT, alarms=OTHER), USUAL[:4] + (180, 260, -3121, 830, 1989216, "discharging", True, True,
     ([(21, "Volt Status Odd")], 0), "Volt Status Odd")),
)  # fmt: skip
# by mqtt.md
PROTECT = ("Pack_UVP", "CHG_TP", "DSG_TP", "DSG_OCP", "CHG_OCP", "Cell_UVP", "Pack_OVP")
OF_STATES = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")
ALARM = OF_STATES + ("Low_SOC",)
EVERY_FLAG = PROTECT + SYSTEM + ("Cell_Fault",) + ALARM
CELLS = b"\0" * 15
# flags, faulty cells, states of cells, of sensors, of currents and voltage, the battery's words -> texts
TEXTS = (
    (SYSTEM, (), CELLS, b"\0" * 5, 0, None, ()),
    (("Cell_OV",), (), b"\0" * 6 + b"\2" + b"\0" * 8, b"", 0, None, ("Cell 7 over-voltage",)),
    (("Cell_UV",), (), b"\1\2\1" + b"\0" * 11 + b"\1", b"", 0, None, ("Cells 1, 3, 15 under-voltage",)),
    (("Cell_Fault", "UT", "Pack_UVP"), (3, 15), CELLS, b"\0", 0, None,
     ("Pack under-voltage protection", "Cells 3, 15 fault", "Under-temperature")),
    (("OT",), (), CELLS, b"\2\0\0\0\2", 0, None, ("Over-temperature: BMS, cells 13–16",)),
    (("UT",), (), CELLS[:9], b"\0\1\2\1\1", 0, None, ("Under-temperature: cells 1–4, cells 9–12, sensor 5",)),
    (("OT",), (), CELLS, b"\2\2\0\0\2", 0, (), ("Over-temperature: BMS, MOSFETs, cell 3",)),
    (("Other",), (), b"\0\xf0\0\xf0", b"\0\xf0", 240, None,
     ("Other error: cells 2, 4, cells 1–4, charge current, voltage, discharge current",)),
    (("Other", "UT"), (), CELLS, b"", 0, ("Volt Status Odd", "X"), ("Volt Status Odd", "X", "Under-temperature")),
    (("UT",), (), CELLS, b"", 0, ("Volt Status Odd",), ("Under-temperature",)),
)  # fmt: skip
# where a state is: of a cell, of a sensor, charge current, voltage, discharge current -> its flags as 1, 2 and 240
FLAGS = (("Cell_UV", "Cell_OV", "Other"), ("UT", "OT", "Other"), ("CHG_OC", "CHG_OC", "Other"),
         ("Pack_UV", "Pack_OV", "Other"), ("DSG_OC", "DSG_OC", "Other"))  # fmt: skip


def check_numbers():
    for function, rows in NUMBERS:
        for one, other, result in rows:
            assert function(one, other) == result, (function, one, other)


def check_battery_state():
    """What the battery says, else what its alarm reply says, else the sign of the current: idle within ±0.1 A."""
    for on, current, state in STATES:
        said = {"current": current, "alarms": None if on is None else made_alarms(on=on)}
        assert r.battery_state(made_reading(**said)) == state, (on, current)
        assert r.battery_state(made_reading(state="sleeping", **said)) == "sleeping"


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


def check_alarm_flags_from_states():
    assert (problems.PROTECT, problems.ALARM) == (PROTECT, ALARM)
    everything = ("Cell_UV", "Cell_OV", "Pack_UV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")
    cases = [((CELLS, bytes(5), 0, 0, 0), ()), ((b"\1\2\xf0", b"\1\2", 2, 1, 2), everything)]
    for place, keys in enumerate(FLAGS):
        for state, key in zip((1, 2, 240), keys):  # noqa: B905 - of MicroPython
            states = [CELLS, bytes(5), 0, 0, 0]
            states[place] = state if place > 1 else bytes(4) + bytes((state,))
            cases.append((states, (key,)))
    for states, on in cases:
        cells, temperatures, *others = states
        alarms = problems.alarms_of(cells, temperatures, others, OF_STATES + ("Heater",), ())
        assert alarms.on == list(on) and alarms.keys[:9] == OF_STATES, states
    cells, keys = (0, 1, 2, 3, 0x80, 240), OF_STATES + ("Heater",)
    assert problems.alarms_of(cells, b"", (0, 0, 7), keys, ("OT", "Heater"), (1,)) == (
        b"\0\1\2\xf0\xf0\xf0", b"", 0, 0, 240, keys, ["Cell_UV", "Cell_OV", "OT", "Other", "Heater"], (1,))  # fmt: skip


def check_every_flag_by_itself():
    """A problem is a protection, a fault or "other"; a warning any flag of Alarm_Status. Each has words of its own."""
    assert problems.crc(made_alarms(keys=("UT", "OT"))) != problems.crc(made_alarms(keys=("UT",)))  # one is not told
    texts = []
    for key in EVERY_FLAG:
        alarms = made_alarms(on=(key,), keys=EVERY_FLAG, faulty=(1,) if key == "Cell_Fault" else ())
        problem, warning = problems.judge(alarms)
        troubles = problem_text.troubles_of(made_reading(alarms=alarms))
        assert problem is (key in PROTECT or key in ("Cell_Fault", "Other")) and warning is (key in ALARM), key
        assert len(troubles) == (problem or warning), key
        texts += [text for _, text in troubles]
    assert len(texts) == len(set(texts)) == len(PROTECT) + len(ALARM) + 1


def check_troubles_the_worst_first():
    for on, faulty, cells, sensors, other, words, texts in TEXTS:
        alarms = made_alarms(on, cells, sensors, other, other, other, faulty)
        text = {} if words is None else {"cell_temperatures": (200,) * len(cells), "words": words}
        troubles = problem_text.troubles_of(made_reading(cells=(3300,) * len(cells), alarms=alarms, **text))
        assert tuple([text for _, text in troubles]) == texts and troubles == sorted(troubles), on
    assert problem_text.joined(("x" * 50, "y" * 60, "z")) == "x" * 50 + " … and 2 more"
    assert problem_text.joined(["x" * 121]) == "x" * 117 + "..."
