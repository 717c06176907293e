"""How the device is: its log; how long it has been up, how much memory is free; tele/STATE and stat/status."""

import gc

from .modules import Temporary

try:
    import esp32
except ImportError:  # another port
    esp32 = None

_LEVELS = ("error", "warning", "info")


class Log:
    """One line an event; `text` may hold %s for `values`."""

    def __init__(self, level="info", out=print):
        """`level`: the least important one of _LEVELS that is printed. `out` takes one line of text."""
        self._level, self._out, self._listener = _LEVELS.index(level), out, None

    def listen(self, listener):
        """`listener` is called with each warning or error, as one line of text."""
        self._listener = listener

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
        if level < 2 and self._listener:
            self._listener(text)


class Telemetry:
    """`reset_cause` in words; the others are what their names say."""

    def __init__(self, rack_name, reset_cause, retained, clock, wifi, session, poller):
        self.poller = poller
        self._sources = poller, wifi, retained, session, reset_cause, rack_name
        self._clock = clock
        self._counted_at = clock.ticks_ms()
        self._uptime_s = 0

    def uptime_s(self):
        """Seconds since the start. Ticks wrap after 12 days: call it more often."""
        clock = self._clock
        seconds = clock.ticks_diff(clock.ticks_ms(), self._counted_at) // 1000
        self._counted_at = clock.ticks_add(self._counted_at, seconds * 1000)
        self._uptime_s += seconds
        return self._uptime_s

    def report(self, name):
        """-> (keys and forms, values in their order) of tele/STATE (`name` "state") or stat/status ("status")."""
        with Temporary():
            from . import commands
        make = commands.state if name == "state" else commands.status
        return make(self.uptime_s(), free_memory(), *self._sources)


def memory_regions():
    """-> [(total, free, largest free block, least ever free)] of the system memory, in bytes; [] on other ports."""
    return esp32.idf_heap_info(esp32.HEAP_DATA) if esp32 else []


def free_memory():
    """-> (free bytes of the heap; of the system memory, or None: free bytes, largest block, least ever free)."""
    if not (regions := memory_regions()):
        return gc.mem_free(), None, None, None
    _, free, largest, least = zip(*regions)
    heap = max(0, gc.mem_free() - max(largest))  # mem_free() counts what the heap could still take
    return heap, sum(free), max(largest), sum(least)
