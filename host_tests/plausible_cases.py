"""Plausibility, line by line of protocol.md §6. Runs on CPython and on MicroPython."""

from fakes import made_alarms, made_reading

from firmware.plausible import Judge

USUAL = (3300,) * 15


def reading_of(cell_mv=3300, off=0, **fields):
    """A reading whose cells are all alike and sum to the pack voltage, but for `off` mV."""
    cells = fields.pop("cells", (cell_mv,) * 15)
    return made_reading(cells=cells, voltage=fields.pop("voltage", sum(cells) + off), **fields)


def settled(*readings):
    """A Judge that has accepted `readings` (by default one), the first of them said twice."""
    first, *others = readings or (reading_of(),)
    return judged(Judge(), (first, False, False), (first, True, True), *[(one, False, True) for one in others])


def judged(judge, *rows):
    """Asserts of each (reading, is it a second answer?, is it accepted?) -> the Judge."""
    for number, (reading, again, accepted) in enumerate(rows):
        why = judge.refusal(reading, again)
        assert why is None if accepted else isinstance(why, str) and why, (number, why, reading)
    return judge


def says(temperatures=(220, 250), mos=275, soc=83):
    return {"cell_temperatures": temperatures, "mos": mos, "soc": soc}


def with_cell(value, place=0):
    return USUAL[:place] + (value,) + USUAL[place + 1 :]  # noqa: RUF005 - not on MicroPython


# What is out of range is refused however often it is said; what is just within may be
RANGES = (
    ({"cells": with_cell(0)}, True), ({"cells": with_cell(-1, 14)}, False), ({"cells": with_cell(5000)}, True),
    ({"cells": with_cell(5001, 7)}, False), ({"cells": ()}, False), ({"temperatures": (-400,) * 5}, True),
    ({"temperatures": (220, -401)}, False), ({"temperatures": (1250,) * 5}, True),
    ({"temperatures": (1251, 220)}, False), ({"temperatures": ()}, True), ({"temperatures": (220,) * 9}, True),
    ({"temperatures": (220,) * 10}, False),  # with 15 cells
    ({"current": -3276800}, True), ({"current": -3276801}, False), ({"current": 3276801}, False),
    ({"remaining": 1, "capacity": 0}, False), ({"remaining": 81400, "capacity": 74000}, True),
    ({"remaining": 81401, "capacity": 74000}, False), ({"remaining": 0}, True), ({"cycles": None}, True),
    (says((220, 1251)), False), (says(mos=1251), False), (says(mos=None), True),
)  # fmt: skip
# What follows the last reading at once; what must be said twice; what is never taken: only forgetting helps
JUMPS = (
    ({"cells": with_cell(3400)}, True), ({"cells": with_cell(3401)}, False), ({"cells": with_cell(3199, 14)}, False),
    ({"temperatures": (265, 190, 220, 220, 220)}, True), ({"temperatures": (266, 220, 220, 220, 220)}, False),
    ({"temperatures": (235, 220, 220, 220, 189)}, False), ({"remaining": 41442 + 1000}, True),
    ({"remaining": 41442 + 1001}, False), ({"remaining": 41442 - 1001}, False), ({"current": -1300}, True),
    ({"current": -1299}, False), ({"current": -11301}, False), ({"cycles": 32}, False), ({"capacity": 49999}, False),
    ({"cells": USUAL[:14]}, None), ({"cells": (3300,) * 16}, None), ({"temperatures": (220,) * 4}, None),
    (says((189, 250)), False), (says((220, 281)), False), (says(soc=86), True), (says(soc=87), False),
)  # fmt: skip
CALM = made_alarms()
CHANGES = (
    made_alarms(on=("Cell_OV",)), made_alarms(cells=b"\2" + bytes(14)), made_alarms(temperatures=b"\0\0\0\0\1"),
    made_alarms(charge=2), made_alarms(voltage=1), made_alarms(discharge=240), made_alarms(faulty=(3,)),
)  # fmt: skip


def check_ranges():
    for fields, possible in RANGES:
        reading = reading_of(**fields)
        judged(Judge(), (reading, False, False), (reading, True, possible))


