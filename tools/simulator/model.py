"""Packs that charge and discharge: plausible, seeded, in integers; a step is one second of the clock.

From one second to the next a pack changes so little that readings 10 s apart stay within the distances of protocol.md §6,
up to a `speed` of about 10. What `override` fixes may jump, since it was asked for.
"""

import random

from .alarms import Alarms

MAX_CELLS, MIN_CELLS, MAX_TEMPERATURES = 16, 8, 8
NARROW_CAPACITY_MAH, WIDE_CAPACITY_MAH, TWO_BYTES_MAH = 50000, 74000, 65535
SECONDS_PER_HOUR = 3600
RAMP_MA = 200  # how fast the current follows the load, a second
TAPER = 5  # near full the charge current is at most so many times the missing charge, per hour
FULL_MA = 300  # what tapers below this is full
EMPTY_PERMILLE = 200
# state of charge in 0.1 %, resting voltage of a cell in mV
RESTING = ((0, 2900), (50, 3100), (100, 3190), (200, 3240), (400, 3285), (600, 3300), (800, 3325), (950, 3345), (1000, 3420))
RTN_06, EMPTY, UNREACHABLE = "rtn", "empty", "unreachable"  # absent: RTN 06H, RTN 00H with empty INFO; RTN 91H
FIXABLE = ("current", "cells", "voltage", "remaining", "capacity", "cycles", "temperatures", "serial")


def resting_voltage(permille):
    """mV of a cell at rest."""
    permille = max(0, min(1000, permille))
    for (low, low_mv), (high, high_mv) in zip(RESTING, RESTING[1:], strict=False):
        if permille <= high:
            return low_mv + (high_mv - low_mv) * (permille - low) // (high - low)
    return RESTING[-1][1]


