"""What was heard of a rack, its picture and its lines of text: what counts, what stands there, and that it fits."""

import io
import re

import pytest
from monitor_helpers import HEALTH, NORMAL, TOTALS, heard, reading, told
from rich.console import Console

from tools import view, words
from tools.heard import LOG, LWT, OTHER, RACK, READING, Heard

ALARM = {"on": NORMAL - {"Charge_MOS"} | {"Cell_OV", "Heater"}, "states": {"Cell_7": 2}, "Warning": True,
         "ProblemText": "Cell 7 over-voltage"}


def picture(rack, width=80, now=100.0):
    """-> the lines of the whole picture, and all of it without frames and with single spaces."""
    console = Console(width=width, file=io.StringIO(), record=True, force_terminal=True)
    console.print(view.screen(rack, now, width, [("Log", ["battery lost"])]))
    lines = console.export_text().splitlines()
    return lines, re.sub(r"\s+", " ", re.sub("[│╭╮╰╯─●━╸]", " ", " ".join(lines)))


@pytest.mark.parametrize(("topic", "said", "retain", "kind"), [
    ("stat/readings/Pack1", reading(), False, READING), ("stat/readings/Pack1", reading(), True, OTHER),
    ("stat/readings/Rack", TOTALS, False, RACK), ("tele/STATE", HEALTH, True, "health"),
    ("tele/LOG", "battery lost", False, LOG), ("tele/LWT", "Offline", True, LWT), ("cmnd/x", {"a": 1}, False, OTHER),
    ("stat/readings/Pack1", '{"Cells"', False, OTHER), ("stat/readings/Pack1", [1], False, OTHER),
])
def test_what_counts_as_a_reading(topic, said, retain, kind):
    rack = Heard()
    assert told(rack, topic, said, 7.0, retain)[0] == kind
    assert rack.readings == len(rack.packs) == (kind == READING)
    assert rack.first_at == (7.0 if kind == READING else None)


def test_nothing_that_comes_can_move_the_cursor():
    rack = Heard("/home/battery/", "Main")
    assert rack.prefix == "home/battery/Main/"
    log = told(rack, "tele/LOG", "red \x1b[31m alert\r\n")[1]
    told(rack, "stat/readings/Pack1", reading(ProblemText="\x1b[2Jgone", BatteryState="a\nb"))
    said = [log, *rack.packs[1].reading.values()]
    assert all(text.isprintable() for text in said if isinstance(text, str)) and "[31m alert" in log


@pytest.mark.parametrize(("changes", "line"), [
    (ALARM, "Pack 1    82.9 %  49.539 V   -6.3 A   -312.1 W  cells 3.301 (7) to 3.306 V (13), 5 mV apart  22.0…23.5 °C"
            "  discharging, heater on, charge MOSFET off, Cell 7 over-voltage"),
    ({"SOC": None, "PackVoltage": "x", "CellDelta": "x", "TempMin": {}, "TempMax": [], "on": None},
     "Pack 1       – %       – V   -6.3 A   -312.1 W  cells 3.301 (7) to 3.306 V (13), – mV apart  – °C  "
     "discharging, no alarm data"),
])
def test_a_reading_as_a_line(changes, line):
    assert words.reading_line(1, heard(1, **changes).packs[1]) == line


def test_the_table_says_of_each_pack_what_it_has():
    lines, text = picture(heard(2, cells=(3300, 3350, 3400), **ALARM), 100, now=142.0)
    row = next(line for line in lines if re.match(r"\s+2\s", line)).split()
    assert row == [
        "2", "82.9", "10.05", "-6.3", "-312", "3.300", "#1", "3.400", "#3", "100", "▁▅█", "22…24", "discharging", "42s"]
    assert "Pack 2: Cell 7 over-voltage, heater on, charge MOSFET off" in text and "battery lost" in text


def test_of_each_pack_lowest_highest_and_what_is_out_of_range_are_marked():
    pack = heard(1, cells=(3300, 3350, 3400, 3350), states={"Cell_4": 2}).packs[1]
    styles = [span.style for span in view._cells(pack, 3.3, 0.1).spans]
    assert styles == [view.LOWEST, view.PLAIN, view.HIGHEST, view.WRONG] and len(set(styles)) == 4


@pytest.mark.parametrize("width", [80, 100])
def test_it_fits_the_width(width):
    wide = {"cells": (3303,) * 16, "temperatures": (-10.4, -5.0), "PackCurrent": {"Reading": -100.0}, "SOC": 100.0,
            "Power": -4954.1}
    lines, text = picture(heard(16, **wide), width)
    assert max(map(len, lines)) <= width and "…" not in text.replace("22…24", "").replace("-10…-5", "")


ONLINE = ("tele/LWT", "Online")


@pytest.mark.parametrize(("messages", "says"), [
    ((), ["Waiting", "Nothing was published below PylonToMQTT/Main/", "--root and --rack"]),
    ((("tele/LWT", "Offline"),), ["Offline for 5 s", "comes back by itself", "is old"]),
    ((ONLINE,), ["Online", "No reading so far"]),
    ((ONLINE, ("tele/STATE", {"Link": "searching"})), ["Online, but no battery", "TX and RX"]),
    ((ONLINE, ("stat/readings/Pack1", reading()), ("stat/readings/Rack", TOTALS | {
        "PacksExpected": 3, "Problem": True, "ProblemText": "Pack 3 missing"})),
     ["Online", "2 of 3 packs", "discharging", "82.9 %", "49.54 V", "-12.6 A", "-624 W", "82.9 of 100.0 Ah",
      "empty in 6 h 35 min", "1.234 kWh in", "0.871 kWh out", "Pack 3 missing"]),
    ((("tele/STATE", HEALTH | {"LastError": "OSError: 110", "PublishRate": 2.5}),),
     ["online, 4800 baud, cycle 1.1 s of 2.5 s", "214 polls, 3 timeouts, 0 frame errors", "up 2 h 13 min",
      "23 KB free", "last start: watchdog", "OSError: 110"]),
    ((("tele/STATE", HEALTH | {"PublishRate": 10.0}),), ["cycle 1.1 s of 10 s"]),
])
def test_the_situation_is_said_in_words(messages, says):
    rack = Heard()
    for topic, said in messages:
        told(rack, topic, said, 95.0)
    _, text = picture(rack, 120)
    assert [part for part in says if part not in text] == [], text


@pytest.mark.parametrize("wild", [
    {"Cells": 5, "CellMinNumber": []}, {"Cells": {"Cell_1": 7, "Cell_x": {"Reading": 1}}, "SOC": 1e300},
    {"BatteryState": "[/red]", "PackCurrent": [], "Power": True, "ProblemText": "[bold]x[/b]", "Problem": 1},
    {"Baud": "x", "Cycle": None, "HeapFree": "y", "Uptime": [], "Polls": "z", "LastError": 5, "Link": "[/x]"},
    {"System_Status": 1},
])
def test_strange_values_are_shown_as_far_as_it_goes(wild):
    rack = heard(2)
    for topic, said in (("stat/readings/Pack2", reading()), ("stat/readings/Rack", TOTALS), ("tele/STATE", HEALTH)):
        told(rack, topic, said | wild)
    assert "Health" in picture(rack)[1] and words.reading_line(2, rack.packs[2]).startswith("Pack 2")
