"""The rack as a whole, line by line of mqtt.md ("The rack"). Runs on CPython and on MicroPython."""

from fakes import PERIOD, Clock, made_alarms, made_reading

from firmware.rack import Rack
from firmware.reading import summarize

DAY_MS = 24 * 3600 * 1000
SUMS = ("Packs", "PacksExpected", "PackCurrent", "Problem", "Warning", "ProblemText")


class Rig:
    """A Rack whose group is packs 1 to `count`."""

    def __init__(self, count, ticks=0):
        self.clock = Clock(ticks)
        self.rack = Rack(self.clock)
        self.group = range(1, count + 1)
        self.rack.expect(self.group)

    def cycle(self, *readings, ms=10_000):
        """`ms` pass, and a cycle that brings these readings; -> what is published of it."""
        self.clock.advance(ms)
        for reading in readings:
            self.rack.add(reading, summarize(reading))
        there = [reading.pack for reading in readings]
        return self.rack.cycle([pack for pack in self.group if pack not in there])

    def cycles(self, *cycles):
        """Each is the packs that are read; -> how many packs each published, None for no Rack."""
        published = [self.cycle(*[made_reading(pack=pack) for pack in packs]) for packs in cycles]
        return [values and values["Packs"] for values in published]


def says(soc):
    return {} if soc is None else {"cell_temperatures": (220, 231), "soc": soc, "state": "balancing"}


