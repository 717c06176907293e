"""A battery on a line: what it hears at which rate, what it answers and when; bytes and times come in as arguments."""

from collections import Counter, deque, namedtuple
from functools import partial

from . import framed
from .commands import Addressed, Commands, Reply, Rs485Commands
from .console import WAKE_UP, Console
from .faults import ARGUMENTS, CANCELLING, FAULTS, Faults
from .model import Group
from .pace import PaceCommands

BITS_PER_CHARACTER = 10
CHUNK_S = 0.02  # what is due within this time goes out in one piece
POWER_CYCLE_S, TURNAROUND_S = 3.0, 0.01
DAY_S, EVERY_S, FAULT_S = 24 * 3600, 12, 6
MIXTURE = [*sorted(FAULTS.keys() - ARGUMENTS.keys() - set(CANCELLING)), "wrong_rate:9600", "rtn:02", "rtn:06", "rtn:91"]
DIALECTS = {"framed": Commands, "console": Commands, "rs485": Rs485Commands, "pace": PaceCommands}
ALWAYS_ALLOWED = 0x4F  # who looks for a battery may ask for its version

Truth = namedtuple("Truth", "time kind pack values")
Forbidden = namedtuple("Forbidden", "cid2 line")


class Schedule:
    """What leaves when, in seconds of any monotonic clock; nothing here waits."""

    def __init__(self):
        self._chunks = deque()  # (when it is through, bytes, what is to be called then or None)
        self._free_at = 0.0

    def send(self, at, pieces, baud, done=None):
        """Queues `pieces` = [(pause before it in s, bytes), …]; the first pause counts from `at` if the line is free by
        then, the others from the end of the piece before. `done` is called when the last one has left. baud: None for
        at once.
        """
        each_s = BITS_PER_CHARACTER / baud if baud else 0.0
        self._free_at = max(at, self._free_at - pieces[0][0])
        for pause, data in pieces:
            self._free_at += pause
            step = max(1, int(CHUNK_S / each_s)) if baud else len(data) or 1
            for start in range(0, len(data), step):
                chunk = data[start : start + step]
                self._free_at += len(chunk) * each_s
                self._chunks.append((self._free_at, chunk, None))
        self._chunks.append((self._free_at, b"", done))

    def take(self, now):
        """-> bytes that are through by now."""
        out = b""
        while self._chunks and self._chunks[0][0] <= now:
            _, data, done = self._chunks.popleft()
            out += data
            if done:
                done()
        return out

    def due(self):
        """When take() should be called next, or None."""
        return self._chunks[0][0] if self._chunks else None


