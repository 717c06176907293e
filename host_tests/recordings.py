"""Files of recorded answers: JSON lines, of owners or of tools/capture.py; what is wrong with one in words."""

import json

CONSOLE = "console"  # the family whose request is a command and whose response the text behind it
# Recorded as text, a file for each command
CONSOLES = ("pytes-ebox", "us5000", "pytes-v5", "us2000c-full", "us3000c-b69", "us3000d", "us5000-mixed")
KEYS = {"family": str, "model": str, "request": str, "response": str, "valid": bool, "kind": str}


class RecordingError(ValueError):
    """A file that is no capture; the text says where and why."""


def load(path):
    """The rows of a file, as dicts that have all KEYS. RecordingError."""
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line.strip()]
        if not rows or not all(isinstance(row.get(key), kind) for row in rows for key, kind in KEYS.items()):
            raise ValueError(f"each line is an object with {', '.join(KEYS)}")
    except (OSError, ValueError, AttributeError) as error:
        raise RecordingError(f"{path} is no capture: {error}") from None
    return rows


def framed(rows):
    """The rows of frames."""
    return [row for row in rows if row["family"] != CONSOLE]


def console(rows):
    """{command: whole answer in bytes} of the rows of console text; of two to one command the last."""
    answers = [row for row in rows if row["family"] == CONSOLE and row["kind"] == "recorded"]
    return {row["request"]: row["response"].encode("latin-1") for row in answers}
