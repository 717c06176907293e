# Runs after boot.py: a moment for Ctrl-C, then the firmware; and what happens when that ends.
import gc
import time

import machine

gc.threshold(1024)  # collected often, what stays in memory stays together, and there is room for large pieces


def survive(what, *arguments):
    from firmware import survive
    from firmware.overlay import drop

    drop("firmware.survive")
    drop("firmware.board")
    return getattr(survive, what)(*arguments)


def work():
    retained = survive("begin")
    from firmware.overlay import drop
    from firmware.start import prepare

    drop("firmware.start")
    prepared = prepare()
    del prepare  # one after the other: there is no room for both
    from firmware.app import build

    drop("firmware.app")
    feed = machine.WDT(timeout=90_000).feed  # longer than the longest blocking call: DNS, TLS, Wi-Fi on
    loop = build(retained, *prepared)
    del build, drop, prepared
    loop.run(feed)


def live():
    print("pylon2mqtt: Ctrl-C for the REPL")
    time.sleep_ms(2000)
    try:
        work()
    except (Exception, SystemExit) as error:
        gc.collect()  # here, where nothing of work() is left on the stack: survive() needs its memory
        try:
            survive("crashed", error)
        except Exception:  # half a firmware, or no memory for this
            print("error:", type(error))
        time.sleep_ms(5000)
        machine.reset()


def stop():
    machine.WDT(timeout=86_400_000)  # it cannot be stopped: a day for the REPL, and a board that was forgotten goes on
    survive("stopped")
    print("pylon2mqtt: stopped")


step = live
while step:
    try:
        step = step()
    except KeyboardInterrupt:  # at any moment, also while it stops
        step = stop
