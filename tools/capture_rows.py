"""An exchange with a battery as one line of a capture: the form of the recorded frames that the tests read. Pure.

family, model, request, response, valid, kind, source, note as in the recordings; `raw`: all bytes in hex, where the
response does not say it all. For the text console family is "console", request the command, response the text with its
line ends.
"""

from __future__ import annotations

import firmware
from firmware.battery import frame
from tools import capture_mask, decode_info

FRAMED, CONSOLE = "pylontech-rs232", "console"
RECORDED, ERROR, DAMAGED, SILENT = "recorded", "error", "damaged", "silent"
SOURCE = f"tools/capture.py {firmware.__version__}"
ENCODING = "latin-1"  # one character a byte


def _row(family, model, request, response, valid, kind, note):
    return {"family": family, "model": model, "request": request, "response": response, "valid": valid, "kind": kind,
            "source": SOURCE, "note": note}  # fmt: skip


def framed(exchange, model="", why="", serials=False):
    """A framed request and what came -> dict. why: what the firmware's Link did not like about it, or "". serials: as
    they are.
    """
    raw = bytes(exchange.received)
    if not serials:
        raw = capture_mask.framed(exchange.sent, raw)
    line, reply = _line_of(raw)
    kind = SILENT if not raw else DAMAGED if reply is None else ERROR if reply.code else RECORDED
    request, note = exchange.sent.rstrip(b"\r").decode(), f"at {exchange.baud} baud"
    if why:
        note += f"; {why}"
    if why and kind == RECORDED and decode_info.fitting(reply.info):  # a good reply, but to another question
        request, note = "", f"{note}; asked was {request}"
    row = _row(FRAMED, model, request, line.decode(ENCODING), reply is not None, kind, note)
    if raw not in (b"", line + b"\r"):
        row["raw"] = raw.hex()
    return row


def _line_of(raw):
    """The last whole frame of what came, else the last line that looks like one, else all -> (bytes, Frame or None)."""
    reader = frame.Reader()
    reader.feed(raw)
    lines = list(iter(reader.next, None))
    for line in reversed(lines):
        try:
            return line.rstrip(b"\r"), frame.decode(line)
        except frame.FrameError:
            continue
    return (lines[-1] if lines else raw).rstrip(b"\r"), None


def console(exchange, model="", kind=RECORDED, why="", serials=False):
    """A console command and what came -> dict. kind: RECORDED, ERROR (the battery declined) or DAMAGED."""
    command = exchange.sent.decode(ENCODING).strip()
    text = bytes(exchange.received).decode(ENCODING)
    kind = kind if text else SILENT
    if not serials:
        text = capture_mask.console(command, text, kind in (RECORDED, ERROR))
    note = f"at {exchange.baud} baud" + (f"; {why}" if why else "")
    return _row(CONSOLE, model, command, text, kind in (RECORDED, ERROR), kind, note)


def stray(exchange, serials=False):
    """What came behind a key or the wake-up, or without a question -> dict."""
    row = console(exchange, kind=DAMAGED, serials=serials)
    what = {b"": "without a question", b"\n": "after a newline", b"\r\n": "after CR LF"}
    row["request"], row["note"] = "", f"{row['note']}, {what.get(exchange.sent, 'after the wake-up')}"
    return row
