"""How the firmware is built: two wings that never see each other, a hall between them, what is above and below them.

PARTS names modules; host_tests/test_pictures.py holds names and arrows against the source.
"""

from __future__ import annotations

from dataclasses import dataclass

from tools.pictures_canvas import Canvas

WIDTH, HEIGHT = 720, 764
EDGE = 20
LEFT, RIGHT = 52, 682  # of the parts; the arrow from the roof to the ground is left of them
COLUMN, GAP = 160, 75
FRAME = (86, 618)  # the ESP32
ROOF, WINGS, GROUND, OUTSIDE = (122, 192), (230, 490), (534, 604), (656, 714)
HEAD, ROW = 52, 45  # px from a column's top to its first module, from one module to the next
SIDE = 14
NEVER = "battery/ and mqtt/ never import each other; a test reads the imports."


@dataclass(frozen=True)
class Part:
    """A part of the house; modules: those that are named in it, and what they do; others: what it has besides.

    left, right, top, bottom: where it stands.
    """

    title: str
    left: int
    right: int
    top: int
    bottom: int
    modules: tuple
    others: tuple = ()


def _column(number):
    left = LEFT + number * (COLUMN + GAP)
    return left, left + COLUMN, *WINGS


PARTS = {
    "roof": Part("", LEFT, RIGHT, *ROOF, (
        ("main", "switched on"), ("config", "settings"), ("start", "prepares"), ("app", "builds all"),
        ("loop", "goes round"),
    )),
    "battery/": Part("battery/", *_column(0), (
        ("battery/poller", "what is due next"), ("battery/pylontech", "frame dialect"),
        ("battery/console", "text dialect"), ("battery/link", "question, answer"), ("battery/frame", "SOI … CHKSUM"),
    )),
    "hall": Part("between", *_column(1), (
        ("reading", "what a pack said"), ("plausible", "can that be?"), ("rack", "all packs"),
        ("energy", "watt-hours"),
    ), ("words", "totals")),
    "mqtt/": Part("mqtt/", *_column(2), (
        ("mqtt/publisher", "what goes where"), ("mqtt/payloads", "JSON in parts"), ("mqtt/entities", "keys and units"),
        ("mqtt/session", "stays connected"), ("mqtt/bounded", "no endless wait"),
    )),
    "ground": Part("", LEFT, RIGHT, *GROUND, (
        ("board", "UART, LED"), ("retained", "RTC memory"), ("overlay", "loads, drops"), ("log", "error … info"),
        ("wifi", "network"),
    ), ("radio", "led")),
}  # fmt: skip
# Who imports from whom, part by part. All there is: what is not here must not be in the source.
ARROWS = (
    ("roof", "battery/"), ("roof", "hall"), ("roof", "mqtt/"), ("roof", "ground"),
    ("battery/", "hall"), ("mqtt/", "hall"), ("battery/", "ground"), ("hall", "ground"), ("mqtt/", "ground"),
)  # fmt: skip
IMPORTS_Y = WINGS[0] + 150  # of the arrows between columns


def part_of(module):
    """The part of the house that a module ("battery/link", "app") belongs to: the roof, when no other has it."""
    for name, part in PARTS.items():
        inside = name.endswith("/") and module.startswith(name)
        if inside or module in part.others or module in [named for named, _ in part.modules]:
            return name
    return "roof"


def architecture():
    """The picture -> SVG as text."""
    canvas = Canvas(WIDTH, HEIGHT, "How pylon2mqtt is built",
                    "Bytes of the battery become a Reading in one wing, JSON for the broker in the other. " + NEVER)
    canvas.text(30, 42, "How it is built", size=23, bold=True)
    canvas.text(30, 69, NEVER, "soft", 16)
    canvas.rect(EDGE, FRAME[0], WIDTH - 2 * EDGE, FRAME[1] - FRAME[0], "box", "edge")
    canvas.text(LEFT, FRAME[0] + 25, "ESP32: firmware/", "soft", 16, bold=True)
    for part in PARTS.values():
        canvas.rect(part.left, part.top, part.right - part.left, part.bottom - part.top, "paper", "rim")
        (_list if part.title else _row)(canvas, part)
    for one, other in ARROWS:
        canvas.arrow(_way(one, other), "rim", 1.8)
    _outside(canvas)
    _flow(canvas)
    _legend(canvas)
    return canvas.svg()


