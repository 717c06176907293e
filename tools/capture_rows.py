"""An exchange with a battery as one line of a capture: the form of the recorded frames that the tests read. Pure.

family, model, request, response, valid, kind, source, note as in the recordings; `raw`: all bytes in hex, where the
response does not say it all. For the text console family is "console", request the command, response the text with its
line ends.
"""

from __future__ import annotations

import re

import firmware
from firmware.battery import frame
from tools.decode_values import COMMANDS, PACE, fitting, refusal

FRAMED, CONSOLE, RS485, OF_PACE = "pylontech-rs232", "console", "pylontech", "pace"
RECORDED, ERROR, DAMAGED, SILENT = "recorded", "error", "damaged", "silent"
SOURCE = f"tools/capture.py {firmware.__version__}"
ENCODING = "latin-1"  # one character a byte
# LENGTH of a reply to 93H: 17 bytes of INFO, and to C2H of PACE: 40; each with the bytes before and behind the number
LENGTHS = {b"C022": (1, 0), b"B050": (0, 20)}
ASKED = {b"%02X" % cid2: length for cid2, length in ((frame.SERIAL_NUMBER, b"C022"), (0xC2, b"B050"))}
HEAD = 13  # characters up to INFO, SOI included
MASK = "X"
PADDING = b"\0 "
_FRAME = re.compile(rb"~[^~\r]*\r?")
_NAMED = re.compile(r"(?i)((?:bar\s*code|serial)[^:\r\n]*:)([^\r\n]*)")
_LINE = re.compile(r"[^\r\n]+")
# of `info`: whose values are no serial numbers
_KNOWN = frozenset((
    "Device address", "Manufacturer", "Device name", "Board version", "Main Soft version", "Soft version",
    "Boot version", "Comm version", "Release Date", "Specification", "Cell Number", "Max Dischg Curr",
    "Max Charge Curr", "Console Port rate",
))  # fmt: skip
# what looks like a serial number: in a damaged text, and elsewhere
_WORD = re.compile(r"(?<![A-Za-z0-9])(?=(?:[A-Za-z]*[0-9]){3})[A-Za-z0-9]{7,}")
_LONG_WORD = re.compile(r"(?<![A-Za-z0-9])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{10,}")


def _row(family, model, request, response, valid, kind, note):
    return {"family": family, "model": model, "request": request, "response": response, "valid": valid, "kind": kind,
            "source": SOURCE, "note": note}  # fmt: skip


def framed(exchange, model="", serials=False, family=FRAMED):
    """A framed request and what came (capture_port.Exchange) -> dict. family: FRAMED, RS485 or OF_PACE.

    model: what the battery says that it is, or "". serials: leave serial numbers as they are.
    """
    raw = bytes(exchange.received)
    if not serials:
        raw = masked_frames(exchange.sent, raw)
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
        text = masked_text(command, text, kind in (RECORDED, ERROR))
    note = f"at {exchange.baud} baud" + (f"; {why}" if why else "")
    return _row(CONSOLE, model, command, text, kind in (RECORDED, ERROR), kind, note)


def stray(exchange, serials=False):
    """What came behind a key or the wake-up, or without a question -> dict."""
    row = console(exchange, kind=DAMAGED, serials=serials)
    what = {b"": "without a question", b"\n": "after a newline", b"\r\n": "after CR LF"}
    row["request"], row["note"] = "", f"{row['note']}, {what.get(exchange.sent, 'after the wake-up')}"
    return row


def masked_frames(request, raw):
    """All bytes that came after a framed request -> the same with masked serial numbers. In a whole frame the CHKSUM is
    right again; of a damaged answer to 93H or C2H only the first 13 characters stay.
    """
    asked = ASKED.get(request[7:9])
    out, at = b"", 0
    for found in _FRAME.finditer(raw):
        out += _hidden(raw[at : found.start()]) if asked else raw[at : found.start()]
        line = found.group()
        out += _line(line, asked) if asked or line[9:HEAD] in LENGTHS else line
        at = found.end()
    return out + (_hidden(raw[at:]) if asked else raw[at:])


def _hidden(raw):
    """Bytes of which nobody knows whether they are a part of a serial number."""
    return re.sub(rb"[^\0\r\n~]", b"x", raw)


def _line(line, asked):
    try:
        info = frame.decode(line).info
    except frame.FrameError:
        return line[:HEAD] + _hidden(line[HEAD:])
    if len(info) < 2:  # a refusal
        return line
    before, behind = LENGTHS.get(line[9:HEAD]) or LENGTHS[asked]
    end = max(before, len(info) - behind)
    masked = bytes(byte if byte in PADDING else ord(MASK) for byte in info[before:end])
    body = line[1:HEAD] + (info[:before] + masked + info[end:]).hex().upper().encode()
    return b"~%s%04X%s" % (body, -sum(body) & 0xFFFF, line[len(line.rstrip(b"\r")) :])


def masked_text(command, text, whole):
    """The text that came after a command such as "info 1" -> the same with masked serial numbers. whole: the answer is
    undamaged; else every word that looks like one is masked.
    """
    if command.split()[:1] == ["info"]:
        text = _NAMED.sub(lambda found: found[1] + re.sub(r"\S", MASK, found[2]), text)
        text = _LINE.sub(lambda found: _unless_known(found.group()), text)
    if command == "pwr":
        text = _table(text)
    return text if whole else _WORD.sub(_masked, text)


def _unless_known(line):
    """A line of `info` whose name is damaged or new: no long word stays."""
    return line if " ".join(line.partition(":")[0].split()) in _KNOWN else _LONG_WORD.sub(_masked, line)


def _masked(found):
    return MASK * len(found.group())


def _table(text):
    """`pwr`: the column Barcode, where there is one, and what else looks like a serial number in a row."""
    lines = re.split(r"([\r\n]+)", text)  # what the pager blanks ends in CR
    behind = None  # how many columns follow Barcode
    for number, line in enumerate(lines):
        names = line.split()
        if "Barcode" in names:
            behind = len(names) - 1 - names.index("Barcode")
        elif behind is not None and names[:1] and names[0].isdigit() and len(names) > behind and "Absent" not in names:
            word = list(re.finditer(r"\S+", line))[-1 - behind]
            if word.group() != "-":
                line = line[: word.start()] + MASK * len(word.group()) + line[word.end() :]
        lines[number] = _LONG_WORD.sub(_masked, line)
    return "".join(lines)
