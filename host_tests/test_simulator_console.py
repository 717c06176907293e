"""The simulated battery that speaks text: its layouts, its sleep, its pager, damage, and an update in mid-life; read by
the firmware and, so that no error hides in both, by this file's own eyes.
"""

import os
import re
import select
import signal
import subprocess
import sys

import pytest
from battery_line import BatteryUart
from fakes import Clock
from simulator_by_hand import COUNT, decode
from test_simulator_process import LONG_S, ROOT, opened, set_rate

from firmware.battery import ReturnCode
from firmware.battery.console import Console
from firmware.battery.console_line import Line
from firmware.battery.console_wake import Waker

FIRMWARE = ("us2000c", "us5000", "us5000-v2", "pytes")
WAKE_UP = b"~20014682C0048520FCC3\r"
# firmware -> header of `pwr`, of `bat` without its blanks
OLD = "Power Volt Curr Tempr Tlow Thigh Vlow Vhigh Base.St Volt.St Curr.St Temp.St Coulomb Time B.V.St B.T.St"
CELLS = "Battery Volt Curr Tempr Base State Volt. State Curr. State Temp. State "
HEADERS = {
    "us2000c": (OLD + " MosTempr M.T.St", CELLS + "Coulomb BAL"),
    "us5000": (OLD + " MosTempr M.T.St", CELLS + "SOC Coulomb BAL"),
    "us5000-v2": ("Power Volt Curr Tempr Tlow Tlow.Id Thigh Thigh.Id Vlow Vlow.Id Vhigh Vhigh.Id Base.St Volt.St "
                  "Curr.St Temp.St Coulomb Time B.V.St B.T.St MosTempr M.T.St SysAlarm.St",
                  CELLS + "SOC Coulomb BAL"),
    "pytes": (OLD + " Barcode DevType", CELLS.replace("Curr ", "", 1) + "Coulomb"),
}  # fmt: skip


def battery_of(firmware="us5000", packs=2, paced=False, seed=1, **console):
    """-> (a UART at 115200 baud with a simulated console behind it, its clock)."""
    clock = Clock()
    uart = BatteryUart(clock, 115200, paced=paced, packs=packs, seed=seed)
    uart.battery.update(firmware=firmware, **console)
    return uart, clock


def woken(uart, clock):
    """-> a Console behind a Line, once the wake-up has said yes."""
    line = Line(uart, clock)
    waker = Waker(line, [])
    said = waker.step()
    while said is None:
        said = waker.step()
    assert said
    return Console(line)


def text_of(uart, clock, command, wait_ms=100):
    """What comes back to a line, as text."""
    uart.write(command.encode())
    clock.advance(wait_ms)
    out = b""
    view = bytearray(64)
    while count := uart.readinto(view):
        out += view[:count]
    return out.decode("latin-1")


def values_of(battery, kind, pack):
    return [record.values for record in battery.truth if (record.kind, record.pack) == (kind, pack)][-1]


def as_said(battery, pack):
    """What a Reading has to be after the last answers."""
    pwr, bat, stat = (values_of(battery, kind, pack) for kind in ("pwr", "bat", "stat"))
    return (pack, tuple(bat["cells"]), (pwr["temperatures"][0],), pwr["current"], pwr["voltage"], bat["remaining"],
            pwr["capacity"], stat["cycles"], stat.get("soh"))  # fmt: skip


@pytest.mark.parametrize("pager", [None, 7])
@pytest.mark.parametrize("asleep", [False, True])
@pytest.mark.parametrize("firmware", FIRMWARE)
def test_read_by_the_firmware(firmware, asleep, pager):
    uart, clock = battery_of(firmware, packs=3, asleep=asleep, pager=pager, paced=True)
    console = woken(uart, clock)
    battery = uart.battery
    battery.group.pack(2).missing = "rtn"
    assert console.ask("packs", None) == (1, 3)
    said = values_of(battery, "info", 3) if console.ask("identity", 3) else None
    assert console.ask("identity", 3) == (said["serial"], "2.0", "1.3", said["maker"], said["device"],
                                        "console", 115200)  # fmt: skip
    for pack in (1, 3):
        reading = console.read(pack)
        assert reading[:9] == as_said(battery, pack)
        extra, bat = console.extra, values_of(battery, "bat", pack)
        assert (list(extra.temperatures), extra.soc) == (bat["cell_temperatures"], bat["soc"])
        assert not [key for key, is_set in reading.alarms.flags if is_set and "harging" not in key]
    with pytest.raises(ReturnCode) as error:
        console.read(2)
    assert error.value.code == 6 and battery.forbidden == []


