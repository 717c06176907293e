"""How the device is: the values of tele/STATE and stat/status; how much memory is free."""

import gc

from . import __version__

try:
    import esp32
except ImportError:  # another port
    esp32 = None

# Keys of tele/STATE and stat/status, each with its form as in payloads.py
_STATE = (
    b"Uptime - Version - ResetCause - Boots - IP - RSSI - BSSID - Channel - HeapFree - SystemFree - SystemLargest - "
    b"SystemMin - Link - Dialect - Baud - Packs - PublishRate D Polling - Cycle D Polls - Timeouts - FrameErrors - "
    b"ReturnCodes - Implausible - BrokerDrops - WifiDrops - LastError -"
)
_STATUS = b"name - sw_version - IP - SSID - uptime -"


class Telemetry:
    """`reset_cause` in words; the others are what their names say."""

    def __init__(self, rack_name, reset_cause, retained, clock, wifi, session, poller):
        self._rack_name = rack_name
        self._reset_cause = reset_cause
        self._retained = retained
        self._clock = clock
        self._wifi = wifi
        self._session = session
        self.poller = poller
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
        """-> (keys and forms, values in their order) of stat/status."""
        return _STATUS, (
            self._rack_name,
            __version__,
            self._wifi.address(),
            self._wifi.ssid,
            self.uptime_s(),
        )

    def state(self):
        """-> (keys and forms, values in their order) of tele/STATE; None where there is none."""
        poller, wifi, retained = self.poller, self._wifi, self._retained
        link = poller.link
        heap, system, largest, least = free_memory()
        signal, bssid, channel = wifi.access_point()
        return _STATE, (
            self.uptime_s(),
            __version__,
            self._reset_cause,
            retained.boots,
            wifi.address(),
            signal,
            bssid,
            channel,
            heap,
            system,
            largest,
            least,
            "searching" if poller.searching else "online",
            poller.dialect.name,
            link.baud,
            len(poller.packs),
            poller.publish_rate_ms // 100,
            not poller.paused,
            poller.cycle_ms and poller.cycle_ms // 100,
            link.polls,
            link.timeouts,
            link.frame_errors,
            link.return_codes,
            poller.implausible,
            self._session.drops,
            wifi.drops,
            retained.last_error or "none",
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