def _list(canvas, part):
    canvas.text(part.left + SIDE, part.top + 25, part.title, "accent", 17, bold=True)
    for row, (module, words) in enumerate(part.modules):
        y = part.top + HEAD + ROW * row
        canvas.text(part.left + SIDE, y, module.rpartition("/")[2], size=17, bold=True, mono=True)
        canvas.text(part.left + SIDE, y + 18, words, "soft", 15)


def _row(canvas, part):
    step = (part.right - part.left) / len(part.modules)
    for column, (module, words) in enumerate(part.modules):
        x = part.left + step * (column + 0.5)
        canvas.text(x, part.top + 31, module, size=17, anchor="middle", bold=True, mono=True)
        canvas.text(x, part.top + 53, words, "soft", 15, "middle")


def _way(one, other):
    """The points of the arrow between two parts: straight where they are neighbours, else round the left side."""
    here, there = PARTS[one], PARTS[other]
    if here.top == there.top:
        right = here.left < there.left
        return [(here.right if right else here.left, IMPORTS_Y), (there.left if right else there.right, IMPORTS_Y)]
    if (one, other) == ("roof", "ground"):
        x, high, low = LEFT - 18, (here.top + here.bottom) // 2, (there.top + there.bottom) // 2
        return [(here.left, high), (x, high), (x, low), (there.left, low)]
    x = PARTS[one if other == "ground" else other].left + COLUMN // 2
    if other == "ground":  # the data have their arrow beside it
        x += {"battery/": COLUMN // 4, "mqtt/": -COLUMN // 4}.get(one, 0)
    return [(x, here.bottom), (x, there.top)]


def _outside(canvas):
    battery, broker = PARTS["battery/"], PARTS["mqtt/"]
    for part, title, words in ((battery, "Battery", "RS-232"), (broker, "Broker", "Home Assistant")):
        canvas.rect(part.left - 10, OUTSIDE[0], COLUMN + 20, OUTSIDE[1] - OUTSIDE[0], "plug", "rim")
        middle = (part.left + part.right) // 2
        canvas.text(middle, OUTSIDE[0] + 25, title, size=18, anchor="middle", bold=True)
        canvas.text(middle, OUTSIDE[0] + 46, words, "ink", 15, "middle")


def _flow(canvas):
    """The way of the data: up on the left, across, and down on the right."""
    battery, hall, broker = PARTS["battery/"], PARTS["hall"], PARTS["mqtt/"]
    up, across, down = battery.left + 24, WINGS[0] + 52, broker.right - 24
    for points, words, (x, y), anchor in (
        ([(up, OUTSIDE[0]), (up, GROUND[1])], "through a MAX3232", (up + 14, 643), "start"),
        ([(up, GROUND[0]), (up, WINGS[1])], "bytes", (up + 12, 518), "start"),
        ([(battery.right, across), (hall.left, across)], "Reading", (battery.right + GAP / 2, across - 12), "middle"),
        ([(hall.right, across), (broker.left, across)], "Reading", (hall.right + GAP / 2, across - 12), "middle"),
        ([(down, WINGS[1]), (down, GROUND[0])], "JSON", (down - 12, 518), "end"),
        ([(down, GROUND[1]), (down, OUTSIDE[0])], "MQTT over Wi-Fi", (down - 14, 643), "end"),
    ):
        canvas.arrow(points, "accent", 5, 15)
        canvas.text(x, y, words, "accent", 15, anchor, bold=True)


def _legend(canvas):
    y = 742
    canvas.arrow([(LEFT, y - 5), (LEFT + 40, y - 5)], "accent", 5, 15)
    canvas.text(LEFT + 52, y, "data", "soft", 16)
    canvas.arrow([(LEFT + 130, y - 5), (LEFT + 170, y - 5)], "rim", 1.8)
    canvas.text(LEFT + 182, y, "imports: knows of", "soft", 16)


def pictures():
    """-> {name of the file: SVG}."""
    return {"architecture.svg": architecture()}
