"""How the device is: how long it has been up, how much memory is free; tele/STATE and stat/status."""

import gc

from .modules import Temporary

try:
    import esp32
except ImportError:  # another port
    esp32 = None


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
            from . import report
        make = report.state if name == "state" else report.status
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
