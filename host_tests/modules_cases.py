"""Modules that are not needed any more, on both interpreters."""

import sys

import firmware
from firmware import log, modules


def check_a_discarded_module_keeps_nothing_for_who_still_holds_a_function_of_it():
    held = dict(log.__dict__)
    try:
        modules.discard(["firmware.log", "firmware.not_loaded"])
        assert "firmware.log" not in sys.modules and not hasattr(firmware, "log")
        assert not log.__dict__
    finally:
        log.__dict__.update(held)
        sys.modules["firmware.log"] = firmware.log = log
