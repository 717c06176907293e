"""A battery on a line: what it hears at which rate, what it answers and when. No pty, no thread, no waiting in here:
bytes and times come in as arguments, so that a test can run it by hand."""

import random
from collections import Counter, namedtuple

from . import framed
from .commands import DEAF, Commands, Reply, Rs485Commands, in_words
from .console import Console
from .faults import Faults, mixture
from .pace import PaceCommands
from .port import Pace, wire_time

POWER_CYCLE_S = 3.0
TURNAROUND_MS = 10
OTHER_RATES = (1200, 2400, 4800, 9600, 19200)
DIALECTS = {"framed": Commands, "console": Commands, "rs485": Rs485Commands, "pace": PaceCommands}
ALWAYS_ALLOWED = 0x4F  # who looks for a battery may ask for its version
EVENTS = ("power_cycle", "wrong_rate")
WAKE_UP = b"~20014682C0048520FCC3"  # asks newer firmware for its text console; changes nothing here

Truth = namedtuple("Truth", "time kind pack values")
Forbidden = namedtuple("Forbidden", "time cid2 line")


class Battery:
    """`group` behind a line of `baud` (None: as after power on).

    paced: characters take their time. turnaround_ms: from the last character of a request to the first of its reply
    (default 10, unpaced 0). garbage: at the wrong rate the user gets garbage instead of nothing. log: called with a
    line of text for each event. on_truth: called with each record of the truth. truth_limit: so many records are kept
    at least, the older ones may go (default: all are kept). dialect: one of DIALECTS; console with its options
    (console.Console). echo: the user hears what he sends. stamp: clock of the truth (default: `clock`). identity:
    options of the dialect's Commands.
    """

    def __init__(self, group, clock, seed=1, baud=None, paced=True, turnaround_ms=None, garbage=False,
                 log=None, on_truth=None, truth_limit=None, dialect="framed", console=None, stamp=None, echo=False,
                 **identity):
        self._stamp = stamp or clock
        self.group, self.clock, self.paced, self.garbage, self.echo = group, clock, paced, garbage, echo
        self.truth, self.counts, self.forbidden, self.fault_log = [], Counter(), [], []
        self.plugged = True
        self.faults = Faults(seed, self.counts, self.fault_log)
        self.commands = DIALECTS[dialect](group, self._note, **identity)
        self.baud = baud or self.commands.first_baud
        self._turnaround_s = (turnaround_ms if turnaround_ms is not None else TURNAROUND_MS if paced else 0) / 1000
        self._log, self._on_truth, self._truth_limit = log or (lambda text: None), on_truth, truth_limit
        self._receiver, self._watcher, self._pace = framed.Receiver(), framed.Receiver(), Pace(paced)
        self._rng = random.Random(f"{seed}/line")
        self._silent_until = 0.0
        self._weather, self._next = None, None
        self.console = None
        if dialect == "console":
            self.update(**(console or {}))

    # what the line does

    def receive(self, now, data, rate):
        """`data` arrived from a user whose port is set to `rate`."""
        self.tend(now)
        self._watch(now, data)
        if self.echo and rate == self.baud:
            self._pace.send(now, [(0.0, data)], self.baud)
        if not self.plugged or self.faults.named("unplugged") or now < self._silent_until:
            self._receiver.clear()
            self.counts["unheard"] += len(data)
            return
        if rate != self.baud:
            self.counts["deaf"] += len(data)
            self._receiver.clear()
            self._log(f"{len(data)} bytes at {rate} baud: garbage to a battery at {self.baud}")
            return
        if self.console:
            self._typed(now, data)
            return
        for line in self._receiver.feed(data):
            heard = wire_time(len(line) + 1, self.baud) if self.paced else 0.0
            self._answer(now, line, now + heard + self._turnaround_s)

    def _typed(self, now, data):
        """Characters for the text console."""
        heard = wire_time(len(data), self.baud) if self.paced else 0.0
        self.group.advance(now)
        for text in self.console.feed(now, data):
            self.counts["requests"] += 1
            active = self.faults.hit("power_cycle")
            if active:
                self._event(active)
            if self.faults.named("babble") or now < self._silent_until:
                return
            pieces = [(0.0, b"")] if self._struck("silent") else self.faults.damage(text)
            self.counts["replies"] += 1
            self._pace.send(now + heard + self._turnaround_s, pieces, self.baud)
        if self.console.baud != self.baud:
            self._switch(self.console.baud)

    def take(self, now, rate):
        """-> (bytes for a user whose port is set to `rate`, [what is to be called once they are written])."""
        self.tend(now)
        if self.faults.named("babble") and self._pace.due() is None and now >= self._silent_until:
            self._pace.send(now, [(0.0, self.faults.babble())], self.baud, paced=True)
        out, finished = self._pace.take(now)
        if not self.plugged or self.faults.named("unplugged"):
            out = b""
        elif out and rate != self.baud:
            out = self._rng.randbytes(len(out)) if self.garbage else b""
        return out, finished

    def due(self):
        """When take() should be called next (s of the clock), or None for: not before something is received."""
        babbling = self.faults.named("babble") and self._pace.due() is None
        times = [self._pace.due(), self.faults.due(), self._next and self._next[0]]
        times += [self._silent_until] if babbling else []
        return min((time for time in times if time is not None), default=None)

    def tend(self, now):
        """Ends faults whose time is over, starts those of misbehave() whose time has come."""
        self.faults.expire(now)
        while self._next and self._next[0] <= now:
            start, name, rate, seconds = self._next
            self.fault(name, rate, seconds)
            self._forecast(start + seconds)

    def _answer(self, now, line, at):
        request, code = framed.parse(line)
        if request is None:
            self.counts["unread"] += 1
            return
        self.counts["requests"] += 1
        self.group.advance(now)
        for name in EVENTS:
            active = self.faults.hit(name)
            if active:
                self._event(active)
        if self.faults.named("babble") or now < self._silent_until:
            return
        reply = self._reply(request, code)
        if reply is None:
            self.counts["unread"] += 1
            return
        frame = self.commands.encode(request, reply)
        asked = in_words(self.commands.table, request, code)
        self._log(f"{asked} -> RTN {reply.code:02X}H, {len(reply.info)} bytes of INFO")
        pieces = self.faults.damage(frame)
        if self._struck("silent"):
            pieces = [(0.0, b"")]
        else:
            self.counts["replies"] += 1
        switch = reply.baud and (lambda: self._switch(reply.baud))
        self._pace.send(at, pieces, self.baud, switch)

    def _reply(self, request, code):
        """-> Reply, after the faults that change what is said."""
        if any(active.args["cid2"] == request.cid2 for active in self.faults.named("lacks")):
            self.counts["lacks"] += 1
            return Reply(framed.CID2_INVALID)
        active = self._struck("rtn")
        reply = self.commands.reply(request, code)
        if reply is None:
            return None
        if active:
            return Reply(active.args["code"])
        if reply.info and self._struck("empty"):
            return Reply(framed.OK)
        if len(request.info) == 1 and reply.info and request.info[0] != framed.ALL_PACKS and self._struck("wrong_pack"):
            return self._wrong_pack(request, reply)
        return reply

    def _wrong_pack(self, request, reply):
        """What another pack would have said; a pack that is alone gives a wrong number."""
        others = [number for number in self.group.there() if number + self.commands.offset != request.info[0]]
        if others:
            return self.commands.of_pack(request, self.faults.rng.choice(others))
        echo = 1 if request.cid2 in (0x42, 0x44) else 0  # behind INFOFLAG, or first
        return reply._replace(info=reply.info[:echo] + bytes([request.info[0] + 1]) + reply.info[echo + 1:])

    def _struck(self, name):
        active = self.faults.hit(name)
        if active:
            self.counts[name] += 1
        return active

    def _watch(self, now, data):
        """Whatever state the line is in: a command off the read list is a scandal."""
        for line in self._watcher.feed(data):
            cid2 = line[7:9].decode("latin-1")
            allowed = {f"{one:02X}" for one in (*self.commands.table, ALWAYS_ALLOWED)}
            if line != WAKE_UP and len(line) >= 9 and cid2 not in allowed:
                self.forbidden.append(Forbidden(now, cid2, line))
                self._log(f"FORBIDDEN: CID2 {cid2}H in {line!r}")

    def _note(self, kind, pack, values):
        record = Truth(self._stamp(), kind, pack, values)
        self.truth.append(record)
        if self._truth_limit and len(self.truth) > 2 * self._truth_limit:
            del self.truth[:-self._truth_limit]
        if self._on_truth:
            self._on_truth(record)

    def _switch(self, baud):
        self.baud = baud if baud != DEAF else None
        self._log(f"now at {baud} baud")

    # what a test or the command line does to it

    def fault(self, name, rate=None, seconds=None, **args):
        """Switches a fault on (faults.FAULTS), for `seconds` or until clear(); `rate` 0 … 1 (default 0.3)."""
        active = self.faults.start(self.clock(), name, rate, seconds, **args)
        self._log(f"fault {name} begins")
        if active.name in EVENTS:
            lasts = self._event(active)
            if not active.rate:  # it happens once: then it is over
                active.until = self.clock() + lasts
        elif active.name == "unplugged":
            self.counts["unplugged"] += 1

    def clear(self, name=None):
        """Ends a fault, or all, and a mixture of misbehave()."""
        self.faults.clear(self.clock(), name)
        if name is None:
            self._weather = self._next = None

    def misbehave(self, seed):
        """A seeded mixture of all faults, each of which comes and goes."""
        self._weather = mixture(seed)
        self._forecast(self.clock())

    def _forecast(self, now):
        calm, name, rate, seconds = next(self._weather)
        self._next = (now + calm, name, rate, seconds)

    def _event(self, active):
        """-> how long the event lasts, in seconds."""
        self.counts[active.name] += 1
        if active.name == "power_cycle":
            self.power_cycle(active.args.get("off_s", POWER_CYCLE_S))
            return active.args.get("off_s", POWER_CYCLE_S)
        if self.console:  # it has one rate
            return 0.0
        others = [baud for baud in OTHER_RATES if baud != self.baud]
        self._switch(active.args.get("baud") or self.faults.rng.choice(others))
        return 0.0

    def power_cycle(self, seconds=POWER_CYCLE_S):
        """Off and on: nothing is said for `seconds`, then it listens at its first rate (§5)."""
        self._silent_until = self.clock() + seconds
        self._receiver.clear()
        self._pace.clear()
        if self.console:
            self.console.power_cycle()
        self._switch(self.console.baud if self.console else self.commands.powered_baud(self.baud))

    def update(self, dialect="console", **options):
        """Newer firmware: from now on it speaks text (options of console.Console); or `framed` again, at 1200 baud."""
        self.console = None
        if dialect == "console":
            self.console = Console(self.group, self._note, forbid=self._forbid, **options)
        self._receiver.clear()
        self._pace.clear()
        self._switch(self.console.baud if self.console else self.commands.first_baud)

    def _forbid(self, line):
        self.forbidden.append(Forbidden(self.clock(), line.split()[0].decode("latin-1"), line))
        self._log(f"FORBIDDEN: {line!r}")
