"""What the text console of newer firmware prints about a group, as lines (console.md)."""

import time
from collections import namedtuple

STATES = {0: "Normal", 1: "Low", 2: "High"}

OLD = ["Power", "Volt", "Curr", "Tempr", "Tlow", "Thigh", "Vlow", "Vhigh", "Base.St", "Volt.St", "Curr.St", "Temp.St",
       "Coulomb", "Time", "B.V.St", "B.T.St"]  # fmt: skip
MOS = ["MosTempr", "M.T.St"]
IDS = [name for old in OLD for name in (old, f"{old}.Id")[: 1 + (old in ("Tlow", "Thigh", "Vlow", "Vhigh"))]]
BARCODE = ["Barcode", "DevType"]
CELLS = ["Battery", "Volt", "Curr", "Tempr", "Base State", "Volt. State", "Curr. State", "Temp. State"]
BY_DIRECTION = [*CELLS[:-1], "DTemp. State", "CTemp. State"]
NO_CURRENT = CELLS[:2] + CELLS[3:]
SOC = ["SOC", "Coulomb", "BAL"]
# characters of a column: those in the table are of `pwr`
WIDTHS = {"Power": 6, "Volt": 7, "Curr": 7, "Tempr": 7, "Tlow": 7, "Thigh": 7, "Vlow": 7, "Vhigh": 7, "Time": 21,
          "SysAlarm.St": 11, "Barcode": 21, "DevType": 20}  # fmt: skip
# columns and rows of `pwr` (0: only the packs that are there); columns of `bat`, and what ends its header; mas:
# capacities in mAS; fets: names of the MOSFETs' states; bare: `info` and `stat` only without a number
Firmware = namedtuple("Firmware", "maker device columns rows cells header mas fets bare", defaults=(False, (), False))
FIRMWARE = {
    "us2000c": Firmware("Pylon", "US2000C", OLD + MOS, 16, CELLS, SOC[1:]),
    "us5000": Firmware("Pylon", "US5000", OLD + MOS, 16, CELLS, SOC),
    "us5000-v2": Firmware("Pylon", "US5000", [*IDS, *MOS, "SysAlarm.St"], 16, CELLS, SOC,
                          fets=("CFetState", "DFetState")),
    "us3000d": Firmware("Pylon", "US3000D", IDS + MOS, 0, BY_DIRECTION, SOC, bare=True),
    "pytes": Firmware("PYTES", "E-BOX-4850P", OLD + BARCODE, 8, NO_CURRENT, SOC[1:2]),
    "pytes-v5": Firmware("PYTES", "E-BOX-48100V-D", OLD + BARCODE, 16, NO_CURRENT, SOC[1:2], True,
                         ("CMOS Status", "DMOS Status")),
}  # fmt: skip
TAILS = {"Pylon": "{0}%         {1} mAH      N", "PYTES": "{0:3}%      {1} mAH"}  # what ends a row of `bat`
WORN_PERMILLE = 949  # of its capacity, that a worn pack still holds
LOW = 10  # %, at which a pack says Low


def padded(words, widths):
    """A row: each word in its column of so many characters; a word that fills it touches the next one."""
    return "".join(str(word).ljust(width) for word, width in zip(words, widths, strict=False))