class Pack:
    """One pack. `index` (from 0) makes it differ from its neighbours of the same seed."""

    def __init__(self, seed, index, cells=15, temperatures=5, wide=False, capacity=None, ambient=23.0):
        if not MIN_CELLS <= cells <= MAX_CELLS:
            raise ValueError("a pack has %d to %d cells, not %r" % (MIN_CELLS, MAX_CELLS, cells))
        if not 1 <= temperatures <= MAX_TEMPERATURES:
            raise ValueError("a pack has 1 to %d temperatures, not %r" % (MAX_TEMPERATURES, temperatures))
        self.seed, self.index, self.wide = seed, index, bool(wide)
        self.alarms = Alarms()
        self.missing = None  # or how the master speaks of it: RTN_06, EMPTY, UNREACHABLE
        rng = self._rng = random.Random("%s/pack/%d" % (seed, index))
        self._capacity = capacity or (WIDE_CAPACITY_MAH if wide else NARROW_CAPACITY_MAH)
        if self._capacity > TWO_BYTES_MAH and not wide:
            raise ValueError("%d mAh do not fit two bytes: such a pack is wide" % self._capacity)
        self._charge = self._capacity * (550 + rng.randint(-20, 20)) // 1000 * SECONDS_PER_HOUR  # mA s
        self._cycles = rng.randint(3, 400)
        self._serial = "PSIM%02d%010d" % (index + 1, rng.randrange(10**10))
        self._offsets = [rng.randint(-4, 4) for _ in range(cells)]  # mV
        self._share = rng.randint(-3, 3) * 100  # mA off the mean of the rack
        self._rest = [round(ambient * 100) + rng.randint(-80, 80) + (150 if n == 0 else 0) for n in range(temperatures)]
        self._warmth = [float(t) for t in self._rest]  # 0.01 °C
        self._current = 0
        self._second = 0
        self._fixed = {}

    def override(self, **values):
        """Fixes values (FIXABLE; mV, mA, mAh, 0.1 °C, serial as text); None lets one go again.

        Without `voltage` the pack's voltage is the sum of its cells. ValueError for what no reply could carry.
        """
        for name, value in values.items():
            if name not in FIXABLE:
                raise ValueError("%r cannot be set; these can: %s" % (name, ", ".join(FIXABLE)))
            if value is None:
                self._fixed.pop(name, None)
                continue
            if name == "current" and value % 100:
                raise ValueError("a current is a multiple of 100 mA, not %r" % value)
            if name in ("remaining", "capacity") and value > TWO_BYTES_MAH and not self.wide:
                raise ValueError("%d mAh do not fit two bytes: such a pack is wide" % value)
            if name == "serial" and len(value) != 16:
                raise ValueError("a serial number has 16 characters, not %r" % value)
            self._fixed[name] = list(value) if isinstance(value, (list, tuple)) else value

    @property
    def serial(self):
        return self._fixed.get("serial", self._serial)

    @property
    def capacity(self):
        """mAh."""
        return self._fixed.get("capacity", self._capacity)

    @property
    def remaining(self):
        """mAh."""
        return self._fixed.get("remaining", self._charge // SECONDS_PER_HOUR)

    @property
    def permille(self):
        return self.remaining * 1000 // self.capacity

    @property
    def full(self):
        return self._taper() < FULL_MA

    def _taper(self):
        return max(0, self.capacity - self.remaining) * TAPER

    def _allowed(self, current):
        if current > 0:
            return min(current, self._taper()) if self.alarms.charge_allowed else 0
        return current if self.alarms.discharge_allowed else 0

    def step(self, load, speed):
        """One second on; `load` is the mean current of the rack in mA."""
        wanted = load + self._share + self._rng.randint(-1, 1) * 100 if load else 0
        near = max(self._current - RAMP_MA, min(self._current + RAMP_MA, wanted))
        self._current = self._allowed(near) // 100 * 100
        moved = self._fixed.get("current", self._current) * speed
        self._charge = max(0, min(self._capacity * SECONDS_PER_HOUR, self._charge + round(moved)))
        heat = self._current * self._current / 1e6 * 2  # 0.01 °C over the surroundings
        for n, rest in enumerate(self._rest):
            away = (rest + heat - self._warmth[n]) * min(1.0, speed / 1800)
            self._warmth[n] += max(-2.0, min(2.0, away))
        self._second += 1

    def analog(self):
        """What a 42H reply says now (§4.1): cells, voltage mV, temperatures 0.1 °C, current mA, capacities mAh."""
        current = self._fixed.get("current", self._current)
        jitter = random.Random("%s/%d/%d" % (self.seed, self.index, self._second))
        rest = resting_voltage(self.permille) + current // 1000
        cells = self._fixed.get("cells") or [rest + offset + jitter.randint(-1, 1) for offset in self._offsets]
        temperatures = self._fixed.get("temperatures") or [round(t / 10) for t in self._warmth]
        return {"cells": list(cells), "temperatures": list(temperatures), "current": current,
                "voltage": self._fixed.get("voltage", sum(cells)), "remaining": self.remaining,
                "capacity": self.capacity, "cycles": self._fixed.get("cycles", self._cycles), "wide": self.wide}

    def alarm(self):
        """What a 44H reply says now (§4.2): states, and five status bytes."""
        current = self._fixed.get("current", self._current)
        natural = {"using_pack_power"}
        natural |= {"charge_fet"} if self.alarms.charge_allowed else set()
        natural |= {"discharge_fet"} if self.alarms.discharge_allowed else set()
        natural |= {"charging"} if current > 0 else {"discharging"} if current < 0 else set()
        natural |= {"fully_charged"} if self.full else set()
        now = self.analog()
        return self.alarms.values(len(now["cells"]), len(now["temperatures"]), natural)

    def management(self):
        """What a 92H reply says now (§4.5), without the pack's number: mV, mA, and the status byte."""
        cells = len(self.analog()["cells"])
        natural = {"charge_enabled"} if self.alarms.charge_allowed else set()
        natural |= {"discharge_enabled"} if self.alarms.discharge_allowed else set()
        half = self.capacity // 200 * 100
        return {"charge_voltage": 3550 * cells, "discharge_voltage": 3130 * cells,
                "charge_current": half, "discharge_current": -half, "status": self.alarms.request_byte(natural)}
