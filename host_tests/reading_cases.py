"""What follows from a reading: state of charge, power, flags and words. Runs on CPython and on MicroPython."""

from fakes import CELLS, made_alarms, made_reading

from firmware import reading as r

PROTECT = ("Pack_UVP", "CHG_TP", "DSG_TP", "DSG_OCP", "CHG_OCP", "Cell_UVP", "Pack_OVP")
SYSTEM = ("Fully_Charged", "Heater", "Charging", "Discharging", "Buzzer", "Using_Pack_Power", "Discharge_MOS",
          "Charge_MOS", "Precharge_MOS")  # fmt: skip
ALARM = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other")
EVERY_FLAG = PROTECT + SYSTEM + ("Cell_Fault",) + ALARM

FIELDS = ("pack", "cells", "temperatures", "current", "voltage", "remaining", "capacity", "cycles", "soh", "alarms")
ALARM_FIELDS = ("cell_states", "temperature_states", "charge_state", "voltage_state", "discharge_state", "flags",
                "faulty_cells")  # fmt: skip

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
# flags, faulty cells, cell states -> words
TEXTS = (
    ((), (), b"\0" * 15, "OK"),
    (SYSTEM, (), b"\0" * 15, "OK"),
    (("Cell_OV",), (), b"\0" * 6 + b"\2" + b"\0" * 8, "Cell 7 over-voltage"),
    (("Cell_UV",), (), b"\1\0\1" + b"\0" * 11 + b"\1", "Cells 1, 3, 15 under-voltage"),
    (("Cell_OV",), (), b"\0\2\1\0\2", "Cells 2, 5 over-voltage"),
    (("Cell_Fault",), (16,), b"\0" * 16, "Cell 16 fault"),
    (("Pack_UVP", "UT"), (), b"\0" * 15, "Pack under-voltage protection; Under-temperature"),
)


def check_fields():
    assert made_reading() == r.Reading(1, CELLS, (235, 220, 220, 220, 220), -6300, 49539, 41442, 50000, 31, None, None)
    numbers = r.Reading(*range(10))
    assert [getattr(numbers, name) for name in FIELDS] == list(range(10))
    numbers = r.Alarms(*range(7))
    assert [getattr(numbers, name) for name in ALARM_FIELDS] == list(range(7))


def check_every_flag_of_the_contract_is_known():
    assert list(r.GROUPS) == [
        ("Protect_Status", PROTECT),
        ("System_Status", None),
        ("Fault_Status", ("Cell_Fault",)),
        ("Alarm_Status", ALARM),
    ]


def check_rounding():
    for numerator, denominator, result in ROUNDED:
        assert r.rounded(numerator, denominator) == result, (numerator, denominator)


def check_state_of_charge():
    for remaining, capacity, result in SOCS:
        assert r.soc(remaining, capacity) == result, (remaining, capacity)


def check_power():
    for voltage, current, result in POWERS:
        assert r.power(voltage, current) == result, (voltage, current)


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
        flags = dict(r.alarm_flags(*states))
        assert flags == {key: key in on for key in ALARM}, states


def check_problem_is_protection_fault_or_other():
    for key in EVERY_FLAG:
        problem, _, _ = r.health(made_alarms(on=(key,)))
        assert problem is (key in PROTECT or key in ("Cell_Fault", "Other")), key


def check_warning_is_any_alarm_status():
    for key in EVERY_FLAG:
        _, warning, _ = r.health(made_alarms(on=(key,)))
        assert warning is (key in ALARM), key


def check_all_well():
    assert r.health(made_alarms()) == (False, False, "OK")
    assert r.health(made_alarms(on=SYSTEM)) == (False, False, "OK")


def check_problem_text():
    for on, faulty, cells, text in TEXTS:
        assert r.health(made_alarms(on=on, faulty=faulty, cells=cells))[2] == text, on


def check_problem_text_has_words_for_all_that_matters():
    """Never empty; OK exactly when there is neither a problem nor a warning; each flag has words of its own."""
    found = []
    for key in EVERY_FLAG:
        problem, warning, text = r.health(made_alarms(on=(key,), faulty=(1,) if key == "Cell_Fault" else ()))
        assert (text == "OK") == (not problem and not warning), key
        if text != "OK":
            assert text and text not in found, text
            found.append(text)
    assert len(found) == len(PROTECT) + len(ALARM) + 1


def check_problem_text_is_bounded():
    for cells in (b"\1" * 16, b"\2" * 16, b"\1\2" * 8):
        text = r.health(made_alarms(on=EVERY_FLAG, faulty=tuple(range(1, 17)), cells=cells))[2]
        assert 100 < len(text) <= 120, text


def check_battery_state():
    for on, current, state in (
        (("Charging", "Charge_MOS"), 5000, "charging"),
        (("Discharging", "Discharge_MOS"), -5000, "discharging"),
        (("Fully_Charged",), 0, "full"),
        (("Fully_Charged", "Discharging"), -5000, "discharging"),
        ((), 0, "idle"),
    ):
        assert r.battery_state(made_reading(current=current, alarms=made_alarms(on=on))) == state, on


def check_battery_state_without_alarms_is_the_sign_of_the_current():
    """Idle within ±0.1 A."""
    for current, state in (
        (0, "idle"), (100, "idle"), (-100, "idle"), (101, "charging"), (-101, "discharging"), (200, "charging"),
        (-200, "discharging"),
    ):  # fmt: skip
        assert r.battery_state(made_reading(current=current)) == state, current


def check_extremes_and_their_numbers():
    """Of equal values the lowest number."""
    assert r.extremes(CELLS) == (3301, 7, 3306, 13)
    assert r.extremes((5, 5, 5)) == (5, 1, 5, 1)
    assert r.extremes((2, 1, 3, 1, 3)) == (1, 2, 3, 3)
    assert r.extremes((-1,)) == (-1, 1, -1, 1)
