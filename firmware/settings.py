"""Settings over the REPL: shown, changed, saved. Nobody else loads this."""

import json

from . import config_file
from .config_file import NEEDED, ConfigError
from .values import SETTINGS


def read(path):
    """The settings as they stand in the file, {} when there is none. ConfigError: it is broken, and is left alone."""
    return config_file.read(path) if config_file.exists(path) else {}


def show(path):
    """Prints every setting: its value (secrets masked), its default, what it means."""
    given = read(path)
    for key, default, _, secret, meaning in SETTINGS:
        value = given.get(key)
        if value is None:
            text = "not set"
        else:
            text = "***" if secret and value else json.dumps(value)
        if default == NEEDED:
            meaning += "; needed"
        elif default not in (None, ""):
            meaning += "; default " + json.dumps(default)
        print("%-17s %-20s %s" % (key, text, meaning))
    for key in given:
        if key not in [row[0] for row in SETTINGS]:
            print("%s: no such setting; config.unset(%s) removes it" % (key, json.dumps(key)))


def change(path, values, check, missing):
    """Saves `values` over what is in the file, all or nothing; None: not set any more. Says what is still needed.

    `check` and `missing` are config's. ConfigError names all that is wrong; then the file is as it was.
    """
    given = read(path)
    known = [row[0] for row in SETTINGS]
    errors = ["%s: no such setting" % key for key in sorted(values) if key not in known and key not in given]
    if errors:
        raise ConfigError("\n".join(errors))
    given.update(values)
    given = dict([(key, value) for key, value in given.items() if value is not None])
    check(given, whole=False)
    config_file.save(path, given, known)
    if missing(given):
        print("saved; still needed: %s" % ", ".join(missing(given)))
    else:
        print("saved; it counts from the next start on: import machine; machine.reset()")
