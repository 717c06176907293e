"""What is to be known before the house is built. Needed at the start, then its memory is given back."""

import time

from .overlay import drop

_COMPLAIN_MS = 60_000


def settings():
    """-> (the settings, mqtt/secure.Secure or None, the UART), when they can be used; until then says every minute what
    is wrong with them.
    """
    from . import config

    while True:
        try:
            known = config.load()
            secure = _secure(known, config.ConfigError) if known["mqtt_tls"] else None
            uart = _uart(known, config.ConfigError)
            drop("firmware.config")
            config.__dict__.clear()  # its 10 KB go even when a stale pointer on the stack still holds the module
            return known, secure, uart
        except config.ConfigError as error:
            print("error: the settings cannot be used:\n%s" % error)
        time.sleep_ms(_COMPLAIN_MS)


def _uart(known, wrong):
    from . import board

    drop("firmware.board")
    try:
        return board.uart(known)
    except ValueError as error:
        raise wrong(str(error)) from None


def _secure(known, wrong):
    from .mqtt.secure import Secure

    try:
        return Secure(known["mqtt_ca"], known["mqtt_host"], known["ntp_host"])
    except (OSError, ValueError) as error:
        raise wrong("mqtt_ca: %s: %s" % (known["mqtt_ca"], error)) from None


def prepare():
    """-> what app.build() needs, but for what is retained: made now, while there is much room."""
    known, secure, uart = settings()
    from .mqtt.columns import compact

    drop("firmware.mqtt.columns")
    drop("firmware.mqtt.entities")
    table = compact("readings")
    del compact
    from .mqtt.identifier import identifier

    drop("firmware.mqtt.identifier")
    place = "%s/device/%s" % (known["discovery_prefix"], identifier(known["mqtt_root"], known["rack_name"]))
    return known, uart, table, place, secure
