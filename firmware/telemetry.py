"""How the device is: the values of tele/STATE and stat/status; how much memory is free."""

import gc

from . import __version__

try:
    import esp32
except ImportError:  # another port
    esp32 = None

# How raw integers are published: decimals of the integer, decimals published
_WHOLE, _TENTHS = (0, 0), (1, 1)


class Telemetry:
    """`reset_cause` in words; the others are what their names say."""

    def __init__(self, rack_name, reset_cause, retained, clock, wifi, session, poller):
        self._rack_name = rack_name
        self._reset_cause = reset_cause
        self._retained = retained
        self._clock = clock
        self._wifi = wifi
        self._session = session
        self._poller = poller
        self._counted_at = clock.ticks_ms()
        self._uptime_s = 0

    def uptime_s(self):
        """Seconds since the start. Ticks wrap after 12 days: call it more often."""
        clock = self._clock
        seconds = clock.ticks_diff(clock.ticks_ms(), self._counted_at) // 1000
        self._counted_at = clock.ticks_add(self._counted_at, seconds * 1000)
        self._uptime_s += seconds
        return self._uptime_s

    def status(self):
        """-> ((key of stat/status, raw integer or text, how it is published), …)."""
        return (
            ("name", self._rack_name, _WHOLE),
            ("sw_version", __version__, _WHOLE),
            ("IP", self._wifi.address(), _WHOLE),
            ("SSID", self._wifi.ssid, _WHOLE),
            ("uptime", self.uptime_s(), _WHOLE),
        )

    def state(self):
        """-> ((key of tele/STATE, raw integer or text or None, how it is published), …)."""
        poller, wifi, retained = self._poller, self._wifi, self._retained
        link = poller.link
        heap, system, largest, least = free_memory()
        return (
            ("Uptime", self.uptime_s(), _WHOLE),
            ("Version", __version__, _WHOLE),
            ("ResetCause", self._reset_cause, _WHOLE),
            ("Boots", retained.boots, _WHOLE),
            ("IP", wifi.address(), _WHOLE),
            ("RSSI", wifi.signal(), _WHOLE),
            ("HeapFree", heap, _WHOLE),
            ("SystemFree", system, _WHOLE),
            ("SystemLargest", largest, _WHOLE),
            ("SystemMin", least, _WHOLE),
            ("Link", "searching" if poller.searching else "online", _WHOLE),
            ("Dialect", poller.dialect.name, _WHOLE),
            ("Baud", link.baud, _WHOLE),
            ("Packs", len(poller.packs), _WHOLE),
            ("PublishRate", poller.publish_rate_ms // 100, _TENTHS),
            ("Cycle", poller.cycle_ms and poller.cycle_ms // 100, _TENTHS),
            ("Polls", link.polls, _WHOLE),
            ("Timeouts", link.timeouts, _WHOLE),
            ("FrameErrors", link.frame_errors, _WHOLE),
            ("ReturnCodes", link.return_codes, _WHOLE),
            ("Implausible", poller.implausible, _WHOLE),
            ("BrokerDrops", self._session.drops, _WHOLE),
            ("WifiDrops", wifi.drops, _WHOLE),
            ("LastError", retained.last_error or "none", _WHOLE),
        )


def memory_regions():
    """-> [(total, free, largest free block, least ever free)] of the system memory, in bytes; [] on other ports."""
    return esp32.idf_heap_info(esp32.HEAP_DATA) if esp32 else []


def free_memory():
    """-> (free bytes of MicroPython's heap; of the system memory, None on other ports: free bytes, largest free block,
    least that ever was free).
    """
    regions = memory_regions()
    if not regions:
        return gc.mem_free(), None, None, None
    largest = max([region[2] for region in regions])
    system = sum([region[1] for region in regions])
    least = sum([region[3] for region in regions])
    return max(0, gc.mem_free() - largest), system, largest, least  # mem_free() counts what the heap could still take
