"""The pictures of docs/: what the scripts give, readable by day and by night, without anything from elsewhere."""

from __future__ import annotations

import html
import itertools
import re
import xml.etree.ElementTree as ET

import pytest
from pictures_read import Picture, contrast, overlap, text_box

from tools import pictures, pictures_monitor, pictures_terminal, truth
from tools.pictures_canvas import DARK, LIGHT
from tools.simulator.group import Group

SVG = "http://www.w3.org/2000/svg"
MADE = pictures.files()
DRAWN = [name for name in MADE if name != "monitor.svg"]  # by the canvas
GITHUB_PX, PHONE_PX = 830, 400
LEAST_PX, LEAST_ON_PHONE_PX = 15, 7.5
LEAST_CONTRAST = 4.5  # WCAG 2, AA
OUTSIDE = re.compile(r"//|@import|@font-face|url\((?!#)|href|<script|<foreignObject|<image|<!ENTITY", re.IGNORECASE)


@pytest.fixture(params=DRAWN)
def picture(request):
    return Picture(MADE[request.param])


def test_the_committed_pictures_are_what_the_scripts_give():
    assert pictures.stale(MADE) == [], "run python3 tools/pictures.py"


def test_they_are_the_same_whatever_the_terminal_is(monkeypatch):
    for key, value in (("NO_COLOR", "1"), ("COLUMNS", "40"), ("TERM", "dumb"), ("LANG", "C")):
        monkeypatch.setenv(key, value)
    assert pictures.files() == MADE


def test_check_says_which_are_out_of_date_and_writes_nothing(tmp_path, capsys):
    there = ["--out", str(tmp_path)]
    assert pictures.main(["--check", *there]) == 1
    assert not list(tmp_path.iterdir())
    assert pictures.main(there) == 0
    assert {path.name for path in tmp_path.iterdir()} == set(MADE)
    assert pictures.main(["--check", *there]) == 0
    (tmp_path / "monitor.svg").write_text("<svg/>")
    capsys.readouterr()
    assert pictures.main(["--check", *there]) == 1
    said = capsys.readouterr().out
    assert "monitor.svg is out of date" in said and "wiring" not in said


@pytest.mark.parametrize("name", MADE)
def test_well_formed_and_nothing_from_elsewhere(name):
    root = ET.fromstring(MADE[name])
    assert root.tag == f"{{{SVG}}}svg" and root.get("role") == "img" and root.find(f"{{{SVG}}}title").text
    assert not OUTSIDE.search(MADE[name].replace(f'"{SVG}"', ""))


@pytest.mark.parametrize("bad", ["https://a.org/f.woff", "url(x.png)", "@font-face", 'xlink:href="a"', "<script>"])
def test_what_comes_from_elsewhere_is_seen(bad):
    assert OUTSIDE.search(bad)


# -- what the canvas drew


def test_no_words_are_cut_off_or_lie_on_others(picture):
    for one in picture.texts:
        left, top, right, bottom = text_box(one)
        room = picture.around(one)
        assert room[0] < left and right < room[2] and room[1] < top and bottom < room[3], f"{one.words} in {room}"
    for number, one in enumerate(picture.texts):
        for other in picture.texts[number + 1 :]:
            assert not overlap(text_box(one), text_box(other)), f"{one.words} / {other.words}"


def test_no_line_goes_through_words(picture):
    lines = [(one, box) for one in picture.lines for box in one.boxes()]
    assert lines
    for one in picture.texts:
        for line, box in lines:
            assert not overlap(text_box(one), box), f"{one.words} / {line.name or line.points}"


@pytest.mark.parametrize("shade", [LIGHT, DARK], ids=["light", "dark"])
def test_words_stand_out(picture, shade):
    colours = picture.colours[shade]
    for one in picture.texts:
        ground = picture.ground(one)
        assert contrast(colours[one.colour], colours[ground]) >= LEAST_CONTRAST, f"{one.words} on {ground}"


