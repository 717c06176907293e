"""The RS232 V2.8 dialect: how many packs there are, who each is, what it says -> Reading."""

from .. import reading
from . import frame, messages
from .link import NoReply, ReturnCode

_MAX_PACKS = 16  # of a group (§2.8)

# status1 … status3 (§4.2): the flag of each bit, bit 0 first
_STATUS = (
    ("Pack_OVP", "Cell_UVP", "CHG_OCP", None, "DSG_OCP", "DSG_TP", "CHG_TP", "Pack_UVP"),
    ("Precharge_MOS", "Charge_MOS", "Discharge_MOS", "Using_Pack_Power"),
    ("Buzzer", None, None, "Fully_Charged", None, "Heater", "Discharging", "Charging"),
)


class Pylontech:
    """The master pack and its slaves, asked over a Link. Every method may raise NoReply or ReturnCode."""

    name = "framed"

    def __init__(self, link):
        self._link = link
        self._version = None
        self._lacks = set()  # (CID2, pack) that the battery answered with RTN 04H

    def packs(self, _):
        """Numbers of the packs in the group: (1, 2, …)."""
        self._lacks.clear()  # what was lacking may have been a damaged reply: it is tried anew now and then
        try:
            count = self._link.request(frame.PACK_COUNT, _group_size)
        except ReturnCode as error:
            if error.code != frame.CID2_INVALID:
                raise
            count = self._counted()
        return tuple(range(1, count + 1))

    def _counted(self):
        """How many packs answer: for a battery that does not say it."""
        count = 0
        try:
            while count < _MAX_PACKS:
                self._link.request(frame.ANALOG_VALUES, messages.analog_values, count + 1)
                count += 1
        except (NoReply, ReturnCode):
            if not count:
                raise
        return count

    def identity(self, pack):
        """Who this pack is -> (serial number, protocol version, software version, maker, device), texts or None; the
        last three are the master's.
        """
        if pack == 1 or not self._version:
            self._version = self._link.request(frame.PROTOCOL_VERSION)
        serial = self._optional(frame.SERIAL_NUMBER, messages.serial_number, pack)
        said = self._optional(frame.MANUFACTURER, messages.manufacturer) if pack == 1 else None
        return (
            (serial[1] or None) if serial else None,
            "%d.%d" % (self._version >> 4, self._version & 15),
            said and said.version,
            said and said.maker,
            said and said.device,
        )

    def read(self, pack):
        """One pack's analog values and alarms -> reading.Reading; its alarms are None where none could be read."""
        _, blocks = self._link.request(frame.ANALOG_VALUES, messages.analog_values, pack)
        analog = blocks[0]
        alarm = None
        try:
            said = self._optional(frame.ALARMS, messages.alarms, pack)
            alarm = said and said[1][0]
        except (NoReply, ReturnCode):
            pass  # its values are good without
        if alarm is not None and len(alarm.cells) != len(analog.cells):
            alarm = None
        return reading.Reading(
            pack,
            analog.cells,
            analog.temperatures,
            analog.current,
            analog.voltage,
            analog.remaining,
            analog.capacity,
            analog.cycles,
            None,
            alarm and _alarms(alarm),
        )

    def limits(self, pack):
        """Charge and discharge management of one pack -> (charge voltage, discharge voltage in mV, charge current,
        discharge current in mA, charge enabled, discharge enabled, charge immediately, full charge request), or None:
        the battery lacks it.
        """
        said = self._optional(frame.MANAGEMENT, messages.management, pack)
        return said and said[1:5] + tuple([bool(said.status & mask) for mask in (0x80, 0x40, 0x30, 0x08)])

    def parameters(self, _):
        """System parameters -> messages.SystemParameters, or None: the battery lacks them."""
        return self._optional(frame.SYSTEM_PARAMETERS, messages.system_parameters)

    def _optional(self, cid2, parse, pack=None):
        """The reply to a command that some batteries lack: None then, and it is not asked again."""
        if (cid2, pack) in self._lacks:
            return None
        try:
            return self._link.request(cid2, parse, pack)
        except ReturnCode as error:
            if error.code != frame.CID2_INVALID:
                raise
            self._lacks.add((cid2, pack))
            return None


def _group_size(info):
    count = messages.pack_count(info)
    if not 1 <= count <= _MAX_PACKS:
        raise messages.DataError("a group of %d packs" % count)
    return count


def _states(raw):
    """Unknown states are "other"."""
    known = (reading.NORMAL, reading.BELOW, reading.ABOVE)
    return bytes([state if state in known else reading.OTHER for state in raw])


def _alarms(alarm):
    """States, and the status bits under the names that the rest of the house knows."""
    cells, temperatures = _states(alarm.cells), _states(alarm.temperatures)
    charge, voltage, discharge = _states((alarm.charge_current, alarm.voltage, alarm.discharge_current))
    flags = []
    for byte, keys in enumerate(_STATUS):
        flags += [(key, bool(alarm.status[byte] >> bit & 1)) for bit, key in enumerate(keys) if key]
    faults = alarm.status[3] | alarm.status[4] << 8  # status4: cells 1 to 8, status5: 9 to 16
    faulty = tuple([cell + 1 for cell in range(16) if faults >> cell & 1])
    flags.append(("Cell_Fault", bool(faulty)))
    flags += reading.alarm_flags(cells, temperatures, charge, voltage, discharge)
    return reading.Alarms(cells, temperatures, charge, voltage, discharge, tuple(flags), faulty)
