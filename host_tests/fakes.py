"""Stand-ins for what the firmware gets as arguments, and readings made to order. Runs on MicroPython too."""

from firmware import problems, reading

PERIOD = 1 << 30  # after so many milliseconds the ESP32's ticks begin anew: 12.4 days


class Clock:
    """The module `time` as far as the firmware uses it; time passes only when somebody sleeps or advances it."""

    def __init__(self, ticks=0):  # ms where they begin; shortly before PERIOD to see them wrap
        self._ticks = ticks % PERIOD
        self.passed_ms = 0  # since the clock was made; does not wrap
        self.on_sleep = None  # called behind each sleep_ms()

    def advance(self, ms):
        self.passed_ms += ms
        self._ticks = (self._ticks + ms) % PERIOD

    def sleep_ms(self, ms):
        self.advance(ms)
        if self.on_sleep:
            self.on_sleep()

    def ticks_ms(self):
        return self._ticks

    @staticmethod
    def ticks_add(ticks, delta):
        if not -PERIOD // 2 < delta < PERIOD // 2:
            raise OverflowError("ticks interval overflow")
        return (ticks + delta) % PERIOD

    @staticmethod
    def ticks_diff(end, start):
        return (end - start + PERIOD // 2) % PERIOD - PERIOD // 2


class Memory:
    """RTC memory: called with bytes it takes them, without it gives what it holds."""

    def __init__(self, data=b""):
        self.data = data
        self.writes = 0

    def __call__(self, data=None):
        if data is None:
            return self.data
        self.data = bytes(data)
        self.writes += 1
        return None


CELLS = (3303, 3302, 3302, 3303, 3302, 3302, 3301, 3303, 3302, 3303, 3302, 3303, 3306, 3302, 3303)
_USUAL = {
    "pack": 1, "cells": CELLS, "temperatures": (235, 220, 220, 220, 220), "current": -6300, "voltage": 49539,
    "remaining": 41442, "capacity": 50000, "cycles": 31, "soh": None, "alarms": None, "cell_temperatures": None,
    "mos": None, "soc": None, "base": None, "state": None, "balancing": None, "words": None, "events": None,
    "design": None, "sensors": None,
}  # fmt: skip


def made_reading(**fields):
    """A usual Reading of 15 cells, but for `fields`."""
    return reading.Reading(**dict(_USUAL, **fields))


# the keys of System_Status (mqtt.md)
SYSTEM = (
    "Fully_Charged", "Heater", "Charging", "Discharging", "Buzzer", "Using_Pack_Power", "Discharge_MOS", "Charge_MOS",
    "Precharge_MOS",
)  # fmt: skip


def made_alarms(on=(), cells=bytes(15), temperatures=bytes(5), charge=0, voltage=0, discharge=0, faulty=(), keys=None):
    """Alarms with the flags `on` of the dialect's `keys` (default: framed), and the states given, as they are."""
    keys = problems.PROTECT + SYSTEM + ("Cell_Fault",) + problems.ALARM[:-1] if keys is None else keys  # no Low_SOC
    assert not [key for key in on if key not in keys], on
    on = [key for key in keys if key in on]
    return problems.Alarms(cells, temperatures, charge, voltage, discharge, keys, on, faulty)