def test_the_dark_shades_are_dark(picture):
    assert contrast(picture.colours[LIGHT]["paper"], "#ffffff") < 1.5 < 15 < contrast(
        picture.colours[DARK]["paper"], "#ffffff"
    )


def test_words_are_large_enough(picture):
    for one in picture.texts:
        assert one.size * GITHUB_PX / picture.width >= LEAST_PX, one.words
        assert one.size * PHONE_PX / picture.width >= LEAST_ON_PHONE_PX, one.words


# -- the monitor


@pytest.fixture(scope="module")
def screen():
    return ET.fromstring(MADE["monitor.svg"])


def pieces(screen):
    """(line, left, right, words, class) of each piece of text in the terminal."""
    for one in screen.iter(f"{{{SVG}}}text"):
        if one.get("textLength"):
            left = float(one.get("x"))
            words = one.text.replace("\xa0", " ")
            yield float(one.get("y")), left, left + float(one.get("textLength")), words, one.get("class")


def test_the_monitor_shows_every_cell_of_the_simulated_packs(screen):
    group = Group(pictures_monitor.PACKS, pictures_monitor.SEED)
    group.advance(pictures_monitor.CHARGED_S)
    said = " ".join(words for *_, words, _ in pieces(screen))
    for pack in group.packs:
        assert pack.serial in said
        for volts in pack.analog()["cells"]:
            assert f" {volts / 1000:.3f}" in said
    assert "charging" in said and "discharging" not in said
    assert any((one.text or "").replace("\xa0", " ") == pictures_monitor.TITLE for one in screen)


def test_nothing_in_the_monitor_is_cut_off(screen):
    most = pictures_monitor.COLUMNS * pictures_terminal.CHAR_PX
    found = sorted(pieces(screen))
    assert all(0 <= left < right <= most + 0.1 and not words.endswith("…") for _, left, right, words, _ in found)
    for (y, _, right, words, _), (next_y, left, _, other, _) in itertools.pairwise(found):
        assert y != next_y or right <= left + 0.1, f"{words} / {other}"


def test_words_of_the_monitor_stand_out(screen):
    style = dict(re.findall(r"\.(monitor-r\d+) \{ fill: (#[0-9a-f]{6})", MADE["monitor.svg"]))
    paper = next(one.get("fill") for one in screen.iter(f"{{{SVG}}}rect") if one.get("stroke"))
    used = {css for *_, words, css in pieces(screen) if re.search(r"\w", words)}
    assert len(used) > 5
    assert {css: style[css] for css in used if contrast(style[css], paper) < LEAST_CONTRAST} == {}
    width = float(screen.get("width"))
    assert 21 * PHONE_PX / width > LEAST_ON_PHONE_PX and "font-size: 21px" in MADE["monitor.svg"]


def test_bars_are_as_long_as_the_voltages_say(screen):
    bars = [one for one in screen.iter(f"{{{SVG}}}rect") if (one.get("class") or "").startswith("monitor-r")]
    lengths = [float(one.get("width")) for one in bars if float(one.get("width")) > pictures_terminal.UPRIGHT_PX]
    volts = [value for _, pack in pictures_monitor.heard().read_packs() for _, value, _ in pack.cells()]
    rows = sorted(zip(volts, lengths[1:], strict=True))  # the first is the state of charge
    assert rows == sorted(rows, key=lambda row: row[::-1]) and len(set(lengths)) > 5
    assert html.unescape(MADE["monitor.svg"]).count("█") == 0


def test_what_the_monitor_was_told_is_what_the_contract_says():
    group = Group(1, 1)
    group.advance(100)
    pack = group.packs[0]
    reading = pictures_monitor.published(pack.analog(), pack.alarm())
    assert truth.published_analog(reading) == truth.analog(pack.analog())
    assert truth.published_alarm(reading) == truth.alarm(pack.alarm(), 15)
