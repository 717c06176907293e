"""The framed dialect, RS232 V2.8 -> Reading, identity, limits, parameters."""

from ..modules import Temporary
from ..problems import OF_STATES, alarms_of
from ..reading import Reading
from . import Refusal, frame, readings
from .link import Dialect, flags_of, read_pack

# status1 … status3 (§4.2): the flag of each bit, bit 0 first
_STATUS = (
    ("Pack_OVP", "Cell_UVP", "CHG_OCP", None, "DSG_OCP", "DSG_TP", "CHG_TP", "Pack_UVP"),
    ("Precharge_MOS", "Charge_MOS", "Discharge_MOS", "Using_Pack_Power"),
    ("Buzzer", None, None, "Fully_Charged", None, "Heater", "Discharging", "Charging"),
)
_KEYS = OF_STATES + tuple([key for keys in _STATUS for key in keys if key]) + ("Cell_Fault",)
_UNSAID = (None,) * 10  # what of a Reading other dialects say


class Pylontech(Dialect):
    """The master and its slaves, asked over a link.Link or, as "rs485", an Rs485Link. All raise NoReply, Refusal."""

    exact = True  # the cells sum to the pack's voltage

    def __init__(self, link, name="framed"):
        self.name, self.link = name, link
        self._lacking = set()  # (CID2, pack) that the battery answered with RTN 04H

    def read(self, pack):
        """One pack's analog values and alarms -> Reading; its alarms are None where none could be read."""
        analog, alarm = read_pack(self.link.request, self.optional, readings, pack)
        return Reading(pack, *analog, None, alarm and _alarms(alarm), *_UNSAID)

    def packs(self, _=0):
        """Numbers of the packs in the group: (1, 2, …) (§3, 90H)."""
        self._lacking.clear()  # a damaged reply may have said it: it is tried again now and then
        return _details().packs(self)

    def identity(self, pack):
        """-> (reading.Identity, None), or (a part of it, why not all), §4.4, §4.6; 51H is about the master alone."""
        return _details().identity(self, pack)

    def limits(self, pack):
        """One pack's limits (§4.5) -> (charge voltage, discharge voltage mV, charge current, discharge current mA,
        charge enabled, discharge enabled, charge immediately, full charge request), or None: the battery lacks it.
        """
        return _details().limits(self, pack)

    def parameters(self, _=0):
        """System parameters -> as messages.system_parameters() (§4.3), or None: the battery lacks them."""
        return _details().parameters(self)

    def optional(self, cid2, parse, pack):
        """The reply to a command that some batteries lack: None then, and not asked again. As Link.request()."""
        if (cid2, pack) in self._lacking:
            return None
        try:
            return self.link.request(cid2, parse, pack)
        except Refusal as error:
            if error.code != frame.CID2_INVALID:
                raise
            self._lacking.add((cid2, pack))
            return None


def _details():
    with Temporary():
        from . import messages
    return messages


def _alarms(alarm):
    """readings.Alarm -> problems.Alarms: the status bits under the names of mqtt.md."""
    on = flags_of(_STATUS, alarm.status)
    faults = alarm.status[3] | alarm.status[4] << 8  # status4: cells 1 to 8, status5: 9 to 16
    faulty = tuple([cell + 1 for cell in range(16) if faults >> cell & 1])
    if faulty:
        on.append("Cell_Fault")
    others = alarm.charge_current, alarm.voltage, alarm.discharge_current
    return alarms_of(alarm.cells, alarm.temperatures, others, _KEYS, on, faulty)
