"""Reads what the canvas of tools/ drew: words and where they stand, lines, what lies beneath; and measures of both."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

SVG = "{http://www.w3.org/2000/svg}"
# Widths of letters in em, about as the widest of the fonts has them
NARROW, WIDE = "iljtfrI.,:;'|!()[] ", "mwMW@%…"
NARROW_EM, PLAIN_EM, CAPITAL_EM, WIDE_EM, MONO_EM, BOLD_SHARE = 0.39, 0.61, 0.7, 0.98, 0.61, 1.08
ASCENT_EM, DESCENT_EM = 0.74, 0.22


@dataclass(frozen=True)
class Words:
    """A text: where its base line is, in px; at: its place in the drawing order."""

    words: str
    x: float
    y: float
    size: float
    anchor: str
    bold: bool
    mono: bool
    colour: str
    at: int

    def width(self):
        """About how wide it is at most."""
        if self.mono:
            return len(self.words) * MONO_EM * self.size
        ems = sum(
            NARROW_EM if letter in NARROW else WIDE_EM if letter in WIDE
            else CAPITAL_EM if letter.isupper() else PLAIN_EM for letter in self.words
        )  # fmt: skip
        return ems * self.size * (BOLD_SHARE if self.bold else 1)


@dataclass(frozen=True)
class Line:
    """A line through points [(x, y)], so thick."""

    name: str | None
    points: tuple
    thick: float

    def boxes(self):
        """What its parts, which are level or upright, cover: (left, top, right, bottom)."""
        half = self.thick / 2
        for (a, b), (c, d) in zip(self.points, self.points[1:], strict=False):
            assert a == c or b == d, f"{self.name}: {self.points}"
            yield min(a, c) - half, min(b, d) - half, max(a, c) + half, max(b, d) + half


class Picture:
    """What an SVG of the canvas holds. texts, lines; boxes: (left, top, right, bottom, colour, place in the drawing
    order); colours: of each shade, {name: #rrggbb}."""

    def __init__(self, text):
        root = ET.fromstring(text)
        self.width = float(root.get("width"))
        self.texts, self.lines, self.boxes = [], [], []
        for at, one in enumerate(root):
            kind = one.tag.removeprefix(SVG)
            if kind in ("text", "path", "rect", "circle"):
                getattr(self, f"_{kind}")(at, one, one.get("class").split()[0])
        rules = root.find(f"{SVG}style").text.partition("@media (prefers-color-scheme: dark)")
        self.colours = [dict(re.findall(r"\.(\w+) \{ fill: (#[0-9a-f]{6})", part)) for part in rules[::2]]

    def _text(self, at, one, colour):
        self.texts.append(Words(
            one.text, float(one.get("x")), float(one.get("y")), float(one.get("font-size")),
            one.get("text-anchor", "start"), one.get("font-weight") == "bold", "mono" in one.get("class"), colour, at,
        ))  # fmt: skip

    def _path(self, at, one, colour):
        if colour == "none":
            points = re.findall(r"(-?[\d.]+) (-?[\d.]+)", one.get("d"))
            points = tuple((float(x), float(y)) for x, y in points)
            self.lines.append(Line(one.get("data-name"), points, float(one.get("stroke-width"))))

    def _rect(self, at, one, colour):
        left, top = float(one.get("x")), float(one.get("y"))
        right, bottom = left + float(one.get("width")), top + float(one.get("height"))
        self.boxes.append((left, top, right, bottom, colour, at))

    def _circle(self, at, one, colour):
        x, y, radius = (float(one.get(key)) for key in ("cx", "cy", "r"))
        self.boxes.append((x - radius, y - radius, x + radius, y + radius, colour, at))

    def _beneath(self, one):
        left, top, right, bottom = text_box(one)
        x, y = (left + right) / 2, (top + bottom) / 2
        return [box for box in self.boxes if box[5] < one.at and box[4] != "none"
                and box[0] <= x <= box[2] and box[1] <= y <= box[3]][-1]  # fmt: skip

    def around(self, one):
        """The box that a text stands in."""
        return self._beneath(one)[:4]

    def ground(self, one):
        """The colour that a text stands on."""
        return self._beneath(one)[4]

    def words_at(self, x, y, within):
        """The texts, other than colours, whose middle is so near, the nearest first."""
        def away(one):
            left, top, right, bottom = text_box(one)
            return max(abs((top + bottom) / 2 - y), 0), max(left - x, x - right, 0)

        found = [(sum(away(one)), one.words) for one in self.texts if max(away(one)) <= within]
        return [words for _, words in sorted(found)]


def text_box(one):
    """What a text covers at most: (left, top, right, bottom)."""
    width = one.width()
    left = one.x - {"start": 0, "middle": width / 2, "end": width}[one.anchor]
    return left, one.y - ASCENT_EM * one.size, left + width, one.y + DESCENT_EM * one.size


def overlap(one, other):
    """Whether two boxes share any room."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def contrast(one, other):
    """Contrast of two colours (#rrggbb) as WCAG 2 has it, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour):
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))
