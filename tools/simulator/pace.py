"""Batteries of PACE (Jakiper, SOK …) on their RS-232 line: the frames of framed.py with other layouts in them."""

import struct

from . import framed
from .commands import Addressed, Reply
from .framed import OK, VER_ERROR

UNIT = 10  # mA, mAh
SOH = 99
DESIGN_PART = 98  # capacity in % of what it was when new
PACE = {0x42: (1, "_analog"), 0x44: (1, "_alarm"), 0x90: (1, "_count"), 0xC1: (1, "_version"), 0xC2: (1, "_serial")}
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
        super().__init__(group, note, reply_address, extra_alarm_byte, version)
        self.soh, self.flags, self.balancing = SOH if soh else None, {}, {}

    def _hears(self, request):
        return request.cid2 == 0x90 or super()._hears(request)  # which is for all

    def _refusal(self, request):
        return super()._refusal(request) if request.version == self.protocol else VER_ERROR

    def _said(self, kind, number, pack):
        """42H in steps of 10 mA and mAh, 44H with other status bytes and the flags in them."""
        now = super()._said(kind, number, pack)
        if kind == "analog":
            now["current"] += now["cycles"] % 10 * UNIT * (now["current"] > 0)  # finer than other batteries say it
            now |= {name: now[name] - now[name] % UNIT for name in ("remaining", "capacity")}
            return {**now, "design": now["capacity"] * 100 // DESIGN_PART // UNIT * UNIT, "soh": self.soh}
        on = {"Charge_MOS", "Discharge_MOS", *(["Fully_Charged"] if pack.full else [])} ^ self.flags.get(number, set())
        balancing, status = self.balancing.get(number, []), bytearray(STATUS_BYTES)
        for key, byte, bit in BITS:
            status[byte] |= (key in on) << bit
        for cell in balancing:
            status[FIRST_BALANCING - (cell - 1) // 8] |= 1 << (cell - 1) % 8
        return {**now, "status": status, "flags": {key: key in on for key, *_ in BITS}, "balancing": balancing}

    def _version(self, command):
        return Reply(OK, b"P16S100A-SIM-1.04".ljust(20, b"\0"))

    def _serial(self, command):
        return Reply(OK, self._pack(command)[1].serial.encode().ljust(20) + b"Nov 28 2026,12:00:00")
