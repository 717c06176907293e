"""Brings the station of a wifi.Wifi up. Loaded for the moment."""

_SETTLE_MS = 1_000
_WHY = (  # what the driver says while it still tries
    (201, "no access point of that name in reach: is wifi_ssid right, is it a 2.4 GHz network?"),
    (202, "the access point refuses us: is wifi_pass right?"),
)
_WHY_ELSE = "is the access point on, is it in reach?"


def start(wifi):
    """From the first rung on a new connection, from the second on the radio goes off and on before."""
    wlan = wifi.wlan
    if wifi.rung == 1:
        status = wlan.status()
        why = [words for code, words in _WHY if code == status] + [_WHY_ELSE]
        wifi.log.warning("no Wi-Fi %s: %s", wifi.ssid, why[0])
    if wlan.active():  # also after a soft reset, which leaves it on
        _try(wifi, wlan.disconnect)
        wifi.clock.sleep_ms(_SETTLE_MS)
    if wifi.rung > 1:
        _try(wifi, wlan.active, False)
        wifi.clock.sleep_ms(_SETTLE_MS)
    wifi.set_hostname(wifi.hostname)
    _try(wifi, wlan.active, True)
    _try(wifi, _connect, wifi)


def _connect(wifi):
    wlan = wifi.wlan
    wlan.config(pm=wlan.PM_NONE, reconnects=-1)
    wlan.connect(wifi.ssid, wifi.key)


def _try(wifi, step, *arguments):
    """One step that the driver may refuse; the next rung tries again."""
    try:
        step(*arguments)
    except OSError as error:
        if wifi.rung < 3:  # later rungs say nothing new
            wifi.log.warning("Wi-Fi driver: %s", error)
