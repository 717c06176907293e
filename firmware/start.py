"""From the settings to the main loop. Needed at the start, then its memory is given back."""

import time

from .overlay import drop

_COMPLAIN_MS = 60_000


def settings():
    """The settings, when they can be used; until then says every minute what is wrong with them."""
    from . import config

    while True:
        try:
            known = config.load()
            drop("firmware.config")
            return known
        except config.ConfigError as error:
            print("error: the settings cannot be used:\n%s" % error)
            time.sleep_ms(_COMPLAIN_MS)


def build(retained):
    """-> loop.Loop."""
    known = settings()
    from .mqtt.entities import compact

    drop("firmware.mqtt.entities")
    tables = compact("readings", "p"), compact("readings", "r")  # now, while there is much room
    del compact
    from .app import build

    drop("firmware.app")
    return build(retained, known, tables)
