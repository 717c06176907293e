"""A canvas that becomes an SVG: shapes and words in named colours, each of which has a light and a dark shade.

A picture stands on a card of its own, so that it can be read whatever lies behind it, and takes the dark shades where
the reader's system asks for them. No font is loaded from anywhere.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', Helvetica, Arial, sans-serif"
MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Noto Sans Mono', 'DejaVu Sans Mono', monospace"
# colour: (where the system is light, where it is dark)
COLOURS = {
    "paper": ("#ffffff", "#0d1117"),
    "edge": ("#d0d7de", "#3d444d"),
    "box": ("#f6f8fa", "#161b22"),
    "ink": ("#1f2328", "#f0f6fc"),
    "soft": ("#59636e", "#9aa4af"),
    "accent": ("#0550ae", "#79c0ff"),
    "danger": ("#b42318", "#ff9b94"),
    "alert": ("#fff1ee", "#2d1614"),
    "plug": ("#eaeef2", "#262c36"),
    "gold": ("#c9971c", "#d9a62e"),
    "rim": ("#57606a", "#8b949e"),
    "board": ("#1d4487", "#1d4487"),
    "chip": ("#10171f", "#10171f"),
    "metal": ("#c4cad2", "#aab2bc"),
    "bright": ("#ffffff", "#ffffff"),
    # wires
    "white": ("#ffffff", "#ffffff"),
    "green": ("#178a3b", "#2ea043"),
    "brown": ("#8a5523", "#a8713c"),
    "red": ("#d1242f", "#f85149"),
    "blue": ("#1f6feb", "#388bfd"),
    "orange": ("#e07b00", "#f0983a"),
    "black": ("#2b3036", "#565e68"),
    "grey": ("#b3bac2", "#59626d"),
}  # fmt: skip
LIGHT, DARK = 0, 1
RADIUS = 10


class Canvas:
    """width, height: px; title, description: what somebody hears who cannot see the picture."""

    def __init__(self, width, height, title, description):
        self.width, self.height = width, height
        self._title, self._description = title, description
        self._parts = []
        self.rect(1, 1, width - 2, height - 2, "paper", "edge", RADIUS + 4)

    def text(self, x, y, words, colour="ink", size=17, anchor="start", bold=False, mono=False):
        """Words with their base line at y; anchor: which part of them is at x (start, middle, end); size: px of the
        letters; colour: of COLOURS; bold, mono: how the letters look."""
        more = {"font-weight": "bold" if bold else None, "text-anchor": None if anchor == "start" else anchor}
        css = f"{colour} mono" if mono else colour
        self._parts.append(_tag("text", {"class": css, "x": x, "y": y, "font-size": size, **more}, words))

    def rect(self, x, y, width, height, fill, line=None, radius=RADIUS, dashed=False, thick=1.5):
        """A box with its upper left corner at x, y, all in px; fill, line: colours of it and of its edge; thick: px of
        the edge, dashed or not; radius: of the corners."""
        css = f"{fill} line-{line}" if line else fill
        more = {"stroke-width": thick if line else None, "stroke-dasharray": "5 4" if dashed else None}
        self._add("rect", css, {"x": x, "y": y, "width": width, "height": height, "rx": radius, **more})

    def circle(self, x, y, radius, fill, line=None):
        """A disc of `radius` around x, y, all in px; fill, line: colours of it and of its edge."""
        self._add("circle", f"{fill} line-{line}" if line else fill, {"cx": x, "cy": y, "r": radius})

    def line(self, points, colour, thick=2, dashed=None, name=None):
        """A line through points [(x, y)], px, of a colour; thick: px; dashed: lengths of dashes and gaps; name: for who
        looks it up."""
        path = "M" + " L".join(f"{_number(x)} {_number(y)}" for x, y in points)
        more = {"stroke-width": thick, "stroke-dasharray": dashed, "data-name": name}
        self._add("path", f"none line-{colour}", {"d": path, **more})

    def arrow(self, points, colour, thick=2, head=9):
        """A line through points [(x, y)], px, of a colour, whose last part, which is level or upright, ends in a head;
        thick, head: px of the line, of the head's length."""
        (from_x, from_y), (x, y) = points[-2:]
        along_x, along_y = (x > from_x) - (x < from_x), (y > from_y) - (y < from_y)
        back_x, back_y = x - along_x * head, y - along_y * head
        side_x, side_y = along_y * head * 0.55, along_x * head * 0.55
        self.line([*points[:-1], (back_x, back_y)], colour, thick)
        corners = ((x, y), (back_x + side_x, back_y + side_y), (back_x - side_x, back_y - side_y))
        self._add("path", colour, {"d": "M" + " L".join(f"{_number(a)} {_number(b)}" for a, b in corners) + " Z"})

    def svg(self):
        """The whole picture as text."""
        head = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {self.width} {self.height}",
                "width": self.width, "height": self.height, "role": "img"}  # fmt: skip
        inside = "\n".join([
            "", _tag("title", {}, self._title), _tag("desc", {}, self._description), style(), *self._parts, "",
        ])  # fmt: skip
        return _tag("svg", head, inside, raw=True) + "\n"

    def _add(self, name, css, attributes):
        self._parts.append(_tag(name, {"class": css, **attributes}))


def style():
    """The style sheet: the light shades, and the dark ones where the system is dark."""
    return "\n".join([
        "<style>",
        f"text {{ font-family: {SANS}; }}",
        f"text.mono {{ font-family: {MONO}; }}",
        "path { stroke-linecap: round; stroke-linejoin: round; }",
        ".none { fill: none; }",
        *_rules(LIGHT),
        "@media (prefers-color-scheme: dark) {",
        *_rules(DARK),
        "}",
        "</style>",
    ])  # fmt: skip


def _rules(shade):
    return [f".{name} {{ fill: {shades[shade]}; }} .line-{name} {{ stroke: {shades[shade]}; }}"
            for name, shades in COLOURS.items()]  # fmt: skip


def _number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _tag(name, attributes, inside=None, raw=False):
    said = "".join(f" {key}={quoteattr(_number(value))}" for key, value in attributes.items() if value is not None)
    if inside is None:
        return f"<{name}{said}/>"
    return f"<{name}{said}>{inside if raw else escape(inside)}</{name}>"
