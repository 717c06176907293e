"""What the text console of newer firmware prints about a group, as lines (console.md)."""

import time
from collections import namedtuple

STATES = {0: "Normal", 1: "Low", 2: "High"}

OLD = (
    ("Power", 6), ("Volt", 7), ("Curr", 7), ("Tempr", 7), ("Tlow", 7), ("Thigh", 7), ("Vlow", 7), ("Vhigh", 7),
    ("Base.St", 9), ("Volt.St", 9), ("Curr.St", 9), ("Temp.St", 9), ("Coulomb", 9), ("Time", 21), ("B.V.St", 9),
    ("B.T.St", 9),
)  # fmt: skip
MOS = (("MosTempr", 9), ("M.T.St", 9))
IDS = (
    *OLD[:5], ("Tlow.Id", 9), OLD[5], ("Thigh.Id", 9), OLD[6], ("Vlow.Id", 9), OLD[7], ("Vhigh.Id", 9), *OLD[8:],
)  # fmt: skip
CELLS = (
    ("Battery", 9), ("Volt", 9), ("Curr", 9), ("Tempr", 9), ("Base State", 13), ("Volt. State", 13),
    ("Curr. State", 13), ("Temp. State", 13),
)  # fmt: skip
BY_DIRECTION = (*CELLS[:-1], ("DTemp. State", 13), ("CTemp. State", 13))
# prompt; columns and rows of `pwr` (0: only the packs that are there); of `bat`: columns of the header, how SOC, charge
# and BAL end a row; soh: `stat` has it; device, maker; mas: capacities in mAS; fets: names of the MOSFETs' states;
# bare: `info` and `stat` only without a number
Firmware = namedtuple("Firmware", "prompt columns rows cells header tail soh device maker mas fets bare",
                      defaults=(False, (), False))  # fmt: skip
TAIL, PYTES_TAIL = "{0}%         {1} mAH      {2}", "{0:3}%      {1} mAH"
FIRMWARE = {
    "us2000c": Firmware("pylon>", OLD + MOS, 16, CELLS, ("Coulomb", "BAL"), TAIL, True, "US2000C", "Pylon"),
    "us5000": Firmware("pylon>", OLD + MOS, 16, CELLS, ("SOC", "Coulomb", "BAL"), TAIL, True, "US5000", "Pylon"),
    "us5000-v2": Firmware("pylon>", (*IDS, *MOS, ("SysAlarm.St", 11)), 16, CELLS, ("SOC", "Coulomb", "BAL"), TAIL, True,
                          "US5000", "Pylon", fets=("CFetState", "DFetState")),
    "us3000d": Firmware("pylon>", IDS + MOS, 0, BY_DIRECTION, ("SOC", "Coulomb", "BAL"), TAIL, True, "US3000D", "Pylon",
                        bare=True),
    "pytes": Firmware("PYTES>", (*OLD, ("Barcode", 18), ("DevType", 12)), 8, CELLS[:2] + CELLS[3:], ("Coulomb",),
                      PYTES_TAIL, False, "E-BOX-4850P", "PYTES"),
    "pytes-v5": Firmware("PYTES>", (*OLD, ("Barcode", 21), ("DevType", 20)), 16, CELLS[:2] + CELLS[3:], ("Coulomb",),
                         PYTES_TAIL, False, "E-BOX-48100V-D", "PYTES", True, ("CMOS Status", "DMOS Status")),
}  # fmt: skip
WORN_PERMILLE = 949  # of its capacity, that a worn pack still holds
LOW = 10  # %, at which a pack says Low


def padded(words, widths):
    """A row: each word in its column, which has one of the `widths`; a word that fills it touches the next one."""
    return "".join(str(word).ljust(width) for word, width in zip(words, widths, strict=False))


