"""The picture of a rack and its lines of text, from golden readings: what stands there, and that it fits."""

from __future__ import annotations

import io
import re

import pytest
from monitor_helpers import CELLS, HEALTH, NORMAL, TOTALS, heard, reading, told
from rich.console import Console

from tools import cells, view, words
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


LINES = (
    ("normal", {}, "Pack 1    82.9 %  49.539 V   -6.3 A   -312.1 W  cells 3.301 (7) to 3.306 V (13), 5 mV apart  "
                   "22.0…23.5 °C  discharging, OK"),
    ("alarm", ALARM, "Pack 1    82.9 %  49.539 V   -6.3 A   -312.1 W  cells 3.301 (7) to 3.306 V (13), 5 mV apart  "
                     "22.0…23.5 °C  discharging, heater on, Cell 7 over-voltage"),
    ("no alarm data", {"on": None}, "Pack 1    82.9 %  49.539 V   -6.3 A   -312.1 W  cells 3.301 (7) to 3.306 V (13), "
                                    "5 mV apart  22.0…23.5 °C  discharging, no alarm data"),
    ("charging, cold, 8 cells",
     {"cells": (3400,) * 7 + (3399,), "temperatures": (0.0, -0.4, -12.3), "PackCurrent": {"Reading": 25.0},
      "Power": 679.9, "SOC": 100.0, "BatteryState": "charging"},
     "Pack 1   100.0 %  27.199 V  +25.0 A   +679.9 W  cells 3.399 (8) to 3.400 V (1), 1 mV apart  -12.3…0.0 °C  "
     "charging, OK"),
    ("what is missing", {"SOC": None, "PackVoltage": 5, "CellMin": None, "CellDelta": "x", "Temps": {}},
     "Pack 1       – %       – V   -6.3 A   -312.1 W  cells 3.301 (7) to 3.306 V (13), – mV apart  – °C  "
     "discharging, OK"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "line"), LINES, ids=[row[0] for row in LINES])
def test_a_reading_as_a_line(name, changes, line):
    assert words.reading_line(1, heard(1, **changes).packs[1]) == line


def test_the_table_says_of_each_pack_what_it_has():
    lines = picture(heard(2, **ALARM))
    row = next(line for line in lines if re.match(r"\s+2\s", line))
    assert row.split() == ["2", "82.9%", "49.54", "-6.3", "-312", "3.301", "#7", "3.306", "#13", "5", "22…24",
                           "discharging", "0s"]  # fmt: skip
    assert any("Pack 2: Cell 7 over-voltage, heater on" in line for line in lines)


def test_every_cell_has_its_bar_and_lowest_and_highest_are_marked():
    text = "\n".join(picture(heard(1)))
    found = re.findall(r"(\d+) ([█▏▎▍▌▋▊▉ ]+) (\d\.\d{3})([▼▲! ])", text)
    assert {int(n): volts for n, _, volts, _ in found} == {n: f"{mv / 1000:.3f}" for n, mv in enumerate(CELLS, 1)}
    assert {mark: int(n) for n, _, _, mark in found if mark != " "} == {"▼": 7, "▲": 13}
    lengths = {volts: len(bar.rstrip()) for _, bar, volts, _ in found}
    assert lengths["3.301"] <= lengths["3.303"] <= lengths["3.306"] and lengths["3.301"] > 0


def test_a_cell_with_a_state_is_marked_as_wrong():
    assert re.search(r" 9 \S+ +3.302!", "\n".join(picture(heard(1, states={"Cell_9": 1}))))


@pytest.mark.parametrize("draw", [cells.small, cells.tiny])
def test_the_smaller_bars(draw):
    console = Console(width=80, file=io.StringIO(), record=True)
    for part in draw(heard(3).read_packs(), 80):
        console.print(part)
    text = console.export_text()
    assert "▼ lowest, ▲ highest" in text and len(re.findall("[▁▂▃▄▅▆▇█]", text)) in (3 * 15, 2 * 3 * 15)
    assert text.count("▼") == text.count("▲") == 4