def check_jumps():
    for fields, follows in JUMPS:
        jumped, usual = reading_of(**fields), reading_of(**(says() if "soc" in fields else {}))
        judge = judged(settled(usual), (jumped, False, bool(follows)))
        if follows is None:
            judged(judge, (jumped, True, False), (usual, False, True))
        elif not follows:
            judged(judge, (jumped, True, True), (jumped, False, True))
    judge = judged(settled(), *[(reading_of(3300 + 100 * step), False, True) for step in range(1, 11)])
    judged(judge, (reading_of(), False, False))


def check_second_must_agree_within_the_same_distances():
    jumped = reading_of(3500, current=20000)
    for second, agrees in ((reading_of(3600, current=20000), True), (reading_of(3601, current=20000), False)):
        judged(settled(), (jumped, False, False), (second, True, agrees))
    for damaged in (reading_of(cells=with_cell(6000)), reading_of(9), reading_of(cycles=99), reading_of(off=700)):
        judged(settled(), (damaged, False, False), (reading_of(), True, True))
    one, near, far = reading_of(3300), reading_of(3310), reading_of(3500)  # and the first of all needs a second
    judged(Judge(), (one, False, False), (near, True, True))
    judged(Judge(), (one, False, False), (far, True, False), (reading_of(3700), False, False), (one, True, False))
    judged(Judge(), *[(one, False, False)] * 3)  # not asked again: another first one


def check_sums():
    """After three exact ones in a row each must be exact, but in a dialect that is not; else to 1 % of the voltage."""
    for exact in range(1, 6):
        for off in (1, -1):
            judged(settled(*[reading_of()] * exact), (reading_of(off=off), False, exact < 3))
    judged(settled(reading_of(), reading_of(), reading_of(off=2), reading_of(), reading_of()),
           (reading_of(off=3), False, True))  # fmt: skip
    judge = settled(reading_of(off=2), *[reading_of()] * 3)
    for _ in range(5):  # once exact always exact; two refusals forget nothing, as long as a good reading follows
        judged(judge, (reading_of(off=1), False, False), (reading_of(off=1), True, False), (reading_of(), False, True))
    judge = judged(Judge(exact=False), (reading_of(), False, False), *[(reading_of(), True, True)] * 6)
    judged(judge, (reading_of(off=1), False, True), (reading_of(off=700), False, False))
    for voltage, possible in ((50000, True), (50001, False), (49010, True), (49009, False), (0, False)):
        judged(settled(reading_of(off=7)), *[(reading_of(voltage=voltage), again, possible) for again in (False, True)])


def check_change_of_alarms_needs_a_second():
    """Those that come and go are taken at the third try. A reading without alarms changes none."""
    calm = reading_of(alarms=CALM)
    for number, first in enumerate(CHANGES):
        changed, other = reading_of(alarms=first), reading_of(alarms=CHANGES[number - 1])
        judged(settled(calm), (calm, False, True), (changed, False, False), (calm, True, True),
               (changed, False, False), (changed, True, True), (changed, False, True))  # fmt: skip
        for third, taken in ((changed, True), (other, True), (reading_of(alarms=CHANGES[number - 2]), False)):
            judged(settled(calm), (changed, False, False), (other, True, False), (third, True, taken))
    judged(settled(calm), (reading_of(), False, True), (calm, False, True), (reading_of(3600), False, False),
           (reading_of(3600, alarms=CHANGES[0]), True, False))  # fmt: skip


def check_three_refusals_forget():
    """It may be another pack: what comes then is the begin of a new history, with a new run of exact sums."""
    fields = {"cells": (3400,) * 16, "temperatures": (300,) * 6, "capacity": 74000, "remaining": 70000, "cycles": 5}
    other, inexact = reading_of(**fields), reading_of(off=1, **fields)
    judged(settled(*[reading_of()] * 5), *[(other, again, False) for again in (False, True, False)],
           (other, True, True), (inexact, False, True), (reading_of(), False, False))  # fmt: skip


def check_packs_have_their_own_history():
    judge = settled(*[reading_of()] * 5)
    for pack in (2, 16):
        second = reading_of(3400, off=5, pack=pack, cycles=500)
        judged(judge, (second, False, False), (second, True, True))
    judged(judge, (reading_of(off=5), False, False), (reading_of(), False, True))
    judge.forget(1)
    other = reading_of(off=1, cells=(3400,) * 16, temperatures=(250,) * 6)
    judged(judge, (other, False, False), (other, True, True), (other, False, True))
