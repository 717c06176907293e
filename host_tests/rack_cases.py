"""The rack as a whole, line by line of mqtt.md ("The rack"). Runs on CPython and on MicroPython."""

from fakes import PERIOD, Clock, made_alarms, made_reading

from firmware.rack import Rack

CYCLE_MS = 10_000


def cells(*some):
    """15 cells that begin with `some`; the rest have 3300 mV."""
    return some + (3300,) * (15 - len(some))


ONE = made_reading(
    pack=1, cells=cells(3310, 3290), voltage=49500, current=-10000, remaining=20000, temperatures=(250, 200)
)
TWO = made_reading(
    pack=2, cells=cells(3300, 3310, 3290), voltage=49601, current=-10100, remaining=60000, capacity=74000,
    temperatures=(180, 210, 190),
)  # fmt: skip


def rack_of(expected, ticks=0):
    clock = Clock(ticks)
    rack = Rack(clock)
    rack.expect(tuple(range(1, expected + 1)))
    return rack, clock


def totals(*readings, missed=(), expected=None):
    """One cycle of a new rack."""
    rack, _ = rack_of(len(readings) if expected is None else expected)
    for reading in readings:
        rack.add(reading)
    return rack.cycle(list(missed))


def check_two_packs():
    """Voltage is the mean; current, power and capacities are sums; ties go to the first."""
    assert totals(ONE, TWO) == {
        "Packs": 2, "PacksExpected": 2, "PackVoltage": 49551, "PackCurrent": -20100, "Power": -4950 - 5010, "SOC": 645,
        "RemainingCapacity": 80000, "FullCapacity": 124000, "CellMin": 3290, "CellMinAt": "Pack 1 cell 2",
        "CellMax": 3310, "CellMaxAt": "Pack 1 cell 1", "CellDelta": 20, "TempMin": 180, "TempMax": 250,
        "BatteryState": "discharging", "TimeToEmpty": 239,
    }  # fmt: skip


def check_state_of_charge_is_weighed_by_capacity():
    for first, second, soc in (
        ((50000, 50000), (0, 50000), 500), ((50000, 50000), (0, 100000), 333), ((55000, 50000), (50000, 50000), 1000),
        ((0, 50000), (0, 50000), 0), ((0, 0), (0, 0), None),
    ):  # fmt: skip
        one = made_reading(pack=1, remaining=first[0], capacity=first[1])
        two = made_reading(pack=2, remaining=second[0], capacity=second[1])
        assert totals(one, two)["SOC"] == soc, (first, second)


def check_mean_voltage_is_rounded_half_away():
    for voltages, mean in (((49500, 49501), 49501), ((49500, 49500, 49501), 49500), ((1, 1, 2, 2), 2)):
        packs = [made_reading(pack=n + 1, voltage=one) for n, one in enumerate(voltages)]
        assert totals(*packs)["PackVoltage"] == mean, voltages


def check_lowest_and_highest_cell_say_where():
    values = totals(ONE, made_reading(pack=2, cells=cells(3300, 3280)), made_reading(pack=16, cells=cells(3320)))
    assert (values["CellMin"], values["CellMinAt"]) == (3280, "Pack 2 cell 2")
    assert (values["CellMax"], values["CellMaxAt"]) == (3320, "Pack 16 cell 1")
    assert values["CellDelta"] == 40


def check_temperatures_may_be_missing():
    values = totals(made_reading(temperatures=()))
    assert "TempMin" not in values and "TempMax" not in values
    values = totals(made_reading(temperatures=()), made_reading(pack=2, temperatures=(-5, -50)))
    assert (values["TempMin"], values["TempMax"]) == (-50, -5)


def check_battery_state():
    """What all packs share; the direction that only some have; else the sign of the sum."""
    for currents, state in (
        ((5000, 5000), "charging"), ((-5000, -5000), "discharging"), ((0, 0), "idle"), ((0, 5000), "charging"),
        ((0, -5000), "discharging"), ((8000, -5000), "charging"), ((5000, -8000), "discharging"),
        ((5000, -5000), "idle"),
    ):  # fmt: skip
        packs = [made_reading(pack=n + 1, current=one) for n, one in enumerate(currents)]
        assert totals(*packs)["BatteryState"] == state, currents
    full = made_alarms(on=("Fully_Charged",))
    assert totals(made_reading(alarms=full), made_reading(pack=2, alarms=full))["BatteryState"] == "full"


