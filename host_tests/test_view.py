"""The picture of a rack and its lines of text, from golden readings: what stands there, and that it fits."""

from __future__ import annotations

import io
import re

import pytest
from monitor_helpers import CELLS, HEALTH, NORMAL, TOTALS, heard, reading, told
from rich.console import Console

from tools import view, words
from tools.heard import Heard

NOW = 100.0
ALARM = {
    "on": NORMAL | {"Cell_OV", "Heater"}, "states": {"Cell_7": 2}, "Warning": True, "Problem": True,
    "ProblemText": "Cell 7 over-voltage",
}  # fmt: skip


def picture(rack, width=80, height=None, now=NOW, panes=None):
    """The lines of the whole picture, as plain text."""
    console = Console(width=width, file=io.StringIO(), record=True, force_terminal=True)
    console.print(view.screen(rack, now, width, height, panes))
    return console.export_text().splitlines()


def spaced(lines):
    return re.sub(r"\s+", " ", re.sub("[│╭╮╰╯─●━╸]", " ", " ".join(lines)))


LINES = (
    ("normal", {}, "Pack 1    82.9 %  49.539 V   -6.3 A   -312.1 W  cells 3.301 (7) to 3.306 V (13), 5 mV apart  "
                   "22.0…23.5 °C  discharging, OK"),
    ("alarm", ALARM, "Pack 1    82.9 %  49.539 V   -6.3 A   -312.1 W  cells 3.301 (7) to 3.306 V (13), 5 mV apart  "
                     "22.0…23.5 °C  discharging, heater on, Cell 7 over-voltage"),
    ("charging, cold, 8 cells",
     {"cells": (3400,) * 7 + (3399,), "temperatures": (0.0, -0.4, -12.3), "PackCurrent": {"Reading": 25.0},
      "Power": 679.9, "SOC": 100.0, "BatteryState": "charging", "on": None},
     "Pack 1   100.0 %  27.199 V  +25.0 A   +679.9 W  cells 3.399 (8) to 3.400 V (1), 1 mV apart  -12.3…0.0 °C  "
     "charging, no alarm data"),
    ("what is missing", {"SOC": None, "PackVoltage": "x", "CellDelta": "x", "Temps": {}},
     "Pack 1       – %       – V   -6.3 A   -312.1 W  cells 3.301 (7) to 3.306 V (13), – mV apart  – °C  "
     "discharging, OK"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "line"), LINES, ids=[row[0] for row in LINES])
def test_a_reading_as_a_line(name, changes, line):
    assert words.reading_line(1, heard(1, **changes).packs[1]) == line


def test_the_table_says_of_each_pack_what_it_has():
    lines = picture(heard(2, **ALARM), now=NOW + 42)
    row = next(line for line in lines if re.match(r"\s+2\s", line))
    assert row.split() == ["2", "82.9", "49.54", "-6.3", "-312", "3.301", "#7", "3.306", "#13", "5", "22…24",
                           "discharging", "42s"]  # fmt: skip
    assert any("Pack 2: Cell 7 over-voltage, heater on" in line for line in lines)
    assert "totals of 42 s ago" in spaced(lines) and "totals of" not in spaced(picture(heard(2)))


def test_every_cell_has_its_bar_and_lowest_highest_and_wrong_are_marked():
    text = "\n".join(picture(heard(1, states={"Cell_9": 1})))
    found = re.findall(r"(\d+) ([━╸╺]+) *(\d\.\d{3})([▼▲! ])", text)
    assert {int(n): volts for n, _, volts, _ in found} == {n: f"{mv / 1000:.3f}" for n, mv in enumerate(CELLS, 1)}
    assert {mark: int(n) for n, _, _, mark in found if mark != " "} == {"▼": 7, "▲": 13, "!": 9}
    lengths = {volts: len(bar) for _, bar, volts, _ in found}
    assert 0 < lengths["3.301"] <= lengths["3.303"] <= lengths["3.306"]


def test_of_many_packs_every_cell_is_a_block():
    text = "\n".join(picture(heard(16)))
    assert len(re.findall("[▁▂▃▄▅▆▇█]", text)) == 16 * 15 and text.count("▼") == text.count("▲") == 17


@pytest.mark.parametrize("packs", [1, 5, 16])
@pytest.mark.parametrize("width", [80, 100, 160])
def test_it_fits_the_width(packs, width):
    wide = {"cells": (3303,) * 16, "temperatures": (-10.4, -5.0), "PackCurrent": {"Reading": -100.0}, "SOC": 100.0,
            "Power": -4954.1}  # fmt: skip
    lines = picture(heard(packs, **wide), width)
    assert max(map(len, lines)) <= width
    assert not any("…" in line.replace("22…24", "").replace("-10…-5", "") for line in lines)


