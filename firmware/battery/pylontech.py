"""The RS232 V2.8 dialect: how many packs there are, who each is, what it says -> Reading."""

from .. import reading
from . import frame, messages
from .link import NoReply, ReturnCode

_MAX_PACKS = 16  # of a group (§2.8)

# Bits of status1 … status3 (§4.2): key, byte, mask
_STATUS_BITS = (
    ("Pack_UVP", 0, 0x80),
    ("CHG_TP", 0, 0x40),
    ("DSG_TP", 0, 0x20),
    ("DSG_OCP", 0, 0x10),
    ("CHG_OCP", 0, 0x04),
    ("Cell_UVP", 0, 0x02),
    ("Pack_OVP", 0, 0x01),
    ("Using_Pack_Power", 1, 0x08),
    ("Discharge_MOS", 1, 0x04),
    ("Charge_MOS", 1, 0x02),
    ("Precharge_MOS", 1, 0x01),
    ("Charging", 2, 0x80),
    ("Discharging", 2, 0x40),
    ("Heater", 2, 0x20),
    ("Fully_Charged", 2, 0x08),
    ("Buzzer", 2, 0x01),
)
_CELL_FAULTS = (3, 4)  # status4, status5: a bit for each of 8 cells, the lowest first


class Pylontech:
    """The master pack and its slaves, asked over a Link. Every method may raise NoReply or ReturnCode."""

    name = "framed"

    def __init__(self, link):
        self._link = link
        self._lacks = set()  # (CID2, pack) that the battery answered with RTN 04H

    def find_packs(self):
        """Numbers of the packs in the group: [1, 2, …]."""
        self._lacks.clear()  # what was lacking may have been a damaged reply: it is tried anew now and then
        return list(range(1, self._link.request(frame.PACK_COUNT, _group_size) + 1))

    def identify(self, pack):
        """Who this pack is -> reading.Identity; only the master says its version, maker and device."""
        version = self._link.protocol_version()
        serial = self._optional(frame.SERIAL_NUMBER, pack, _of_pack(messages.serial_number, pack))
        master = None
        if pack == 1:
            master = self._optional(frame.MANUFACTURER, pack, messages.manufacturer, b"")
        return reading.Identity(
            serial and serial[1] or None,
            "%d.%d" % (version >> 4, version & 15),
            master and master.version,
            master and master.maker,
            master and master.device,
        )

    def read(self, pack):
        """One pack's analog values and alarms -> reading.Reading; its alarms are None where none could be read."""
        analog = self._link.request(frame.ANALOG_VALUES, _block_of(messages.analog_values, pack), bytes((pack,)))
        try:
            alarm = self._optional(frame.ALARMS, pack, _block_of(messages.alarms, pack))
        except (NoReply, ReturnCode):
            alarm = None
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
        """Charge and discharge management of one pack -> reading.Limits, or None: the battery lacks it."""
        said = self._optional(frame.MANAGEMENT, pack, _of_pack(messages.management, pack))
        return said and reading.Limits(
            said.charge_voltage,
            said.discharge_voltage,
            said.charge_current,
            said.discharge_current,
            bool(said.status & 0x80),
            bool(said.status & 0x40),
            bool(said.status & 0x30),
            bool(said.status & 0x08),
        )

    def parameters(self):
        """System parameters -> messages.SystemParameters, or None: the battery lacks them."""
        return self._optional(frame.SYSTEM_PARAMETERS, 1, messages.system_parameters, b"")

    def _optional(self, cid2, pack, parse, info=None):
        """The reply to a command that some batteries lack: RTN 04H -> None, and it is not asked again."""
        if (cid2, pack) in self._lacks:
            return None
        try:
            return self._link.request(cid2, parse, bytes((pack,)) if info is None else info)
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


def _of_pack(parse, pack):
    """A parser that takes only what `pack` said."""

    def checked(info):
        value = parse(info)
        if value[0] != pack:
            raise messages.DataError("reply of pack %d, not %d" % (value[0], pack))
        return value

    return checked


def _block_of(parse, pack):
    """A parser of the only block in a reply of `pack`."""

    def block(info):
        _, blocks = _of_pack(parse, pack)(info)
        if len(blocks) != 1:
            raise messages.DataError("reply of %d packs" % len(blocks))
        return blocks[0]

    return block


def _state(raw):
    return raw if raw in (reading.NORMAL, reading.BELOW, reading.ABOVE) else reading.OTHER


def _alarms(alarm):
    """States, and the status bits under the names that the rest of the house knows."""
    cells = tuple([_state(raw) for raw in alarm.cells])
    temperatures = tuple([_state(raw) for raw in alarm.temperatures])
    charge, voltage, discharge = [_state(raw) for raw in (alarm.charge_current, alarm.voltage, alarm.discharge_current)]
    faulty = []
    for eight, byte in enumerate(_CELL_FAULTS):
        faulty += [8 * eight + bit + 1 for bit in range(8) if alarm.status[byte] >> bit & 1]
    flags = tuple([(key, bool(alarm.status[byte] & mask)) for key, byte, mask in _STATUS_BITS])
    flags += (("Cell_Fault", bool(faulty)),)
    flags += reading.alarm_flags(cells, temperatures, charge, voltage, discharge)
    return reading.Alarms(cells, temperatures, charge, voltage, discharge, flags, tuple(faulty))