class Text:
    """The answers of a Firmware about `group`, without echo and end mark; `note(kind, pack, values)` hears what they
    say: mos, pwr, bat, stat. worn: the packs hold less than is printed on them, and their percentages are of that.
    """

    def __init__(self, group, note, firmware, worn):
        self.group, self.note, self.firmware, self.worn = group, note, firmware, worn

    def _table(self, now):
        """`pwr`: a row for each slot."""
        names, there = self.firmware.columns, self.group.there()
        widths, old = ([WIDTHS.get(name, 9) for name in columns] for columns in (names, OLD))
        lines = [padded(names, widths)]
        for number in range(1, self.firmware.rows + 1) if self.firmware.rows else there:
            if number in there:
                words = {**self._words(number), "Power": number, "Time": time_of(now)}
                if "MosTempr" in names and words["MosTempr"] != "-":
                    self.note("mos", number, {"mos": words["MosTempr"] // 100})
                lines.append(padded([words[name] for name in names], widths))
            else:
                lines.append(padded([number, *["-"] * 7, "Absent", *["-"] * 7], old))
        return lines

    def _words(self, number):
        """What a row of `pwr` says of a pack, by column."""
        pack = self.group.pack(number)
        now, state = _analog(number, pack), _states(pack.alarm())
        cells, sensors = now["cells"], now["temperatures"]
        near = sensors[1:] or sensors
        out = {"MosTempr": 100 * sensors[0] + 4000 if number == 1 or self.firmware.device != "US5000" else "-"}
        for name, values, unit in (("T", near, 100), ("V", cells, 1)):
            for word, end in (("low", min(values)), ("high", max(values))):
                out |= {name + word: unit * end, f"{name}{word}.Id": values.index(end)}
        return out | {
            "Volt": now["voltage"], "Curr": now["current"], "Tempr": 100 * sensors[0], "Base.St": now["base"],
            "Volt.St": state["voltage"], "Curr.St": state["current"], "Temp.St": state["temperature"],
            "Coulomb": f"{now['soc']}%", "B.V.St": state["cells"], "B.T.St": state["temperature"], "M.T.St": "Normal",
            "SysAlarm.St": "Normal", "Barcode": pack.serial, "DevType": self.firmware.device,
        }  # fmt: skip

    def _pwr(self, number, pack):
        now, alarm = _analog(number, pack), pack.alarm()
        state, mas = _states(alarm), self.firmware.mas
        coulomb = "Full" if pack.full else "Low" if now["soc"] < LOW else "Normal"
        self.note("pwr", number, {**now, "alarm": alarm, "coulomb": coulomb})
        capacity = (now["capacity"] * 3600, "mAS") if mas else (now["capacity"], "mAH")
        fets = [(name, ("OFF", "ON")[on]) for name, on in zip(self.firmware.fets, pack.allowed(), strict=False)]
        rows = [("Voltage", now["voltage"], "mV"), ("Current", now["current"], "mA"),
                ("Temperature", 100 * now["temperatures"][0], "mC"), ("Coulomb", now["soc"], "%"),
                ("Total Coulomb", *capacity), ("Charge Times", 40 * now["cycles"], "")]  # fmt: skip
        words = [("Basic Status", now["base"]), ("Volt Status", state["voltage"]), ("Current Status", state["current"]),
                 ("Tmpr. Status", state["temperature"]), ("Coul. Status", coulomb), ("Soh. Status", "Normal"),
                 ("Heater Status", "OFF"), *(fets if mas else ()), ("Bat Events", "0x0"),
                 ("Power Events", "0x2000     COULFULL" if pack.full else "0x0"), ("System Fault", "0x0")]  # fmt: skip
        rule = " " + "-" * 28
        return [*(f" {name}:{word}" for name, word in fets if not mas), rule, f" Power  {number}", "",
                *(f" {name:16}: {value:<12}{unit}" for name, value, unit in rows),
                *(f" {name:16}: {word:8}" for name, word in words), rule]  # fmt: skip

    def _bat(self, number, pack):
        now, alarm = _analog(number, pack), pack.alarm()
        sensors = now["temperatures"][1:] or now["temperatures"]
        near = [sensors[min(cell // 4, len(sensors) - 1)] for cell in range(len(now["cells"]))]
        balancing = [] if "BAL" in self.firmware.header else None
        if self.worn:
            now["remaining"] = now["remaining"] * WORN_PERMILLE // 1000
        self.note("bat", number, {**now, "cell_temperatures": near, "balancing": balancing, "alarm": alarm})
        names, widths = self.firmware.cells, [13 if " " in name else 9 for name in self.firmware.cells]
        lines = [padded(names, widths) + padded(self.firmware.header, [13] * 3)]
        for cell, volt in enumerate(now["cells"]):
            words = {"Battery": cell, "Volt": volt, "Curr": now["current"], "Tempr": 100 * near[cell],
                     "Base State": now["base"], "Volt. State": STATES.get(alarm["cells"][cell], "Other")}  # fmt: skip
            tail = TAILS[self.firmware.maker].format(now["soc"], now["remaining"] + 10 * (cell % 3))
            lines.append(padded([words.get(name, "Normal") for name in names], widths) + tail)
        return lines

    def _info(self, number, pack):
        rows = {"Device address": number, "Manufacturer": self.firmware.maker, "Device name": self.firmware.device,
                "Board version": "V10R04", "Main Soft version": "B69.16.0.0", "Soft  version": "V1.3",
                "Comm version": "V2.0", "Barcode": pack.serial, "Specification": f"48V/{pack.capacity // 1000}AH"}
        return [f"{name:20}: {value}" for name, value in rows.items()]

    def _stat(self, number, pack):
        cycles = pack.cycles
        said = {"cycles": cycles}
        if self.firmware.maker == "Pylon":
            said["soh"] = 100 - min(cycles // 50, 40)  # made up: always the same for a pack
        self.note("stat", number, said)
        rows = {"Data Items": 487, "COC Times": 0, "Shut Times": 3, "Reset Times": 13, "CYCLE Times": cycles,
                **({"SOH": said["soh"]} if "soh" in said else {}), "Dsg Cap": cycles * pack.capacity + 1234}
        return [f"Device address{number:>12}", *(f"{name:16}:{value:9}" for name, value in rows.items())]

    def _soh(self, number, pack):
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
