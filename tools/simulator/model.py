"""Packs that charge and discharge: plausible, seeded, in integers; a step is one second of the clock.

From one second to the next a pack changes so little that readings 10 s apart stay within the distances of protocol.md
§6. What `override` fixes may jump, since it was asked for.
"""

import itertools
import random

from .alarms import Alarms

NARROW_CAPACITY_MAH, WIDE_CAPACITY_MAH = 50000, 74000
AMBIENT = 2300  # 0.01 °C
SECONDS_PER_HOUR = 3600
RAMP_MA = 200  # how fast the current follows the load, a second
TAPER = 5  # near full the charge current is at most so many times the missing charge, per hour
FULL_MA = 300  # what tapers below this is full
EMPTY_PERMILLE = 200
WARMING_S = 1800
# state of charge in 0.1 %, resting voltage of a cell in mV
RESTING = (
    (0, 2900), (50, 3100), (100, 3190), (200, 3240), (400, 3285), (600, 3300), (800, 3325), (950, 3345), (1000, 3420),
)  # fmt: skip
RTN_06, EMPTY, UNREACHABLE = "rtn", "empty", "unreachable"  # absent: RTN 06H, RTN 00H with empty INFO; RTN 91H
FIXABLE = ("current", "cells", "voltage", "remaining", "temperatures", "capacity", "cycles", "serial")
CONSTANT = ("capacity", "cycles", "serial")


def resting_voltage(permille):
    """mV of a cell at rest, charged to so many permille."""
    permille = max(0, min(1000, permille))
    for (low, low_mv), (high, high_mv) in itertools.pairwise(RESTING):
        if permille <= high:
            return low_mv + (high_mv - low_mv) * (permille - low) // (high - low)
    return RESTING[-1][1]


class Pack:
    """One pack. `index` (from 0) makes it differ from its neighbours of the same seed.

    It has so many cells and temperatures (sensors) and a capacity in mAh (None: the usual one); `wide`: it says
    capacities in 3 bytes, as packs over 65.535 Ah do.
    """

    def __init__(self, seed, index, cells=15, temperatures=5, wide=False, capacity=None):
        self.seed, self.index, self.wide = seed, index, wide
        self.alarms = Alarms()
        self.missing = None  # or how the master speaks of it: RTN_06, EMPTY, UNREACHABLE
        rng = self._rng = random.Random(f"{seed}/pack/{index}")
        self.capacity = capacity or (WIDE_CAPACITY_MAH if wide else NARROW_CAPACITY_MAH)
        self._charge = self.capacity * (550 + rng.randint(-20, 20)) // 1000 * SECONDS_PER_HOUR  # mA s
        self.cycles = rng.randint(3, 400)
        self.serial = f"PSIM{index + 1:02d}{rng.randrange(10**10):010d}"
        self._offsets = [rng.randint(-4, 4) for _ in range(cells)]  # mV
        self._share = rng.randint(-3, 3) * 100  # mA off the mean of the rack
        self._rest = [AMBIENT + rng.randint(-80, 80) + (150 if n == 0 else 0) for n in range(temperatures)]
        self._warmth = [float(t) for t in self._rest]  # 0.01 °C
        self._current = 0
        self._second = 0
        self._fixed = {}

    def override(self, **values):
        """Fixes values (FIXABLE; mV, mA in steps of 100, mAh, 0.1 °C, serial as 16 characters); None lets one of those
        that change by themselves go again. Without `voltage` it is the sum of the cells. ValueError: no such value.
        """
        for name, value in values.items():
            if name not in FIXABLE:
                raise ValueError(f"{name!r} cannot be set; these can: {', '.join(FIXABLE)}")
            if name in CONSTANT:
                setattr(self, name, value)
            else:
                self._fixed[name] = value

    def _of(self, name, usual):
        fixed = self._fixed.get(name)
        return usual if fixed is None else fixed

    @property
    def remaining(self):
        """mAh."""
        return self._of("remaining", self._charge // SECONDS_PER_HOUR)

    @property
    def current(self):
        """mA, positive while it charges."""
        return self._of("current", self._current)

    @property
    def permille(self):
        """How full it is, 0 to 1000."""
        return self.remaining * 1000 // self.capacity

    @property
    def full(self):
        """Does it take no more charge?"""
        return self._taper() < FULL_MA

    def _taper(self):
        return max(0, self.capacity - self.remaining) * TAPER

    def _allowed(self, current):
        if current > 0:
            return min(current, self._taper()) if self.alarms.charge_allowed else 0
        return current if self.alarms.discharge_allowed else 0

    def step(self, load):
        """One second on; `load` is the mean current of the rack in mA."""
        wanted = load + self._share + self._rng.randint(-1, 1) * 100 if load else 0
        near = max(self._current - RAMP_MA, min(self._current + RAMP_MA, wanted))
        self._current = self._allowed(near) // 100 * 100
        self._charge = max(0, min(self.capacity * SECONDS_PER_HOUR, self._charge + self.current))
        heat = self._current * self._current / 1e6 * 2  # 0.01 °C over the surroundings
        for n, rest in enumerate(self._rest):
            self._warmth[n] += max(-2.0, min(2.0, (rest + heat - self._warmth[n]) / WARMING_S))
        self._second += 1

    def analog(self):
        """What a 42H reply says now (§4.1): cells, voltage mV, temperatures 0.1 °C, current mA, capacities mAh."""
        jitter = random.Random(f"{self.seed}/{self.index}/{self._second}")
        rest = resting_voltage(self.permille) + self.current // 1000
        cells = self._of("cells", [rest + offset + jitter.randint(-1, 1) for offset in self._offsets])
        temperatures = self._of("temperatures", [round(t / 10) for t in self._warmth])
        return {"cells": list(cells), "temperatures": list(temperatures), "current": self.current,
                "voltage": self._of("voltage", sum(cells)), "remaining": self.remaining,
                "capacity": self.capacity, "cycles": self.cycles, "wide": self.wide}  # fmt: skip

    def alarm(self):
        """What a 44H reply says now (§4.2): states, and five status bytes."""
        is_so = {"using_pack_power": True, "charge_fet": self.alarms.charge_allowed,
                 "discharge_fet": self.alarms.discharge_allowed, "charging": self.current > 0,
                 "discharging": self.current < 0, "fully_charged": self.full}  # fmt: skip
        now = self.analog()
        return self.alarms.values(len(now["cells"]), len(now["temperatures"]), {name for name in is_so if is_so[name]})

    def management(self):
        """What a 92H reply says now (§4.5), without the pack's number: mV, mA, and the status byte."""
        cells = len(self._offsets)
        natural = {"charge_enabled"} if self.alarms.charge_allowed else set()
        natural |= {"discharge_enabled"} if self.alarms.discharge_allowed else set()
        half = self.capacity // 200 * 100
        return {"charge_voltage": 3550 * cells, "discharge_voltage": 3130 * cells, "charge_current": half,
                "discharge_current": -half, "status": self.alarms.request_byte(natural)}  # fmt: skip