def test_one_scale_for_the_rack():
    rack = heard(2, cells=(3300,) * 14 + (3100,))
    low, high = cells.scale(rack.read_packs())
    assert low < 3.1 and high == pytest.approx(3.306)
    low, high = cells.scale(heard(1, cells=(3300,) * 15).read_packs())
    assert high - low == pytest.approx(cells.LEAST_SPAN_V * (1 + cells.MARGIN)), "a few mV do not look like much"


@pytest.mark.parametrize("packs", [1, 2, 5, 16])
@pytest.mark.parametrize("width", [60, 80, 100, 120, 160, 220])
def test_it_fits_the_width(packs, width):
    wide = {"cells": (3303,) * 16, "temperatures": (-10.4, -5.0), "PackCurrent": {"Reading": -100.0}, "SOC": 100.0,
            "Power": -4954.1}  # fmt: skip
    lines = picture(heard(packs, **wide), width)
    assert max(map(len, lines)) <= width
    if width >= 80:
        assert not any("…" in line.replace("22…24", "").replace("-10…-5", "") for line in lines)
        assert any("discharging" in line and line.rstrip().endswith("0s") for line in lines)


ROOMS = ((1, 80, 24), (2, 80, 24), (4, 80, 28), (2, 120, 40), (16, 80, 40), (16, 160, 50))


@pytest.mark.parametrize(("packs", "width", "height"), ROOMS)
def test_it_fits_the_height_and_still_shows_the_cells(packs, width, height):
    lines = picture(heard(packs), width, height)
    assert len(lines) <= height
    assert "▼" in "".join(lines) and any("Health" in line for line in lines)


def test_room_is_used():
    assert len(picture(heard(2), 160)) < len(picture(heard(2), 80)), "two packs beside each other"
    assert "192.168.2.17" in "\n".join(picture(heard(2), 80, 60))


def test_health_and_log():
    rack = heard()
    told(rack, "tele/STATE", HEALTH | {"LastError": "OSError: 110"})
    rack.take("PylonToMQTT/Main/tele/LOG", b"battery does not answer", NOW)
    text = " ".join(re.sub("[│╭╮╰╯─]", " ", line).strip() for line in picture(rack, 120))
    for part in ("online, 4800 baud, cycle 1.1 s of 5 s", "214 polls, 3 timeouts, 0 frame errors", "1 implausible",
                 "up 2 h 13 min", "23 KB free", "last start: watchdog", "OSError: 110",
                 "battery does not answer"):  # fmt: skip
        assert part in text
    assert "searching" not in text


def test_panes_replace_the_log():
    text = "\n".join(picture(heard(), panes=[("Firmware", ["info: up", "error: down"]), ("Battery", [])]))
    assert "Firmware" in text and "error: down" in text and "Log" not in text and "Battery ─" not in text


def offline():
    rack = heard()
    rack.take("PylonToMQTT/Main/tele/LWT", b"Offline", NOW - 5)
    return rack


def hinted():
    rack = Heard()
    rack.hint = "The firmware starts."
    return rack


def elsewhere():
    rack = Heard()
    rack.take("PylonToMQTT/Shed/tele/LWT", b"Online", NOW, True)
    return rack


def with_health(**changes):
    rack = Heard()
    rack.take("PylonToMQTT/Main/tele/LWT", b"Online", NOW)
    told(rack, "tele/STATE", HEALTH | changes)
    return rack


def troubled():
    rack = heard()
    rack.trouble = "the broker at h:1 is gone"
    return rack


def short_of_one():
    rack = heard(2)
    told(rack, "stat/readings/Rack", TOTALS | {"Packs": 2, "PacksExpected": 3, "Problem": True, "Warning": False,
                                               "ProblemText": "Pack 3 missing"})  # fmt: skip
    return rack


