"""Alarm states and flags, and what they mean in words. Runs on CPython and on MicroPython."""

from fakes import SYSTEM, made_alarms, made_reading

from firmware import problem_text, problems
from firmware.battery.readings import Alarm
from firmware.reading import Extra

# by mqtt.md
PROTECT = ("Pack_UVP", "CHG_TP", "DSG_TP", "DSG_OCP", "CHG_OCP", "Cell_UVP", "Pack_OVP")
OF_STATES = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")
ALARM = OF_STATES + ("Low_SOC",)  # noqa: RUF005 - not on MicroPython
EVERY_FLAG = PROTECT + SYSTEM + ("Cell_Fault",) + ALARM
CELLS = b"\0" * 15
# flags, faulty cells, states of cells, of sensors, of currents and voltage, the battery's words -> texts
TEXTS = (
    (SYSTEM, (), CELLS, b"\0" * 5, 0, None, ()),
    (("Cell_OV",), (), b"\0" * 6 + b"\2" + b"\0" * 8, b"", 0, None, ("Cell 7 over-voltage",)),
    (("Cell_UV",), (), b"\1\2\1" + b"\0" * 11 + b"\1", b"", 0, None, ("Cells 1, 3, 15 under-voltage",)),
    (("Cell_Fault",), (3, 15), CELLS, b"", 0, None, ("Cells 3, 15 fault",)),
    (("UT", "Pack_UVP"), (), CELLS, b"\0", 0, None, ("Pack under-voltage protection", "Under-temperature")),
    (("OT",), (), CELLS, b"\2\0\0\0\2", 0, None, ("Over-temperature: BMS, cells 13–16",)),
    (("UT",), (), CELLS[:9], b"\0\1\2\1\1", 0, None, ("Under-temperature: cells 1–4, cells 9–12, sensor 5",)),
    (("OT",), (), CELLS, b"\2\2\0\0\2", 0, (), ("Over-temperature: BMS, MOSFETs, cell 3",)),
    (("Other",), (), CELLS, b"", 0, None, ("Other error",)),
    (("Other",), (), b"\0\xf0\0\xf0", b"\0\xf0", 240, None,
     ("Other error: cells 2, 4, cells 1–4, charge current, voltage, discharge current",)),
    (("Other", "UT"), (), CELLS, b"", 0, ("Volt Status Odd", "X"), ("Volt Status Odd", "X", "Under-temperature")),
    (("UT",), (), CELLS, b"", 0, ("Volt Status Odd",), ("Under-temperature",)),
)  # fmt: skip
# where a state is: of a cell, of a sensor, charge current, voltage, discharge current -> its flags as 1, 2 and 240
FLAGS = (("Cell_UV", "Cell_OV", "Other"), ("UT", "OT", "Other"), ("CHG_OC", "CHG_OC", "Other"),
         ("Pack_UV", "Pack_OV", "Other"), ("DSG_OC", "DSG_OC", "Other"))  # fmt: skip
LONG = "x" * 50
JOINED = (
    ((), "OK"), (("a",), "a"), ((LONG, LONG), LONG + "; " + LONG),
    ((LONG, LONG, LONG), LONG + "; " + LONG + " … and 1 more"), ((LONG, "y" * 60, "a"), LONG + " … and 2 more"),
    (("x" * 120,), "x" * 120), (("x" * 121,), "x" * 117 + "..."), (("x" * 120, "y"), "x" * 104 + "... … and 1 more"),
)  # fmt: skip


def check_alarm_flags_from_states():
    """None, one state at a time, and many: 1 is below, 2 above, 240 other."""
    assert (problems.PROTECT, problems.FAULT, problems.ALARM) == (PROTECT, ("Cell_Fault",), ALARM)
    everything = ("Cell_UV", "Cell_OV", "Pack_UV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")
    cases = [((CELLS, bytes(5), 0, 0, 0), ()), ((b"\1\2\xf0", b"\1\2", 2, 1, 2), everything)]
    for place, keys in enumerate(FLAGS):
        for state, key in zip((1, 2, 240), keys):  # noqa: B905 - of MicroPython
            states = [CELLS, bytes(5), 0, 0, 0]
            states[place] = state if place > 1 else bytes(4) + bytes((state,))
            cases.append((states, (key,)))
    for states, on in cases:
        assert dict(problems.alarm_flags(*states)) == {key: key in on for key in OF_STATES}, states
    alarm = Alarm((0, 1, 2, 3, 0x80, 240), (5,), 1, 9, 2, b"")
    assert problems.known_states(alarm) == [b"\0\1\2\xf0\xf0\xf0", b"\xf0", 1, 240, 2]


def check_every_flag_by_itself():
    """A problem is a protection, a fault or "other"; a warning any flag of Alarm_Status. Each has words of its own."""
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
        extra = None if words is None else Extra((), None, 50, "", "idle", (), words, "")
        troubles = problem_text.troubles_of(made_reading(cells=(3300,) * len(cells), alarms=alarms, extra=extra))
        assert tuple([text for _, text in troubles]) == texts and troubles == sorted(troubles), on
    for texts, text in JOINED:
        assert problem_text.joined(texts) == text, text
