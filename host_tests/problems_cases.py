"""Alarm states and flags, and what they mean in words. Runs on CPython and on MicroPython."""

from fakes import SYSTEM, made_alarms

from firmware import problems
from firmware.problems import judge

# by mqtt.md
PROTECT = ("Pack_UVP", "CHG_TP", "DSG_TP", "DSG_OCP", "CHG_OCP", "Cell_UVP", "Pack_OVP")
OF_STATES = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")
ALARM = OF_STATES + ("Low_SOC",)  # noqa: RUF005 - not on MicroPython
EVERY_FLAG = PROTECT + SYSTEM + ("Cell_Fault",) + ALARM

# flags, faulty cells, cell states, the battery's words -> text
TEXTS = (
    ((), (), b"\0" * 15, (), "OK"),
    (SYSTEM, (), b"\0" * 15, (), "OK"),
    (("Cell_OV",), (), b"\0" * 6 + b"\2" + b"\0" * 8, (), "Cell 7 over-voltage"),
    (("Cell_UV",), (), b"\1\0\1" + b"\0" * 11 + b"\1", (), "Cells 1, 3, 15 under-voltage"),
    (("Cell_OV",), (), b"\0\2\1\0\2", (), "Cells 2, 5 over-voltage"),
    (("Cell_Fault",), (16,), b"\0" * 16, (), "Cell 16 fault"),
    (("Cell_Fault",), (3, 15), b"\0" * 16, (), "Cells 3, 15 fault"),
    (("Pack_UVP", "UT"), (), b"\0" * 15, (), "Pack under-voltage protection; Under-temperature"),
    (("Other",), (), b"\0" * 15, (), "Other error"),
    (("Other", "UT"), (), b"\0" * 15, ("Volt Status Odd", "X"), "Volt Status Odd; X; Under-temperature"),
    (("UT",), (), b"\0" * 15, ("Volt Status Odd",), "Under-temperature"),
)


def check_every_flag_of_the_contract_is_known():
    assert (problems.PROTECT, problems.FAULT, problems.ALARM) == (PROTECT, ("Cell_Fault",), ALARM)
    names = ("cell_states", "temperature_states", "charge_state", "voltage_state", "discharge_state", "flags",
             "faulty_cells")  # fmt: skip
    numbers = problems.Alarms(*range(7))
    assert [getattr(numbers, name) for name in names] == list(range(7))


def check_alarm_flags_from_states():
    """One state at a time: 1 is below, 2 above, 240 other."""
    cells, sensors = bytes(15), bytes(5)
    for states, on in (
        ((cells, sensors, 0, 0, 0), ()),
        ((bytes(14) + b"\1", sensors, 0, 0, 0), ("Cell_UV",)),
        ((b"\2" + bytes(14), sensors, 0, 0, 0), ("Cell_OV",)),
        ((b"\2\1" + bytes(13), sensors, 0, 0, 0), ("Cell_UV", "Cell_OV")),
        ((b"\xf0" + bytes(14), sensors, 0, 0, 0), ("Other",)),
        ((cells, b"\1\0\0\0\0", 0, 0, 0), ("UT",)),
        ((cells, b"\0\0\0\0\2", 0, 0, 0), ("OT",)),
        ((cells, b"\0\0\0\0\xf0", 0, 0, 0), ("Other",)),
        ((cells, sensors, 1, 0, 0), ("CHG_OC",)),
        ((cells, sensors, 2, 0, 0), ("CHG_OC",)),
        ((cells, sensors, 240, 0, 0), ("Other",)),
        ((cells, sensors, 0, 1, 0), ("Pack_UV",)),
        ((cells, sensors, 0, 2, 0), ("Pack_OV",)),
        ((cells, sensors, 0, 240, 0), ("Other",)),
        ((cells, sensors, 0, 0, 1), ("DSG_OC",)),
        ((cells, sensors, 0, 0, 2), ("DSG_OC",)),
        ((cells, sensors, 0, 0, 240), ("Other",)),
        ((b"\1\2\xf0", b"\1\2", 2, 1, 2), ("Cell_UV", "Cell_OV", "Pack_UV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")),
    ):
        assert dict(problems.alarm_flags(*states)) == {key: key in on for key in OF_STATES}, states


def check_every_flag_by_itself():
    """A problem is a protection, a fault or "other"; a warning any flag of Alarm_Status. Each has words of its own, and
    OK is exactly where there is neither.
    """
    texts = []
    for key in EVERY_FLAG:
        faulty = (1,) if key == "Cell_Fault" else ()
        problem, warning, text = judge(made_alarms(on=(key,), keys=EVERY_FLAG, faulty=faulty))
        assert problem is (key in PROTECT or key in ("Cell_Fault", "Other")), key
        assert warning is (key in ALARM), key
        assert text and (text == "OK") == (not problem and not warning), key
        if text != "OK":
            assert text not in texts, text
            texts.append(text)
    assert len(texts) == len(PROTECT) + len(ALARM) + 1
    assert judge(made_alarms()) == judge(made_alarms(on=SYSTEM)) == (False, False, "OK")


def check_problem_text():
    for on, faulty, cells, words, text in TEXTS:
        assert judge(made_alarms(on=on, faulty=faulty, cells=cells), words)[2] == text, on


def check_problem_text_is_bounded():
    for cells in (b"\1" * 16, b"\2" * 16, b"\1\2" * 8):
        text = judge(made_alarms(on=EVERY_FLAG, keys=EVERY_FLAG, faulty=tuple(range(1, 17)), cells=cells))[2]
        assert 100 < len(text) <= 120 and text.endswith("..."), text
    assert problems.shortened("x" * 120) == "x" * 120 and problems.shortened("x" * 121) == "x" * 117 + "..."
