"""The plugs of the battery's console port: one table of their contacts, and how they look."""

from __future__ import annotations

from dataclasses import dataclass

TX, RX, GND = "TX", "RX", "GND"  # as the battery has them
# Colours of T568B, contact 1 first: (name, colours of the wire: all of it, or its ground and its stripe)
T568B = (
    ("white-orange", "white orange"), ("orange", "orange"), ("white-green", "white green"), ("blue", "blue"),
    ("white-blue", "white blue"), ("green", "green"), ("white-brown", "white brown"), ("brown", "brown"),
)  # fmt: skip


@dataclass(frozen=True)
class Plug:
    """A plug: contacts it has; pins: contact of each signal; wires: the wire of each signal as T568B has them, the name
    of its colour empty where that cannot be relied on; title, models, notes: what is said of it.

    counted: (what a way to count is called, its number of the first contact), that of `pins` first; places: room for
    contacts, of which the outer ones may be empty.
    """

    title: str
    models: str
    contacts: int
    pins: dict
    wires: dict
    counted: tuple
    places: int
    notes: tuple

    def colour_name(self, signal):
        """"white-green", or "" where colours differ from cable to cable."""
        return self.wires[signal][0]

    def wire(self, signal):
        """Colours of the wire, as T568B has them."""
        return self.wires[signal][1]


RJ45_PINS = {TX: 3, RX: 6, GND: 8}
RJ45 = Plug(
    title="RJ45 plug for the Console port",
    models="US2000C, US3000C, US5000 … · the master pack only, not its RS485 port",
    contacts=8,
    pins=RJ45_PINS,
    wires={signal: T568B[pin - 1] for signal, pin in RJ45_PINS.items()},
    counted=(("", 1),),
    places=8,
    notes=(
        "Insulate the five other wires: not every battery leaves those contacts unused.",
        "Colours as in a T568B network cable. Pytes batteries: GND is contact 4.",
    ),
)
RJ11 = Plug(
    title="RJ11 or RJ10 plug for the Console port",
    models="US2000, US2000B · the master pack only, not its RS485 port",
    contacts=4,
    pins={TX: 3, RX: 2, GND: 1},
    wires={TX: ("", "blue"), RX: ("", "orange"), GND: ("", "brown")},
    counted=(("counted with 4: RJ11, RJ10", 1), ("counted with 6: RJ12, the same plug", 2)),
    places=6,
    notes=(
        "GND is on contact 4 too: one of the two is enough. Insulate the other wire.",
        "Wire colours differ from cable to cable: count the contacts. Some RJ10 cables",
        "  have only two wires: those do not do.",
    ),
)

PITCH = {8: 20, 6: 27}
BODY_TOP, BODY_HEIGHT, CONTACT_HEIGHT = 116, 150, 46
ROW_HEIGHT = 22
WIRE, RIM = 6, 9  # thickness


def contact_x(plug, left, contact):
    """Where the middle of a contact is; left: the left edge of the body."""
    pitch = PITCH[plug.places]
    empty = (plug.places - plug.contacts) // 2
    return left + pitch * (contact + empty) - pitch // 2 + 8


def body_width(plug):
    """Width of the plug."""
    return PITCH[plug.places] * plug.places + 16


def draw_wire(canvas, points, colours, name=None):
    """A wire through points [(x, y)], px; colours: of all of it, or of its ground and its stripe; name: for who looks
    it up. It has a rim, so that a white one is seen.
    """
    ground, *stripe = colours.split()
    canvas.line(points, "rim", RIM, name=name)
    canvas.line(points, ground, WIRE)
    for colour in stripe:
        canvas.line(points, colour, WIRE - 1, dashed="7 11")


def draw_plug(canvas, plug, left, top=BODY_TOP):
    """The plug, contacts towards the reader, its cable down; left, top: px of its corner."""
    canvas.rect(left, top, body_width(plug), BODY_HEIGHT, "plug", "rim", 6)
    used = set(plug.pins.values())
    empty = (plug.places - plug.contacts) // 2
    for place in range(1 - empty, plug.contacts + empty + 1):
        x = contact_x(plug, left, place)
        if 1 <= place <= plug.contacts:
            canvas.rect(x - 5, top + 8, 10, CONTACT_HEIGHT, "gold", "rim", 2, thick=1)
        else:
            canvas.rect(x - 5, top + 8, 10, CONTACT_HEIGHT, "none", "rim", 2, dashed=True, thick=1)
        for row, (_, first) in enumerate(plug.counted):
            number = place + first - 1
            if row == 0 and not 1 <= place <= plug.contacts:
                continue
            bold = place in used
            y = top - 9 - ROW_HEIGHT * row
            canvas.text(x, y, str(number), "ink" if bold else "soft", 19 if bold and row == 0 else 16, "middle", bold)
