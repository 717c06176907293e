"""What can go wrong on a real line, as faults that are switched on and off (protocol.md §2 "seen", §6).

A fault is of one of three kinds: "reply" faults befall a reply with their rate; "state" faults hold while they are on;
"event" faults happen at once when they are switched on, and with a rate again at a request.
"""

import random
from dataclasses import dataclass, field

from .framed import EOI, SOI

HEX = b"0123456789ABCDEF"
INFO_FROM, INFO_BEHIND = 13, 5  # SOI … LENGTH before INFO; CHKSUM and EOI behind it
DEFAULT_RATE = 0.3
NOISE_BYTES, NUL_BYTES, BABBLE_BYTES = 20, 3, 64
LATE_S, SPLIT_S = (1.6, 3.0), (0.3, 0.8)
TRIES = 200


def _places(frame, rng, count):
    """Different positions within INFO, or none when INFO is too short."""
    places = range(INFO_FROM, len(frame) - INFO_BEHIND)
    return rng.sample(places, count) if len(places) >= count else None


def _put(frame, changes):
    out = bytearray(frame)
    for place, byte in changes:
        out[place] = byte
    return bytes(out)


def noise(frame, rng):
    """Bytes before SOI."""
    return rng.randbytes(rng.randint(1, NOISE_BYTES)) + frame


def nul(frame, rng):
    """00H after EOI."""
    return frame + bytes(rng.randint(1, NUL_BYTES))


def truncated(frame, rng):
    """The end is missing: more than EOI alone, which would leave the frame readable."""
    return frame[: rng.randint(1, len(frame) - 2)]


def changed(frame, rng):
    """One character between SOI and EOI is another hex character."""
    place = rng.randrange(1, len(frame) - 1)
    return _put(frame, [(place, rng.choice([c for c in HEX if c != frame[place]]))])


def swapped(frame, rng):
    """Two different characters of INFO change places: CHKSUM still fits. None when INFO has no two."""
    for _ in range(TRIES):
        places = _places(frame, rng, 2)
        if places is None:
            break
        one, two = places
        if frame[one] != frame[two]:
            return _put(frame, [(one, frame[two]), (two, frame[one])])
    return None


def cancel(frame, rng):
    """Two characters of INFO are wrong by the same amount up and down: CHKSUM still fits."""
    for _ in range(TRIES):
        places = _places(frame, rng, 2)
        if places is None:
            break
        one, two = places
        new = rng.choice(HEX)
        rest = frame[one] + frame[two] - new
        if new not in (frame[one], frame[two]) and rest in HEX:
            return _put(frame, [(one, new), (two, rest)])
    return None


def lost(frame, rng):
    """A character between SOI and EOI is missing."""
    place = rng.randrange(1, len(frame) - 1)
    return frame[:place] + frame[place + 1:]


def doubled(frame, rng):
    """A character between SOI and EOI comes twice."""
    place = rng.randrange(1, len(frame) - 1)
    return frame[:place] + frame[place:place + 1] + frame[place:]


# name, what it does to the bytes of a frame (None: does not apply to this one); in the order in which they are applied
DAMAGE = (
    ("changed", changed), ("swapped", swapped), ("cancel", cancel), ("lost", lost), ("doubled", doubled),
    ("truncated", truncated), ("noise", noise), ("nul", nul),
)
# name, kind, argument after a colon and how it is read
FAULTS = (
    *((name, "reply", None, None) for name, _ in DAMAGE),
    ("split", "reply", None, None),
    ("late", "reply", None, None),
    ("silent", "reply", None, None),
    ("rtn", "reply", "code", lambda text: int(text, 16)),
    ("empty", "reply", None, None),
    ("wrong_pack", "reply", None, None),
    ("lacks", "state", "cid2", lambda text: int(text, 16)),
    ("unplugged", "state", None, None),
    ("babble", "state", None, None),
    ("power_cycle", "event", None, None),
    ("wrong_rate", "event", "baud", int),
)
KINDS = {row[0]: row[1] for row in FAULTS}
ARGUMENTS = {row[0]: row[2:] for row in FAULTS if row[2]}
NEEDED = ("rtn", "lacks")  # mean nothing without their argument


def split_name(text):
    """"rtn:06" -> ("rtn", {"code": 6}, rest); the rest are the parts behind. ValueError for an unknown name."""
    name, *rest = text.split(":")
    if name not in KINDS:
        raise ValueError(f"unknown fault {name!r}; known are: {', '.join(KINDS)}")
    argument, read = ARGUMENTS.get(name, (None, None))
    if not argument or not rest or (name == "wrong_rate" and "." in rest[0]):
        return name, {}, rest
    return name, {argument: read(rest[0])}, rest[1:]