SITUATIONS = (
    ("nothing at all", Heard, ["Waiting", "Nothing was published below PylonToMQTT/Main/", "--root and --rack"]),
    ("only another rack", elsewhere, ["Waiting", "Other racks here: Shed (--rack)"]),
    ("a hint", hinted, ["Waiting The firmware starts. "]),
    ("offline", offline, ["Offline for 5 s", "comes back by itself", "is old"]),
    ("online", heard, ["Online", "2 packs", "discharging", "82.9 %", "49.54 V", "-12.6 A", "-624 W", "82.9 of 100.0 Ah",
                       "empty in 6 h 35 min", "1.234 kWh in", "0.871 kWh out"]),
    ("no reading yet", with_health, ["Online", "No reading so far"]),
    ("searching", lambda: with_health(Link="searching"), ["Online, but no battery", "TX and RX"]),
    ("no broker", troubled, ["the broker at h:1 is gone", "Trying again"]),
    ("a pack is missing", short_of_one, ["2 of 3 packs", "Pack 3 missing", "No reading so far: pack 3"]),
)  # fmt: skip


@pytest.mark.parametrize(("name", "make", "says"), SITUATIONS, ids=[row[0] for row in SITUATIONS])
def test_the_situation_is_said_in_words(name, make, says):
    text = " ".join(re.sub("[│╭╮╰╯─●█▌░]", " ", line).strip() for line in picture(make()))
    text = re.sub(r"\s+", " ", text)
    assert [part for part in says if part not in text] == [], text


def test_ages_go_on_and_old_totals_are_said_to_be_old():
    rack = heard()
    row = next(line for line in picture(rack, now=NOW + 42) if re.match(r"\s+2\s", line))
    assert row.split()[-1] == "42s"
    assert "totals of 42 s ago" in "\n".join(picture(rack, now=NOW + 42))
    assert "ago" not in "\n".join(picture(rack)[:5])


@pytest.mark.parametrize("wild", [
    {"Cells": 5}, {"Cells": {"Cell_1": 7, "Cell_x": {"Reading": 1}}}, {"Temps": None}, {"SOC": "full"}, {"SOC": 1e300},
    {"Power": True}, {"System_Status": []}, {"CellMin": "low"}, {"ProblemText": 7}, {"BatteryState": None},
    {"PackCurrent": []}, {"Cells": {}}, {"CellMinNumber": 1.5}, {"ProblemText": "[bold]x[/bold]"},
])  # fmt: skip
def test_a_strange_reading_is_shown_as_far_as_it_goes(wild):
    rack = heard(2)
    told(rack, "stat/readings/Pack2", reading() | wild)
    told(rack, "stat/readings/Rack", TOTALS | {key: value for key, value in wild.items() if key in TOTALS})
    told(rack, "stat/info/Pack2", {"Device": "[red]", "BarCode": 5})
    for width, height in ((80, None), (80, 24), (160, None)):
        assert any("Pack 1" in line or "Cells" in line for line in picture(rack, width, height))
    assert words.reading_line(2, rack.packs[2]).startswith("Pack 2")


@pytest.mark.parametrize("wild", [{"Baud": "x", "Cycle": None, "HeapFree": "y", "Uptime": [], "Polls": "z"},
                                  {"LastError": 5, "PublishRate": 0, "Packs": "two", "Link": 3},
                                  {"Packs": 10**9, "RSSI": {}, "Version": None}])  # fmt: skip
def test_a_strange_health_is_shown_as_far_as_it_goes(wild):
    assert any("Health" in line for line in picture(with_health(**wild)))


DURATIONS = ((0, "0 s", "0s"), (119.9, "119 s", "119s"), (120, "2 min", "2m"), (3600, "1 h 0 min", "1h"),
             (90061, "1 d 1 h", "1d"))  # fmt: skip


@pytest.mark.parametrize(("seconds", "words_", "short"), DURATIONS)
def test_durations(seconds, words_, short):
    assert words.duration(seconds) == words_ and words.short_age(seconds) == short


def test_it_can_be_kept_as_a_drawing():
    console = Console(width=100, file=io.StringIO(), record=True, force_terminal=True)
    console.print(view.screen(heard(4), NOW, 100))
    assert "Pylontech" in console.export_svg(title="pylon2mqtt")
