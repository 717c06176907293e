"""The picture of a rack: what was heard of it (heard.py) as something that rich can print. Pure: no clock, no terminal.

`Console(record=True, width=100).print(view.screen(heard, now, 100))` makes one that can be kept.
"""

from __future__ import annotations

from rich import box
from rich.console import Group
from rich.markup import escape
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tools import words
from tools.heard import number

STALE_RATES = 3  # a reading is old after so many publish rates
WIDE = 100  # characters, with room for the extremes of each pack
LOG_LINES = 6
SEVERITY_STYLES = {"problem": "bold red", "warning": "bold yellow", "": "green", None: "dim"}
LOWEST, HIGHEST, PLAIN, WRONG = "bright_blue", "magenta", "cyan", "bold red"
LEVELS = "▁▂▃▄▅▆▇█"
LEAST_SPAN_V = 0.04  # of the cells' scale: a few mV must not look like much


def screen(heard, now, width=80, panes=()):
    """The whole picture -> a rich renderable.

    heard: Heard; now: s of its clock; width: room in characters; panes: [(title, lines of text)] at the bottom, the
    newest line last (default: the lines of tele/LOG).
    """
    style = words.status(heard, now)[1].split()[-1]
    parts = [_panel(_rack(heard, now), f"[bold]Pylontech {escape(heard.rack)}[/bold]", style=style)]
    if packs := heard.read_packs():
        parts += [*_packs(heard, packs, now, width), *_notes(heard, packs)]
    age = f"{words.duration(now - heard.health_at)} ago" if heard.health else None
    parts.append(_panel(_health(heard), "Health", age))
    parts += [_panel([_line(text) for text in list(said)[-LOG_LINES:]], title)
              for title, said in panes or [("Log", heard.log)] if said]  # fmt: skip
    return Group(*parts)


def _panel(lines, title, subtitle=None, style="dim"):
    return Panel(Group(*lines), title=title, title_align="left", subtitle=subtitle, subtitle_align="right",
                 border_style=style, box=box.ROUNDED)  # fmt: skip


def _rack(heard, now):
    """Is it there, and its totals."""
    text, style, advice = words.status(heard, now)
    said, first = heard.totals, Text(f"● {text}", style)
    yield first
    if said:
        first.append(f"   {said.get('Packs')} of {said.get('PacksExpected')} packs   {words.state(said)}", "default")
        if heard.online and now - heard.totals_at > STALE_RATES * heard.publish_rate_s():
            first.append(f"   totals of {words.duration(now - heard.totals_at)} ago", "yellow")
        yield from _totals(said)
    if advice:
        yield Text(advice, "italic")


def _totals(said):
    soc = number(said.get("SOC")) or 0
    style = "red" if soc < 20 else "yellow" if soc < 40 else "green"
    row = Table.grid(padding=(0, 2), expand=True)
    row.add_column(ratio=1)
    figures = (("SOC", 1, "%", ""), ("PackVoltage", 2, "V", ""), ("PackCurrent", 1, "A", "+"), ("Power", 0, "W", "+"))
    row.add_row(ProgressBar(total=100, completed=max(0, min(100, soc)), complete_style=style, finished_style=style),
                *(f"[bold]{words.measured(said, key, digits, sign)} {unit}[/bold]"
                  for key, digits, unit, sign in figures))  # fmt: skip
    yield row
    parts = [f"{words.figure(said.get('RemainingCapacity'), 1)} of {words.figure(said.get('FullCapacity'), 1, 'Ah')}"]
    parts += [f"{word} {words.duration(said[key] * words.MINUTE_S)}"
              for key, word in (("TimeToFull", "full in"), ("TimeToEmpty", "empty in")) if number(said.get(key))]
    parts += [f"{words.figure(said.get(key), 3, 'kWh')} {word}"
              for key, word in (("ChargedEnergy", "in"), ("DischargedEnergy", "out"))]  # fmt: skip
    yield Text(", ".join(parts), "dim")
    text, severity = words.problem(said)
    if severity:
        yield Text(text, SEVERITY_STYLES[severity])


def _packs(heard, packs, now, width):
    """A row a pack; all cells on one scale, so that packs can be compared."""
    volts = [value for pack in packs.values() for value, _ in pack.cells().values()] or [0]
    low, span = min(volts), max(max(volts) - min(volts), LEAST_SPAN_V)
    extremes = ["lowest", "highest"] if width >= WIDE else []
    table = Table(box=None, show_edge=False, expand=True, header_style="dim", pad_edge=False, padding=(0, 0, 0, 1))
    for title in ("Pack", "%", "V", "A", "W", *extremes, "mV", "cells", "°C", "state", "age"):
        left = title in ("cells", "state", *extremes)
        table.add_column(title, justify="left" if left else "right", no_wrap=True)
    old_s = STALE_RATES * heard.publish_rate_s()
    for n, pack in packs.items():
        said, age_s = pack.reading, now - pack.at
        ends = zip(words.extremes(pack), (LOWEST, HIGHEST), strict=True) if extremes else ()
        table.add_row(
            str(n), words.figure(said.get("SOC"), 1), words.measured(said, "PackVoltage", 2),
            words.measured(said, "PackCurrent", 1, "+"), words.figure(said.get("Power"), 0, sign="+"),
            *(Text(f"{words.figure(pack.cells()[cell][0], 3)} #{cell}" if cell else words.NOTHING, style)
              for cell, style in ends),
            words.delta_mv(pack), _cells(pack, low, span), words.temperatures(pack, 0),
            Text(words.state(said), SEVERITY_STYLES[words.problem(said)[1]]),
            Text(words.duration(age_s).replace(" ", ""), "yellow" if age_s > old_s else "dim"),
            style="dim" if heard.online is False or heard.trouble else "",
        )  # fmt: skip
    yield table
    yield Text.assemble(f"cells from {low:.3f} to {low + span:.3f} V, ", ("lowest", LOWEST), ", ",
                        ("highest", HIGHEST), ", ", ("out of range", WRONG), style="dim", justify="right")  # fmt: skip


def _cells(pack, low, span):
    lowest, highest = words.extremes(pack)
    line = Text()
    for cell, (value, state) in pack.cells().items():
        style = WRONG if state else LOWEST if cell == lowest else HIGHEST if cell == highest else PLAIN
        line.append(LEVELS[max(0, min(len(LEVELS) - 1, int((value - low) / span * len(LEVELS))))], style)
    return line


def _notes(heard, packs):
    """A line for each pack of which there is more to say than its state, and one for those that said nothing."""
    silent = [str(n) for n in range(1, (heard.expected() or 0) + 1) if n not in packs]
    if silent:
        yield Text(f"No reading so far: pack {', '.join(silent)}", "yellow")
    for n, pack in packs.items():
        text, severity = words.problem(pack.reading)
        if said := [text] * bool(severity) + words.flags(pack):
            yield Text(f"Pack {n}: {', '.join(said)}", SEVERITY_STYLES[severity or None])


def _health(heard):
    said = heard.health
    if not said:
        yield Text("The device speaks of itself once a minute.", "dim")
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_row("Battery", words.link(heard))
    grid.add_row("Counted", Text(", ").join(Text(text, "yellow" if bad else "") for text, bad in words.counted(said)))
    grid.add_row("Device", Text(words.device(said)))
    if (last := str(said.get("LastError", "none"))) != "none":
        grid.add_row("Last error", Text(last, "red"))
    yield grid


def _line(text):
    marked = next((style for mark, style in (("error", "red"), ("warning", "yellow")) if mark in text.lower()), "dim")
    return Text(text, marked, no_wrap=True, overflow="ellipsis")
