"""How the device is: the values of tele/STATE and stat/status."""

from . import __version__


class Telemetry:
    """`reset_cause` in words; `memory` is board.memory; the others are what their names say."""

    def __init__(self, rack_name, reset_cause, memory, retained, clock, wifi, session, poller):
        self._rack_name = rack_name
        self._reset_cause = reset_cause
        self._memory = memory
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

    def memory(self):
        """What is free, in words, for the log."""
        heap, system, largest, _ = self._memory()
        return "%d bytes free" % heap + ("" if system is None else ", system %d (largest %d)" % (system, largest))

    def status(self):
        """-> ((key of stat/status, raw integer or text, decimals of the integer), …)."""
        return (
            ("name", self._rack_name, 0),
            ("sw_version", __version__, 0),
            ("IP", self._wifi.address(), 0),
            ("SSID", self._wifi.ssid, 0),
            ("uptime", self.uptime_s(), 0),
        )

    def state(self):
        """-> ((key of tele/STATE, raw integer or text, None where there is none, decimals of the integer), …)."""
        poller, wifi, retained = self._poller, self._wifi, self._retained
        link = poller.link
        heap, system, largest, least = self._memory()
        return (
            ("Uptime", self.uptime_s(), 0),
            ("Version", __version__, 0),
            ("ResetCause", self._reset_cause, 0),
            ("Boots", retained.boots, 0),
            ("IP", wifi.address(), 0),
            ("RSSI", wifi.signal(), 0),
            ("HeapFree", heap, 0),
            ("SystemFree", system, 0),
            ("SystemLargest", largest, 0),
            ("SystemMin", least, 0),
            ("Link", "searching" if poller.searching else "online", 0),
            ("Dialect", poller.dialect.name, 0),
            ("Baud", link.baud, 0),
            ("Packs", len(poller.packs), 0),
            ("PublishRate", poller.publish_rate_ms // 100, 1),
            ("Cycle", poller.cycle_ms and poller.cycle_ms // 100, 1),
            ("Polls", link.polls, 0),
            ("Timeouts", link.timeouts, 0),
            ("FrameErrors", link.frame_errors, 0),
            ("ReturnCodes", link.return_codes, 0),
            ("Implausible", poller.implausible, 0),
            ("BrokerDrops", self._session.drops, 0),
            ("WifiDrops", wifi.drops, 0),
            ("LastError", retained.last_error or "none", 0),
        )
