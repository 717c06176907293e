"""The picture of a rack: what was heard of it (heard.py) as something that rich can print. Pure: no clock, no terminal.

`Console(record=True, width=100).print(view.screen(heard, now, 100))` makes one that can be kept.
"""

from __future__ import annotations

import io

from rich import box
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tools import words
from tools.cells import CELLS_VIEWS, share_bar
from tools.heard import number

NARROWEST = 60
STALE_RATES, GONE_S = 3, 60  # a reading is old after so many publish rates, and surely after so many seconds
WIDE, WIDER = 108, 128
# The first picture that fits is taken: how the cells are drawn, lines of each pane, all that is known of the device
LEVELS = (
    ("large", 8, True),
    ("large", 4, True),
    ("small", 6, True),
    ("small", 3, True),
    ("tiny", 3, True),
    ("tiny", 1, False),
)
STATUS_STYLES = {"problem": "bold red", "warning": "bold yellow", "": "green", None: "dim"}
STATE_STYLES = {"charging": "green", "discharging": "cyan", "full": "bold green", "idle": "default"}
LINE_STYLES = (("error", "red"), ("warning", "yellow"))
SOC_LOW, SOC_MIDDLE = 20, 40  # %


def screen(heard, now, width=80, height=None, panes=None):
    """The whole picture -> a rich renderable.

    heard: Heard; now: s of its clock; width, height: room in characters (height None: as much as it takes); panes:
    [(title, lines of text)] at the bottom, the newest line last (default: the lines of tele/LOG).
    """
    width = max(width, NARROWEST)
    if panes is None:
        panes = [("Log", heard.log)]
    for level in LEVELS:
        picture = _picture(heard, now, width, panes, *level)
        if height is None or _height(picture, width) <= height:
            break
    return picture


def _picture(heard, now, width, panes, cells, lines, whole_health):
    parts = [_header(heard, now, width)]
    if heard.read_packs():
        parts += [_packs(heard, now, width), *_notes(heard)]
        parts += CELLS_VIEWS[cells](heard.read_packs(), width)
    parts.append(_health(heard, now, whole_health))
    parts += [_pane(title, said, lines) for title, said in panes if said]
    return Group(*parts)


def _height(picture, width):
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    return len(console.render_lines(picture, pad=False))


# -- the rack as a whole ------------------------------------------------------------------------------------------


def _header(heard, now, width):
    text, style, advice = words.status(heard, now)
    said = heard.totals
    line = Text.assemble(("● ", style), (text, style))
    lines = [line]
    if said:
        packs, expected = said.get("Packs"), heard.expected()
        short = expected and packs != expected
        count = f"{packs} of {expected} packs" if short else f"{packs} pack{'' if packs == 1 else 's'}"
        line.append("   ").append(count, "bold red" if short else "")
        line.append("   ").append(words.state(said), STATE_STYLES.get(said.get("BatteryState"), ""))
        if now - heard.totals_at > STALE_RATES * heard.publish_rate_s():
            line.append(f"   totals of {words.duration(now - heard.totals_at)} ago", "yellow")
        lines += _totals(said, width)
        if style == "bold green":
            style = STATUS_STYLES[words.problem(said)[1] or ""]
    if advice:
        lines.append(Text(advice, "italic"))
    title = f"[bold]Pylontech {heard.rack.replace('[', '(')}[/bold]"
    return Panel(Group(*lines), title=title, title_align="left", border_style=style.split()[-1], box=box.ROUNDED)


def _totals(said, width):
    """The rack's totals, in two or three lines."""
    figures = Text("  ").join(
        Text(text, "bold")
        for text in (
            words.figure(said.get("SOC"), 1, "%"),
            words.figure(said.get("PackVoltage"), 2, "V"),
            words.signed(said.get("PackCurrent"), 1, "A"),
            words.signed(said.get("Power"), 0, "W"),
        )
    )
    bar = share_bar(_soc_share(said), width - 4 - len(figures) - 2, _soc_style(said))
    rest = [f"{words.figure(said.get('RemainingCapacity'), 1)} of {words.figure(said.get('FullCapacity'), 1, 'Ah')}"]
    for key, word in (("TimeToFull", "full in"), ("TimeToEmpty", "empty in")):
        if number(said.get(key)) is not None:
            rest.append(f"{word} {words.duration(said[key] * words.MINUTE_S)}")
    for key, word in (("ChargedEnergy", "in"), ("DischargedEnergy", "out")):
        rest.append(f"{words.figure(said.get(key), 3, 'kWh')} {word}")
    text, severity = words.problem(said)
    lines = [Text.assemble(bar, "  ", figures), Text(", ".join(rest), "dim")]
    if severity != "":
        lines.append(Text(text, STATUS_STYLES[severity]))
    return lines


def _soc_share(said):
    return (number(said.get("SOC")) or 0) / 100


def _soc_style(said):
    soc = number(said.get("SOC")) or 0
    return "red" if soc < SOC_LOW else "yellow" if soc < SOC_MIDDLE else "green"


# -- the packs ----------------------------------------------------------------------------------------------------


