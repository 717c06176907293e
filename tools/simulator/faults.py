"""What can go wrong on a real line, as faults that are switched on and off (protocol.md §2 "seen", §6)."""

import random
from types import SimpleNamespace

from .framed import EOI, SOI

HEX = b"0123456789ABCDEF"
INFO_FROM, INFO_BEHIND = 13, 5  # SOI … LENGTH before INFO; CHKSUM and EOI behind it
NOISE_BYTES, NUL_BYTES, BABBLE_BYTES, TRIES = 20, 3, 64, 200
LATE_S, SPLIT_S = (1.6, 3.0), (0.3, 0.8)


def _replaced(frame, rng, make):
    """In the place of one character between SOI and EOI stands what `make` makes of it."""
    place = rng.randrange(1, len(frame) - 1)
    return frame[:place] + make(frame[place : place + 1]) + frame[place + 1 :]


def _same_sum(frame, rng, choose):
    """Two characters of INFO change, the first by `choose`, so that CHKSUM still fits; None: there are no such two."""
    places = range(INFO_FROM, len(frame) - INFO_BEHIND)
    for _ in range(TRIES if len(places) > 1 else 0):
        one, two = rng.sample(places, 2)
        new = choose(frame[two])
        rest = frame[one] + frame[two] - new
        if new != frame[one] and rest in HEX:
            out = bytearray(frame)
            out[one], out[two] = new, rest
            return bytes(out)
    return None


# name, what it does to the bytes of a frame (None: does not apply to this one); in the order in which they are applied
DAMAGE = (
    ("changed", lambda frame, rng: _replaced(frame, rng, lambda old: bytes([rng.choice(HEX.replace(old, b""))]))),
    ("swapped", lambda frame, rng: _same_sum(frame, rng, lambda other: other)),
    ("cancel", lambda frame, rng: _same_sum(frame, rng, lambda other: rng.choice(HEX))),
    ("lost", lambda frame, rng: _replaced(frame, rng, lambda old: b"")),
    ("doubled", lambda frame, rng: _replaced(frame, rng, lambda old: 2 * old)),
    ("truncated", lambda frame, rng: frame[: rng.randint(1, len(frame) - 2)]),  # EOI alone would leave it readable
    ("noise", lambda frame, rng: rng.randbytes(rng.randint(1, NOISE_BYTES)) + frame),
    ("nul", lambda frame, rng: frame + bytes(rng.randint(1, NUL_BYTES))),
)
# name -> which share of the replies it befalls; 1: it holds while it is on, or happens once
FAULTS = {
    **dict.fromkeys([name for name, _ in DAMAGE] + ["split", "late", "silent", "rtn", "empty", "wrong_pack"], 0.3),
    **dict.fromkeys(["lacks", "unplugged", "babble", "power_cycle", "wrong_rate"], 1.0),
}
CANCELLING = "swapped", "cancel"  # what passes the checksum
ARGUMENTS = {"rtn": 16, "lacks": 16, "wrong_rate": 10}  # what stands behind a colon, and its base: RTN, CID2, baud


class Faults:
    """Which faults are on, and the dice. `counts`: Counter of how often each struck; `stamp`: clock of the `log`.

    A fault: its name, argument, rate; until: when it is to end, on the battery's clock; end: when it did, on the log's.
    """

    def __init__(self, seed, counts, stamp):
        self.rng, self.counts, self._stamp = random.Random(f"{seed}/faults"), counts, stamp
        self.active, self.log = [], []

    def start(self, now, name, rate=None, seconds=None):
        """Switches on `name`, such as "noise" or "rtn:06", for `seconds` or until end(); -> Fault."""
        name, _, argument = name.partition(":")
        value = int(argument, ARGUMENTS[name]) if argument else None
        until, rate = seconds and now + seconds, FAULTS[name] if rate is None else rate
        self.log.append(SimpleNamespace(name=name, argument=value, rate=rate, until=until, end=None))
        self.active.append(self.log[-1])
        return self.log[-1]

    def end(self, is_over):
        """Switches off those of which is_over(fault) is true."""
        for fault in filter(is_over, self.active):
            fault.end = self._stamp()
        self.active = [fault for fault in self.active if fault.end is None]

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
