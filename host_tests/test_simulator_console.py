"""The simulated battery that speaks text: its layouts, its sleep, its pager, damage, and an update in mid-life; read by
the firmware and, so that no error hides in both, by this file's own eyes.
"""

import re

import pytest
from battery_line import BatteryUart
from fakes import Clock
from simulator_by_hand import COUNT, decode

from firmware.battery import NoReply, Refusal
from firmware.battery.console import Console
from firmware.battery.console_line import Line
from firmware.battery.search import _is_prompt

FIRMWARE = ("us2000c", "us5000", "us5000-v2", "us3000d", "pytes", "pytes-v5")
PYTES = ("pytes", "pytes-v5")
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
    "us3000d": ("Power Volt Curr Tempr Tlow Tlow.Id Thigh Thigh.Id Vlow Vlow.Id Vhigh Vhigh.Id Base.St Volt.St Curr.St "
                "Temp.St Coulomb Time B.V.St B.T.St MosTempr M.T.St",
                CELLS.replace("Temp. State", "DTemp. State CTemp. State") + "SOC Coulomb BAL"),
    **dict.fromkeys(PYTES, (OLD + " Barcode DevType", CELLS.replace("Curr ", "", 1) + "Coulomb")),
}  # fmt: skip


def battery_of(firmware="us5000", packs=2, paced=False, seed=1, **console):
    """-> (a UART at 115200 baud with a simulated console behind it, its clock)."""
    clock = Clock()
    uart = BatteryUart(clock, 115200, paced=paced, packs=packs, seed=seed)
    uart.battery.update(firmware=firmware, **console)
    return uart, clock


def woken(uart, clock, asleep=False):
    """-> a Console behind a Line, once there is a prompt."""
    if asleep:
        uart.init(1200)
        text_of(uart, clock, WAKE_UP.decode(), 3000)
    uart.init(115200)
    assert _is_prompt(text_of(uart, clock, "\r\n").encode())
    return Console(Line(uart, clock))


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


def as_said(battery, pack, has_stat=True):
    """What a Reading has to be after the last answers."""
    pwr, bat = values_of(battery, "pwr", pack), values_of(battery, "bat", pack)
    stat = values_of(battery, "stat", pack) if has_stat else {"cycles": None}
    return (pack, tuple(bat["cells"]), (pwr["temperatures"][0],), pwr["current"], pwr["voltage"], bat["remaining"],
            pwr["capacity"], stat["cycles"], stat.get("soh"))  # fmt: skip


@pytest.mark.parametrize("pager", [None, 7])
@pytest.mark.parametrize("asleep", [False, True])
@pytest.mark.parametrize("firmware", FIRMWARE)
def test_read_by_the_firmware(firmware, asleep, pager):
    uart, clock = battery_of(firmware, packs=3, asleep=asleep, pager=pager, paced=True)
    console = woken(uart, clock, asleep)
    battery = uart.battery
    packs = (1, 2, 3)
    if firmware != "us3000d":  # its table has no place for one that is absent
        battery.group.pack(2).missing, packs = "rtn", (1, 3)
    assert console.packs() == packs
    known = 1 if firmware == "us3000d" else 3
    (serial, *identity), error = console.identity(known)
    said = values_of(battery, "info", known)
    assert [serial, *identity] == [said["serial"], "2.0", "1.3", said["maker"], said["device"], "console", 115200,
                                   "V10R04"] and error is None  # fmt: skip
    for pack in (1, 3):
        reading, extra = console.read(pack), None
        assert reading[:9] == as_said(battery, pack, has_stat=firmware != "us3000d" or pack == 1)
        extra, bat = reading.extra, values_of(battery, "bat", pack)
        assert (list(extra.temperatures), extra.soc) == (bat["cell_temperatures"], bat["soc"])
        on = {key for key, is_set in reading.alarms.flags if is_set and "harging" not in key}
        assert on == ({"Charge_MOS", "Discharge_MOS"} if firmware in ("us5000-v2", "pytes-v5") else set())
    assert console.counters(1)[2] == values_of(battery, "stat", 1)["discharged"]
    if packs == (1, 3):
        with pytest.raises(Refusal) as error:
            console.read(2)
        assert error.value.code == 6
    assert battery.forbidden == []


