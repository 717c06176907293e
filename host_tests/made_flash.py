"""A made-up flash, on which settings are saved; its power can be cut at every step. Runs on MicroPython too."""

from firmware import config, config_file

PATH = "config.json"
OLD = b'{"wifi_ssid": "my network", "mqtt_host": "old", "wifi_pass": "hunter2!"}'


class PowerCut(Exception):
    """Nothing more happens."""


class Flash:
    """Files in memory; after `steps` writes, closes or renames the power is gone, in the middle of the last one. full:
    what is written then is an OSError.
    """

    def __init__(self, steps=-1, full=False, **files):
        self.files = {PATH: OLD} if not files else {}
        self.steps = steps
        self.full = full

    def step(self):
        self.steps -= 1
        return self.steps == -1

    def open(self, name, mode="rb"):
        if "w" in mode:
            if self.step():
                raise PowerCut
            self.files[name] = b""
        elif name not in self.files:
            raise OSError(2)
        return Opened(self, name)

    def rename(self, old, new):
        if self.step():
            raise PowerCut
        self.files[new] = self.files.pop(old)

    def stat(self, name):
        if name not in self.files:
            raise OSError(2)


class Opened:
    def __init__(self, flash, name):
        self.flash, self.name = flash, name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self, size=-1):
        data = self.flash.files[self.name]
        if isinstance(data, OSError):
            raise data
        return data if size < 0 else data[:size]

    def write(self, data):
        if self.flash.full:
            raise OSError(28)
        cut = self.flash.step()
        self.flash.files[self.name] += data[: len(data) // 2] if cut else data
        if cut:
            raise PowerCut


class On:
    """The modules work on this flash; what they print is in `said`."""

    def __init__(self, flash):
        self.flash = flash
        self.lines = []

    def __enter__(self):
        config_file.open = self.flash.open
        config_file.os, self.os = self.flash, config_file.os
        config.print = lambda *words: self.lines.append(" ".join([str(word) for word in words]))
        return self

    def __exit__(self, *_):
        config_file.os = self.os
        del config_file.open, config.print

    @property
    def said(self):
        return "\n".join(self.lines)

    def refused(self, function, *keys, **values):
        """The text of the ConfigError; the flash is as before."""
        before = dict(self.flash.files)
        try:
            function(*keys, **values)
        except config.ConfigError as error:
            assert self.flash.files == before, "refused, and written"
            return str(error)
        raise AssertionError(f"taken: {keys} {values}")
