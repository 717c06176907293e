"""Plausibility, line by line of protocol.md §6. Runs on CPython and on MicroPython."""

from fakes import made_alarms, made_reading

from firmware.plausible import Judge
from firmware.reading import Extra


def reading_of(cell_mv=3300, off=0, **fields):
    """A reading whose cells are all alike and sum to the pack voltage, but for `off` mV."""
    cells = fields.pop("cells", (cell_mv,) * 15)
    return made_reading(cells=cells, voltage=sum(cells) + off, **fields)


def settled(*readings):
    """A Judge that has accepted `readings` (by default one), the first of them said twice."""
    judge = Judge()
    readings = readings or (reading_of(),)
    assert refused(judge, readings[0])
    for number, reading in enumerate(readings):
        assert not refused(judge, reading, number == 0), reading
    return judge


def refused(judge, reading, again=False):
    """Whether `reading` is refused; `again`: it is the answer to a second question. The reason is a text."""
    why = judge.refusal(reading, again)
    assert why is None or (isinstance(why, str) and why), why
    return why is not None


def extra_of(temperatures=(220, 250), mos=275, soc=83):
    return Extra(temperatures, mos, soc, "Dischg", "discharging", (), (), "")


def with_cell(value, place=0):
    cells = list((3300,) * 15)
    cells[place] = value
    return tuple(cells)


def check_ranges():
    """What is out of range is refused however often it is said; what is just within may be."""
    for fields, possible in (
        ({"cells": with_cell(0)}, True), ({"cells": with_cell(-1)}, False), ({"cells": with_cell(-1, 14)}, False),
        ({"cells": with_cell(5000)}, True), ({"cells": with_cell(5001, 7)}, False), ({"cells": ()}, False),
        ({"temperatures": (-400,) * 5}, True), ({"temperatures": (220, -401)}, False),
        ({"temperatures": (1250,) * 5}, True), ({"temperatures": (1251, 220)}, False), ({"temperatures": ()}, True),
        ({"current": -3276800}, True), ({"current": -3276801}, False), ({"current": 3276801}, False),
        ({"remaining": 55000}, True), ({"remaining": 55001}, False), ({"remaining": 0}, True),
        ({"remaining": 1, "capacity": 0}, False), ({"remaining": 81400, "capacity": 74000}, True),
        ({"remaining": 81401, "capacity": 74000}, False),
    ):  # fmt: skip
        reading = reading_of(**fields)
        judge = Judge()
        assert refused(judge, reading)
        assert refused(judge, reading, True) != possible, fields


def check_counts_stay():
    """Fewer or more cells or sensors are refused, even twice the same: only forgetting helps."""
    for fields in (
        {"cells": (3300,) * 14}, {"cells": (3300,) * 16}, {"temperatures": (220,) * 4}, {"temperatures": (220,) * 6},
    ):  # fmt: skip
        judge = settled()
        other = reading_of(**fields)
        assert refused(judge, other) and refused(judge, other, True), fields
        assert not refused(judge, reading_of()), fields


def check_sum_is_asked_for_after_three_exact_ones_in_a_row():
    for exact in range(1, 6):
        judge = settled(*[reading_of()] * exact)
        assert refused(judge, reading_of(off=1)) == (exact >= 3), exact
        assert refused(judge, reading_of(off=-1)) == (exact >= 3), exact
    judge = settled(reading_of(), reading_of(), reading_of(off=2), reading_of(), reading_of())
    assert not refused(judge, reading_of(off=3))
    judge = settled(reading_of(off=2), reading_of(), reading_of(), reading_of())
    assert refused(judge, reading_of(off=3))


def check_a_dialect_that_is_not_exact_is_never_held_to_the_sum():
    judge = Judge(exact=False)
    assert refused(judge, reading_of()) and not refused(judge, reading_of(), True)
    for _ in range(5):
        assert not refused(judge, reading_of())
    assert not refused(judge, reading_of(off=1)) and refused(judge, reading_of(off=700))