@pytest.mark.parametrize("firmware", HEADERS)
def test_text_as_it_is_printed(firmware):
    uart, clock = battery_of(firmware)
    lines = text_of(uart, clock, "pwr\n").split("\n")
    table, cells = HEADERS[firmware]
    assert lines[0] == "pwr" and lines[1].strip() == "@"
    assert " ".join(lines[2].split()) == table
    assert [line.strip() for line in lines[-3:]] == ["Command completed successfully", "$$",
                                                     "PYTES>" if firmware == "pytes" else "pylon>"]  # fmt: skip
    rows = [line.split() for line in lines[3:-3]]
    assert len(rows) == (8 if firmware == "pytes" else 16)
    assert [len(row) for row in rows[:2]] == [len(table.split()) + 1] * 2
    assert {" ".join(row[1:]) for row in rows[2:]} == {"- - - - - - - Absent - - - - - - -"}
    assert rows[0][1] == str(uart.battery.group.pack(1).analog()["voltage"])
    assert re.match(r"\d{4}-\d\d-\d\d$", rows[0][table.split().index("Time")])
    lines = text_of(uart, clock, "bat 1\r\n").split("\n")
    assert " ".join(lines[2].split()) == cells
    assert re.match(r"0 +\d{4} .* \d+% +\d+ mAH( +N)?\r\r$", lines[3]) and len(lines) == 3 + 15 + 3
    said = text_of(uart, clock, "pwr 1\r")
    assert re.search(r"\n Power  1\r", said) and re.search(r"\n Total Coulomb   : 50000       mAH\r", said)
    assert ("Real Coulomb" in said) == (firmware == "pytes")
    assert text_of(uart, clock, "soh 1\n").count("Normal") == 15
    assert re.search(r"\n\S+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\r", text_of(uart, clock, "time\n"))
    assert ("SOH  " in text_of(uart, clock, "stat 1\n")) == (firmware != "pytes")


def test_alarms_in_words():
    uart, clock = battery_of()
    console = woken(uart, clock)
    alarms = uart.battery.group.pack(1).alarms
    alarms.ask("cell_over_voltage", cell=7)
    alarms.ask("pack_over_voltage")
    reading = console.read(1)
    assert {"Cell_OV", "Pack_OV"} == {key for key, is_set in reading.alarms.flags if is_set and "harging" not in key}
    assert reading.alarms.cell_states[6] == 2


def test_errors_and_forbidden_commands():
    uart, clock = battery_of()
    assert "Unknown command 'bta' - try 'help'" in text_of(uart, clock, "bta 1\n")
    said = text_of(uart, clock, "bat 9\n")
    assert "Invalid command or fail to excute." in said and "$$" in said and "completed" not in said
    for command in ("config", "login debug", "shut 1"):
        text_of(uart, clock, command + "\n")
    assert [one.cid2 for one in uart.battery.forbidden] == ["bta", "config", "login", "shut"]


def test_pager():
    uart, clock = battery_of(pager=5)
    pager = "Press [Enter] to be continued,other key to exit"
    first = text_of(uart, clock, "pwr\n")
    assert first.endswith(pager) and first.count("\n") == 2 + 5
    second = text_of(uart, clock, "\r")
    assert re.match(r"\r +\r5 ", second) and second.endswith(pager)
    assert text_of(uart, clock, "q").strip() == "pylon>"
    assert "Absent" not in text_of(uart, clock, "time\n")


@pytest.mark.parametrize("asleep", [False, True])
def test_update_in_mid_life(asleep):
    clock = Clock()
    uart = BatteryUart(clock, 4800, paced=False)
    assert decode(text_of(uart, clock, COUNT.decode() + "\r").encode())[2:] == (0, b"\2")
    uart.battery.update(firmware="us5000", asleep=asleep)
    assert text_of(uart, clock, COUNT.decode() + "\r") == ""
    uart.init(1200)
    assert text_of(uart, clock, COUNT.decode() + "\r") == ""
    assert woken(uart, clock).ask("packs", None) == (1, 2)
    uart.battery.update("framed")
    uart.init(1200)
    assert decode(text_of(uart, clock, COUNT.decode() + "\r").encode())[2:] == (0, b"\2")


def test_asleep_until_the_whole_wake_up_came_at_1200_baud():
    uart, clock = battery_of(asleep=True)
    assert text_of(uart, clock, "\r\n") == "" and text_of(uart, clock, WAKE_UP.decode()) == ""
    uart.init(1200)
    assert text_of(uart, clock, WAKE_UP.decode()[1:]) == "" and uart.battery.baud == 1200
    text_of(uart, clock, WAKE_UP.decode())
    assert uart.battery.baud == 115200
    uart.init(115200)
    assert text_of(uart, clock, "\r\n") == ""  # not yet
    clock.advance(1000)
    assert text_of(uart, clock, "\r\n") == "\n\rpylon>"
    uart.battery.power_cycle()
    clock.advance(4000)
    assert text_of(uart, clock, "\r\n") == ""
    assert uart.battery.baud == 1200 and uart.battery.forbidden == []


def read_until(fd, end):
    out = b""
    while not out.endswith(end):
        assert select.select([fd], [], [], LONG_S)[0], f"only {out!r}"
        out += os.read(fd, 4096)
    return out


@pytest.mark.parametrize("options", [["--dialect", "console"], ["--update-after", "0"]])
def test_as_a_process(options, tmp_path):
    command = [sys.executable, "tools/simulator", "--firmware", "pytes", "--unpaced", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        path = re.match(r"battery at (\S+) \(2 packs of 15 cells, \d+ baud, unpaced\)$", process.stdout.readline())[1]
        fd = opened(path, 1200)
        set_rate(fd, 115200)
        os.write(fd, b"\n")
        while not select.select([fd], [], [], 0.1)[0]:  # the update may still have to come
            os.write(fd, b"\n")
        read_until(fd, b"PYTES>")
        os.write(fd, b"pwr 2\n")
        assert b"\n Power  2\r" in read_until(fd, b"$$\r\n\rPYTES>")
        os.close(fd)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LONG_S)
    assert process.returncode == 0
