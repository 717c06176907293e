# Runs after boot.py: a moment for Ctrl-C, then the firmware; and what happens when that ends.
import gc
import sys
import time

gc.threshold(2048)  # collected often, what stays in memory stays together, and there is room for large pieces

from firmware import board as boards
from firmware.overlay import drop
from firmware.retained import Retained


def main():
    board = boards.Board()
    retained = Retained(board.memory)
    try:
        try:
            print("pylon2mqtt: Ctrl-C for the REPL")
            time.sleep_ms(2000)
            retained.boots += 1
            retained.save()
            from firmware.start import build

            drop("firmware.start")
            build(board, retained).run()
        except Exception as error:
            sys.print_exception(error)
            retained.last_error = "%s: %s" % (type(error).__name__, error)
            retained.save()
            time.sleep_ms(5000)
            board.reset()
    except KeyboardInterrupt:
        board.stretch_watchdog()
        print("pylon2mqtt: stopped")


main()
