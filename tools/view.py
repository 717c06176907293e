"""The picture of a rack: what was heard of it (heard.py) as something that rich can print. Pure: no clock, no terminal.

`Console(record=True, width=100).print(view.screen(heard, now, 100))` makes one that can be kept.
"""

from __future__ import annotations

from rich import box
from rich.columns import Columns
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tools import words
from tools.heard import number

STALE_RATES = 3  # a reading is old after so many publish rates
# The first picture that fits is taken: a bar for each cell?, lines of each pane
SIZES = ((True, 8), (True, 3), (False, 6), (False, 2))
WIDE = 108
SOC_LOW, SOC_MIDDLE = 20, 40  # %
SEVERITY_STYLES = {"problem": "bold red", "warning": "bold yellow", "": "green", None: "dim"}
LINE_STYLES = (("error", "red"), ("warning", "yellow"), ("", "dim"))
LOWEST, HIGHEST, PLAIN, WRONG = ("▼", "bright_blue"), ("▲", "magenta"), (" ", "cyan"), ("!", "bold red")
LEVELS = "▁▂▃▄▅▆▇█"
LEAST_SPAN_V = 0.04  # of the bars: a few mV must not look like much
BAR_CELLS, CELL_WIDTH = 8, 21  # of a cell's bar; of all that is drawn of a cell
BARS_MAX_PACKS = 4  # with more of them, a cell is one block


def screen(heard, now, width=80, height=None, panes=None):
    """The whole picture -> a rich renderable.

    heard: Heard; now: s of its clock; width, height: room in characters (height None: as much as it takes); panes:
    [(title, lines of text)] at the bottom, the newest line last (default: the lines of tele/LOG).
    """
    for bars, lines in SIZES:
        picture = _picture(heard, now, width, panes or [("Log", heard.log)], bars, lines)
        if height is None or len(Console(width=width).render_lines(picture, pad=False)) <= height:
            break
    return picture


def _picture(heard, now, width, panes, bars, lines):
    parts = [_rack(heard, now)]
    packs = heard.read_packs()
    if packs:
        parts += [_packs(heard, packs, now, width), *_notes(heard, packs)]
        parts += _cells(packs, bars and len(packs) <= BARS_MAX_PACKS)
    parts.append(_health(heard, now))
    parts += [_pane(title, said, lines) for title, said in panes if said]
    return Group(*parts)


def _panel(content, title, subtitle=None, style="dim"):
    return Panel(content, title=title, title_align="left", subtitle=subtitle, subtitle_align="right",
                 border_style=style, box=box.ROUNDED)  # fmt: skip


def _soc_bar(said, width=None):
    soc = number(said.get("SOC")) or 0
    style = "red" if soc < SOC_LOW else "yellow" if soc < SOC_MIDDLE else "green"
    return ProgressBar(total=100, completed=max(0, min(100, soc)), width=width, complete_style=style,
                       finished_style=style)  # fmt: skip


def _rack(heard, now):
    """Is it there, and its totals."""
    text, style, advice = words.status(heard, now)
    said = heard.totals
    lines = [Text.assemble((f"● {text}", style))]
    if said:
        lines[0].append(f"   {said.get('Packs')} of {said.get('PacksExpected')} packs   {words.state(said)}")
        if heard.online and now - heard.totals_at > STALE_RATES * heard.publish_rate_s():
            lines[0].append(f"   totals of {words.duration(now - heard.totals_at)} ago", "yellow")
        lines += _totals(said)
    if advice:
        lines.append(Text(advice, "italic"))
    return _panel(Group(*lines), f"[bold]Pylontech {escape(heard.rack)}[/bold]", style=style.split()[-1])


def _totals(said):
    figures = (("SOC", 1, "%", ""), ("PackVoltage", 2, "V", ""), ("PackCurrent", 1, "A", "+"), ("Power", 0, "W", "+"))
    row = Table.grid(padding=(0, 2), expand=True)
    row.add_column(ratio=1)
    row.add_row(_soc_bar(said), *(f"[bold]{words.measured(said, key, digits, sign)} {unit}[/bold]"
                                  for key, digits, unit, sign in figures))  # fmt: skip
    rest = [f"{words.figure(said.get('RemainingCapacity'), 1)} of {words.figure(said.get('FullCapacity'), 1, 'Ah')}"]
    for key, word in (("TimeToFull", "full in"), ("TimeToEmpty", "empty in")):
        if number(said.get(key)) is not None:
            rest.append(f"{word} {words.duration(said[key] * words.MINUTE_S)}")
    for key, word in (("ChargedEnergy", "in"), ("DischargedEnergy", "out")):
        rest.append(f"{words.figure(said.get(key), 3, 'kWh')} {word}")
    text, severity = words.problem(said)
    return [row, Text(", ".join(rest), "dim"), *([Text(text, SEVERITY_STYLES[severity])] if severity else [])]