@pytest.mark.parametrize(("packs", "width", "height"), [(2, 80, 24), (2, 120, 40), (16, 80, 40)])
def test_it_fits_the_height_and_still_shows_the_cells(packs, width, height):
    rack = heard(packs)
    rack.take("PylonToMQTT/Main/tele/LOG", b"battery does not answer", NOW)
    lines = picture(rack, width, height)
    assert len(lines) <= height and "▼" in "".join(lines) and "battery does not answer" in spaced(lines)


@pytest.mark.parametrize(("said", "shown"), [(10, "10"), (10.0, "10"), (2.5, "2.5"), (None, "10"), (0, "10")])
def test_health_tells_the_cycle_and_its_rate(said, shown):
    """The firmware says the rate with a decimal."""
    rack = heard()
    told(rack, "tele/STATE", HEALTH | {"LastError": "OSError: 110", "PublishRate": said})
    text = spaced(picture(rack, 120))
    for part in (f"online, 4800 baud, cycle 1.1 s of {shown} s", "214 polls, 3 timeouts, 0 frame errors",
                 "up 2 h 13 min", "23 KB free", "last start: watchdog", "OSError: 110"):  # fmt: skip
        assert part in text


def rack_with(*messages, **totals):
    """An empty rack that hears these (topic, payload)."""
    rack = Heard()
    for topic, payload in messages:
        rack.take(topic, payload, NOW - 5)
    return rack


def changed(**changes):
    rack = heard()
    for name, value in changes.items():
        setattr(rack, name, value)
    return rack


ONLINE = ("PylonToMQTT/Main/tele/LWT", b"Online")
MISSING = {"totals": TOTALS | {"PacksExpected": 3, "Problem": True, "ProblemText": "Pack 3 missing"}}
SITUATIONS = (
    (rack_with(), ["Waiting", "Nothing was published below PylonToMQTT/Main/", "--root and --rack"]),
    (rack_with(("PylonToMQTT/Shed/tele/LWT", b"Online")), ["Waiting", "Other racks here: Shed (--rack)"]),
    (rack_with(("PylonToMQTT/Main/tele/LWT", b"Offline")), ["Offline for 5 s", "comes back by itself", "is old"]),
    (rack_with(ONLINE), ["Online", "No reading so far"]),
    (rack_with(ONLINE, ("PylonToMQTT/Main/tele/STATE", b'{"Link":"searching"}')),
     ["Online, but no battery", "TX and RX"]),
    (heard(), ["Online", "2 of 2 packs", "discharging", "82.9 %", "49.54 V", "-12.6 A", "-624 W", "82.9 of 100.0 Ah",
               "empty in 6 h 35 min", "1.234 kWh in", "0.871 kWh out"]),
    (changed(trouble="the broker at h:1 is gone"), ["the broker at h:1 is gone", "Trying again"]),
    (changed(**MISSING), ["2 of 3 packs", "Pack 3 missing", "No reading so far: pack 3"]),
)  # fmt: skip


@pytest.mark.parametrize(("rack", "says"), SITUATIONS, ids=[row[1][0] for row in SITUATIONS])
def test_the_situation_is_said_in_words(rack, says):
    text = spaced(picture(rack))
    assert [part for part in says if part not in text] == [], text


@pytest.mark.parametrize("wild", [
    {"Cells": 5}, {"Cells": {"Cell_1": 7, "Cell_x": {"Reading": 1}}}, {"Temps": None}, {"SOC": "full"}, {"SOC": 1e300},
    {"Power": True}, {"System_Status": []}, {"ProblemText": 7, "Problem": 1}, {"BatteryState": None},
    {"PackCurrent": []}, {"Cells": {}}, {"ProblemText": "[bold]x[/b]", "Problem": 1}, {"Baud": "x", "Cycle": None},
    {"HeapFree": "y", "Uptime": [], "Polls": "z"}, {"LastError": 5, "PublishRate": "x", "Packs": "two", "Link": 3},
    {"PacksExpected": 10**9, "RSSI": {}, "Version": None}, {"BatteryState": "[/red]"},
])  # fmt: skip
def test_strange_values_are_shown_as_far_as_it_goes(wild):
    rack = heard(2)
    told(rack, "stat/readings/Pack2", reading() | wild)
    told(rack, "stat/readings/Rack", TOTALS | wild)
    told(rack, "stat/info/Pack2", {"Device": "[/red]", "BarCode": 5})
    told(rack, "tele/STATE", HEALTH | wild)
    assert "Health" in spaced(picture(rack))
    assert words.reading_line(2, rack.packs[2]).startswith("Pack 2")
