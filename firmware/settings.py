"""Settings over the REPL: shown, changed, saved. Loaded when they are asked for; config.py stays small at boot."""

import json
import os

from . import config

_NEW = ".new"  # the file is written beside the old one, then renamed over it: a power cut leaves one or the other


def read(path):
    """The settings as they stand in the file, {} when there is none. ConfigError: it is broken, and is left alone."""
    try:
        os.stat(path)
    except OSError:
        return {}
    return config.parse(path)


def show(path):
    """Prints every setting: its value (secrets masked), its default, what it means."""
    given = read(path)
    for key, default, _, secret, meaning in config.SETTINGS:
        value = given.get(key)
        if value is None:
            text = "not set"
        else:
            text = "***" if secret and value else json.dumps(value)
        if default == config.NEEDED:
            meaning += "; needed"
        elif default not in (None, ""):
            meaning += "; default " + json.dumps(default)
        print("%-17s %-20s %s" % (key, text, meaning))
    for key in given:
        if key not in [row[0] for row in config.SETTINGS]:
            print("%s: no such setting; config.unset(%s) removes it" % (key, json.dumps(key)))


def change(path, values):
    """Saves `values` over what is in the file, all or nothing; None: not set any more. Says what is still needed.

    ConfigError names all that is wrong; then the file is as it was.
    """
    given = read(path)
    known = [row[0] for row in config.SETTINGS]
    errors = ["%s: no such setting" % key for key in sorted(values) if key not in known and key not in given]
    if errors:
        raise config.ConfigError("\n".join(errors))
    given.update(values)
    given = dict([(key, value) for key, value in given.items() if value is not None])
    config.check(given, whole=False)
    _save(path, given, known)
    missing = [row[0] for row in config.SETTINGS if row[1] == config.NEEDED and row[0] not in given]
    if missing:
        print("saved; still needed: %s" % ", ".join(missing))
    else:
        print("saved; it counts from the next start on: import machine; machine.reset()")


def _save(path, given, order):
    """One line a setting. OSError becomes ConfigError; the old file stays."""
    lines = ["  %s: %s" % (json.dumps(key), json.dumps(given[key])) for key in order if key in given]
    try:
        with open(path + _NEW, "wb") as file:
            file.write(b"{\n")
            for at, line in enumerate(lines):
                file.write((line + (",\n" if at + 1 < len(lines) else "\n")).encode())
            file.write(b"}\n")
        os.rename(path + _NEW, path)
    except OSError as error:
        raise config.ConfigError("%s was not saved (%s): is there room on the flash?" % (path, error)) from None