def check_once_exact_always_exact():
    """And two refusals forget nothing, as long as a good reading follows."""
    judge = settled(*[reading_of()] * 3)
    for _ in range(5):
        assert refused(judge, reading_of(off=1)) and refused(judge, reading_of(off=1), True)
        assert not refused(judge, reading_of())


def check_pack_that_is_never_exact_is_held_to_one_percent():
    """Of the pack voltage."""
    cells = (3300,) * 15  # 49.5 V
    for voltage, possible in ((50000, True), (50001, False), (49010, True), (49009, False), (0, False), (65535, False)):
        judge = settled(reading_of(off=7))
        reading = made_reading(cells=cells, voltage=voltage)
        assert refused(judge, reading) != possible, voltage
        assert possible or refused(judge, reading, True), voltage


def check_jumps():
    """What follows the last reading at once, and what must be said twice."""
    for fields, follows in (
        ({"cells": with_cell(3400)}, True), ({"cells": with_cell(3401)}, False),
        ({"cells": with_cell(3200, 14)}, True), ({"cells": with_cell(3199, 14)}, False),
        ({"temperatures": (265, 190, 220, 220, 220)}, True), ({"temperatures": (266, 220, 220, 220, 220)}, False),
        ({"temperatures": (235, 220, 220, 220, 189)}, False),
        ({"remaining": 41442 + 1000}, True), ({"remaining": 41442 + 1001}, False),
        ({"remaining": 41442 - 1000}, True), ({"remaining": 41442 - 1001}, False),
        ({"current": -6300 + 5000}, True), ({"current": -6300 + 5100}, False),
        ({"current": -6300 - 5000}, True), ({"current": -6300 - 5100}, False),
        ({"cycles": 32}, False), ({"cycles": 30}, False), ({"capacity": 50001}, False), ({"capacity": 49999}, False),
    ):  # fmt: skip
        judge = settled()
        jumped = reading_of(**fields)
        assert refused(judge, jumped) != follows, fields
        if not follows:
            assert not refused(judge, jumped, True), fields
            assert not refused(judge, jumped), "what was taken is what the next is held against"


def check_second_must_agree_within_the_same_distances():
    first = reading_of(3500, current=20000, remaining=45000, cycles=40)
    for fields, agrees in (
        ({}, True), ({"cell_mv": 3600}, True), ({"cell_mv": 3601}, False), ({"current": 25000}, True),
        ({"current": 25100}, False), ({"remaining": 46000}, True), ({"remaining": 46001}, False),
        ({"cycles": 41}, False),
        ({"temperatures": (235, 220, 220, 250, 220)}, True), ({"temperatures": (235, 220, 220, 251, 220)}, False),
    ):  # fmt: skip
        judge = settled()
        assert refused(judge, first)
        values = {"cell_mv": 3500, "current": 20000, "remaining": 45000, "cycles": 40}
        values.update(fields)
        assert refused(judge, reading_of(**values), True) != agrees, fields


def check_jump_is_measured_from_the_last_accepted_reading():
    judge = settled()
    for step in range(1, 11):
        assert not refused(judge, reading_of(3300 + 100 * step)), step
    assert refused(judge, reading_of(3300))


def check_normal_reading_is_taken_though_the_one_before_was_damaged():
    judge = settled()
    for damaged in (reading_of(cells=with_cell(6000)), reading_of(9), reading_of(cycles=99), reading_of(off=700)):
        assert refused(judge, damaged)
        assert not refused(judge, reading_of(), True)


def check_first_reading_needs_a_second_that_agrees():
    for second, agrees in ((reading_of(3310), True), (reading_of(3500), False), (reading_of(3300), True)):
        judge = Judge()
        assert refused(judge, reading_of(3300))
        assert refused(judge, second, True) != agrees, second
    judge = Judge()
    assert refused(judge, reading_of()) and refused(judge, reading_of()), "not asked again: another first one"
    judge = Judge()
    assert refused(judge, reading_of(3300)) and refused(judge, reading_of(3500), True)
    assert refused(judge, reading_of(3700)), "two refusals forget nothing: still the first reading"


