"""What is to be known before the house is built. Needed at the start, then its memory is given back."""

import time

from .overlay import drop

_COMPLAIN_MS = 60_000


def settings():
    """-> (the settings, mqtt/secure.Secure or None), when they can be used; until then says every minute what is wrong
    with them.
    """
    from . import config

    while True:
        try:
            known = config.load()
            secure = _secure(known) if known["mqtt_tls"] else None
            drop("firmware.config")
            config.__dict__.clear()  # its 10 KB go even when a stale pointer on the stack still holds the module
            return known, secure
        except config.ConfigError as error:
            print("error: the settings cannot be used:\n%s" % error)
        except (OSError, ValueError) as error:
            print("error: the settings cannot be used:\nmqtt_ca: %s: %s" % (known["mqtt_ca"], error))
        time.sleep_ms(_COMPLAIN_MS)


def _secure(known):
    from .mqtt.secure import Secure

    return Secure(known["mqtt_ca"], known["mqtt_host"], known["ntp_host"])


def prepare():
    """-> what app.build() needs, but for what is retained: made now, while there is much room."""
    known, secure = settings()
    from .mqtt.columns import compact

    drop("firmware.mqtt.columns")
    drop("firmware.mqtt.entities")
    table = compact("readings")
    del compact
    from .mqtt.identifier import identifier

    drop("firmware.mqtt.identifier")
    place = "%s/device/%s" % (known["discovery_prefix"], identifier(known["mqtt_root"], known["rack_name"]))
    from . import board

    drop("firmware.board")
    uart = board.uart(known["uart_id"], known["uart_tx"], known["uart_rx"], known["baud"])
    return known, uart, table, place, secure
