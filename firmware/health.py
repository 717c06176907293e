"""How the device is: the values of tele/STATE and stat/status. Loaded for the moment."""

import gc

from . import __version__

_LASTING_S = 600  # a start that lasts so long is none of a crash loop


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
    poller, wifi, retained = loop.poller, loop.wifi, loop.retained
    link = poller.link
    gc.collect()
    uptime_s = _uptime_s(loop)
    if retained.quick_boots and uptime_s >= _LASTING_S:
        retained.quick_boots = 0
        retained.save()
    return {
        "Uptime": uptime_s,
        "Version": __version__,
        "ResetCause": loop.reset_cause,
        "Boots": retained.boots,
        "IP": wifi.address(),
        "RSSI": wifi.signal(),
        "HeapFree": gc.mem_free(),
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
        "BrokerDrops": loop.session.drops,
        "WifiDrops": wifi.drops,
        "LastError": retained.last_error or "none",
    }
