# Runs after boot.py: a moment for Ctrl-C, then the firmware; and what happens when that ends.
import gc
import sys
import time

gc.threshold(1024)  # collected often, what stays in memory stays together, and there is room for large pieces


def board():
    from firmware import board
    from firmware.overlay import drop

    drop("firmware.board")
    return board


def run(retained):
    from firmware.overlay import drop
    from firmware.start import build

    drop("firmware.start")
    loop = build(retained)
    del build, drop
    loop.run(board().start_watchdog())


def main():
    from firmware.retained import Retained

    retained = Retained(board().memory)
    try:
        try:
            print("pylon2mqtt: Ctrl-C for the REPL")
            time.sleep_ms(2000)
            retained.boots += 1
            retained.save()
            run(retained)
        except Exception as error:
            sys.print_exception(error)
            retained.last_error = "%s: %s" % (type(error).__name__, error)
            retained.save()
            time.sleep_ms(5000)
            board().reset()
    except KeyboardInterrupt:
        board().stretch_watchdog()
        print("pylon2mqtt: stopped")


main()