class Battery:
    """A group of `packs` behind a line of `baud` (None: as after power on).

    clock: seconds, monotonic; stamp: another one for the truth and the log of faults. seed: the same gives the same
    packs and faults. cells, temperatures, wide: of model.Pack. paced: 10 bit times a character, else at once. on_truth:
    called with each record of the truth, of which truth_limit are kept. dialect: of DIALECTS; console: options of
    console.Console. echo: the user hears what he sends. identity: options of the dialect's Commands.

    truth: what is in the replies, before any fault, as Truth; kinds of a pack: analog, alarm, management, and as text
    mos, pwr, bat, stat; of none: parameters. counts: how often each fault struck; deaf: bytes at the wrong rate, or
    while it was off or unplugged. forbidden: requests off the read list; must stay empty.
    """

    def __init__(self, clock, packs=2, seed=1, baud=None, paced=True, cells=15, temperatures=5, wide=False,
                 on_truth=None, truth_limit=None, dialect="framed", console=None, stamp=None, echo=False, **identity):
        self.clock, self.paced, self.echo = clock, paced, echo
        self._stamp, self._on_truth = stamp or clock, on_truth
        self.group = Group(packs, seed, clock(), cells=cells, temperatures=temperatures, wide=wide)
        self.truth, self.counts, self.forbidden, self.plugged = deque(maxlen=truth_limit), Counter(), [], True
        self.faults = Faults(seed, self.counts, self._stamp)
        self.commands = DIALECTS[dialect](self.group, self._note, **identity)
        self.baud = baud or self.commands.first_baud
        self._receiver, self._watcher, self.schedule = framed.Receiver(), framed.Receiver(), Schedule()
        self._silent_until = 0.0
        self._planned = []  # of misbehave(): when it begins, and arguments of fault()
        self.console = None
        if dialect == "console":
            self.update(**(console or {}))

    def receive(self, now, data, rate):
        """`data` arrived from a user whose port is set to `rate`."""
        self._tend(now)
        self._watch(data)
        if self.echo and rate == self.baud:
            self.schedule.send(now, [(0.0, data)], self.baud if self.paced else None)
        if not self._connected() or now < self._silent_until or rate != self.baud:
            self.counts["deaf"] += len(data)
            self._receiver.clear()
            return
        heard = len(data) * BITS_PER_CHARACTER / self.baud + TURNAROUND_S if self.paced else 0.0
        self.group.advance(now)
        if self.console:
            answers = [(text, None) for text in self.console.feed(now, data)]
            self.baud = self.console.baud
        else:
            answers = [self._reply(line) for line in self._receiver.feed(data)]
        for answer, baud in answers:
            if answer is not None and not self.faults.named("babble"):
                pieces = [(0.0, b"")] if self.faults.hit("silent") else self.faults.damage(answer)
                done = baud and partial(setattr, self, "baud", baud)
                self.schedule.send(now + heard, pieces, self.baud if self.paced else None, done)

    def _connected(self):
        return self.plugged and not self.faults.named("unplugged")

    def take(self, now, rate):
        """-> bytes for a user whose port is set to `rate`."""
        self._tend(now)
        if self.faults.named("babble") and self.schedule.due() is None and now >= self._silent_until:
            self.schedule.send(now, [(0.0, self.faults.babble())], self.baud)
        is_readable = rate == self.baud  # the rate behind the last byte may be another
        out = self.schedule.take(now)
        return out if is_readable and self._connected() else b""

    def _tend(self, now):
        """Ends faults whose time is over, starts those of misbehave() whose time has come."""
        self.faults.end(lambda fault: fault.until is not None and fault.until <= now)
        while self._planned and self._planned[0][0] <= now:
            self.fault(*self._planned.pop(0)[1:])

    def _reply(self, line):
        """-> (the frame of a reply or None, the rate behind it or None), after the faults that change what is said."""
        request, code = framed.parse(line)
        reply = request and self.commands.reply(request, code)
        if reply is None:
            return None, None
        reply = self._changed(request, reply)
        return self.commands.encode(request, reply), reply.baud

    def _changed(self, request, reply):
        if any(fault.argument == request.cid2 for fault in self.faults.named("lacks")):
            return Reply(framed.CID2_INVALID)
        if fault := self.faults.hit("rtn"):
            return Reply(fault.argument)
        if reply.info and self.faults.hit("empty"):
            return Reply(framed.OK)
        others = [number + self.commands.offset for number in self.group.there()]
        others = [number for number in others if bytes([number]) != request.info]
        if len(request.info) == 1 and reply.info and others and self.faults.hit("wrong_pack"):
            number = self.faults.rng.choice(others)
            address = number if isinstance(self.commands, Addressed) else request.address
            return self.commands.reply(request._replace(info=bytes([number]), address=address))
        return reply

    def _watch(self, data):
        """Whatever state the line is in: a command off the read list is a scandal."""
        allowed = {b"%02X" % cid2 for cid2 in (*self.commands.table, ALWAYS_ALLOWED)}
        for line in self._watcher.feed(data):
            if line != WAKE_UP and len(line) >= 9 and line[7:9] not in allowed:
                self._forbid(line[7:9], line)

    def _forbid(self, command, line):
        self.forbidden.append(Forbidden(command.decode("latin-1"), line))

    def _note(self, kind, pack, values):
        record = Truth(self._stamp(), kind, pack, values)
        self.truth.append(record)
        if self._on_truth:
            self._on_truth(record)

    # what a test or the command line does to it

    def fault(self, name, rate=None, seconds=None):
        """Switches a fault on (faults.FAULTS), for `seconds` or until clear(); `rate` 0 … 1 (default 0.3). Arguments
        stand behind a colon: "rtn:06", "lacks:44", "wrong_rate:9600".
        """
        active = self.faults.start(self.clock(), name, rate, seconds)
        if active.name == "power_cycle":
            active.until = self.clock() + POWER_CYCLE_S
            self.power_cycle()
        elif active.name == "wrong_rate":
            active.until = self.clock()
            self.baud = self.baud if self.console else active.argument  # a console has one rate
        if active.name in ("power_cycle", "wrong_rate", "unplugged"):
            self.counts[active.name] += 1

    def clear(self):
        """Ends all faults, and a mixture of misbehave()."""
        self.faults.end(lambda fault: True)
        self._planned = []

    def misbehave(self):
        """A mixture of all faults for a day, each of which comes and goes; not of errors that cancel in CHKSUM."""
        names = self.faults.rng.sample(MIXTURE, len(MIXTURE)) * (DAY_S // EVERY_S // len(MIXTURE))
        first = self.clock() + EVERY_S
        self._planned = [(first + number * EVERY_S, name, None, FAULT_S) for number, name in enumerate(names)]

    def power_cycle(self, seconds=POWER_CYCLE_S):
        """Off and on: nothing is said for `seconds`, then it listens at its first rate (§5)."""
        self._silent_until = self.clock() + seconds
        if self.console:
            self.console.power_cycle()
        self._begin(self.baud if self.commands.keeps_rate else self.commands.first_baud)

    def update(self, dialect="console", **options):
        """Newer firmware: from now on it speaks text (options of console.Console); or `framed` again, at 1200 baud."""
        is_text = dialect == "console"
        self.console = Console(self.group, self._note, self._forbid, **options) if is_text else None
        self._begin(self.commands.first_baud)

    def _begin(self, baud):
        self._receiver.clear()
        self.schedule = Schedule()
        self.baud = self.console.baud if self.console else baud
