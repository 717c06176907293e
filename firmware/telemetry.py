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
        """-> {key of stat/status: raw integer or text}."""
        return {
            "name": self._rack_name,
            "sw_version": __version__,
            "IP": self._wifi.address(),
            "SSID": self._wifi.ssid,
            "uptime": self.uptime_s(),
        }

    def state(self):
        """-> {key of tele/STATE: raw integer or text}."""
        poller, wifi, retained = self._poller, self._wifi, self._retained
        link = poller.link
        heap, system, largest, least = self._memory()
        return {
            "Uptime": self.uptime_s(),
            "Version": __version__,
            "ResetCause": self._reset_cause,
            "Boots": retained.boots,
            "IP": wifi.address(),
            "RSSI": wifi.signal(),
            "HeapFree": heap,
            "SystemFree": system,
            "SystemLargest": largest,
            "SystemMin": least,
            "Link": "searching" if poller.searching else "online",
            "Dialect": poller.dialect.name,
            "Baud": link.baud,
            "Packs": len(poller.packs),
            "PublishRate": poller.publish_rate_ms // 100,
            "Cycle": poller.cycle_ms and poller.cycle_ms // 100,
            "Polls": link.polls,
            "Timeouts": link.timeouts,
            "FrameErrors": link.frame_errors,
            "ReturnCodes": link.return_codes,
            "Implausible": poller.implausible,
            "BrokerDrops": self._session.drops,
            "WifiDrops": wifi.drops,
            "LastError": retained.last_error or "none",
        }
