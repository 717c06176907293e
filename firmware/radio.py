"""Brings the station of a wifi.Wifi up. Loaded for the moment."""

_SETTLE_MS = 1_000


def start(wifi):
    """On the first rung a new connection; on the later ones the radio goes off and on before."""
    wlan = wifi.wlan
    try:
        if wifi.rung:
            wlan.disconnect()
            wifi.clock.sleep_ms(_SETTLE_MS)
        if wifi.rung > 1:
            wlan.active(False)
            wifi.clock.sleep_ms(_SETTLE_MS)
        wifi.set_hostname(wifi.hostname)
        wlan.active(True)
        wlan.config(pm=wlan.PM_NONE, reconnects=-1)
        wlan.connect(wifi.ssid, wifi.key)
    except OSError as error:  # the next rung tries again
        wifi.log.warning("Wi-Fi does not start: %s", error)
