"""Batteries of PACE (Jakiper, SOK …) on their RS-232 line: the frames of framed.py with other layouts in them."""

from . import framed
from .commands import Commands, Refused, Reply
from .framed import ALL_PACKS, FORMAT_ERROR, INVALID_DATA, OK, VER_ERROR

UNIT = 10  # mA, mAh
SOH = 99
DESIGN_PART = 98  # capacity in % of what it was when new
# flag, status byte (0 … 8: protect1, protect2, system, control, fault, balancing of cells 16 … 9, of 8 … 1, warn1,
# warn2), bit
BITS = (
    *((key, 0, 7 - n) for n, key in enumerate(
        ("Charger_OVP", "SCP", "DSG_OCP", "CHG_OCP", "Pack_UVP", "Pack_OVP", "Cell_UVP", "Cell_OVP"))),
    *((key, 1, 7 - n) for n, key in enumerate(
        ("Fully_Charged", "ENV_UTP", "ENV_OTP", "MOS_OTP", "DSG_UTP", "CHG_UTP", "DSG_OTP", "CHG_OTP"))),
    ("Discharge_MOS", 2, 2), ("Charge_MOS", 2, 1),
    ("Heater_Fault", 4, 7), ("CCB_Fault", 4, 6), ("Sampling_Fault", 4, 5), ("Cell_Fault", 4, 4), ("NTC_Fault", 4, 2),
    ("DSG_MOS_Fault", 4, 1), ("CHG_MOS_Fault", 4, 0),
    ("DSG_OC", 7, 5), ("CHG_OC", 7, 4), ("Pack_UV", 7, 3), ("Pack_OV", 7, 2), ("Cell_UV", 7, 1), ("Cell_OV", 7, 0),
    *((key, 8, 7 - n) for n, key in enumerate(
        ("Low_SOC", "MOS_OT", "ENV_UT", "ENV_OT", "DSG_UT", "CHG_UT", "DSG_OT", "CHG_OT"))),
)  # fmt: skip


def analog_block(said):
    """One pack's block of a 42H reply; without SOH where that is None."""
    words = [len(said["cells"]).to_bytes(1, "big"), *(mv.to_bytes(2, "big") for mv in said["cells"])]
    words += [len(said["temperatures"]).to_bytes(1, "big")]
    words += [(tenths + framed.KELVIN).to_bytes(2, "big") for tenths in said["temperatures"]]
    words += [(said["current"] // UNIT).to_bytes(2, "big", signed=True), said["voltage"].to_bytes(2, "big")]
    words += [(said["remaining"] // UNIT).to_bytes(2, "big"), b"\x03" if said["soh"] is None else b"\x02"]
    words += [(said[name] // unit).to_bytes(2, "big")
              for name, unit in (("capacity", UNIT), ("cycles", 1), ("design", UNIT))]  # fmt: skip
    return b"".join(words) + (b"" if said["soh"] is None else bytes([said["soh"]]))


def alarm_block(said, extra):
    """One pack's block of a 44H reply; `extra`: what some append."""
    out = bytes([len(said["cells"]), *said["cells"], len(said["temperatures"]), *said["temperatures"]])
    status = bytearray(9)
    for key, byte, bit in BITS:
        status[byte] |= said["flags"][key] << bit
    for cell in said["balancing"]:
        status[6 - (cell - 1) // 8] |= 1 << (cell - 1) % 8
    return out + bytes([said["charge_current"], said["voltage"], said["discharge_current"]]) + status + extra


class PaceCommands(Commands):
    """Commands for a group of PACE batteries. `version`: VER that it wants; `reply_address`: ADR of its replies, None:
    that of the request; `soh`: whether it says it; `extra_alarm_byte`: one more behind the alarms; `flags`: {pack:
    those that are not as usual}; `balancing`: {pack: cells}. Other options as of Commands.
    """

    first_baud = 9600

    def __init__(self, group, note, version=0x25, reply_address=1, soh=True, extra_alarm_byte=True, infoflag=0):
        super().__init__(group, note, infoflag=infoflag, extra_alarm_byte=extra_alarm_byte, protocol=version)
        self.reply_address, self.soh = reply_address, SOH if soh else None
        self.flags, self.balancing = {}, {}

    @property
    def table(self):
        """Read commands of this dialect only."""
        return TABLE

    def encode(self, request, reply):
        """Replies come from the one address, whichever pack was asked."""
        address = request.address if self.reply_address is None else self.reply_address
        return framed.encode(reply.code, reply.info, address, self.protocol)

    def powered_baud(self, baud):
        """It has the one."""
        return self.first_baud

    def reply(self, request, code=OK):
        """-> Reply, or None: no such pack."""
        if code:
            return Reply(code)
        if request.version != self.protocol:
            return Reply(VER_ERROR)
        packs = len(self.group.packs)
        asks_all = request.cid2 == 0x90
        if not asks_all and (not 1 <= request.address <= packs or self.group.pack(request.address).missing):
            return None
        if request.info not in (b"", bytes([request.address])):
            return Reply(INVALID_DATA if len(request.info) == 1 else FORMAT_ERROR)
        return self._answer(request)

    def analog(self, command):
        """42H -> Reply."""
        return self._blocks(command, "analog", self._analog, analog_block)

    def _analog(self, pack):
        now = pack.analog()
        now["current"] += now["cycles"] % 10 * UNIT * (now["current"] > 0)  # finer than other batteries say it
        for name in ("remaining", "capacity"):
            now[name] -= now[name] % UNIT
        return {**now, "design": now["capacity"] * 100 // DESIGN_PART // UNIT * UNIT, "soh": self.soh}

    def alarm(self, command):
        """44H -> Reply."""
        number = self._numbers(command, all_packs=False)[0]
        return self._blocks(command, "alarm", lambda pack: self._alarm(pack, number),
                            lambda said: alarm_block(said, self.extra))  # fmt: skip

    def _alarm(self, pack, number):
        said = pack.alarm()
        natural = {"Charge_MOS", "Discharge_MOS"} | ({"Fully_Charged"} if pack.full else set())
        on = natural ^ self.flags.get(number, set())
        return {**said, "flags": {key: key in on for key, _, _ in BITS}, "balancing": self.balancing.get(number, [])}

    def count(self, command):
        """90H -> Reply. `command`: FFH."""
        if command != ALL_PACKS:
            raise Refused(INVALID_DATA)
        return super().count()

    def version_text(self, command):
        """C1H -> Reply."""
        said = {"version": "P16S100A-SIM-1.04"}
        self.note("version", command, said)
        return Reply(OK, said["version"].encode().ljust(20, b"\0"))

    def serial(self, command):
        """C2H -> Reply."""
        number = self._numbers(command, all_packs=False)[0]
        said = {"pack": number, "serial": self.group.pack(number).serial}
        self.note("serial", number, said)
        return Reply(OK, said["serial"].encode().ljust(20) + b"Nov 28 2026,12:00:00")


TABLE = {
    0x42: ("analog values", 1, PaceCommands.analog),
    0x44: ("alarm data", 1, PaceCommands.alarm),
    0x90: ("pack count", 1, PaceCommands.count),
    0xC1: ("version", 1, PaceCommands.version_text),
    0xC2: ("serial number", 1, PaceCommands.serial),
}