@pytest.mark.parametrize("option", [{"end": end} for end in ("cr", "lf", "crlf")] + [{"worn": True}] + [
    {"takes": takes} for takes in ("cr", "crlf", "each")], ids=str)
def test_other_ways_of_a_console(option):
    uart, clock = battery_of("us2000c", paced=True, **option)
    console = woken(uart, clock)
    assert console.packs() == (1, 2)
    for pack in (1, 2):
        reading = console.read(pack)
        assert reading[:9] == as_said(uart.battery, pack)
        own = reading.capacity * values_of(uart.battery, "pwr", pack)["soc"] // 100
        assert (reading.remaining < own * 98 // 100) == ("worn" in option)
    assert console.link.timeouts == console.link.frame_errors == 0


@pytest.mark.parametrize("refusal", ["invalid", "failed", "absent", "completed"])
def test_refusals_as_they_are_printed(refusal):
    uart, clock = battery_of(refusal=refusal)
    with pytest.raises(Refusal) as error:
        woken(uart, clock).read(9)
    assert str(error.value)[:9] in ("pwr 9: In", "pwr 9: Co", "pwr 9: Ta")


def test_a_full_column_and_the_top_of_a_charge():
    uart, clock = battery_of("us3000d", packs=1)
    uart.battery.group.pack(1).override(current=-100000, temperatures=[260] * 5)
    assert "-10000926000" in text_of(uart, clock, "pwr\r\n")
    console = woken(uart, clock)
    assert console.packs() == (1,) and console.read(1).current == -100009
    uart.battery.group.pack(1).override(current=0, remaining=50000)
    reading = console.read(1)
    assert (reading.extra.state, reading.extra.events) == ("full", "Power Events 0x2000 COULFULL")
    uart.battery.group.pack(1).override(remaining=2000)
    assert dict(console.read(1).alarms.flags)["Low_SOC"]


@pytest.mark.parametrize("firmware", HEADERS)
def test_text_as_it_is_printed(firmware):
    uart, clock = battery_of(firmware)
    lines = text_of(uart, clock, "pwr\n").split("\n")
    table, cells = HEADERS[firmware]
    assert lines[0] == "pwr" and lines[1].strip() == "@"
    assert " ".join(lines[2].split()) == table
    assert [line.strip() for line in lines[-3:]] == ["Command completed successfully", "$$",
                                                     "PYTES>" if firmware in PYTES else "pylon>"]  # fmt: skip
    rows = [line.split() for line in lines[3:-3]]
    assert len(rows) == {"pytes": 8, "us3000d": 2}.get(firmware, 16)
    assert [len(row) for row in rows[:2]] == [len(table.split()) + 1] * 2
    assert {" ".join(row[1:]) for row in rows[2:]} <= {"- - - - - - - Absent - - - - - - -"}
    assert rows[0][1] == str(uart.battery.group.pack(1).analog()["voltage"])
    assert re.match(r"\d{4}-\d\d-\d\d$", rows[0][table.split().index("Time")])
    lines = text_of(uart, clock, "bat 1\r\n").split("\n")
    assert " ".join(lines[2].split()) == cells
    assert re.match(r"0 +\d{4} .* \d+% +\d+ mAH( +N)?\r\r$", lines[3]) and len(lines) == 3 + 15 + 3
    said = text_of(uart, clock, "pwr 1\r")
    assert re.search(r"\n Power  1\r", said) and re.search(
        r"\n Total Coulomb   : (50000       mAH|180000000   mAS)\r", said)
    assert ("Real Coulomb" in said) == (firmware in PYTES) and ("mAS" in said) == (firmware == "pytes-v5")
    assert text_of(uart, clock, "soh 1\n").count("Normal") == 15
    assert re.search(r"\n\S+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\r", text_of(uart, clock, "time\n"))
    assert ("SOH  " in text_of(uart, clock, "stat\n" if firmware == "us3000d" else "stat 1\n")) == (
        firmware not in PYTES)


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
    assert woken(uart, clock, asleep).packs() == (1, 2)
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


def test_silence_and_power_cycles():
    uart, clock = battery_of()
    console = woken(uart, clock)
    uart.battery.fault("silent", rate=1)
    with pytest.raises(NoReply):
        console.packs()
    uart.battery.clear()
    uart.battery.power_cycle()
    clock.advance(4000)
    assert console.packs() == (1, 2)
