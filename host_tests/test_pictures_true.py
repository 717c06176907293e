"""What the pictures of docs/ say is so: contacts, pins and the way of each wire; modules and who imports whom."""

from __future__ import annotations

import ast
import json

import pytest
from pictures_read import Picture, text_box
from test_arrows import allowed, imports, leaf

from firmware import config
from firmware.mqtt import entities
from tools import pictures_architecture as house
from tools import pictures_monitor, pictures_wiring
from tools.pictures_plugs import BODY_TOP, GND, RJ11, RJ45, RX, TX

NEAR_PX = 22
PLUGS = {"wiring-rj45.svg": RJ45, "wiring-rj11.svg": RJ11}
# Written down here once more: a contact that is drawn wrong may cost a battery.
CONTACTS = {"wiring-rj45.svg": {TX: 3, RX: 6, GND: 8}, "wiring-rj11.svg": {TX: 3, RX: 2, GND: 1}}
OF_SIX = {TX: 4, RX: 3, GND: 2}
COLOURS = {TX: "white-green", RX: "green", GND: "brown"}
# signal of the battery: the module's pin there, its pin towards the ESP32, the setting or the pin of the ESP32
WAYS = (
    (TX, "R1IN", "R1OUT", "uart_rx"), (RX, "T1OUT", "T1IN", "uart_tx"), (GND, "GND", "GND", None),
    ("VCC", None, "VCC", None),
)  # fmt: skip


@pytest.fixture(scope="module", params=PLUGS)
def wiring(request):
    """(the plug, what it must be, what was drawn)."""
    return PLUGS[request.param], CONTACTS[request.param], Picture(pictures_wiring.pictures()[request.param])


def line(picture, name):
    return next(one for one in picture.lines if one.name == name)


def beside(picture, x, y):
    """What stands nearest to an end of a wire, on its level."""
    return picture.words_at(x, y, NEAR_PX)[0]


def numbers(picture, row=0):
    """{number of a contact: x of its middle} as it stands above the plug; row: counted from the plug upwards."""
    above = [one for one in picture.texts if one.words.isdecimal()]
    levels = sorted({one.y for one in above}, reverse=True)
    return {int(one.words): one.x for one in above if one.y == levels[row]}


def default(key):
    rows = {row[0]: row[1] for row in config.SETTINGS}
    return f"GPIO{rows[key]}"


def test_contacts_are_counted_from_the_left(wiring):
    _, contacts, picture = wiring
    found = numbers(picture)
    assert list(found.values()) == sorted(found.values()) and list(found) == list(range(1, len(found) + 1))
    assert len(found) == (8 if contacts[GND] == 8 else 4)
    assert any("contacts towards you" in one.words for one in picture.texts)
    assert any("1 is on the left" in one.words for one in picture.texts)


@pytest.mark.parametrize(("signal", "outside", "inside", "key"), WAYS, ids=[way[0] for way in WAYS])
def test_every_wire_goes_from_its_contact_to_its_pin(wiring, signal, outside, inside, key):
    _, contacts, picture = wiring
    if outside:
        wire = line(picture, f"battery-{signal}")
        (x, y), end = wire.points[0], wire.points[-1]
        assert x == numbers(picture)[contacts[signal]] and y > BODY_TOP
        assert beside(picture, *end) == outside
        label = next(one for one in picture.texts if one.words == f"{contacts[signal]}  {signal}")
        assert x < text_box(label)[0] and 0 < end[1] - label.y < NEAR_PX
    wire = line(picture, f"board-{signal}")
    assert beside(picture, *wire.points[0]) == inside
    assert beside(picture, *wire.points[-1]) == (default(key) if key else "3V3" if signal == "VCC" else "GND")


def test_our_tx_goes_to_the_rx_of_the_battery(wiring):
    *_, picture = wiring
    for key, word in (("uart_tx", "TX"), ("uart_rx", "RX")):
        pin = next(one for one in picture.texts if one.words == default(key))
        assert any(one.words == word and one.y == pin.y for one in picture.texts)
    assert default("uart_tx") != default("uart_rx")


def test_a_pin_that_is_changed_in_the_settings_changes_in_the_picture(monkeypatch):
    rows = [("uart_tx", 17, *row[2:]) if row[0] == "uart_tx" else row for row in config.SETTINGS]
    monkeypatch.setattr(config, "SETTINGS", rows)
    made = pictures_wiring.wiring(RJ45)
    assert "GPIO17" in made and "GPIO33" not in made


