"""Alarm states and flags (§3.7), in words in problem_text.py; and can a reading be what the battery said (§6)?"""

from binascii import crc32
from collections import namedtuple
from struct import calcsize, pack_into, unpack_from

from micropython import const

# State of a cell, a sensor, a voltage or a current
NORMAL, BELOW, ABOVE, OTHER = 0, 1, 2, 240
_KNOWN = (NORMAL, BELOW, ABOVE)

# Published flags, by the object that they stand in (mqtt.md); System_Status holds all others.
PROTECT = ("Pack_UVP", "CHG_TP", "DSG_TP", "DSG_OCP", "CHG_OCP", "Cell_UVP", "Pack_OVP")
FAULT = ("Cell_Fault",)
ALARM = ("Cell_UV", "Cell_OV", "Pack_UV", "Pack_OV", "CHG_OC", "DSG_OC", "UT", "OT", "Other", "Low_SOC")
_PROBLEM = PROTECT + FAULT + ("Other",)

OK = "OK"

# cell_states, temperature_states: bytes, one state each; the latter from a text console of the BMS, the MOSFETs and
# each cell. flags: tuple of (key of PROTECT …, bool); faulty_cells: from 1
Alarms = namedtuple(
    "Alarms", "cell_states temperature_states charge_state voltage_state discharge_state flags faulty_cells"
)

_MAX_CELL_MV, _MAX_CURRENT_MA = const(5000), const(3_276_800)  # the latter is what a frame can say (§3.5)
_MIN_TEMPERATURE, _MAX_TEMPERATURE = const(-400), const(1250)  # 0.1 °C
_EXACT_RUN = const(3)  # readings whose cells summed to the pack voltage exactly, before this is asked of every one
_REFUSALS = const(3)  # in a row, then the pack's history is forgotten: it may be another pack
# How far a value may be from the last accepted one (§6, jump): 0.1 °C, and 1/50 of the capacity
_JUMP_CELL_MV, _JUMP_CURRENT_MA, _JUMP_TEMPERATURE, _JUMP_REMAINING = const(100), const(5000), const(30), const(50)
# A pack's history: readings refused in a row, exact sums in a row, CRC of its alarms; and the last accepted reading:
# counts of cells and temperatures, capacity, cycles, remaining, current, cells, temperatures, zeros.
_PACKS, _VALUES_MAX = const(16), const(24)  # cells and temperatures
_HEAD = ">BBI"
_VALUES = ">BBiiii%dh" % _VALUES_MAX
_VALUES_AT = calcsize(_HEAD)
_SIZE = _VALUES_AT + calcsize(_VALUES)


def known_states(alarm):
    """The states of readings.Alarm or the like, those that are not known as "other" -> the first five of Alarms."""
    found = []
    for states in (alarm.cells, alarm.temperatures, (alarm.charge_current, alarm.voltage, alarm.discharge_current)):
        found.append(bytes([state if state in _KNOWN else OTHER for state in states]))
    return found[:2] + list(found[2])


def alarm_flags(cell_states, temperature_states, charge_state, voltage_state, discharge_state):
    """States as in Alarms -> the flags of Alarm_Status, (key, bool), … (§3.7), without Low_SOC, which no state says."""
    states = cell_states + temperature_states + bytes((charge_state, voltage_state, discharge_state))
    found = (BELOW in cell_states, ABOVE in cell_states, voltage_state == BELOW, voltage_state == ABOVE,
             charge_state not in (NORMAL, OTHER), discharge_state not in (NORMAL, OTHER), BELOW in temperature_states,
             ABOVE in temperature_states, OTHER in states)  # fmt: skip
    return tuple(zip(ALARM, found))


def judge(alarms):
    """Alarms -> (is there a protection, a cell fault or a state "other"?, is there any flag of Alarm_Status?)."""
    problem = warning = False
    for key, is_set in alarms.flags:
        if is_set:
            problem = problem or key in _PROBLEM
            warning = warning or key in ALARM
    return problem, warning


def crc(alarms):
    """Of all that an alarm reply said."""
    states = bytes((alarms.charge_state, alarms.voltage_state, alarms.discharge_state))
    flags = bytes([is_set for _, is_set in alarms.flags])
    return crc32(alarms.cell_states + alarms.temperature_states + states + flags + bytes(alarms.faulty_cells))


def cells_of_sensor(index):
    """-> numbers of the first and the last cell that the sensor `index` (from 1) of a framed battery is at."""
    return 4 * index - 3, 4 * index


