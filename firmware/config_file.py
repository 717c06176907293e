"""config.json: read, saved, and in which line it is broken, which MicroPython's own parser does not tell."""

import json
import os

NEEDED = "needed"  # in the table of settings, instead of a default
_BOM = b"\xef\xbb\xbf"
_BYTES_MAX = 4096  # all settings at their longest are half of that
_NEW = ".new"  # the file is written beside the old one, then renamed over it: a power cut leaves one or the other

# Bytes, not texts: each character as a text of its own would stay among MicroPython's names
_SPACES, _MARKS, _QUOTE = b" \t\r", b"{}[]:,", b'"'
_WORDS = (b"true", b"false", b"null")
_DONE = 6
# For each state: what is expected, (token, next state) …; tokens: a mark, " for a text, w for another value
_STATES = (
    ('{: the settings are one object, {"mqtt_host": "…", …}', ((b"{", 1),)),
    ("a name in quotes, or }", ((b'"', 2), (b"}", _DONE))),
    ("a colon behind the name", ((b":", 3),)),
    ("a value: a text in straight quotes, a number, true or false", ((b'"', 4), (b"w", 4))),
    ("a comma, or } at the end", ((b",", 5), (b"}", _DONE))),
    ("a name in quotes (is there a comma too many?)", ((b'"', 2),)),
    ("nothing more", ()),
)


class ConfigError(Exception):
    """Settings that cannot be used; the text names every wrong key or value, one a line."""


def exists(path):
    """True when there is a file `path`."""
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def read(path):
    """The values that stand in the file `path`, unchecked. ConfigError: it is missing, or broken, in which line."""
    try:
        with open(path, "rb") as file:
            data = file.read(_BYTES_MAX + 1)
    except OSError as error:
        why = "is missing: this board has no settings yet"
        raise ConfigError("%s %s" % (path, why if error.args[0] == 2 else "cannot be read: %s" % error)) from None
    if len(data) > _BYTES_MAX:
        raise ConfigError("%s has more than %d bytes" % (path, _BYTES_MAX))
    if data[:3] == _BOM:
        data = data[3:]
    if why := fault(data):
        raise ConfigError("%s is not JSON: %s" % (path, why))
    return json.loads(data)


def save(path, given, order):
    """Writes the settings `given` ({key: value}), one a line, in the `order` of all keys. ConfigError: it failed, and
    the old file is as it was.
    """
    lines = ["  %s: %s" % (json.dumps(key), json.dumps(given[key])) for key in order if key in given]
    try:
        with open(path + _NEW, "wb") as file:
            file.write(b"{\n")
            for at, line in enumerate(lines):
                file.write((line + (",\n" if at + 1 < len(lines) else "\n")).encode())
            file.write(b"}\n")
        os.rename(path + _NEW, path)
    except OSError as error:
        raise ConfigError("%s was not saved (%s): is there room on the flash?" % (path, error)) from None


def fault(data):
    """What is wrong with the bytes of config.json: "line 3: expected …", or None. Values are never in the text."""
    lines = data.split(b"\n")
    state, last, names = 0, 1, []
    for number, line in enumerate(lines, 1):
        try:
            line.decode()
        except ValueError:
            return "line %d: a character that is not UTF-8" % number
        at = 0
        while at < len(line):
            if line[at] in _SPACES:
                at += 1
                continue
            token, end = _token(line, at)
            if token is None:
                return "line %d: %s" % (number, end)
            follows = [after for mark, after in _STATES[state][1] if mark == token]
            if not follows:  # what lacks is missed where the line before ended
                return "line %d: expected %s" % (last if state in (2, 4) else number, _STATES[state][0])
            if state in (1, 5) and token == _QUOTE:
                name = line[at:end]
                if name in names:
                    return "line %d: %s is there twice" % (number, name.decode())
                names.append(name)
            state, at, last = follows[0], end, number
    return None if state == _DONE else "line %d: expected %s" % (last, _STATES[state][0])


def _token(line, at):
    """(token, where it ends), or (None, what is wrong)."""
    first = line[at : at + 1]
    if first in _MARKS:
        return first, at + 1
    if first == _QUOTE:
        end = at + 1
        while end < len(line) and line[end : end + 1] != _QUOTE:
            end += 2 if line[end : end + 1] == b"\\" else 1
        if end >= len(line):
            return None, "a text without its closing quote"
        return _sound(_QUOTE, line[at : end + 1], end + 1)
    end = at
    while end < len(line) and line[end] not in _SPACES + _MARKS + _QUOTE:
        end += 1
    word = line[at:end]
    if word in _WORDS or word[0] in b"-0123456789":
        return _sound(b"w", word, end)
    return None, 'a word that is no number, true or false: texts stand in straight quotes, "…"'


def _sound(token, text, end):
    # only the parser knows all numbers and all that a backslash may begin
    try:
        json.loads(text.decode())
    except ValueError:
        return None, "a number, or a backslash in a text, that is written wrong"
    return token, end
