"""How the device is: the values of tele/STATE and stat/status."""

from . import __version__, memory

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
        heap, system, largest, least = memory.free()
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