CALM = made_alarms()
CHANGES = (
    made_alarms(on=("Cell_OV",)), made_alarms(cells=b"\2" + bytes(14)), made_alarms(temperatures=b"\0\0\0\0\1"),
    made_alarms(charge=2), made_alarms(voltage=1), made_alarms(discharge=240), made_alarms(on=("Heater",)),
    made_alarms(faulty=(3,)),
)  # fmt: skip


def check_change_of_alarms_needs_a_second():
    for changed in CHANGES:
        judge = settled(reading_of(alarms=CALM))
        assert not refused(judge, reading_of(alarms=CALM))
        assert refused(judge, reading_of(alarms=changed))
        assert not refused(judge, reading_of(alarms=CALM), True), "it was not so"
        assert refused(judge, reading_of(alarms=changed))
        assert not refused(judge, reading_of(alarms=changed), True)
        assert not refused(judge, reading_of(alarms=changed)), "known by now"


def check_alarms_that_come_and_go_are_taken_at_the_third_try():
    for number, first in enumerate(CHANGES):
        second = CHANGES[number - 1]
        for third, taken in ((first, True), (CALM, True), (second, True), (CHANGES[number - 2], False)):
            judge = settled(reading_of(alarms=CALM))
            assert refused(judge, reading_of(alarms=first)) and refused(judge, reading_of(alarms=second), True)
            assert taken != bool(refused(judge, reading_of(alarms=third), True)), number


def check_reading_without_alarms_changes_no_alarms():
    judge = settled(reading_of(alarms=CALM))
    assert not refused(judge, reading_of())
    assert not refused(judge, reading_of(alarms=CALM))
    jumped = {"cell_mv": 3600}
    assert refused(judge, reading_of(**jumped))
    assert refused(judge, reading_of(alarms=CHANGES[0], **jumped), True), "nothing said so before"


def check_what_only_some_dialects_say():
    """The temperatures of cells and MOSFETs have ranges; those of the cells, and the SOC, jump."""
    for fields, possible, follows in (
        ({}, True, True), ({"temperatures": (220, 1251)}, False, False), ({"mos": 1251}, False, False),
        ({"mos": 900}, True, True), ({"mos": None}, True, True), ({"temperatures": (189, 250)}, True, False),
        ({"temperatures": (220, 281)}, True, False), ({"temperatures": (200, 280)}, True, True),
        ({"soc": 86}, True, True), ({"soc": 87}, True, False),
    ):  # fmt: skip
        judge = settled(reading_of(extra=extra_of()))
        made = reading_of(extra=extra_of(**fields))
        assert refused(judge, made) != follows, fields
        assert follows or refused(judge, made, True) != possible, fields


def check_three_refusals_forget():
    """It may be another pack: what comes then is the begin of a new history."""
    other = reading_of(cells=(3400,) * 16, temperatures=(300,) * 6, capacity=74000, remaining=70000, cycles=5)
    judge = settled(*[reading_of()] * 5)
    for again in (False, True, False):
        assert refused(judge, other, again)
    assert not refused(judge, other, True) and not refused(judge, other)
    values = {"temperatures": other.temperatures, "capacity": 74000, "remaining": 70000, "cycles": 5}
    inexact = made_reading(cells=other.cells, voltage=other.voltage + 1, **values)
    assert not refused(judge, inexact), "the run of exact sums begins anew too"
    assert refused(judge, reading_of())


def check_what_cannot_be_is_refused_after_forgetting_too():
    for damaged in (reading_of(6000), reading_of(off=700), reading_of(remaining=99999)):
        judge = settled()
        for number in range(10):
            assert refused(judge, damaged, number % 2 == 1)


def check_packs_have_their_own_history():
    judge = settled(*[reading_of()] * 5)
    second = reading_of(3400, pack=2, cycles=500)
    assert refused(judge, second) and not refused(judge, second, True)
    assert not refused(judge, reading_of(3400, off=5, pack=2, cycles=500))
    assert refused(judge, reading_of(off=5)) and not refused(judge, reading_of())
    judge.forget(1)
    judge.forget(7)
    other = reading_of(cells=(3400,) * 16, temperatures=(250,) * 6)
    assert refused(judge, other) and not refused(judge, other, True)