class Judge:
    """Judges readings against each pack's history. `exact`: cells that once summed to the pack's voltage always do."""

    def __init__(self, exact=True):
        self._exact = exact
        self._history = bytearray(_SIZE * _PACKS)  # in one piece: records that come and go would split the memory
        self._last = None  # (values, CRCs of the alarms) of the reading judged last

    def forget(self, pack):
        """The pack, a number from 1, has left the group."""
        at = _SIZE * (pack - 1)
        pack_into(_HEAD, self._history, at, 0, 0, 0)
        self._history[at + _VALUES_AT] = 0

    def refusal(self, reading, again=False):
        """None: `reading` is accepted; else what is not plausible, and the pack is to be asked `again`. One that jumped
        is accepted when it agrees with the one before; changed alarms, when any of those before said the same.
        """
        why = out_of_range(reading)
        values = _flat(reading) if not why else None
        at = _SIZE * (reading.pack - 1)
        refused, exact, alarms = unpack_from(_HEAD, self._history, at)
        accepted = unpack_from(_VALUES, self._history, at + _VALUES_AT)
        said = crc(reading.alarms) if reading.alarms else alarms
        before = self._last if again else None
        self._last = values, (said,) + (before[1] if before else ())
        if not why:
            why = _hard_fault(reading, values, accepted, exact) or _needs_reread(values, accepted, before)
        if not why and said != alarms and (before is None or said not in before[1]):
            why = "alarms"
        if why:
            refused += why != "alarms"  # they do not tell that it is another pack
            if refused >= _REFUSALS:
                self.forget(reading.pack)
                refused = exact = alarms = 0
        else:
            pack_into(_VALUES, self._history, at + _VALUES_AT, *values)
            refused, alarms = 0, said
            exact = min(exact + 1, _EXACT_RUN) if self._exact and sum(reading.cells) == reading.voltage else 0
        pack_into(_HEAD, self._history, at, refused, exact, alarms)
        return why


def _flat(reading):
    """All that is compared with the last reading, in one tuple. Of the cells' temperatures only the lowest and the
    highest; an SOC that the battery says, which may jump by 3 %, as a temperature.
    """
    temperatures, extra = tuple(reading.temperatures), reading.extra
    if extra:
        temperatures += min(extra.temperatures), max(extra.temperatures), 10 * extra.soc
    counts = len(reading.cells), len(temperatures), reading.capacity, reading.cycles or 0
    rest = (0,) * (_VALUES_MAX - counts[0] - counts[1])
    return counts + (reading.remaining, reading.current) + tuple(reading.cells) + temperatures + rest


def out_of_range(reading):
    """The name of what in a reading cannot be (§6, ranges); None when all can."""
    temperatures, extra = tuple(reading.temperatures), reading.extra
    if extra:
        temperatures += tuple(extra.temperatures) + (extra.mos or 0,)
    elif len(reading.cells) + len(temperatures) > _VALUES_MAX:
        return "cells"
    if abs(reading.current) > _MAX_CURRENT_MA:
        return "current"
    if not reading.cells or min(reading.cells) < 0 or max(reading.cells) > _MAX_CELL_MV:
        return "cells"
    for temperature in temperatures:
        if not _MIN_TEMPERATURE <= temperature <= _MAX_TEMPERATURE:
            return "temperatures"
    return "remaining" if reading.remaining * 10 > reading.capacity * 11 else None


def _hard_fault(reading, values, accepted, exact):
    """What no second reading makes true."""
    if accepted[0] and accepted[:2] != values[:2]:
        return "cells"
    off = abs(sum(reading.cells) - reading.voltage)
    return "voltage" if off and (exact == _EXACT_RUN or off * 100 > reading.voltage) else None


def _needs_reread(values, accepted, before):
    """The name of what is accepted when a second reading says it, too; None when that was this one, or it is near."""
    why = _distance(accepted, values) if accepted[0] else "first"
    return _distance(before[0], values) if why and before and before[0] else why


def _distance(one, other):
    """The name of what jumped between two readings of a pack (§6); None when they can follow each other."""
    if one[:4] != other[:4]:
        return "capacity"
    if abs(one[4] - other[4]) * _JUMP_REMAINING > other[2]:
        return "remaining"
    if abs(one[5] - other[5]) > _JUMP_CURRENT_MA:
        return "current"
    for index in range(6, len(other)):
        is_cell = index < 6 + other[0]
        if abs(one[index] - other[index]) > (_JUMP_CELL_MV if is_cell else _JUMP_TEMPERATURE):
            return "cells" if is_cell else "temperatures"
    return None
