"""Batteries of PACE (Jakiper, SOK …) on their RS-232 line: the frames of framed.py with other layouts in them."""

import struct

from . import framed
from .commands import Addressed, Reply
from .framed import OK, VER_ERROR

UNIT = 10  # mA, mAh
SOH = 99
DESIGN_PART = 98  # capacity in % of what it was when new
PACE = {
    0x42: (1, "_analog"), 0x44: (1, "_alarm"), 0x90: (1, "_count"), 0xC1: (1, "_version_text"), 0xC2: (1, "_serial"),
}  # fmt: skip
STATUS_BYTES = 9
FIRST_BALANCING = 6  # status byte of cells 8 … 1; that of cells 16 … 9 is before it
# status byte (0 … 8: protect1, protect2, system, control, fault, two of balancing, warn1, warn2) -> its bits 7 … 0
STATUS = {
    0: "Charger_OVP SCP DSG_OCP CHG_OCP Pack_UVP Pack_OVP Cell_UVP Cell_OVP",
    1: "Fully_Charged ENV_UTP ENV_OTP MOS_OTP DSG_UTP CHG_UTP DSG_OTP CHG_OTP",
    2: "- - - - - Discharge_MOS Charge_MOS -",
    4: "Heater_Fault CCB_Fault Sampling_Fault Cell_Fault - NTC_Fault DSG_MOS_Fault CHG_MOS_Fault",
    7: "- - DSG_OC CHG_OC Pack_UV Pack_OV Cell_UV Cell_OV",
    8: "Low_SOC MOS_OT ENV_UT ENV_OT DSG_UT CHG_UT DSG_OT CHG_OT",
}
# flag, status byte, bit
BITS = tuple((key, byte, 7 - place) for byte, keys in STATUS.items()
             for place, key in enumerate(keys.split()) if key != "-")  # fmt: skip


def analog_block(said):
    """One pack's block of a 42H reply; without SOH where that is None."""
    soh = b"" if said["soh"] is None else bytes([said["soh"]])
    return framed.measured(said) + struct.pack(
        ">hHHBHHH", said["current"] // UNIT, said["voltage"], said["remaining"] // UNIT, 2 if soh else 3,
        said["capacity"] // UNIT, said["cycles"], said["design"] // UNIT) + soh  # fmt: skip


class PaceCommands(Addressed):
    """Commands for a group of PACE batteries. `version`: VER that it wants; `reply_address`: ADR of its replies, None:
    that of the request; `soh`: whether it says it; `extra_alarm_byte`: one more behind the alarms; `flags`: {pack:
    those that are not as usual}; `balancing`: {pack: cells}.
    """

    first_baud = 9600
    infoflag = 0
    analog_block = staticmethod(analog_block)
    table = PACE

    def __init__(self, group, note, version=0x25, reply_address=1, soh=True, extra_alarm_byte=True):
        super().__init__(group, note, extra_alarm_byte=extra_alarm_byte, protocol=version)
        self.reply_address, self.soh = reply_address, SOH if soh else None
        self.flags, self.balancing = {}, {}

    def hears(self, request):
        """Is there a pack with this ADR? 90H is for all."""
        return request.cid2 == 0x90 or super().hears(request)

    def refusal(self, request):
        """-> RTN, OK where VER and INFO are right."""
        return super().refusal(request) if request.version == self.protocol else VER_ERROR

    def analog_values(self, number, pack):
        """As of Commands, in steps of 10 mA and mAh; the design capacity and SOH."""
        now = pack.analog()
        now["current"] += now["cycles"] % 10 * UNIT * (now["current"] > 0)  # finer than other batteries say it
        for name in ("remaining", "capacity"):
            now[name] -= now[name] % UNIT
        return {**now, "design": now["capacity"] * 100 // DESIGN_PART // UNIT * UNIT, "soh": self.soh}

    def alarm_values(self, number, pack):
        """As of Commands, with other status bytes and the flags in them."""
        on = {"Charge_MOS", "Discharge_MOS", *(["Fully_Charged"] if pack.full else [])} ^ self.flags.get(number, set())
        balancing = self.balancing.get(number, [])
        status = bytearray(STATUS_BYTES)
        for key, byte, bit in BITS:
            status[byte] |= (key in on) << bit
        for cell in balancing:
            status[FIRST_BALANCING - (cell - 1) // 8] |= 1 << (cell - 1) % 8
        flags = {key: key in on for key, _, _ in BITS}
        return {**pack.alarm(), "status": status, "flags": flags, "balancing": balancing}

    def _version_text(self, command):
        return Reply(OK, b"P16S100A-SIM-1.04".ljust(20, b"\0"))

    def _serial(self, command):
        return Reply(OK, self.pack(command)[1].serial.encode().ljust(20) + b"Nov 28 2026,12:00:00")