def _cell_text(pack, which, style):
    volts, place = words.extreme(pack, which)
    return Text.assemble((volts, style), (f" {f'#{place}':<3}", "dim"))


def _state_text(pack):
    """What it does; what is wrong stands below the table."""
    severity = words.problem(pack.reading)[1]
    style = STATUS_STYLES[severity] if severity else STATE_STYLES.get(words.state(pack.reading), "")
    return Text(words.state(pack.reading), style)


def _age_text(pack, now, rate_s):
    age = now - pack.at
    style = "bold red" if age > max(GONE_S, STALE_RATES * rate_s) else "yellow" if age > STALE_RATES * rate_s else "dim"
    return Text(words.short_age(age), style)


# title, from which width on, what it shows of (number, pack, now, publish rate in s)
COLUMNS = (
    ("Pack", 0, lambda n, pack, *_: Text(str(n), "bold")),
    ("", WIDE, lambda n, pack, *_: share_bar(_soc_share(pack.reading), 10, _soc_style(pack.reading))),
    ("SOC", 0, lambda n, pack, *_: Text(words.figure(pack.reading.get("SOC"), 1) + "%", _soc_style(pack.reading))),
    ("V", 0, lambda n, pack, *_: Text(words.voltage(pack))),
    ("A", 0, lambda n, pack, *_: Text(words.current(pack))),
    ("W", 0, lambda n, pack, *_: Text(words.signed(pack.reading.get("Power"), 0))),
    ("Ah", WIDER, lambda n, pack, *_: Text(words.figure(pack.reading.get("RemainingCapacity"), 1))),
    ("lowest", 0, lambda n, pack, *_: _cell_text(pack, "Min", "bright_blue")),
    ("highest", 0, lambda n, pack, *_: _cell_text(pack, "Max", "magenta")),
    ("mV", 0, lambda n, pack, *_: Text(words.delta_mv(pack))),
    ("°C", 0, lambda n, pack, *_: Text(words.temperatures(pack, 0))),
    ("cycles", WIDER, lambda n, pack, *_: Text(words.figure(pack.reading.get("CycleCount"), 0))),
    ("state", 0, lambda n, pack, *_: _state_text(pack)),
    ("age", 0, lambda n, pack, now, rate_s: _age_text(pack, now, rate_s)),
)
LEFT = ("", "lowest", "highest", "state")


def _packs(heard, now, width):
    columns = [column for column in COLUMNS if width >= column[1]]
    table = Table(box=box.SIMPLE_HEAD if width >= WIDE else None, show_edge=False, expand=True, header_style="dim",
                  padding=(0, 1) if width >= WIDE else (0, 1, 0, 0), pad_edge=False)  # fmt: skip
    for title, _, _ in columns:
        table.add_column(title, justify="left" if title in LEFT else "right", no_wrap=True)
    for n, pack in heard.read_packs():
        row = [show(n, pack, now, heard.publish_rate_s()) for _, _, show in columns]
        table.add_row(*row, style="dim" if heard.online is False or heard.trouble else "")
    return table


def _notes(heard):
    """A line for each pack of which there is more to say than its state, and one for those that said nothing."""
    silent = [str(n) for n in range(1, (heard.expected() or 0) + 1) if n not in dict(heard.read_packs())]
    lines = [Text(f"  No reading so far: pack {', '.join(silent)}", "yellow")] if silent else []
    for n, pack in heard.read_packs():
        text, severity = words.problem(pack.reading)
        said = words.flags(pack)
        if severity:
            lines.append(Text.assemble((f"! Pack {n}: {text}", STATUS_STYLES[severity]), (", ".join(["", *said]))))
        elif said:
            lines.append(Text(f"  Pack {n}: {', '.join(said)}", "dim"))
    return lines


# -- the device ---------------------------------------------------------------------------------------------------


def _health(heard, now, whole):
    said = heard.health
    if not said:
        return Panel(Text("The device speaks of itself once a minute.", "dim"), title="Health", title_align="left",
                     border_style="dim", box=box.ROUNDED)  # fmt: skip
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    counters = Text(", ").join(Text(text, "yellow" if bad else "") for text, bad in words.counted(said))
    last = str(said.get("LastError", "none"))
    grid.add_row("Battery", words.link(heard))
    grid.add_row("Counted", counters)
    if whole:
        grid.add_row("Device", words.device(said))
    if last != "none":
        grid.add_row("Last error", Text(last, "red"))
    age = words.duration(now - heard.health_at)
    return Panel(grid, title="Health", title_align="left", subtitle=f"{age} ago", subtitle_align="right",
                 border_style="dim", box=box.ROUNDED)  # fmt: skip


def _pane(title, said, lines):
    shown = list(said)[-lines:]
    styles = [next((style for mark, style in LINE_STYLES if mark in line.lower()), "dim") for line in shown]
    text = [Text(line, style, no_wrap=True, overflow="ellipsis") for line, style in zip(shown, styles, strict=True)]
    return Panel(Group(*text), title=title, title_align="left", border_style="dim", box=box.ROUNDED)
