"""What is needed before the house can be built: settings that can be used, the UART, TLS. Forgotten afterwards."""

import time

from . import board, config

_COMPLAIN_MS = 60_000


def prepare():
    """-> (settings, UART, tls.Tls or None); until the settings can be used it says every minute what is wrong with them.

    The UART holds memory until board.release_memory().
    """
    while True:
        try:
            settings = config.load()
            tls = _tls(settings) if settings["mqtt_tls"] else None
            return settings, _uart(settings), tls
        except config.ConfigError as error:
            print("error: the settings cannot be used:\n%s" % error)
        time.sleep_ms(_COMPLAIN_MS)


def _uart(settings):
    try:
        return board.uart(settings, holds_memory=True)
    except ValueError as error:
        raise config.ConfigError(str(error)) from None


def _tls(settings):
    from .mqtt.tls import Tls

    try:
        return Tls(settings["mqtt_ca"], settings["mqtt_host"], settings["ntp_host"])
    except (OSError, ValueError) as error:
        raise config.ConfigError("mqtt_ca: %s: %s" % (settings["mqtt_ca"], error)) from None