@dataclass
class Span:
    """One entry of the log: when a fault was on, in seconds of the clock; `end` is None while it is."""

    name: str
    start: float
    end: float | None = None

    def slowed(self, speed):
        """-> the same, on a clock that goes 1/`speed` as fast."""
        return Span(self.name, self.start / speed, None if self.end is None else self.end / speed)


@dataclass
class Active:
    """A fault that is on."""

    name: str
    rate: float
    until: float | None
    span: Span
    args: dict = field(default_factory=dict)


class Faults:
    """Which faults are on, and the dice; `counts` and `log` are the caller's."""

    def __init__(self, seed, counts, log):
        self.rng = random.Random(f"{seed}/faults")
        self.counts, self.log = counts, log
        self.active = []

    def start(self, now, name, rate=None, seconds=None, **args):
        """Switches `name` on, for `seconds` or until clear(); -> Active. Several may be on at a time. ValueError: no
        such fault, or not with these arguments.
        """
        name, more, rest = split_name(name)
        if rest:
            raise ValueError(f"what is {':'.join(rest)!r} behind the fault {name!r}?")
        args = {**more, **args}
        if name in NEEDED and ARGUMENTS[name][0] not in args:
            raise ValueError(f"the fault {name!r} needs its {ARGUMENTS[name][0]}, as in {name}:06")
        if rate is None:
            rate = {"reply": DEFAULT_RATE, "state": 1.0, "event": 0.0}[KINDS[name]]
        span = Span(name, now)
        active = Active(name, rate, None if seconds is None else now + seconds, span, args)
        self.active.append(active)
        self.log.append(span)
        return active

    def clear(self, now, name=None):
        """Switches off `name`, or all."""
        for active in self.active:
            if name in (None, active.name):
                active.span.end = now
        self.active = [active for active in self.active if active.span.end is None]

    def expire(self, now):
        """Ends those whose time is over."""
        for active in self.active:
            if active.until is not None and active.until <= now:
                active.span.end = active.until
        self.active = [active for active in self.active if active.span.end is None]

    def due(self):
        """When the next one ends, or None."""
        return min((active.until for active in self.active if active.until is not None), default=None)

    def named(self, name):
        """Those of this name that are on."""
        return [active for active in self.active if active.name == name]

    def hit(self, name):
        """Rolls the dice for `name`: -> Active when it strikes now, else None. Counting is the caller's."""
        for active in self.named(name):
            if self.rng.random() < active.rate:
                return active
        return None

    def damage(self, frame):
        """What the faults on make of a frame: -> [(pause before it in s, bytes), …]."""
        for name, function in DAMAGE:
            if self.hit(name):
                after = function(frame, self.rng)
                if after is not None and len(after):
                    self.counts[name] += 1
                    frame = after
        pieces = [(0.0, frame)]
        active = self.hit("split")
        if active and len(frame) > 1:
            self.counts["split"] += 1
            place = self.rng.randrange(1, len(frame))
            pieces = [(0.0, frame[:place]), (self._pause(active, SPLIT_S), frame[place:])]
        active = self.hit("late")
        if active:
            self.counts["late"] += 1
            pieces[0] = (self._pause(active, LATE_S), pieces[0][1])
        return pieces

    def _pause(self, active, bounds):
        pause = active.args.get("pause")
        return self.rng.uniform(*bounds) if pause is None else pause

    def babble(self):
        """Bytes without sense, with what looks like the start of a frame now and then; never a whole one."""
        self.counts["babble"] += 1
        out = self.rng.randbytes(self.rng.randint(1, BABBLE_BYTES))
        if self.rng.random() < 0.5:
            out += SOI + b"20014600C06E11010F" + bytes(self.rng.choices(HEX, k=self.rng.randint(0, BABBLE_BYTES)))
        return out + (EOI if self.rng.random() < 0.2 else b"")


def mixture(seed):
    """Weather: yields (calm seconds, fault, rate or None, seconds) without end, always the same for a seed."""
    rng = random.Random(f"{seed}/mixture")
    names = [row[0] for row in FAULTS if row[0] not in NEEDED] + ["rtn:02", "rtn:06", "rtn:91"]
    while True:
        rng.shuffle(names)
        for name in names:
            reply = KINDS[name.split(":")[0]] == "reply"
            yield rng.uniform(4, 10), name, rng.uniform(0.3, 0.7) if reply else None, rng.uniform(4, 9)