class Text:
    """The answers of `firmware` (a Firmware) about `group`, without echo and end mark; `note(kind, pack, values)` hears
    what they say: kinds mos, pwr, bat, stat. worn: the packs hold less than is printed on them, and their percentages
    are of that.
    """

    def __init__(self, group, note, firmware, worn=False):
        self.group, self.note, self.firmware, self.worn = group, note, firmware, worn

    def table(self, now):
        """`pwr`: a row for each slot."""
        names, widths = zip(*self.firmware.columns, strict=True)
        lines = [padded(names, widths)]
        there = self.group.there()
        for number in range(1, self.firmware.rows + 1) if self.firmware.rows else there:
            if number not in there:
                lines.append(padded([number, *["-"] * 7, "Absent", *["-"] * 7], dict(OLD).values()))
                continue
            words = {**self._words(number), "Power": number, "Time": time_of(now)}
            if "MosTempr" in names and words["MosTempr"] != "-":
                self.note("mos", number, {"mos": words["MosTempr"] // 100})
            lines.append(padded([words[name] for name in names], widths))
        return lines

    def _words(self, number):
        """What a row of `pwr` says of a pack, by column."""
        pack = self.group.pack(number)
        now, state = _analog(number, pack), _states(pack.alarm())
        cells, sensors = now["cells"], now["temperatures"]
        near = sensors[1:] or sensors
        mos = 100 * sensors[0] + 4000 if number == 1 or self.firmware.device != "US5000" else "-"
        return {
            "Volt": now["voltage"], "Curr": now["current"], "Tempr": 100 * sensors[0], "Tlow": 100 * min(near),
            "Tlow.Id": near.index(min(near)), "Thigh": 100 * max(near), "Thigh.Id": near.index(max(near)),
            "Vlow": min(cells), "Vlow.Id": cells.index(min(cells)), "Vhigh": max(cells),
            "Vhigh.Id": cells.index(max(cells)), "Base.St": now["base"], "Volt.St": state["voltage"],
            "Curr.St": state["current"], "Temp.St": state["temperature"], "Coulomb": f"{now['soc']}%",
            "B.V.St": state["cells"], "B.T.St": state["temperature"], "MosTempr": mos, "M.T.St": "Normal",
            "SysAlarm.St": "Normal", "Barcode": pack.serial, "DevType": self.firmware.device,
        }  # fmt: skip

    def pwr(self, number, pack):
        """`pwr N`."""
        now, alarm = _analog(number, pack), pack.alarm()
        state = _states(alarm)
        coulomb = "Full" if pack.full else "Low" if now["soc"] < LOW else "Normal"
        self.note("pwr", number, {**now, "alarm": alarm, "coulomb": coulomb})
        mas = self.firmware.mas
        capacity = (now["capacity"] * 3600, "mAS") if mas else (now["capacity"], "mAH")
        allowed = pack.alarms.charge_allowed, pack.alarms.discharge_allowed
        fets = [(name, "ON" if is_on else "OFF") for name, is_on in zip(self.firmware.fets, allowed, strict=False)]
        rows = [("Voltage", now["voltage"], "mV"), ("Current", now["current"], "mA"),
                ("Temperature", 100 * now["temperatures"][0], "mC"), ("Coulomb", now["soc"], "%"),
                ("Total Coulomb", *capacity), ("Max Voltage", 3600 * len(now["cells"]), "mV"),
                ("Charge Times", 40 * now["cycles"], "")]  # fmt: skip
        if not self.firmware.soh:
            rows.insert(5, ("Real Coulomb", now["capacity"] * 994 // 1000, "mAH"))
        words = [("Basic Status", now["base"]), ("Volt Status", state["voltage"]), ("Current Status", state["current"]),
                 ("Tmpr. Status", state["temperature"]), ("Coul. Status", coulomb), ("Soh. Status", "Normal"),
                 ("Heater Status", "OFF"), *(fets if mas else ()), ("Bat Events", "0x0"),
                 ("Power Events", "0x2000     COULFULL" if pack.full else "0x0"), ("System Fault", "0x0")]  # fmt: skip
        rule = " " + "-" * 28
        return [*(f" {name}:{word}" for name, word in fets if not mas), rule, f" Power  {number}", "",
                *(f" {name:16}: {value:<12}{unit}" for name, value, unit in rows),
                *(f" {name:16}: {word:8}" for name, word in words), rule]  # fmt: skip

    def bat(self, number, pack):
        """`bat N`: a row for each cell."""
        now, alarm = _analog(number, pack), pack.alarm()
        sensors = now["temperatures"][1:] or now["temperatures"]
        near = [sensors[min(cell // 4, len(sensors) - 1)] for cell in range(len(now["cells"]))]
        balancing = [] if "BAL" in self.firmware.header else None
        if self.worn:
            now["remaining"] = now["remaining"] * WORN_PERMILLE // 1000
        self.note("bat", number, {**now, "cell_temperatures": near, "balancing": balancing, "alarm": alarm})
        names, widths = zip(*self.firmware.cells, strict=True)
        lines = [padded(names, widths) + padded(self.firmware.header, [13] * 3)]
        for cell, volt in enumerate(now["cells"]):
            words = {"Battery": cell, "Volt": volt, "Curr": now["current"], "Tempr": 100 * near[cell],
                     "Base State": now["base"], "Volt. State": STATES.get(alarm["cells"][cell], "Other")}  # fmt: skip
            tail = self.firmware.tail.format(now["soc"], now["remaining"] + 10 * (cell % 3), "N")
            lines.append(padded([words.get(name, "Normal") for name in names], widths) + tail)
        return lines

    def info(self, number, pack):
        """`info N`."""
        rows = [("Device address", number), ("Manufacturer", self.firmware.maker),
                ("Device name", self.firmware.device), ("Board version", "V10R04"), ("Main Soft version", "B69.16.0.0"),
                ("Soft  version", "V1.3"), ("Boot  version", "V1.0"), ("Comm version", "V2.0"),
                ("Release Date", "22-08-10"), ("Barcode", pack.serial),
                ("Specification", f"48V/{pack.capacity // 1000}AH"), ("Cell Number", len(pack.analog()["cells"])),
                ("Max Dischg Curr", "-100000mA"), ("Max Charge Curr", "100000mA"),
                ("Console Port rate", 115200)]  # fmt: skip
        return [f"{name:20}: {value}" for name, value in rows]

    def stat(self, number, pack):
        """`stat N`."""
        now = _analog(number, pack)
        cycles = now["cycles"]
        soh = {"soh": 100 - min(cycles // 50, 40)} if self.firmware.soh else {}  # made up: always the same for a pack
        discharged = cycles * pack.capacity + 1234
        self.note("stat", number, {"cycles": cycles, "discharged": discharged, **soh})
        rows = [("Data Items", 487), ("Charge Times", 40 * cycles), ("COC Times", 0), ("Bat OV Times", cycles % 7),
                ("Bat HV Times", cycles), ("Shut Times", 3), ("Reset Times", 13), ("CYCLE Times", cycles),
                *(("SOH", value) for value in soh.values()), ("Pwr Percent", now["soc"]), ("Pwr Coulomb", 190936600),
                ("Dsg Cap", discharged)]  # fmt: skip
        return [f"Device address{number:>12}", *(f"{name:16}:{value:9}" for name, value in rows)]

    def soh(self, number, pack):
        """`soh N`."""
        rows = [f"{cell:<11}{volt:<11}0          Normal    " for cell, volt in enumerate(pack.analog()["cells"])]
        return [f"Power   {number}", "Battery    Voltage    SOHCount   SOHStatus ", *rows]


def _analog(number, pack):
    """The pack's values, with a current in milliamperes (others have it in steps of 100), SOC in % and a word."""
    now = pack.analog()
    current = now["current"] - 9 * number if now["current"] else 0
    return {**now, "current": current, "soc": now["remaining"] * 100 // now["capacity"],
            "base": "Charge" if current > 0 else "Dischg" if current < 0 else "Idle"}  # fmt: skip


def time_of(now):
    """The time as it is printed, `now` s after the simulator's own epoch."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_700_000_000 + now))


def _states(alarm):
    """The states of a pack in words: the worst of what a framed alarm reply tells apart."""
    raw = {"voltage": alarm["voltage"], "current": alarm["charge_current"] or alarm["discharge_current"],
           "temperature": max(alarm["temperatures"]), "cells": max(alarm["cells"])}  # fmt: skip
    return {name: STATES.get(state, "Other") for name, state in raw.items()}