def test_no_wire_crosses_another(wiring):
    *_, picture = wiring
    wires = [one for one in picture.lines if one.name and one.name.startswith("battery-")]
    assert len(wires) == 3
    tops = [(one.points[0][0], one.points[-1][1]) for one in wires]
    assert [y for _, y in sorted(tops)] == sorted((y for _, y in tops), reverse=True)


def test_colours_and_the_other_way_to_count():
    assert {signal: RJ45.colour_name(signal) for signal in COLOURS} == COLOURS
    picture = Picture(pictures_wiring.pictures()["wiring-rj11.svg"])
    of_four, of_six = numbers(picture), numbers(picture, 1)
    assert {signal: of_six[pin] for signal, pin in OF_SIX.items()} == {
        signal: of_four[pin] for signal, pin in CONTACTS["wiring-rj11.svg"].items()
    }


@pytest.mark.parametrize("said", ["3V3, not to 5V", "a MAX232 needs 5 V", "Never straight to ESP32 pins",
                                  "never into a network socket", "±12 V", "nsulate the", "10 kΩ"])  # fmt: skip
def test_what_owners_get_wrong_is_said(wiring, said):
    *_, picture = wiring
    assert any(said in one.words for one in picture.texts)


# -- the house


@pytest.fixture(scope="module")
def sources(project):
    """{"battery/frame": its source, …}, "main" and "boot" too."""
    firmware = project / "firmware"
    paths = {str(path.relative_to(firmware).with_suffix("")): path for path in firmware.rglob("*.py")}
    paths |= {name: project / f"{name}.py" for name in ("main", "boot")}
    return {name: path.read_text() for name, path in paths.items() if leaf(name) != "__init__"}


def named():
    return [module for part in house.PARTS.values() for module, _ in part.modules]


def test_modules_that_are_drawn_are_there(sources):
    assert len(set(named())) == len(named()) > 20
    beyond = {module for part in house.PARTS.values() for module in part.others}
    assert {*named(), *beyond} - set(sources) == set()
    drawn = {one.words for one in Picture(house.architecture()).texts if one.mono}
    assert drawn == {leaf(module) for module in named()}


def test_each_module_belongs_to_the_part_it_is_drawn_in():
    for name, part in house.PARTS.items():
        assert {house.part_of(module) for module, _ in part.modules} == {name}
    assert house.part_of("battery/unheard_of") == "battery/" and house.part_of("unheard_of") == "roof"


def test_arrows_are_those_of_the_source(sources):
    """All of them, and no other: between parts of the house."""
    found = set()
    for name, text in sources.items():
        for kind, target in imports(name, ast.parse(text), sources):
            if kind == "ours" and house.part_of(name) != house.part_of(target):
                found.add((house.part_of(name), house.part_of(target)))
    assert found == set(house.ARROWS)


def test_arrows_are_allowed(sources):
    """By the table of who may import whom: at least one module of the one part one of the other."""
    for one, other in house.ARROWS:
        assert any(
            allowed(name, target)
            for name in sources if house.part_of(name) == one
            for target in sources if house.part_of(target) == other
        ), (one, other)  # fmt: skip


def test_each_arrow_goes_from_one_part_to_the_other():
    for one, other in house.ARROWS:
        (x, y), *_, (to_x, to_y) = house._way(one, other)
        here, there = house.PARTS[one], house.PARTS[other]
        assert x in (here.left, here.right) or y in (here.top, here.bottom)
        assert to_x in (there.left, there.right) or to_y in (there.top, there.bottom)


# -- the monitor


def test_the_monitor_is_told_what_is_published():
    assert set(pictures_monitor.HEALTH) == {row[0] for row in entities.rows("state")}
    rack = pictures_monitor.heard()
    known = {row[0] for row in entities.rows("readings")}
    assert set(rack.totals) - known == set()
    assert json.loads(json.dumps(rack.totals)) and len(rack.totals) > 15
    inside = {"Cells", "Temps", "Protect_Status", "System_Status", "Fault_Status", "Alarm_Status"}
    for _, pack in rack.read_packs():
        assert set(pack.reading) - known == inside
