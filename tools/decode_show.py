"""A decode_frame.Report as lines of text. Pure."""

from __future__ import annotations

from tools.decode_frame import REPLY, REQUEST
from tools.decode_layouts import COMMANDS, RETURN_CODES

COLUMNS = 100  # characters of a frame in a line
SHOWN = 24  # characters of one field
MARK = "^"


def lines(report):
    """Yields the lines of one frame: itself, with marks under what is wrong; what it is; its fields."""
    yield from _frame(report)
    yield ""
    for fault in report.faults:
        yield f"  wrong at {_place(fault)}: {fault.text}"
    yield f"  {verdict(report)}"
    for remark in report.remarks:
        yield f"  note: {remark}"
    yield ""
    yield f"  {'at':>4}  {'characters':<{SHOWN}}  {'field':<34}  {'value':<40}  section"
    for part in report.parts:
        section = f"§{part.section}" if part.section else ""
        what = f"{_clipped(part.characters):<{SHOWN}}  {part.name:<34}  {part.value:<40}"
        yield f"  {part.at:>4}  {what}  {section}".rstrip()


def verdict(report):
    """What the frame is, in one line."""
    code = "damaged" if report.code is None else f"{report.code:02X}H"
    if report.role == REQUEST:
        what = f"request {code}, {COMMANDS.get(report.code, 'not a command of V2.8')}"
    elif report.role == REPLY:
        what = f"reply, RTN {code} {RETURN_CODES.get(report.code, '')}".rstrip()
        if report.cid2 is not None:
            words = COMMANDS.get(report.cid2, "not a command of V2.8")
            what += f", to {report.cid2:02X}H {words} ({report.by})"
    else:
        what = "neither a request nor a reply of V2.8"
    return f"{'good' if report.good else 'BAD'}: {what}"


def _place(fault):
    return f"{fault.at}" if fault.width == 1 else f"{fault.at} to {fault.at + fault.width - 1}"


def _frame(report):
    """The frame in lines of COLUMNS, each with the number of its first character, and with marks where faults are."""
    text = printable(report.text.removesuffix("\r"))
    marked = {at for fault in report.faults for at in range(fault.at, fault.at + fault.width)}
    for first in range(0, max(1, len(text), max(marked, default=0)), COLUMNS):
        yield f"  {first + 1:>4}  {text[first : first + COLUMNS]}"
        places = range(first + 1, first + COLUMNS + 1)
        if not marked.isdisjoint(places):
            yield f"        {''.join(MARK if at in marked else ' ' for at in places).rstrip()}"


def _clipped(text):
    text = printable(text)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def printable(text):
    """One character each, a dot for what cannot be printed."""
    return "".join(one if one.isascii() and one.isprintable() else "·" for one in text)
