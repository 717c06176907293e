"""What rich prints, as an SVG that looks the same everywhere: no font from elsewhere, bars as shapes."""

from __future__ import annotations

import html
import io
import re

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from tools.cells import EIGHTHS
from tools.pictures_canvas import MONO

CHAR_PX, LINE_PX, BASE_PX, TOP_PX = 12.2, 24.4, 20, 1.5  # of a letter, as rich places them: base line, top of a line
BAR_INSET_PX, UPRIGHT_PX = 4, 1.8
UPRIGHT = "│"
# The colours of a terminal, bright enough that dimmed words can be read too: background, words, the eight, their bright
THEME = TerminalTheme(
    (13, 17, 23), (240, 246, 252),
    [(72, 79, 88), (255, 123, 114), (63, 185, 80), (227, 179, 65), (121, 192, 255), (215, 168, 255), (86, 212, 221),
     (205, 217, 229)],
    [(145, 152, 161), (255, 161, 152), (86, 211, 100), (242, 204, 96), (88, 166, 255), (226, 184, 255),
     (120, 225, 232), (255, 255, 255)],
)  # fmt: skip
FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<title>{unique_id} in a terminal</title>
<style>
.{unique_id}-matrix {{ font-family: MONO; font-size: 21px; }}
.{unique_id}-title {{ font-family: MONO; font-size: 18px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
""".replace("MONO", MONO)  # as rich's own, without the font that it would load
TEXT = re.compile(r'<text class="([^"]+)" x="([\d.]+)" y="([\d.]+)" textLength="[\d.]+" ([^>]*)>([^<]*)</text>')
BACKGROUND = re.compile(r'(<rect fill="[^"]+" x="[\d.]+" y=")([\d.]+)(" width="[\d.]+" height=")([\d.]+)(" shape)')


def drawn(screen, columns, title, name="monitor"):
    """screen, a rich renderable, in a terminal of `columns` characters -> SVG as text; title: of its window; name: of
    the picture."""
    console = Console(width=columns, file=io.StringIO(), record=True, force_terminal=True, color_system="truecolor")
    console.print(screen)
    made = console.export_svg(title=title, theme=THEME, code_format=FRAME, unique_id=name)
    made = TEXT.sub(_shape, BACKGROUND.sub(_track, made)).replace("/><", "/>\n<").replace("</text><", "</text>\n<")
    return "\n".join(line.strip() for line in made.splitlines() if line.strip()) + "\n"


def _track(match):
    """The ground of a bar: less high than a line, so that bars below one another stay apart."""
    before, y, between, height, after = match.groups()
    return f"{before}{float(y) + BAR_INSET_PX:g}{between}{float(height) - 2 * BAR_INSET_PX:g}{after}"


def _shape(match):
    """A piece of text, without the spaces around it, which not every program draws. A bar of blocks and an upright line
    become a rectangle: letters would leave gaps."""
    css, x, y, more, inside = match.groups()
    words = html.unescape(inside).replace("\xa0", " ").rstrip()
    bare = words.lstrip()
    if not bare:
        return ""
    left, top = float(x) + (len(words) - len(bare)) * CHAR_PX, float(y) - BASE_PX + TOP_PX
    if bare == UPRIGHT:
        return _rect(css, left + (CHAR_PX - UPRIGHT_PX) / 2, top - UPRIGHT_PX, UPRIGHT_PX, LINE_PX + 2 * UPRIGHT_PX)
    if set(bare) <= set(EIGHTHS.strip()):
        width = sum(EIGHTHS.index(block) for block in bare) / 8 * CHAR_PX
        return _rect(css, left, top + BAR_INSET_PX, width, LINE_PX + 0.25 - 2 * BAR_INSET_PX)
    kept = html.escape(bare).replace(" ", "&#160;")
    length = f'textLength="{len(bare) * CHAR_PX:g}" lengthAdjust="spacingAndGlyphs"'
    return f'<text class="{css}" x="{left:g}" y="{y}" {length} {more}>{kept}</text>'


def _rect(css, x, y, width, height):
    return f'<rect class="{css}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>'