TWO_PACKS = (
    made_reading(cells=(3310, 3290, 3300), voltage=49500, current=-10000, remaining=20000, temperatures=(250, 200)),
    made_reading(pack=2, cells=(3300, 3310, 3290), voltage=49601, current=-10100, remaining=60000, capacity=74000,
                 temperatures=(180, 210, 190)),
)  # fmt: skip
FULL, CALM, FAULTY = made_alarms(on=("Fully_Charged",)), made_alarms(), made_alarms(on=("Cell_Fault",), faulty=(4,))
WARNED = made_alarms(on=("Cell_OV",), cells=b"\0\0\2" + bytes(12))
NINE = made_alarms(on=("Cell_OV",), cells=b"\2" * 9 + bytes(6))
OFF = made_alarms(on=("Pack_OVP", "Cell_OV"), cells=b"\2" + bytes(14))
# field in which the packs differ, None for some, what each says; keys that are published, their values
OF_PACKS = (
    ("voltage", (49500, 49500, 49501), {"PackVoltage": 49500}), ("temperatures", ((),), {"TempMin": None}),
    ("temperatures", ((), (-5, -50)), {"TempMin": -50, "TempMax": -5}),
    (None, (says(60), says(80)), {"TempMin": 220, "TempMax": 231, "BatteryState": "balancing"}),
    # the state that all packs share; the direction that only some have; else the sign of the sum
    ("current", (5000, 5000), {"BatteryState": "charging"}), ("current", (0, 0), {"BatteryState": "idle"}),
    ("current", (0, 5000), {"BatteryState": "charging"}), ("current", (0, -5000), {"BatteryState": "discharging"}),
    ("current", (8000, -5000), {"BatteryState": "charging"}), ("current", (5000, -5000), {"BatteryState": "idle"}),
    ("current", (5000, -8000), {"BatteryState": "discharging"}), ("alarms", (FULL, FULL), {"BatteryState": "full"}),
    ("alarms", (None,), {"Problem": None, "Warning": None, "ProblemText": None}),
    ("alarms", (CALM, None), {"Problem": False, "Warning": False, "ProblemText": "OK"}),
    ("alarms", (WARNED, CALM), {"Problem": False, "Warning": True, "ProblemText": "Pack 1: Cell 3 over-voltage"}),
    ("alarms", (WARNED, FAULTY),
     {"Problem": True, "Warning": True, "ProblemText": "Pack 2: Cell 4 fault; Pack 1: Cell 3 over-voltage"}),
    ("alarms", (OFF, None), {"ProblemText": "Pack 1: Over-voltage protection; Cell 1 over-voltage"}),
    ("alarms", (NINE, NINE, OFF), {"ProblemText": "Pack 3: Over-voltage protection; "
     "Pack 1: Cells 1, 2, 3, 4, 5, 6, 7, 8, 9 over-voltage … and 2 more"}),
    ("alarms", (WARNED,) * 8 + (OFF,), {"ProblemText": "Pack 9: Over-voltage protection; "
     "Pack 1: Cell 3 over-voltage; Pack 2: Cell 3 over-voltage … and 7 more"}),
    ("alarms", (made_alarms(on=("Pack_OVP", "OT", "UT")),) * 16,
     {"ProblemText": "Pack 1: Over-voltage protection; Pack 2: Over-voltage protection; Pack 3: Over-voltage protection"
      " … and 45 more"}),
    ("cells", ((3310, 3290), (3300, 3280), (3320, 3300)),
     {"CellMin": 3280, "CellMinAt": "Pack 2 cell 2", "CellMax": 3320, "CellMaxAt": "Pack 3 cell 1", "CellDelta": 40}),
)  # fmt: skip
# (remaining, capacity) of each pack; the second one may say its SOC itself, in %, as a text console does
SOCS = (
    ((50000, 50000), (0, 100000), None, 333), ((55000, 50000), (50000, 50000), None, 1000),
    ((0, 0), (0, 0), None, None), ((50000, 50000), (40000, 50000), 90, 950), ((50000, 50000), (0, 50000), 0, 500),
)  # fmt: skip
# current, remaining, the SOC that it says itself; minutes to full, to empty: left out under 1 A
TIMES = (
    (1000, 49000, None, 60, None), (999, 49000, None, None, None), (-1000, 1000, None, None, 60),
    (-999, 1000, None, None, None), (5000, 51000, None, 0, None), (-5000, 0, None, None, 0),
    (7000, 49000, None, 9, None), (8000, 49000, None, 8, None), (1000, 24000, 60, 960, None),  # it holds 40 Ah
)  # fmt: skip
# Seconds that pass, a current, and the minutes to full that 40 Ah take at the mean of 5 minutes
MEANS = (
    (0, 1000, 2400), (10, 3000, 1200), (10, 8000, 600), (200, 4000, 600), (301, 1500, 1600), (30, 4500, 800),
    (7 * DAY_MS // 1000, 2000, 1200), (29, 4000, 800), (1, 6000, 600), (270, 8000, 343), (29, 2000, 450),
)  # fmt: skip
# Seconds that pass, four cells, and which one is told as the lowest and as the highest: another one at once when it is
# so by more than 3 mV, else after a minute of it
EXTREMES = (
    (10, (3290, 3300, 3320, 3310), 1, 3), (10, (3290, 3287, 3320, 3323), 1, 3), (59, (3289, 3287, 3321, 3323), 1, 3),
    (1, (3290, 3287, 3320, 3323), 2, 4), (10, (3286, 3287, 3324, 3323), 2, 4), (59, (3287, 3287, 3323, 3323), 2, 4),
    (10, (3286, 3287, 3324, 3323), 2, 4), (59, (3286, 3287, 3324, 3323), 2, 4), (10, (3287, 3287, 3323, 3323), 2, 4),
    (10, (3290, 3294, 3325, 3321), 1, 3), (10, (3289, 3288, 3323, 3324), 1, 3),
    (7 * DAY_MS // 1000, (3289, 3288, 3323, 3324), 2, 4),
)  # fmt: skip
# Packs of the group, those that are read in each cycle, how many are published: nothing for 60 s, then the others. A
# pack that comes back begins its 60 seconds anew, each pack for itself
MISSING = (
    (2, [(1, 2), (1,), (1, 2), (2,), (), (1, 2)], [2, None, 2, None, None, 2]),
    (2, [(1,)] * 5 + [(1, 2)] + [(1,)] * 7 + [(1, 2), (1,)], [None] * 5 + [2] + [None] * 6 + [1, 2, None]),
    (3, [(1, 3)] * 7 + [(1,)] * 7, [None] * 6 + [2] + [None] * 6 + [1]), (2, [()] * 10, [None] * 10), (0, [()], [None]),
)  # fmt: skip


def check_what_packs_have_together():
    assert Rig(2).cycle(*TWO_PACKS) == {
        "Packs": 2, "PacksExpected": 2, "PackVoltage": 49551, "PackCurrent": -20100, "Power": -4950 - 5010, "SOC": 645,
        "RemainingCapacity": 80000, "FullCapacity": 124000, "StoredEnergy": 768000, "CellMin": 3290,
        "CellMinAt": "Pack 1 cell 2", "CellMax": 3310, "CellMaxAt": "Pack 1 cell 1", "CellDelta": 20,
        "TempMin": 180, "TempMax": 250, "BatteryState": "discharging", "TimeToEmpty": 239,
    }  # fmt: skip
    for key, said, expected in OF_PACKS:
        readings = [made_reading(pack=n, **({key: value} if key else value)) for n, value in enumerate(said, 1)]
        values = Rig(len(said)).cycle(*readings)
        assert {name: values.get(name) for name in expected} == expected, (key, said)
    for first, second, soc, expected in SOCS:
        one = made_reading(pack=1, remaining=first[0], capacity=first[1])
        two = made_reading(pack=2, remaining=second[0], capacity=second[1], **says(soc))
        assert Rig(2).cycle(one, two)["SOC"] == expected, (first, second)


def check_where_the_lowest_and_highest_cell_is_changes_seldom():
    rig = Rig(1)
    for seconds, some, low, high in EXTREMES:
        values = rig.cycle(made_reading(cells=some), ms=1000 * seconds)
        told = values["CellMinAt"], values["CellMaxAt"]
        assert told == ("Pack 1 cell %d" % low, "Pack 1 cell %d" % high), (seconds, some, told)  # noqa: UP031
        assert (values["CellMin"], values["CellMax"]) == (min(some), max(some))
    rig = Rig(2)
    for packs, low in (((1, 2), 1), ((2,), None), ((2,), None), ((2,), 2), ((1, 2), 2)):  # one that is gone
        values = rig.cycle(*[made_reading(pack=pack, cells=(3298 + pack, 3310)) for pack in packs], ms=31_000)
        assert (values and values["CellMinAt"]) == (low and "Pack %d cell 1" % low), packs  # noqa: UP031


def check_times_to_full_and_empty():
    for current, remaining, soc, full, empty in TIMES:
        values = Rig(1).cycle(made_reading(current=current, remaining=remaining, **says(soc)))
        assert (values.get("TimeToFull"), values.get("TimeToEmpty")) == (full, empty), (current, remaining)
    for ticks in (0, PERIOD - 200_000):
        rig = Rig(1, ticks)
        for seconds, current, minutes in MEANS:
            reading = made_reading(current=current, remaining=60000, capacity=100000)
            assert rig.cycle(reading, ms=seconds * 1000)["TimeToFull"] == minutes, (ticks, seconds)


def check_pack_that_is_missing():
    for count, cycles, published in MISSING:
        for ticks in (0, PERIOD - 30_000):
            assert Rig(count, ticks).cycles(*cycles) == published, (ticks, cycles)
    rig = Rig(2)
    assert rig.cycles((1, 2), *[(1,)] * 8) == [2] + [None] * 6 + [1, 1]
    for _ in range(30):  # for good: ticks cannot tell six days from minus six
        assert rig.cycle(made_reading(), ms=DAY_MS // 2)["Packs"] == 1
    rig = Rig(2)
    assert rig.cycles((1, 2), (1,)) == [2, None]
    assert rig.rack.cycle(None) is None  # the battery is away, or polling is paused: then nobody is missing
    rig.clock.advance(3_600_000)
    assert rig.cycles((1,), (1, 2)) == [None, 2]


def check_what_is_said_of_a_missing_pack():
    """It comes behind faults only, and is not said any longer than it is so. A pack that left is missing, too."""
    for alarms, warning, text in ((None, False, "%s"), (FAULTY, False, "Pack 1: Cell 4 fault; %s"),
                                  (made_alarms(on=("Other",)), True, "%s; Pack 1: Other error")):  # fmt: skip
        rig = Rig(3)
        rig.cycles(*[(1, 3)] * 6)
        values = rig.cycle(made_reading(alarms=alarms), made_reading(pack=3))
        assert [values[key] for key in SUMS] == [2, 3, -12600, True, warning, text % "Pack 2 missing"]
    assert "ProblemText" not in rig.cycle(*[made_reading(pack=pack) for pack in (1, 2, 3)])
    rig = Rig(2)
    rig.cycles((1, 2))
    rig.group = (1,)
    rig.rack.expect(rig.group)
    assert rig.cycles(*[(1,)] * 8) == [None] * 6 + [1, 1]
    values = rig.cycle(made_reading())
    assert [values[key] for key in SUMS] == [1, 2, -6300, True, False, "Pack 2 missing"]
    rig.rack.expect((1, 2))
    assert rig.cycles(*[(1, 2)] * 2) == [2, 2]