def _extreme(pack, cell, mark):
    if cell is None:
        return words.NOTHING
    return Text.assemble((words.figure(pack.cells()[cell][0], 3), mark[1]), (f" #{cell}", "dim"))


def _packs(heard, packs, now, width):
    table = Table(box=box.SIMPLE_HEAD if width >= WIDE else None, show_edge=False, expand=True, header_style="dim",
                  pad_edge=False, padding=(0, 1 if width >= WIDE else 0, 0, 1))  # fmt: skip
    for title in ("Pack", "%", "V", "A", "W", "lowest", "highest", "mV", "°C", "state", "age"):
        table.add_column(title, justify="left" if title in ("lowest", "highest", "state") else "right", no_wrap=True)
    old_s = STALE_RATES * heard.publish_rate_s()
    for n, pack in packs.items():
        said, (low, high), age_s = pack.reading, words.extremes(pack), now - pack.at
        age = Text(words.duration(age_s).replace(" ", ""), "yellow" if age_s > old_s else "dim")
        table.add_row(
            str(n), words.figure(said.get("SOC"), 1), words.measured(said, "PackVoltage", 2),
            words.measured(said, "PackCurrent", 1, "+"), words.figure(said.get("Power"), 0, sign="+"),
            _extreme(pack, low, LOWEST), _extreme(pack, high, HIGHEST), words.delta_mv(pack),
            words.temperatures(pack, 0), Text(words.state(said), SEVERITY_STYLES[words.problem(said)[1]]), age,
            style="dim" if heard.online is False or heard.trouble else "",
        )  # fmt: skip
    return table


def _notes(heard, packs):
    """A line for each pack of which there is more to say than its state, and one for those that said nothing."""
    silent = [str(n) for n in range(1, (heard.expected() or 0) + 1) if n not in packs]
    if silent:
        yield Text(f"No reading so far: pack {', '.join(silent)}", "yellow")
    for n, pack in packs.items():
        text, severity = words.problem(pack.reading)
        said = [text] * bool(severity) + words.flags(pack)
        if said:
            yield Text(f"Pack {n}: {', '.join(said)}", SEVERITY_STYLES[severity] if severity else "dim")


def _cells(packs, bars):
    """All cells on one scale, so that packs can be compared: a bar each, or a block each."""
    volts = [value for pack in packs.values() for value, _ in pack.cells().values()] or [0]
    low = min(volts)
    span = max(max(volts) - low, LEAST_SPAN_V)
    drawn = [(_bars if bars else _blocks)(n, pack, low, span) for n, pack in packs.items()]
    yield from drawn if bars else [Columns(drawn, equal=True, expand=True)]
    yield Text(f"cells from {low:.3f} to {low + span:.3f} V, ▼ lowest, ▲ highest, ! wrong", "dim", justify="right")


def _marks(pack):
    """Yields number, volts, (mark, style) of each cell."""
    low, high = words.extremes(pack)
    for cell, (value, state) in pack.cells().items():
        yield cell, value, WRONG if state else LOWEST if cell == low else HIGHEST if cell == high else PLAIN


def _bars(n, pack, low, span):
    cells = []
    for cell, value, (mark, style) in _marks(pack):
        one = Table.grid(padding=(0, 1, 0, 0))
        bar = ProgressBar(total=span, completed=max(value - low, span / BAR_CELLS), width=BAR_CELLS,
                          complete_style=style, finished_style=style)  # fmt: skip
        one.add_row(f"{cell:>2}", bar, Text(f"{words.figure(value, 3)}{mark}", style))
        cells.append(one)
    device = " ".join(str(pack.info[key]) for key in ("Device", "BarCode") if key in pack.info)
    return _panel(Columns(cells, width=CELL_WIDTH), f"[bold]Pack {n}[/bold] {escape(device)}")


def _blocks(n, pack, low, span):
    line = Text(f"{n:>2} ", "bold", no_wrap=True)
    for _, value, (mark, style) in _marks(pack):
        share = (value - low) / span
        line.append(LEVELS[max(0, min(len(LEVELS) - 1, int(share * len(LEVELS))))], style).append(mark.strip(), style)
    return line


def _health(heard, now):
    said = heard.health
    if not said:
        return _panel(Text("The device speaks of itself once a minute.", "dim"), "Health")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    grid.add_row("Battery", words.link(heard))
    grid.add_row("Counted", Text(", ").join(Text(text, "yellow" if bad else "") for text, bad in words.counted(said)))
    grid.add_row("Device", Text(words.device(said)))
    last = str(said.get("LastError", "none"))
    if last != "none":
        grid.add_row("Last error", Text(last, "red"))
    return _panel(grid, "Health", f"{words.duration(now - heard.health_at)} ago")


def _pane(title, said, lines):
    shown = list(said)[-lines:]
    styles = [next(style for mark, style in LINE_STYLES if mark in line.lower()) for line in shown]
    text = [Text(line, style, no_wrap=True, overflow="ellipsis") for line, style in zip(shown, styles, strict=True)]
    return _panel(Group(*text), title)
