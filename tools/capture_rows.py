"""An exchange with a battery as one line of a capture: the form of the recorded frames that the tests read. Pure.

family, model, request, response, valid, kind, source, note as in the recordings; `raw`: all bytes in hex, where the
response does not say it all. For the text console family is "console", request the command, response the text with its
line ends.
"""

from __future__ import annotations

import firmware
from firmware.battery import frame
from tools import capture_mask
from tools.decode_values import COMMANDS, PACE, fitting, refusal

FRAMED, CONSOLE, RS485, OF_PACE = "pylontech-rs232", "console", "pylontech", "pace"
RECORDED, ERROR, DAMAGED, SILENT = "recorded", "error", "damaged", "silent"
SOURCE = f"tools/capture.py {firmware.__version__}"
ENCODING = "latin-1"  # one character a byte


def _row(family, model, request, response, valid, kind, note):
    return {"family": family, "model": model, "request": request, "response": response, "valid": valid, "kind": kind,
            "source": SOURCE, "note": note}  # fmt: skip


def framed(exchange, model="", serials=False, family=FRAMED):
    """A framed request and what came (capture_port.Exchange) -> dict. family: FRAMED, RS485 or OF_PACE.

    model: what the battery says that it is, or "". serials: leave serial numbers as they are.
    """
    raw = bytes(exchange.received)
    if not serials:
        raw = capture_mask.framed(exchange.sent, raw)
    asked = frame.decode(exchange.sent)
    commands = PACE if family == OF_PACE else COMMANDS
    line, reply, why = _answer_of(raw, asked, commands)
    kind = SILENT if not raw else DAMAGED if reply is None else ERROR if reply.code else RECORDED
    request, note = exchange.sent.rstrip(b"\r").decode(), f"at {exchange.baud} baud" + (f"; {why}" if why else "")
    if why and kind == RECORDED and fitting(reply.info, commands):
        request, note = "", f"{note}; a late reply to another question: asked was {request}"
    row = _row(family, model, request, line.decode(ENCODING), reply is not None, kind, note)
    if raw not in (b"", line + b"\r"):
        row["raw"] = raw.hex()
    return row


def _answer_of(raw, asked, commands):
    """Of all that came -> (line without CR, Frame or None, why it is no answer or "").

    The last frame that answers, else the last whole one, else the last line that begins like one.
    """
    reader = frame.Reader()
    reader.feed(raw + b"\r")  # the last one may have lost its EOI
    lines = [bytes(line) for line in iter(reader.next, None)]
    found = (lines[-1] if lines else raw).rstrip(b"\r"), None, "no frame" if raw else "no reply"
    for line in lines:
        if line == frame.encode(asked.code, asked.info, asked.address, asked.version, dict.fromkeys([asked.code], 0)):
            continue  # an echo
        try:
            reply = frame.decode(line)
        except frame.FrameError as error:
            if found[1] is None:
                found = line.rstrip(b"\r"), None, str(error)
            continue
        why = _unlike(reply, asked, commands)
        if not why or found[1] is None or found[2]:
            found = line.rstrip(b"\r"), reply, why
    return found


def _unlike(reply, asked, commands):
    """Why a whole frame does not answer what was asked, or "" (it may say no, or have no INFO for an absent pack)."""
    if reply.code or not reply.info:
        return ""
    why = refusal(reply.info, asked.code, commands)
    echoed = commands[asked.code][2](reply.info) if not why and asked.info else ""
    if echoed and not isinstance(echoed, str) and echoed[0] != asked.info[0]:
        return "reply of another pack"
    return why


def console(exchange, model="", kind=RECORDED, why="", serials=False):
    """A console command and what came -> dict. model, serials: as for framed().

    kind: RECORDED, ERROR (the battery declined) or DAMAGED, and why.
    """
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
