# Runs first, at every start; tiny, and cannot raise: if it did, main.py would be skipped.
try:
    import machine

    if machine.reset_cause() == machine.SOFT_RESET:
        machine.WDT(timeout=86_400_000)  # a watchdog outlives a soft reset and would cut off mpremote: give it a day
except Exception as error:
    print("boot.py:", error)
try:
    import place

    place.choose()  # here, so that the REPL has it, too
    del place  # the name would keep its memory
except Exception as error:
    print("boot.py:", error)
