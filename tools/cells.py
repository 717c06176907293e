"""Bars: the state of charge, and every cell of every pack, the lowest and the highest marked."""

from __future__ import annotations

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tools import words

EIGHTHS = " ▏▎▍▌▋▊▉█"
LEVELS = "▁▂▃▄▅▆▇█"
TRACK = "on grey23"
LEAST_SPAN_V = 0.04  # of the bars: a few mV must not look like much
MARGIN = 0.15  # of the span, below the lowest: it too has a bar
PANEL_WIDTH, LEAST_CELL_WIDTH = 76, 17
PANEL_EDGE, CELL_WORDS = 4, 11  # "12 ", the bar, " 3.303▲", a gap
LOWEST, HIGHEST = ("▼", "bright_blue"), ("▲", "magenta")
PLAIN, WRONG = (" ", "cyan"), ("!", "bold red")
TINY_WIDTH = 36


def share_bar(share, width, style):
    """A bar of `width` characters in a `style` of rich, of which the share (0 to 1) is filled."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    text = "█" * full + (EIGHTHS[part] if part else "")
    return Text(text.ljust(width), f"{style} {TRACK}")


def scale(packs):
    """(low, high) in V of all bars, from the packs as [(number, Pack)]: one scale for the rack, so that packs can be
    compared."""
    volts = [value for _, pack in packs for _, value, _ in pack.cells()]
    if not volts:
        return 0.0, 1.0
    span = max(max(volts) - min(volts), LEAST_SPAN_V)
    middle = (max(volts) + min(volts)) / 2
    return middle - span / 2 - MARGIN * span, middle + span / 2


def _marks(pack):
    """number of a cell -> (mark, style); the first of equal cells is the lowest, the highest."""
    cells = pack.cells()
    marks = {}
    if cells:
        marks[max(cells, key=lambda cell: (cell[1], -cell[0]))[0]] = HIGHEST
        marks[min(cells, key=lambda cell: (cell[1], cell[0]))[0]] = LOWEST
    return marks


def _style(state, mark):
    return WRONG[1] if state else mark[1]


def large(packs, width):
    """A panel for each of `packs` (heard.Pack), with number, bar and volts of each cell; two side by side where there
    is room in `width` characters.
    """
    low, high = scale(packs)
    beside = max(1, min(len(packs), width // PANEL_WIDTH))
    panel_width = width // beside
    panels = [_panel(number, pack, low, high, panel_width) for number, pack in packs]
    grid = Table.grid()
    for _ in range(beside):
        grid.add_column(width=panel_width)
    for first in range(0, len(panels), beside):
        grid.add_row(*panels[first : first + beside])
    return [grid]


def _panel(number, pack, low, high, width):
    room = width - PANEL_EDGE
    count = max(1, len(pack.cells()))
    rows_needed = -(-count // max(1, room // LEAST_CELL_WIDTH))
    per_row = -(-count // rows_needed)  # as even as it can be
    bar = room // per_row - CELL_WORDS
    marks, rows, row = _marks(pack), [], Text()
    for index, (cell, volts, state) in enumerate(pack.cells()):
        if index % per_row == 0:
            rows.append(row := Text(no_wrap=True))
        mark = marks.get(cell, PLAIN)
        style = _style(state, mark)
        row.append(f"{cell:>2} ", "dim").append_text(share_bar((volts - low) / (high - low), bar, style))
        row.append(f" {words.figure(volts, 3)}{WRONG[0] if state else mark[0]}", style if style != PLAIN[1] else "")
        row.append(" ")
    title = f"Pack {number}"
    device = " ".join(str(pack.info[key]) for key in ("Device", "BarCode") if key in pack.info)
    return Panel(Text("\n").join(rows), title=f"[bold]{title}[/bold] {device.replace('[', '(')}", title_align="left",
                 subtitle=f"{low:.3f} to {high:.3f} V", subtitle_align="right", border_style="dim",
                 box=box.ROUNDED)  # fmt: skip


def small(packs, width):
    """A line of `width` characters for each of `packs` (heard.Pack), with a block for each cell."""
    low, high = scale(packs)
    block = 3 if width >= 8 + 16 * 5 else 2
    lines = [_legend(low, high)]
    for number, pack in packs:
        marks, line = _marks(pack), Text(f"{number:>4}  ", "bold", no_wrap=True)
        for cell, volts, state in pack.cells():
            mark = marks.get(cell, PLAIN)
            line.append(_block(volts, low, high) * block, _style(state, mark))
            line.append(WRONG[0] if state else mark[0], _style(state, mark)).append(" ")
        lines.append(line)
    return lines


def tiny(packs, width):
    """Several of `packs` (heard.Pack) in a line of `width` characters, one for each cell, and the numbers of the lowest
    and the highest.
    """
    low, high = scale(packs)
    beside = max(1, width // TINY_WIDTH)
    grid = Table.grid(expand=True)
    for _ in range(beside):
        grid.add_column(no_wrap=True)
    said = []
    for number, pack in packs:
        marks, line = _marks(pack), Text(f"{number:>4}  ", "bold")
        for cell, volts, state in pack.cells():
            line.append(_block(volts, low, high), _style(state, marks.get(cell, PLAIN)))
        for cell, (mark, style) in sorted(marks.items(), key=lambda item: item[1] is HIGHEST):
            line.append(f" {mark}{cell:<2}", style)
        said.append(line)
    for first in range(0, len(said), beside):
        grid.add_row(*said[first : first + beside])
    return [_legend(low, high), grid]


def _legend(low, high):
    return Text(f"Cells of each pack, {low:.3f} to {high:.3f} V, ▼ lowest, ▲ highest", "dim")


def _block(volts, low, high):
    share = (volts - low) / (high - low)
    return LEVELS[max(0, min(len(LEVELS) - 1, int(share * len(LEVELS))))]


CELLS_VIEWS = {"large": large, "small": small, "tiny": tiny}
