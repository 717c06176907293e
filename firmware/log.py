"""Three levels, one line an event."""

_LEVELS = ("error", "warning", "info")


class Log:
    """One line an event; `text` may hold %s for `values`. `listener` is called with each warning or error."""

    def __init__(self, level="info", out=print):
        """`level`: the least important one of _LEVELS that is printed. `out` takes one line of text."""
        self._level, self._out, self.listener = _LEVELS.index(level), out, None

    def error(self, text, *values):
        """What ends or stops something."""
        self._say(0, text, values)

    def warning(self, text, *values):
        """What somebody should look at."""
        self._say(1, text, values)

    def info(self, text, *values):
        """What happens."""
        self._say(2, text, values)

    def _say(self, level, text, values):
        if values:
            text = text % values
        if level <= self._level:
            self._out("%s: %s" % (_LEVELS[level], text))
        if level < 2 and self.listener:
            self.listener(text)
