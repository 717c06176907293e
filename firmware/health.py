"""How the device is: the values of tele/STATE and stat/status. Loaded for the moment."""

import gc

from . import __version__


def _uptime_s(loop):
    clock = loop.clock
    seconds = clock.ticks_diff(clock.ticks_ms(), loop.started) // 1000
    loop.started = clock.ticks_add(loop.started, seconds * 1000)  # ticks wrap after 12 days, uptime does not
    loop.uptime_s += seconds
    return loop.uptime_s


def status(loop):
    """loop.Loop -> {key of stat/status: raw integer or text}."""
    return {
        "name": loop.publisher.prefix.split("/")[-2],
        "sw_version": __version__,
        "IP": loop.wifi.address(),
        "SSID": loop.wifi.ssid,
        "uptime": _uptime_s(loop),
    }


def state(loop):
    """loop.Loop -> {key of tele/STATE: raw integer or text}."""
    poller, link, wifi = loop.poller, loop.link, loop.wifi
    gc.collect()
    return {
        "Uptime": _uptime_s(loop),
        "Version": __version__,
        "ResetCause": loop.reset_cause,
        "Boots": loop.retained.boots,
        "IP": wifi.address(),
        "RSSI": wifi.signal(),
        "HeapFree": gc.mem_free(),
        "Link": "searching" if poller.searching else "online",
        "Dialect": "framed",
        "Baud": link.baud,
        "Packs": len(poller.packs),
        "PublishRate": poller.publish_rate_ms // 1000,
        "Cycle": poller.cycle_ms and poller.cycle_ms // 100,
        "Polls": link.polls,
        "Timeouts": link.timeouts,
        "FrameErrors": link.frame_errors,
        "ReturnCodes": link.return_codes,
        "Implausible": poller.implausible,
        "BrokerDrops": loop.session.drops,
        "WifiDrops": wifi.drops,
        "LastError": loop.retained.last_error or "none",
    }
