# Runs after boot.py: a moment for Ctrl-C, then the firmware; and what happens when that ends.
import sys
import time

from firmware import app
from firmware.board import Board
from firmware.retained import Retained

WINDOW_MS = 2000
PAUSE_MS = 5000


def main():
    board = Board()
    retained = Retained(board.memory)
    try:
        print("pylon2mqtt: Ctrl-C for the REPL")
        time.sleep_ms(WINDOW_MS)
        retained.boots += 1
        retained.save()
        app.run(board, retained)
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
