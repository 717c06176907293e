"""How the battery's console port is wired to the ESP32: one picture for each plug."""

from __future__ import annotations

from firmware import config
from tools.pictures_canvas import Canvas
from tools.pictures_plugs import (
    BODY_HEIGHT,
    BODY_TOP,
    CONTACT_HEIGHT,
    GND,
    RJ11,
    RJ45,
    RX,
    T568B,
    TX,
    body_width,
    contact_x,
    draw_plug,
    draw_wire,
)

WIDTH = 720
PLUG_LEFT, MODULE_LEFT, MODULE_RIGHT, BOARD_LEFT, BOARD_RIGHT = 34, 318, 486, 578, 696
ROWS_TOP, ROW_STEP = 366, 42
BOX_TOP, BOX_BOTTOM = 312, 526
NOTES_TOP, NOTE_HEIGHT = 616, 25
VCC = "VCC"
# what the battery calls it: the module's pin towards the battery, its pin towards the ESP32, the ESP32's pin
ROWS = {TX: ("R1IN", "R1OUT", "uart_rx"), RX: ("T1OUT", "T1IN", "uart_tx"), VCC: (None, "VCC", "3V3"),
        GND: ("GND", "GND", "GND")}  # fmt: skip
UART = {"uart_rx": "RX", "uart_tx": "TX"}
SUPPLY = "red"
VIEW = ("The plug, contacts towards you,", "its clip behind, the cable down:", "contact 1 is on the left.")
NOTES = (
    "VCC to 3V3, not to 5V. It must be a MAX3232: a MAX232 needs 5 V.",
    "Go by the names printed on the boards: their pins are in another order.",
    "10 kΩ from T1IN to 3V3 keep the line idle while the ESP32 boots.",
    "Power the ESP32 by USB, never from the battery.",
)


def gpio(key):
    """The pin that a setting has by default, such as "GPIO33"."""
    return f"GPIO{next(row[1] for row in config.SETTINGS if row[0] == key)}"


def rows(plug):
    """The signals from top to bottom, so that no wire crosses another: that of the rightmost contact first."""
    signals = sorted(plug.pins, key=plug.pins.get, reverse=True)
    signals.insert(1 if signals[0] == GND else 2, VCC)  # beside GND, and T1IN next to it: the resistor is between
    return signals


def wiring(plug):
    """The picture for a plug -> SVG as text."""
    height = NOTES_TOP + NOTE_HEIGHT * len(_said(plug))
    canvas = Canvas(WIDTH, height, plug.title, _in_words(plug))
    canvas.text(30, 42, plug.title, size=23, bold=True)
    canvas.text(30, 68, plug.models, "soft")
    y_of = {signal: ROWS_TOP + ROW_STEP * row for row, signal in enumerate(rows(plug))}
    top = BODY_TOP + (len(plug.counted) - 1) * 16
    _levels(canvas)
    draw_plug(canvas, plug, PLUG_LEFT, top)
    _battery_wires(canvas, plug, y_of, top)
    _module(canvas, y_of)
    _board(canvas, y_of)
    _board_wires(canvas, plug, y_of)
    _beside(canvas, plug, top)
    _notes(canvas, plug)
    return canvas.svg()


def _in_words(plug):
    """The wires, for somebody who cannot see them."""
    said = [f"{signal}, contact {pin}, to {ROWS[signal][0]} of the MAX3232, {ROWS[signal][1]} to {_board_pin(signal)}"
            for signal, pin in plug.pins.items()]  # fmt: skip
    return f"From the battery: {'; '.join(said)}. VCC of the MAX3232 to 3V3."


def _board_pin(signal):
    key = ROWS[signal][2]
    return gpio(key) if key in UART else key


def _levels(canvas):
    """What is 12 V and what is 3.3 V, below the wires."""
    middle = (MODULE_LEFT + MODULE_RIGHT) / 2
    y = BOX_BOTTOM + 28
    canvas.line([(PLUG_LEFT, y - 12), (PLUG_LEFT, y), (middle - 6, y), (middle - 6, y - 12)], "danger")
    canvas.line([(middle + 6, y - 12), (middle + 6, y), (BOARD_RIGHT, y), (BOARD_RIGHT, y - 12)], "accent")
    canvas.text((PLUG_LEFT + middle) / 2, y + 23, "Battery: RS-232, ±5 to ±12 V", "danger", 18, "middle", True)
    canvas.text((middle + BOARD_RIGHT) / 2, y + 23, "ESP32: 3.3 V", "accent", 18, "middle", True)


