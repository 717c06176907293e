"""Packs that charge and discharge: plausible, seeded, in integers; a step is one second of the clock.

From one second to the next a pack changes so little that readings 10 s apart stay within the distances of protocol.md
§6, up to a `speed` of about 10. What `override` fixes may jump, since it was asked for.
"""

import itertools
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
RESTING = (
    (0, 2900), (50, 3100), (100, 3190), (200, 3240), (400, 3285), (600, 3300), (800, 3325), (950, 3345), (1000, 3420),
)
RTN_06, EMPTY, UNREACHABLE = "rtn", "empty", "unreachable"  # absent: RTN 06H, RTN 00H with empty INFO; RTN 91H
# what override can fix: name, least, most (what the reply's field holds; a serial number: its length)
FIXABLE = (
    ("current", -3276800, 3276700),
    ("cells", -32768, 32767),
    ("voltage", 0, 65535),
    ("remaining", 0, 0xFFFFFF),
    ("capacity", 1, 0xFFFFFF),
    ("cycles", 0, 65535),
    ("temperatures", -2731, 62804),
    ("serial", 16, 16),
)
BOUNDS = {name: (least, most) for name, least, most in FIXABLE}


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
    capacities in 3 bytes; `ambient` in °C.
    """

    def __init__(self, seed, index, cells=15, temperatures=5, wide=False, capacity=None, ambient=23.0):
        if not MIN_CELLS <= cells <= MAX_CELLS:
            raise ValueError(f"a pack has {MIN_CELLS} to {MAX_CELLS} cells, not {cells!r}")
        if not 1 <= temperatures <= MAX_TEMPERATURES:
            raise ValueError(f"a pack has 1 to {MAX_TEMPERATURES} temperatures, not {temperatures!r}")
        self.seed, self.index, self.wide = seed, index, bool(wide)
        self.alarms = Alarms()
        self.missing = None  # or how the master speaks of it: RTN_06, EMPTY, UNREACHABLE
        rng = self._rng = random.Random(f"{seed}/pack/{index}")
        self._capacity = capacity or (WIDE_CAPACITY_MAH if wide else NARROW_CAPACITY_MAH)
        if self._capacity > TWO_BYTES_MAH and not wide:
            raise ValueError(f"{self._capacity} mAh do not fit two bytes: such a pack is wide")
        self._charge = self._capacity * (550 + rng.randint(-20, 20)) // 1000 * SECONDS_PER_HOUR  # mA s
        self._cycles = rng.randint(3, 400)
        self._serial = f"PSIM{index + 1:02d}{rng.randrange(10**10):010d}"
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
            if name not in BOUNDS:
                raise ValueError(f"{name!r} cannot be set; these can: {', '.join(BOUNDS)}")
            if value is None:
                self._fixed.pop(name, None)
            else:
                self._check(name, value)
                self._fixed[name] = list(value) if isinstance(value, (list, tuple)) else value

    def _check(self, name, value):
        least, most = BOUNDS[name]
        parts = value if isinstance(value, (list, tuple)) else [len(value) if name == "serial" else value]
        if not all(least <= part <= most for part in parts):
            raise ValueError(f"{name} {value!r} does not fit into {least} to {most}")
        if name == "current" and value % 100:
            raise ValueError(f"a current is a multiple of 100 mA, not {value!r}")
        if name == "cells" and not 0 <= sum(value) <= BOUNDS["voltage"][1]:
            raise ValueError(f"cells of {sum(value)} mV in all do not fit the pack voltage")
        if name in ("remaining", "capacity") and value > TWO_BYTES_MAH and not self.wide:
            raise ValueError(f"{value} mAh do not fit two bytes: such a pack is wide")

    @property
    def serial(self):
        """Its serial number, 16 characters."""
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
        jitter = random.Random(f"{self.seed}/{self.index}/{self._second}")
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
