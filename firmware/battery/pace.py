"""The PACE dialect (Jakiper, SOK, Gobel and relatives; RS-232, 9600 baud): layouts of INFO -> Reading, identity."""

from collections import namedtuple

from ..modules import Temporary
from ..problems import OF_STATES, alarms_of
from ..reading import Reading, state_of_current
from . import frame
from .frame import DataError, take, take_counted, take_packs
from .link import Dialect, Link, flags_of, read_pack

_VERSION, _SERIAL_NUMBER = 0xC1, 0xC2  # CID2
# All that can be sent, read commands only, each with the most bytes of INFO in its reply: 16 cells, 8 sensors
COMMANDS = {frame.ANALOG_VALUES: 66, frame.ALARMS: 41, frame.PACK_COUNT: 1, _VERSION: 32, _SERIAL_NUMBER: 40}

# Flags of the bits of each byte: protect1, protect2, system, fault, warn1, warn2; bit 0 first. Of `system` only those
# that all sources agree upon.
_BITS = (
    ("Cell_OVP", "Cell_UVP", "Pack_OVP", "Pack_UVP", "CHG_OCP", "DSG_OCP", "SCP", "Charger_OVP"),
    ("CHG_OTP", "DSG_OTP", "CHG_UTP", "DSG_UTP", "MOS_OTP", "ENV_OTP", "ENV_UTP", "Fully_Charged"),
    (None, "Charge_MOS", "Discharge_MOS"),
    ("CHG_MOS_Fault", "DSG_MOS_Fault", "NTC_Fault", None, "Cell_Fault", "Sampling_Fault", "CCB_Fault", "Heater_Fault"),
    ("Cell_OV", "Cell_UV", "Pack_OV", "Pack_UV", "CHG_OC", "DSG_OC"),
    ("CHG_OT", "DSG_OT", "CHG_UT", "DSG_UT", "ENV_OT", "ENV_UT", "MOS_OT", "Low_SOC"),
)
# Flags that every dialect has, each set where one with such an end is
_COMMON = (("UT", "_UT"), ("OT", "_OT"), ("CHG_TP", "CHG_OTP"), ("CHG_TP", "CHG_UTP"), ("DSG_TP", "DSG_OTP"),
           ("DSG_TP", "DSG_UTP"))  # fmt: skip
_KEYS = OF_STATES + tuple(
    [key for keys in _BITS + (("CHG_TP", "DSG_TP"),) for key in keys if key and key not in OF_STATES]
)
_SENSORS = ("CellTemp1_4", "CellTemp5_8", "CellTemp9_12", "CellTemp13_16", "MOS_T", "ENV_T")
_UNIT = 10  # mA, mAh
_ZERO_CELSIUS = 2731  # 0.1 K

# cells [mV], temperatures [0.1 °C], current mA, voltage mV, remaining, capacity, design mAh, soh % or None
Analog = namedtuple("Analog", "cells temperatures current voltage remaining capacity cycles design soh")
# cells, temperatures: states; status: protect1, protect2, system, control, fault; balancing: a bit a cell
Alarm = namedtuple("Alarm", "cells temperatures charge_current voltage discharge_current status balancing warn")


def analog_values(info):
    """Reply to 42H, INFOFLAG included -> (pack, or pack count for all, [Analog, ...]). DataError."""
    return take_packs(info, _analog, 1)


def alarms(info):
    """Reply to 44H, DATAFLAG included -> (pack, or pack count for all, [Alarm, ...]). DataError."""
    return take_packs(info, _alarm, 1)


def _analog(info, at, more):
    cells, at = take_counted(info, at, b">%dH", 1)
    temperatures, at = take_counted(info, at, b">%dH")
    # the count of user-defined values, 2, 3 or 9, does not tell whether SOH is there
    (current, voltage, remaining, _, capacity, cycles, design), at = take(info, at, b">hHHBHHH")
    soh = None
    if more:
        (soh,), at = take(info, at, b">B")
        if soh > 100:
            raise DataError("%02XH behind the design capacity is no SOH" % soh)
    celsius = tuple([raw - _ZERO_CELSIUS for raw in temperatures])
    remaining, capacity, design = remaining * _UNIT, capacity * _UNIT, design * _UNIT
    return Analog(cells, celsius, current * _UNIT, voltage, remaining, capacity, cycles, design, soh), at


def _alarm(info, at, more):
    cells, at = take_counted(info, at, b">%dB", 1)
    temperatures, at = take_counted(info, at, b">%dB")
    (charge, voltage, discharge, status, balancing, warn), at = take(info, at, b">BBB5sH2s")
    _, at = take(info, at, b">%ds" % more)  # of unknown meaning
    return Alarm(cells, temperatures, charge, voltage, discharge, status, balancing, warn), at


class PaceLink(Link):
    """A Link that asks packs at their own ADR. Replies come from ADR 00H, 01H or the pack's; INFO says which pack."""

    masters = (0, 1)
    commands = COMMANDS
    version = 0x25  # or 20H: the search finds out which one the battery wants
    PROTOCOL_VERSION, SERIAL_NUMBER = _VERSION, _SERIAL_NUMBER
    analog_values, alarms = staticmethod(analog_values), staticmethod(alarms)

    def request(self, cid2, parse=None, byte=None, attempts=3):
        """As Link.request(); `byte`: number of a pack, FFH for the group."""
        self.address = byte or 1
        return super().request(cid2, parse, byte, attempts)


class Pace(Dialect):
    """The packs, asked over a PaceLink. NoReply or Refusal from every method."""

    name = "pace"
    exact = False

    def __init__(self, link):
        self.link = link

    def read(self, pack):
        """One pack's analog values and alarms -> Reading; its alarms are None where none could be read."""
        return reading(pack, *read_pack(self.link.request, self.link.request, self.link, pack))

    def packs(self, _=0):
        """Numbers of the packs: (1, 2, ...), counted by asking where 90H brings no count."""
        return _details().packs(self.link)

    def identity(self, pack):
        """Who this pack is -> (reading.Identity, None), or (what could be read of it, NoReply or Refusal)."""
        return _details().identity(self, pack)


def _details():
    with Temporary():
        from . import pace_details
    return pace_details


def reading(pack, analog, alarm):
    """Analog and Alarm (or None) of one pack -> Reading."""
    found = balancing = None
    state = state_of_current(analog.current)
    if alarm:
        found = _alarms(alarm)
        balancing = [cell + 1 for cell in range(len(alarm.cells)) if alarm.balancing >> cell & 1]
        if "Fully_Charged" in found.on and state != "discharging":
            state = "full"
    said = None, None, None, None, state, balancing, None, None, analog.design, _sensors(analog)
    return Reading(pack, *analog[:7], analog.soh, found, *said)


def _sensors(analog):
    """Keys of the temperatures: of all six, or of as many cells as there are, and beyond those by their number."""
    count = len(analog.temperatures)
    if count == len(_SENSORS):
        return _SENSORS
    groups = (len(analog.cells) + 3) // 4
    return tuple([_SENSORS[n] if n < groups else "Temp%d" % (n + 1) for n in range(count)])


def _alarms(alarm):
    on = flags_of(_BITS, alarm.status[:3] + alarm.status[4:] + alarm.warn)
    on += [key for key, end in _COMMON if [one for one in on if one.endswith(end)]]
    others = alarm.charge_current, alarm.voltage, alarm.discharge_current
    return alarms_of(alarm.cells, alarm.temperatures, others, _KEYS, on)
