"""An exchange with a battery as one line of a capture, in the form of the recorded frames that the tests read; `raw`:
all bytes in hex, where the response does not say it all. Serial numbers are masked unless asked for. Pure.
"""

import re

import firmware
from firmware.battery import Refusal, frame
from firmware.battery.search import CONSOLE, FRAMED, PACE, RS485
from tools import decode_values
from tools.capture_port import KEYS

FAMILIES = {FRAMED: "pylontech-rs232", RS485: "pylontech", PACE: "pace", CONSOLE: "console"}
RECORDED, ERROR, DAMAGED, SILENT = "recorded", "error", "damaged", "silent"
SOURCE = f"tools/capture.py {firmware.__version__}"
ENCODING = "latin-1"  # one character a byte
# CID2 of a question for a serial number: LENGTH of the reply, bytes of INFO before and behind the number
_ASKED = {b"93": (b"C022", 1, 0), b"C2": (b"B050", 0, 20)}
_LENGTHS = {length: ends for length, *ends in _ASKED.values()}
_HEAD = 13  # characters up to INFO, SOI included
_MASK = "X"
_NAMED = re.compile(r"(?i)((?:bar\s*code|serial)[^:\r\n]*:)([^\r\n]*)")
# Lines of `info` that have no serial number
_HARMLESS = re.compile(r"(?i)\s*(device (name|address)|manufacturer|[a-z ]*version|release date|specification|"
                       r"cell number|max (dischg|charge) curr|console port rate)\s*:")
# What looks like a serial number: seven characters with three digits, or ten with one
_WORD = re.compile(r"(?<![A-Za-z0-9])((?=([A-Za-z]*[0-9]){3})[A-Za-z0-9]{7,}|(?=[A-Za-z]*[0-9])[A-Za-z0-9]{10,})")
_PROMPT = re.compile(rb"[\r\n ]*([A-Za-z][\w-]*>\s*)?")


def row(exchange, dialect, model="", refused=None, serials=False):
    """A question and what came (capture_port.Exchange) -> dict, or None: nothing came to a key, or a prompt. model:
    what the battery says that it is. refused: the NoReply or Refusal that a text console's answer is.
    serials: whether serial numbers stay in it.
    """
    command = exchange.sent.decode().strip()
    if exchange.sent in KEYS:
        if _PROMPT.fullmatch(exchange.received):
            return None
        kind, request, why = DAMAGED, "", "behind a key"
    elif dialect != CONSOLE:
        return _framed(exchange, dialect, model, serials)
    else:
        kind = RECORDED if refused is None else ERROR if isinstance(refused, Refusal) else DAMAGED
        request, why = command, reason(refused) if refused else ""
    text = exchange.received.decode(ENCODING)
    text = text if serials else masked_text(command, text, kind != DAMAGED)
    return _row(CONSOLE, model, exchange, request, text, kind if text else SILENT, why)


def reason(error):
    """-> what a NoReply or Refusal says behind the question; no serial number."""
    return _WORD.sub(_masked, str(error).partition(": ")[2] or str(error))


def _row(dialect, model, exchange, request, response, kind, why):
    return {"family": FAMILIES[dialect], "model": model, "request": request, "response": response,
            "valid": kind in (RECORDED, ERROR), "kind": kind, "source": SOURCE,
            "note": f"at {exchange.baud} baud" + (f"; {why}" if why else "")}


def _framed(exchange, dialect, model, serials):
    raw = bytes(exchange.received)
    raw = raw if serials else masked_frames(exchange.sent, raw)
    asked, request = frame.decode(exchange.sent), exchange.sent.rstrip(b"\r").decode()
    commands = decode_values.PACE if dialect == PACE else decode_values.COMMANDS
    reader = frame.Reader()
    reader.feed(raw + b"\r")  # the last one may have lost its EOI
    rest = raw.replace(exchange.sent, b"").rstrip(b"\r")  # without an echo
    judged = [(*_judged(line, asked, commands), line.rstrip(b"\r"))
              for line in iter(reader.next, None) if line != exchange.sent]
    # The last of those that say the most
    _, reply, why, line = max(reversed(judged), key=lambda one: one[0], default=(0, None, "no frame", rest))
    kind = SILENT if not rest else DAMAGED if reply is None else ERROR if reply.code else RECORDED
    if why and kind == RECORDED and not all(decode_values.refusal(reply.info, cid2, commands) for cid2 in commands):
        request, why = "", f"{why}; a late reply to another question: asked was {request}"
    found = _row(dialect, model, exchange, request, line.decode(ENCODING), kind, why if rest else "no reply")
    return found if raw in (b"", line + b"\r") else found | {"raw": raw.hex()}


def _judged(line, asked, commands):
    """-> (2: an answer, 1: a whole frame, 0: damaged; Frame or None; why it is no answer, or "")."""
    try:
        reply = frame.decode(line)
    except frame.FrameError as error:
        return 0, None, str(error)
    why = ""
    if reply.info and not reply.code:  # else it says no, or has no INFO for an absent pack
        why = decode_values.refusal(reply.info, asked.code, commands)
        answer = "" if why else commands[asked.code][2](reply.info)
        if asked.info and not isinstance(answer, str) and answer[0] != asked.info[0]:
            why = "reply of another pack"
    return 2 - bool(why), reply, why


def masked_frames(request, raw):
    """All bytes that came after a framed request -> the same with masked serial numbers. In a whole frame the CHKSUM is
    right again; of a damaged answer to 93H or C2H only the first 13 characters stay.
    """
    asked = _ASKED.get(request[7:9])
    parts = re.split(rb"(~[^~\r]*\r?)", raw)  # frames, and what is between them
    parts[::2] = [_hidden(part) if asked else part for part in parts[::2]]
    parts[1::2] = [_line(part, _LENGTHS.get(part[9:_HEAD], asked and asked[1:])) for part in parts[1::2]]
    return b"".join(parts)


def _hidden(raw):
    """Bytes of which nobody knows whether they are a part of a serial number."""
    return re.sub(rb"[^\0\r\n~]", b"x", raw)


def _line(line, ends):
    """ends: how many bytes of INFO stand before and behind a serial number; None: there is none."""
    try:
        info = frame.decode(line).info
    except frame.FrameError:
        return line[:_HEAD] + _hidden(line[_HEAD:]) if ends else line
    if not ends or len(info) < 2:  # a refusal
        return line
    first, last = ends[0], max(ends[0], len(info) - ends[1])
    masked = bytes(byte if byte in b"\0 " else ord(_MASK) for byte in info[first:last])
    body = line[1:_HEAD] + (info[:first] + masked + info[last:]).hex().upper().encode()
    return b"~%s%04X%s" % (body, -sum(body) & 0xFFFF, line[len(line.rstrip(b"\r")) :])


def masked_text(command, text, whole):
    """The text that came after a command such as "info 1" -> the same with masked serial numbers. whole: the answer is
    undamaged; else every word that looks like one is masked.
    """
    text = _NAMED.sub(lambda found: found[1] + re.sub(r"\S", _MASK, found[2]), text)
    if whole and command != "pwr" and not command.startswith("info"):
        return text
    return "".join(line if whole and _HARMLESS.match(line) else _WORD.sub(_masked, line)
                   for line in text.splitlines(keepends=True))


def _masked(found):
    return _MASK * len(found.group())
