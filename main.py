# Runs after boot.py: a moment for Ctrl-C, then the firmware; and what happens when that ends.
import gc
import sys
import time

gc.threshold(2_048)  # collected often, what stays in memory stays together, and there is room for large pieces

from firmware.board import Board
from firmware.overlay import drop
from firmware.retained import Retained

WINDOW_MS = 2_000
PAUSE_MS = 5_000
COMPLAIN_MS = 60_000


def settings():
    """The settings, when they can be used; until then says every minute what is wrong with them."""
    from firmware import config

    while True:
        try:
            return config.load()
        except config.ConfigError as error:
            print("error: the settings cannot be used:\n%s" % error)
            time.sleep_ms(COMPLAIN_MS)


def build(board, retained):
    known = settings()
    drop("firmware.config")
    from firmware import app

    return app.build(board, retained, known)


def main():
    board = Board()
    retained = Retained(board.memory)
    try:
        print("pylon2mqtt: Ctrl-C for the REPL")
        time.sleep_ms(WINDOW_MS)
        retained.boots += 1
        retained.save()
        loop = build(board, retained)
        drop("firmware.app")
        loop.run()
    except KeyboardInterrupt:
        board.stretch_watchdog()
        print("pylon2mqtt: stopped")
    except Exception as error:
        sys.print_exception(error)
        retained.last_error = "%s: %s" % (type(error).__name__, error)
        retained.save()
        time.sleep_ms(PAUSE_MS)
        board.reset()


main()
