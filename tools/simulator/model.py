"""Packs that charge and discharge together, seeded, in integers; a step is one second of the clock. They change so
little that readings 10 s apart stay within the distances of protocol.md §6; what `override` fixes may jump.
"""

import math
import random

NARROW_CAPACITY_MAH, WIDE_CAPACITY_MAH = 50000, 74000
AMBIENT = 230  # 0.1 °C
SECONDS_PER_HOUR = 3600
PERIOD_S, PHASE_S = 14400, 1200  # of charge and discharge; where it begins
CONSTANT = ("capacity", "cycles", "serial")
STOPS_CHARGE, STOPS_DISCHARGE = 0b01000101, 0b10110010  # protections, in status byte 1 of a 44H reply (§4.2)


class Pack:
    """One pack; `index` (from 0) makes it differ from others of the same seed. It has so many cells and temperatures;
    `wide`: it says capacities in 3 bytes, as packs over 65.535 Ah do. missing: None, or a key of commands.ABSENT.
    """

    def __init__(self, seed, index, cells=15, temperatures=5, wide=False):
        self.seed, self.index, self.wide, self.missing = seed, index, wide, None
        rng = random.Random(f"{seed}/pack/{index}")
        self.capacity = WIDE_CAPACITY_MAH if wide else NARROW_CAPACITY_MAH
        self._charge = self.capacity * (550 + rng.randint(-20, 20)) // 1000 * SECONDS_PER_HOUR  # mA s
        self.cycles = rng.randint(3, 400)
        self.serial = f"PSIM{index + 1:02d}{rng.randrange(10**10):010d}"
        self._offsets = [rng.randint(-4, 4) for _ in range(cells)]  # mV
        self._share = rng.randint(-3, 3) * 100  # mA off the mean of the rack
        self._warmth = [AMBIENT + rng.randint(-8, 8) + (15 if n == 0 else 0) for n in range(temperatures)]
        self._current = self._second = 0
        self._fixed = {}

    def override(self, **values):
        """Fixes current, cells, voltage, remaining, temperatures or what is CONSTANT: mV, mA in steps of 100, mAh, 0.1
        °C, serial as 16 characters; of alarms cell_states, temperature_states {number from 1: state}, voltage_state,
        status {byte 1 … 5 of 44H: bits}, request (bits of 92H). None lets one go again. Without `voltage` it is the sum
        of the cells.
        """
        for name, value in values.items():
            if name in CONSTANT:
                setattr(self, name, value)
            elif value is None:
                self._fixed.pop(name, None)
            else:
                self._fixed[name] = value

    def allowed(self):
        """-> (may it charge, may it discharge): does no protection stop it?"""
        status = self._fixed.get("status", {}).get(1, 0)
        return not status & STOPS_CHARGE, not status & STOPS_DISCHARGE

    def step(self, load):
        """One second on; `load`: what share of its capacity it charges in an hour."""
        wanted = int(load * self.capacity + self._share) // 100 * 100
        charges, discharges = self.allowed()
        self._current = wanted if (charges and not self.full if wanted > 0 else discharges) else 0
        self._charge = max(0, min(self.capacity * SECONDS_PER_HOUR, self._charge + self._current))
        self._second += 1

    def _remaining(self):
        return self._fixed.get("remaining", self._charge // SECONDS_PER_HOUR)

    @property
    def full(self):
        """Does it take no more charge?"""
        return self._remaining() >= self.capacity

    def analog(self):
        """What a 42H reply says now (§4.1): cells, voltage mV, temperatures 0.1 °C, current mA, capacities mAh."""
        jitter = random.Random(f"{self.seed}/{self.index}/{self._second}")
        current, remaining = self._fixed.get("current", self._current), self._remaining()
        mean = 3240 + 100 * remaining // self.capacity + current // 1000
        cells = self._fixed.get("cells", [mean + offset + jitter.randint(-1, 1) for offset in self._offsets])
        return {"cells": list(cells), "temperatures": list(self._fixed.get("temperatures", self._warmth)),
                "current": current, "voltage": self._fixed.get("voltage", sum(cells)), "remaining": remaining,
                "capacity": self.capacity, "cycles": self.cycles, "wide": self.wide}  # fmt: skip

    def alarm(self):
        """What a 44H reply says now (§4.2): states, and five status bytes."""
        (charges, discharges), current = self.allowed(), self._fixed.get("current", self._current)
        # byte 2: the pack's power is used, what the MOSFETs do; byte 3: it charges, it discharges, it is full
        status = [0, 8 | discharges << 2 | charges << 1, (current > 0) << 7 | (current < 0) << 6 | self.full << 3, 0, 0]
        for byte, bits in self._fixed.get("status", {}).items():
            status[byte - 1] |= bits
        states = {name: [self._fixed.get(key, {}).get(place, 0) for place in range(1, len(values) + 1)]
                  for name, key, values in (("cells", "cell_states", self._offsets),
                                            ("temperatures", "temperature_states", self._warmth))}  # fmt: skip
        return states | {"charge_current": 0, "voltage": self._fixed.get("voltage_state", 0), "discharge_current": 0,
                         "status": status}  # fmt: skip

    def management(self):
        """What a 92H reply says now (§4.5), without the pack's number: mV, mA, and the status byte."""
        (charges, discharges), cells, half = self.allowed(), len(self._offsets), self.capacity // 200 * 100
        return {"charge_voltage": 3550 * cells, "discharge_voltage": 3130 * cells, "charge_current": half,
                "discharge_current": -half,
                "status": charges << 7 | discharges << 6 | self._fixed.get("request", 0)}  # fmt: skip


class Group:
    """`packs` packs behind one port, numbered from 1. `start`: s of the clock at which it begins; options: of Pack."""

    def __init__(self, packs, seed, start=0.0, **pack_options):
        self._seed, self._options, self._start, self._seconds = seed, pack_options, start, 0
        self.packs = []
        for _ in range(packs):
            self.add()

    def add(self):
        """One more pack at the end."""
        self.packs.append(Pack(self._seed, len(self.packs), **self._options))
        self.packs[-1].step(self._load())

    def pack(self, number):
        """The pack with this number, from 1; KeyError when the group has none."""
        return dict(enumerate(self.packs, 1))[number]

    def there(self):
        """Numbers of the packs that the master reaches."""
        return [number for number, pack in enumerate(self.packs, 1) if not pack.missing]

    def advance(self, now):
        """Brings all packs to the time `now` (s of the clock)."""
        while self._seconds < int(now - self._start):
            self._seconds += 1
            for pack in self.packs:
                pack.step(self._load())

    def _load(self):
        return 0.25 * math.sin(math.tau * (PHASE_S + self._seconds) / PERIOD_S)