def _battery_wires(canvas, plug, y_of, top):
    """From the contacts through the plug to the module; those that are not used end below the plug."""
    bottom, start = top + BODY_HEIGHT, top + 8 + CONTACT_HEIGHT
    used = {pin: signal for signal, pin in plug.pins.items()}
    for contact in range(1, plug.contacts + 1):
        x = contact_x(plug, PLUG_LEFT, contact)
        if contact not in used:
            colours = T568B[contact - 1][1] if plug.contacts == len(T568B) else "grey"
            draw_wire(canvas, [(x, start), (x, bottom + 20)], colours)
            canvas.rect(x - 6, bottom + 16, 12, 15, "black", "rim", 4, thick=1)
    for contact, signal in sorted(used.items()):
        x, y = contact_x(plug, PLUG_LEFT, contact), y_of[signal]
        draw_wire(canvas, [(x, start), (x, y), (MODULE_LEFT, y)], plug.wire(signal), f"battery-{signal}")
    for contact, signal in used.items():
        x, y = contact_x(plug, PLUG_LEFT, contact), y_of[signal]
        canvas.text(x + 12, y - 11, f"{contact}  {signal}", size=18, bold=True)
        if plug.colour_name(signal):
            canvas.text(MODULE_LEFT - 8, y + 22, plug.colour_name(signal), "soft", 16, "end")


def _module(canvas, y_of):
    canvas.rect(MODULE_LEFT, BOX_TOP, MODULE_RIGHT - MODULE_LEFT, BOX_BOTTOM - BOX_TOP, "board", "rim")
    middle = (MODULE_LEFT + MODULE_RIGHT) / 2
    canvas.text(middle, BOX_TOP + 26, "MAX3232", "bright", 18, "middle", True)
    for signal, y in y_of.items():
        outside, inside, _ = ROWS[signal]
        if outside:
            _pad(canvas, MODULE_LEFT, y)
            canvas.text(MODULE_LEFT + 13, y + 6, outside, "bright", 16)
        _pad(canvas, MODULE_RIGHT, y)
        canvas.text(MODULE_RIGHT - 13, y + 6, inside, "bright", 16, "end")
        if signal in (TX, RX):
            ends = [(middle - 10, y), (middle + 8, y)]
            canvas.arrow(ends if signal == TX else ends[::-1], "bright", 2, 8)


def _board(canvas, y_of):
    canvas.rect(BOARD_LEFT, BOX_TOP, BOARD_RIGHT - BOARD_LEFT, BOX_BOTTOM - BOX_TOP, "chip", "rim")
    middle = (BOARD_LEFT + BOARD_RIGHT) / 2
    canvas.rect(middle - 20, BOX_BOTTOM - 9, 40, 20, "metal", "rim", 4)
    canvas.text(middle, BOX_TOP + 26, "ESP32", "bright", 18, "middle", True)
    for signal, y in y_of.items():
        key = ROWS[signal][2]
        _pad(canvas, BOARD_LEFT, y)
        canvas.text(BOARD_LEFT + 13, y + 6, gpio(key) if key in UART else key, "bright", 16, bold=True)
        if key in UART:
            canvas.text(BOARD_RIGHT - 8, y + 6, UART[key], "bright", 16, "end")


def _pad(canvas, x, y):
    canvas.circle(x, y, 6, "gold", "rim")


def _board_wires(canvas, plug, y_of):
    """From the module to the ESP32, and the resistor that keeps the line idle."""
    for signal, y in y_of.items():
        colours = SUPPLY if signal == VCC else plug.wire(signal)
        draw_wire(canvas, [(MODULE_RIGHT, y), (BOARD_LEFT, y)], colours, f"board-{signal}")
        _pad(canvas, MODULE_RIGHT, y)
        _pad(canvas, BOARD_LEFT, y)
    x, ends = 512, sorted((y_of[VCC], y_of[RX]))
    canvas.line([(x, ends[0]), (x, ends[1])], "rim", 2)
    canvas.rect(x - 6, (ends[0] + ends[1]) / 2 - 11, 12, 22, "box", "rim", 2)
    canvas.text(x + 10, (ends[0] + ends[1]) / 2 + 6, "10 kΩ", "ink", 15)


def _beside(canvas, plug, top):
    """What the plug is seen like, and what must never be done, to the right of it."""
    left = PLUG_LEFT + body_width(plug) + 26
    for row, (name, _) in enumerate(plug.counted if len(plug.counted) > 1 else ()):
        canvas.text(left, top - 9 - 22 * row, name, "soft", 16)
    for line, words in enumerate(VIEW):
        canvas.text(left, top + 22 + 23 * line, words)
    canvas.rect(left, top + 86, WIDTH - left - 24, 76, "alert", "danger")
    canvas.text(left + 14, top + 117, "Never straight to ESP32 pins,", "danger", 17, bold=True)
    canvas.text(left + 14, top + 144, "never into a network socket.", "danger", 17, bold=True)


def _said(plug):
    return (*NOTES, *plug.notes)


def _notes(canvas, plug):
    for line, words in enumerate(_said(plug)):
        y = NOTES_TOP + NOTE_HEIGHT * line
        if not words.startswith(" "):  # it goes on from the line above
            canvas.circle(36, y - 5, 3, "soft")
        canvas.text(48, y, words.strip(), "ink", 16)


def pictures():
    """-> {name of the file: SVG}."""
    return {"wiring-rj45.svg": wiring(RJ45), "wiring-rj11.svg": wiring(RJ11)}