# -- problems


def check_without_alarm_data_nothing_is_said_of_problems():
    assert not [key for key in totals(ONE, TWO) if key in ("Problem", "Warning", "ProblemText")]


def check_problems_are_those_of_any_pack():
    calm, warned = made_alarms(), made_alarms(on=("Cell_OV",), cells=b"\0\0\2" + bytes(12))
    faulty = made_alarms(on=("Cell_Fault",), faulty=(4,))
    for alarms, problem, warning, text in (
        ((calm, calm), False, False, "OK"),
        ((calm, None), False, False, "OK"),
        ((warned, calm), False, True, "Pack 1: Cell 3 over-voltage"),
        ((calm, faulty), True, False, "Pack 2: Cell 4 fault"),
        ((warned, faulty), True, True, "Pack 1: Cell 3 over-voltage; Pack 2: Cell 4 fault"),
        ((None, faulty), True, False, "Pack 2: Cell 4 fault"),
    ):
        values = totals(*[made_reading(pack=n + 1, alarms=one) for n, one in enumerate(alarms)])
        assert (values["Problem"], values["Warning"], values["ProblemText"]) == (problem, warning, text), text


def check_problem_text_is_bounded():
    bad = made_alarms(on=("Pack_UVP", "DSG_OCP", "Cell_Fault"), faulty=tuple(range(1, 17)))
    text = totals(*[made_reading(pack=n, alarms=bad) for n in range(1, 17)])["ProblemText"]
    assert 100 < len(text) <= 120, text


# -- times


def check_times_to_full_and_empty():
    """From the mean current, in minutes; left out under 1 A."""
    for current, remaining, full, empty in (
        (10000, 25000, 150, None), (-10000, 25000, None, 150), (1000, 49000, 60, None), (999, 49000, None, None),
        (-1000, 1000, None, 60), (-999, 1000, None, None), (0, 25000, None, None), (5000, 50000, 0, None),
        (5000, 51000, 0, None), (-5000, 0, None, 0), (7000, 49000, 9, None), (8000, 49000, 8, None),
    ):  # fmt: skip
        values = totals(made_reading(current=current, remaining=remaining))
        assert (values.get("TimeToFull"), values.get("TimeToEmpty")) == (full, empty), (current, remaining)


def check_times_come_from_the_mean_of_5_minutes():
    rack, clock = rack_of(1)
    for current in [10000] * 30 + [-2000] * 15:
        clock.advance(CYCLE_MS)
        rack.add(made_reading(current=current, remaining=10000))
        values = rack.cycle([])
    assert "TimeToFull" in values and "TimeToEmpty" not in values, "still charging in the mean"
    for _ in range(30):
        clock.advance(CYCLE_MS)
        rack.add(made_reading(current=-2000, remaining=10000))
        values = rack.cycle([])
    assert values["TimeToEmpty"] == 300 and "TimeToFull" not in values


def check_mean_does_not_last_for_a_week():
    rack, clock = rack_of(1)
    for day, current in ((0, 30000), (7, 2000)):
        clock.advance(day * 24 * 3600 * 1000)
        for _ in range(40):
            clock.advance(CYCLE_MS)
            rack.add(made_reading(current=current, remaining=10000))
            minutes = rack.cycle([])["TimeToFull"]
    assert minutes == 1200


def check_window_of_the_mean_current():
    """Seconds that pass, a current, and the minutes to full that 40 Ah take at the mean."""
    for ticks in (0, PERIOD - 200_000):
        rack, clock = rack_of(1, ticks)
        for seconds, current, minutes in (
            (0, 1000, 2400), (10, 3000, 1200), (10, 8000, 600), (200, 4000, 600), (301, 1500, 1600), (30, 4500, 800),
        ):  # fmt: skip
            clock.advance(seconds * 1000)
            rack.add(made_reading(current=current, remaining=60000, capacity=100000))
            assert rack.cycle([])["TimeToFull"] == minutes, (ticks, seconds)
