"""The RS232 V2.8 dialect: what a pack says in every cycle -> Reading."""

from ..overlay import drop
from ..reading import ABOVE, BELOW, NORMAL, OTHER, Alarms, Reading, alarm_flags
from . import NoReply, ReturnCode, blocks, frame

# status1 … status3 (§4.2): the flag of each bit, bit 0 first
_STATUS = (
    ("Pack_OVP", "Cell_UVP", "CHG_OCP", None, "DSG_OCP", "DSG_TP", "CHG_TP", "Pack_UVP"),
    ("Precharge_MOS", "Charge_MOS", "Discharge_MOS", "Using_Pack_Power"),
    ("Buzzer", None, None, "Fully_Charged", None, "Heater", "Discharging", "Charging"),
)
_KNOWN_STATES = (NORMAL, BELOW, ABOVE)


class Pylontech:
    """The master pack and its slaves, asked over a Link. NoReply or ReturnCode from every method."""

    name = "framed"
    exact = True  # the cells sum to the pack's voltage
    extra = None  # nothing beyond a Reading

    def __init__(self, link):
        self.link = link
        self.lacks = set()  # (CID2, pack) that the battery answered with RTN 04H
        self.tries = bytearray(17)  # what details.identity() remembers of each pack

    def ask(self, kind, pack):
        """A question that is seldom asked: "packs", "identity", "limits", "parameters" of details.py -> its answer."""
        from . import details

        try:
            return getattr(details, kind)(self, pack)
        finally:
            drop("firmware.battery.details")
            drop("firmware.battery.layouts")

    def read(self, pack):
        """One pack's analog values and alarms -> Reading; its alarms are None where none could be read."""
        analog = _only(self.link.request(frame.ANALOG_VALUES, blocks.analog_values, pack))
        alarms = None
        try:
            said = self.optional(frame.ALARMS, blocks.alarms, pack)
            if said:
                said = _only(said)
                if (len(said[0]), len(said[1])) == (len(analog[0]), len(analog[1])):
                    alarms = _alarms(*said)
        except (NoReply, ReturnCode):
            pass  # the values are good without
        return Reading(pack, *analog, None, alarms)

    def optional(self, cid2, parse, pack=None):
        """The reply to a command that some batteries lack: None then, and it is not asked again. `parse` as for
        Link.request().
        """
        if (cid2, pack) in self.lacks:
            return None
        try:
            return self.link.request(cid2, parse, pack)
        except ReturnCode as error:
            if error.code != frame.CID2_INVALID:
                raise
            self.lacks.add((cid2, pack))
            return None


def _only(said):
    """The block of a reply about one pack."""
    if len(said[1]) != 1:
        raise NoReply("a reply of %d packs" % len(said[1]))
    return said[1][0]


def _states(raw):
    """Unknown states are "other"."""
    return bytes([state if state in _KNOWN_STATES else OTHER for state in raw])


def _alarms(cells, temperatures, charge, voltage, discharge, status):
    """States, and the status bits under the names that the rest of the house knows."""
    cells, temperatures = _states(cells), _states(temperatures)
    charge, voltage, discharge = _states((charge, voltage, discharge))
    flags = []
    for byte, keys in enumerate(_STATUS):
        flags += [(key, bool(status[byte] >> bit & 1)) for bit, key in enumerate(keys) if key]
    faults = status[3] | status[4] << 8  # status4: cells 1 to 8, status5: 9 to 16
    faulty = tuple([cell + 1 for cell in range(16) if faults >> cell & 1])
    flags.append(("Cell_Fault", bool(faulty)))
    flags += alarm_flags(cells, temperatures, charge, voltage, discharge)
    return Alarms(cells, temperatures, charge, voltage, discharge, tuple(flags), faulty)
