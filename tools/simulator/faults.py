"""What can go wrong on a real line, as faults that are switched on and off (protocol.md §2 "seen", §6)."""

import random
from dataclasses import dataclass

from .framed import EOI, SOI

HEX = b"0123456789ABCDEF"
INFO_FROM, INFO_BEHIND = 13, 5  # SOI … LENGTH before INFO; CHKSUM and EOI behind it
DEFAULT_RATE = 0.3
NOISE_BYTES, NUL_BYTES, BABBLE_BYTES = 20, 3, 64
LATE_S, SPLIT_S = (1.6, 3.0), (0.3, 0.8)
TRIES = 200
DAY_S = 24 * 3600


def _place(frame, rng):
    """Of a character between SOI and EOI."""
    return rng.randrange(1, len(frame) - 1)


def _changed(frame, rng):
    """One character is another hex character."""
    place = _place(frame, rng)
    return frame[:place] + bytes([rng.choice([c for c in HEX if c != frame[place]])]) + frame[place + 1 :]


def _same_sum(frame, rng, choose):
    """Two characters of INFO are others: the first what `choose` says of both, the second what keeps their sum. None
    when there are no such two.
    """
    places = range(INFO_FROM, len(frame) - INFO_BEHIND)
    for _ in range(TRIES if len(places) > 1 else 0):
        one, two = rng.sample(places, 2)
        new = choose(frame[one], frame[two])
        rest = frame[one] + frame[two] - new
        if new != frame[one] and rest in HEX:
            out = bytearray(frame)
            out[one], out[two] = new, rest
            return bytes(out)
    return None


def _swapped(frame, rng):
    """Two different characters of INFO change places: CHKSUM still fits."""
    return _same_sum(frame, rng, lambda one, two: two)


def _cancel(frame, rng):
    """Two characters of INFO are wrong by the same amount up and down: CHKSUM still fits."""
    return _same_sum(frame, rng, lambda one, two: rng.choice([c for c in HEX if c != two]))


def _times(count):
    """-> damage after which one character comes `count` times."""

    def damage(frame, rng):
        place = _place(frame, rng)
        return frame[:place] + count * frame[place : place + 1] + frame[place + 1 :]

    return damage


def _truncated(frame, rng):
    """The end is missing: more than EOI alone, which would leave the frame readable."""
    return frame[: rng.randint(1, len(frame) - 2)]


# name, what it does to the bytes of a frame (None: does not apply to this one); in the order in which they are applied
DAMAGE = (
    ("changed", _changed), ("swapped", _swapped), ("cancel", _cancel), ("lost", _times(0)), ("doubled", _times(2)),
    ("truncated", _truncated), ("noise", lambda frame, rng: rng.randbytes(rng.randint(1, NOISE_BYTES)) + frame),
    ("nul", lambda frame, rng: frame + bytes(rng.randint(1, NUL_BYTES))),
)  # fmt: skip
# name -> its usual rate: of a reply that it befalls; 1: it holds while it is on; 0: it happens once
FAULTS = {
    **{name: DEFAULT_RATE for name, _ in DAMAGE},
    **dict.fromkeys(("split", "late", "silent", "rtn", "empty", "wrong_pack"), DEFAULT_RATE),
    **dict.fromkeys(("lacks", "unplugged", "babble"), 1.0),
    **dict.fromkeys(("power_cycle", "wrong_rate"), 0.0),
}
ARGUMENTS = {"rtn": 16, "lacks": 16, "wrong_rate": 10}  # what may stand behind a colon, and its base: RTN, CID2, baud
NEEDED = ("rtn", "lacks")  # mean nothing without their argument


@dataclass
class Fault:
    """One that was switched on; start and end in s of the log's clock, `until` in s of the battery's (None: no end)."""

    name: str
    argument: int | None
    rate: float
    until: float | None
    start: float
    end: float | None = None


class Faults:
    """Which faults are on, and the dice. `counts`: Counter of how often each struck; `stamp`: clock of the `log`."""

    def __init__(self, seed, counts, stamp):
        self.rng = random.Random(f"{seed}/faults")
        self.counts, self.stamp = counts, stamp
        self.active, self.log = [], []

    def start(self, now, name, rate=None, seconds=None):
        """Switches on `name`, such as "noise" or "rtn:06", for `seconds` or until clear(); -> Fault. Several may be on
        at a time. ValueError: no such fault, or not with this argument.
        """
        name, _, argument = name.partition(":")
        if name not in FAULTS:
            raise ValueError(f"unknown fault {name!r}; known are: {', '.join(FAULTS)}")
        if (argument and name not in ARGUMENTS) or (not argument and name in NEEDED):
            raise ValueError(f"the fault {name!r} with the argument {argument!r}; it is {name}:06 for rtn and lacks")
        value = int(argument, ARGUMENTS[name]) if argument else None
        until = None if seconds is None else now + seconds
        fault = Fault(name, value, FAULTS[name] if rate is None else rate, until, self.stamp())
        self.log.append(fault)
        self.active.append(fault)
        return fault

    def clear(self, name=None):
        """Switches off `name`, or all."""
        self._end(lambda fault: name in (None, fault.name))

    def expire(self, now):
        """Ends those whose time is over."""
        self._end(lambda fault: fault.until is not None and fault.until <= now)

    def _end(self, is_over):
        for fault in filter(is_over, self.active):
            fault.end = self.stamp()
        self.active = [fault for fault in self.active if fault.end is None]

    def due(self):
        """When the next one ends, or None."""
        return min((fault.until for fault in self.active if fault.until is not None), default=None)

    def named(self, name):
        """Those of this name that are on."""
        return [fault for fault in self.active if fault.name == name]

    def hit(self, name):
        """Rolls the dice for `name`: -> Fault when it strikes now, else None."""
        for fault in self.named(name):
            if self.rng.random() < fault.rate:
                self.counts[name] += 1
                return fault
        return None

    def damage(self, frame):
        """What the faults on make of a frame: -> [(pause before it in s, bytes), …]."""
        for name, function in DAMAGE:
            if self.hit(name):
                frame = function(frame, self.rng) or frame
        pieces = [(0.0, frame)]
        if len(frame) > 1 and self.hit("split"):
            place = self.rng.randrange(1, len(frame))
            pieces = [(0.0, frame[:place]), (self.rng.uniform(*SPLIT_S), frame[place:])]
        if self.hit("late"):
            pieces[0] = (self.rng.uniform(*LATE_S), pieces[0][1])
        return pieces

    def babble(self):
        """Bytes without sense, with what looks like the start of a frame now and then; never a whole one."""
        self.counts["babble"] += 1
        out = self.rng.randbytes(self.rng.randint(1, BABBLE_BYTES))
        if self.rng.random() < 0.5:
            out += SOI + b"20014600C06E11010F" + bytes(self.rng.choices(HEX, k=self.rng.randint(0, BABBLE_BYTES)))
        return out + (EOI if self.rng.random() < 0.2 else b"")


def mixture(seed, now):
    """Weather for a day that begins `now`: yields (when, fault, rate or None, seconds), always the same for a seed."""
    rng = random.Random(f"{seed}/mixture")
    names = [name for name in FAULTS if name not in NEEDED] + ["rtn:02", "rtn:06", "rtn:91"]
    end = now + DAY_S
    while now < end:
        rng.shuffle(names)
        for name in names:
            calm_s, lasts_s = rng.uniform(4, 10), rng.uniform(4, 9)
            rate = rng.uniform(0.3, 0.7) if FAULTS[name.split(":")[0]] == DEFAULT_RATE else None
            yield now + calm_s, name, rate, lasts_s
            now += calm_s + lasts_s
