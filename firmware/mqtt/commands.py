"""What `cmnd/#` may ask for (mqtt.md, "Accepted"): bytes in, an intention out. Loaded for the moment."""

import json

_BYTES_MAX = 256
_RATE_MIN_MS, _RATE_MAX_MS = 1_000, 300_000
_PAUSE = b'{"STOP"}'  # of pylon2mqtt; no JSON, but MicroPython takes it for {}


def intention(payload, retained=False):
    """The payload of a command (bytes) -> {key: value} of what is asked for, or a text that says why it is refused.

    Keys: "publishRate" (ms), "status" (anything), "polling" (bool), "restart" (True). All of them, or nothing.
    """
    if retained:
        return "it is retained, and so may be old: publish commands without retain"
    if len(payload) > _BYTES_MAX:
        return "more than %d bytes" % _BYTES_MAX
    if payload.strip() == _PAUSE:
        return {"polling": False}
    try:
        text = payload.decode()
    except ValueError:
        return "not UTF-8"
    try:
        asked = json.loads(text)
    except (ValueError, TypeError, RuntimeError):  # MicroPython: keys that cannot be keys; CPython: nested too deeply
        return "not JSON"
    if not isinstance(asked, dict) or not asked:
        return 'not an object with a command, such as {"status": 1}'
    for key in asked:
        why = _wrong(key, asked[key])
        if why:
            return why
    return asked


def _wrong(key, value):
    """What is wrong with one command: a text, or None."""
    if key == "publishRate":
        if type(value) is not int or not _RATE_MIN_MS <= value <= _RATE_MAX_MS:  # True is an int, and no number
            return "publishRate must be a whole number from %d to %d (ms)" % (_RATE_MIN_MS, _RATE_MAX_MS)
    elif key == "polling":
        if type(value) is not bool:
            return "polling must be true or false"
    elif key == "restart":
        if value is not True:
            return "restart must be true"
    elif key != "status":
        return "no such command: %r" % (key,)
    return None
