"""The picture of a rack: what was heard of it (heard.py) as something that rich can print. No clock, no terminal."""

from rich.console import Group
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
EXTREMES = (("lowest", "CellMin", LOWEST), ("highest", "CellMax", HIGHEST))
FIGURES = (("SOC", 1, "%", ""), ("PackVoltage", 2, "V", ""), ("PackCurrent", 1, "A", "+"), ("Power", 0, "W", "+"))
LEVELS = "▁▂▃▄▅▆▇█"
LEAST_SPAN_V = 0.04  # of the cells' scale: a few mV must not look like much


def screen(heard, now, width, panes):
    """The picture of a Heard at `now` (s) in `width` characters, for rich. panes: [(title, lines of text)]."""
    style = words.status(heard, now)[1]
    parts = [_panel(_rack(heard, now), Text(f"Pylontech {heard.rack}", "bold"), style=style)]
    if heard.packs:
        parts += _packs(heard, now, width)
    if heard.health:
        parts.append(_panel(_health(heard), "Health", f"{words.duration(now - heard.health_at)} ago"))
    for title, said in panes:
        lines = [Text(line, "dim", no_wrap=True, overflow="ellipsis") for line in list(said)[-LOG_LINES:]]
        parts += [_panel(lines, title)] if lines else []
    return Group(*parts)


def _panel(lines, title, subtitle=None, style="dim"):
    return Panel(Group(*lines), title=title, title_align="left", subtitle=subtitle, subtitle_align="right",
                 border_style=style)


def _rack(heard, now):
    text, style, advice = words.status(heard, now)
    said, first = heard.totals, Text(f"● {text}", f"bold {style}")
    yield first
    if said:
        first.append(f"   {said.get('Packs')} of {said.get('PacksExpected')} packs   {words.state(said)}", "default")
        yield from _totals(said)
    if advice:
        yield Text(advice, "italic")


def _totals(said):
    soc = number(said.get("SOC")) or 0
    style = "red" if soc < 20 else "yellow" if soc < 40 else "green"
    row = Table.grid(padding=(0, 2), expand=True)
    row.add_column(ratio=1)
    row.add_row(ProgressBar(total=100, completed=max(0, min(100, soc)), complete_style=style, finished_style=style),
                *(Text(words.figure(said.get(key), digits, unit, sign), "bold") for key, digits, unit, sign in FIGURES))
    yield row
    parts = [f"{words.figure(said.get('RemainingCapacity'), 1)} of {words.figure(said.get('FullCapacity'), 1, 'Ah')}"]
    parts += [f"{word} {words.duration(said[key] * words.MINUTE_S)}"
              for key, word in (("TimeToFull", "full in"), ("TimeToEmpty", "empty in")) if number(said.get(key))]
    parts += [f"{words.figure(said.get(key), 3, 'kWh')} {word}"
              for key, word in (("ChargedEnergy", "in"), ("DischargedEnergy", "out"))]
    yield Text(", ".join(parts), "dim")
    yield from _notes(said, "")


def _notes(said, whose):
    text, severity = words.problem(said)
    if notes := [text] * bool(severity) + words.flags(said):
        yield Text(f"{whose}{', '.join(notes)}", SEVERITY_STYLES[severity or None])


def _packs(heard, now, width):
    """A row a pack, and a line for each one with an alarm or flags. All cells on one scale, so that packs compare."""
    volts = [value for pack in heard.packs.values() for value, _ in pack.cells().values()] or [0]
    low, span = min(volts), max(max(volts) - min(volts), LEAST_SPAN_V)
    extremes = EXTREMES if width >= WIDE else ()
    table = Table(box=None, expand=True, header_style="dim", pad_edge=False, padding=(0, 0, 0, 1))
    left = ("cells", "state", "lowest", "highest")
    for title in ("Pack", "%", "V", "A", "W", *(name for name, _, _ in extremes), "mV", "cells", "°C", "state", "age"):
        table.add_column(title, justify="left" if title in left else "right", no_wrap=True)
    old_s = STALE_RATES * heard.publish_rate_s()
    for which, pack in heard.packs.items():
        said, age_s = pack.reading, now - pack.at
        table.add_row(
            str(which), *(words.figure(said.get(key), digits, sign=sign) for key, digits, _, sign in FIGURES),
            *(Text(f"{words.figure(said.get(at), 3)} #{said.get(at + 'Number')}", style) for _, at, style in extremes),
            words.millivolts_apart(pack), _cells(pack, low, span), words.temperatures(pack, 0),
            Text(words.state(said), SEVERITY_STYLES[words.problem(said)[1]]),
            Text(words.duration(age_s).replace(" ", ""), "yellow" if age_s > old_s else "dim"),
        )
    yield table
    yield Text.assemble(f"cells from {low:.3f} to {low + span:.3f} V, ", ("lowest", LOWEST), ", ",
                        ("highest", HIGHEST), ", ", ("out of range", WRONG), style="dim", justify="right")
    for which, pack in heard.packs.items():
        yield from _notes(pack.reading, f"Pack {which}: ")


def _cells(pack, low, span):
    styles, line = {str(pack.reading.get(key + "Number")): style for _, key, style in EXTREMES}, Text()
    for cell, (value, state) in pack.cells().items():
        level = LEVELS[min(len(LEVELS) - 1, int((value - low) / span * len(LEVELS)))]
        line.append(level, WRONG if state else styles.get(str(cell), PLAIN))
    return line


def _health(heard):
    said, grid = heard.health, Table.grid("", "", padding=(0, 2, 0, 0))
    counted = [Text(text, "yellow" if bad else "") for text, bad in words.counted(said)]
    grid.add_row("[dim]Battery", Text(words.link(heard)))
    grid.add_row("[dim]Counted", Text(", ").join(counted))
    grid.add_row("[dim]Device", Text(words.device(said)))
    if said.get("LastError", "none") != "none":
        grid.add_row("[dim]Last error", Text(str(said["LastError"]), "red"))
    yield grid
