"""Brings the station of a wifi.Wifi up: at the start, and when the driver does not by itself. Loaded for that."""

_SETTLE_MS = 1_000
_REASONS = (  # what the driver says while it still tries
    (201, "no access point of that name in reach: is wifi_ssid right, is it a 2.4 GHz network?"),
    (202, "the access point refuses us: is wifi_pass right?"),
)
_NO_REASON = "is the access point on, is it in reach?"


def start(wifi):
    """The first time it helps with a new connection, from the second on the radio goes off and on before."""
    wlan = wifi.wlan
    if wifi.helped == 1:
        status = wlan.status()
        reasons = [words for code, words in _REASONS if code == status] + [_NO_REASON]
        wifi.log.warning("no Wi-Fi %s: %s", wifi.ssid, reasons[0])
    if wlan.active():  # also after a soft reset, which leaves it on
        _try(wifi, wlan.disconnect)
        wifi.clock.sleep_ms(_SETTLE_MS)
    if wifi.helped > 1:
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
    """One step that the driver may refuse; the next help tries again."""
    try:
        step(*arguments)
    except OSError as error:
        if wifi.helped < 3:  # later ones say nothing new
            wifi.log.warning("Wi-Fi driver: %s", error)
