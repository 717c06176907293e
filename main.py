# Runs after boot.py: a moment for Ctrl-C, then the firmware; and what happens when that ends.
import gc
import time

import machine


def work():
    import place

    if place.start():
        machine.WDT(timeout=120_000)  # a version on trial may hang anywhere
    from firmware import modules, start

    retained = start.begin()
    prepared = start.prepare()
    del place, start  # there is no room for the modules of both
    modules.discard(["firmware." + name for name in ("config", "config_file", "start", "values")])
    gc.collect()
    feed = machine.WDT(timeout=90_000).feed  # longer than the longest blocking call: DNS, TLS, Wi-Fi on
    from firmware import app

    modules.discard(["place"])
    gc.collect()
    loop = app.build(retained, *prepared, time)
    modules.discard(["firmware.app", "firmware.board"])  # build() is done with both
    del app, modules, retained, prepared
    loop.run(feed)


def live():
    print("pylon2mqtt: Ctrl-C for the REPL")
    time.sleep_ms(2000)
    try:
        work()
    except (Exception, SystemExit) as error:
        gc.collect()  # here, where nothing of work() is left on the stack
        try:
            from firmware import crash

            crash.crashed(error)
        except Exception:  # half a firmware, or no memory for this
            print("error:", type(error))
        time.sleep_ms(5000)
        machine.reset()


def stop():
    machine.WDT(timeout=86_400_000)  # it cannot be stopped: a day for the REPL, and a board that was forgotten goes on
    from firmware import crash

    crash.stopped()
    gc.collect()  # an import at the REPL needs memory in large pieces
    print("pylon2mqtt: stopped")


step = live
while step:
    try:
        step = step()
    except KeyboardInterrupt:  # at any moment, also while it stops
        step = stop
