"""tele/STATE and stat/status; loaded when one is due, between two cycles."""

from . import __version__

# Keys of tele/STATE and stat/status, each with its form as in payloads.py
_STATE = (
    b"Uptime - Version - ResetCause - Boots - IP - RSSI - BSSID - Channel - HeapFree - SystemFree - SystemLargest - "
    b"SystemMin - Link - Dialect - Baud - Packs - PublishRate D Polling - Cycle D Polls - Timeouts - FrameErrors - "
    b"ReturnCodes - Implausible - BrokerDrops - WifiDrops - LastError -"
)
_STATUS = b"name - sw_version - IP - SSID - uptime -"


def status(uptime_s, _, poller, wifi, retained, session, reset_cause, rack_name):
    """-> (keys and forms, values in their order) of stat/status."""
    return _STATUS, (rack_name, __version__, wifi.address(), wifi.ssid, uptime_s)


def state(uptime_s, memory, poller, wifi, retained, session, reset_cause, rack_name):
    """-> (keys and forms, values in their order) of tele/STATE; `memory` as telemetry.free_memory() tells it."""
    link = poller.link
    values = ("searching" if poller.searching else "online", poller.dialect.name, link.baud, len(poller.packs),
              poller.publish_rate_ms // 100, not poller.paused, poller.cycle_ms and poller.cycle_ms // 100, link.polls,
              link.timeouts, link.frame_errors, link.return_codes, poller.implausible, session.drops, wifi.drops,
              retained.last_error or "none")  # fmt: skip
    device = uptime_s, __version__, reset_cause, retained.boots, wifi.address()
    return _STATE, device + wifi.access_point() + memory + values
