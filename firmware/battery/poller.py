"""Goes round the packs: finds the battery, reads pack after pack, spreads the slow questions; a bounded step a call."""

from binascii import crc32

from micropython import const

from ..overlay import drop
from ..plausible import Judge
from .frame import ADR_ERROR
from .link import NoReply, ReturnCode

_FAILURES = const(3)  # requests in a row without a reply, then the battery is looked for again
_PAUSE_MIN_MS = const(1000)  # between two rounds of the search
_PAUSE_MAX_MS = const(60000)
_LIMITS_MS = const(300000)
_COUNT_MS = const(180000)
_SLOW_MS = const(500)  # what a slow question may take of the time until the next cycle
_STUCK_MS = const(60000)  # longer than any step

# Slow questions
KINDS = PACKS, IDENTITY, LIMITS, PARAMETERS = "packs", "identity", "limits", "parameters"


class Poller:
    """Drives one dialect.

    `sink` is told what was found: tell(kind, pack, answer), reading(it) and, behind each cycle, cycle(packs that were
    missed). Nothing implausible or unconfirmed reaches it.
    """

    def __init__(self, link, dialect, clock, log, publish_rate_ms, baud):
        self._link = link
        self._baud = baud  # that the battery is brought to
        self._seeker = None  # search.Search, while searching
        self._dialect = dialect
        self._clock = clock
        self._log = log
        self.sink = None
        self.publish_rate_ms = publish_rate_ms
        self.paused = False
        self.searching = True
        self.implausible = 0
        self.cycle_ms = None  # how long the last cycle took
        self.packs = ()
        self._judge = Judge()
        self._slow = []  # (kind, pack) still to ask
        self._later = []  # those that failed, for the next cycle
        self._told = {}  # kind and pack -> CRC of the answer that the sink has
        self._candidate = None  # kind and pack, CRC: an answer that came once
        self._todo = []  # packs still to read in this cycle
        self._missed = []
        self._in_cycle = self._explained = False
        self._pause_ms = _PAUSE_MIN_MS
        now = clock.ticks_ms()
        self._due = self._began = self._limits_at = self._counted_at = self._progress_at = now

    def step(self):
        """Does the next thing that is due: one pack, one slow question, or one rate of the search.

        -> ms until the next is due, 0: at once.
        """
        now = self._progress_at = self._clock.ticks_ms()
        wait_ms = self._clock.ticks_diff(self._due, now)
        if self.paused:
            return _PAUSE_MIN_MS
        if self._todo:
            self._read(self._todo.pop(0))
        elif self._in_cycle:
            self._end_cycle(now)
        elif self.packs and self._slow and wait_ms > _SLOW_MS:
            self._ask(*self._slow.pop(0))
        elif wait_ms > 0:
            return wait_ms
        elif self.searching:
            self._search()
        elif self._slow and (not self.packs or self._slow[0][0] == IDENTITY):
            self._ask(*self._slow.pop(0))
        else:
            self._start_cycle(now)
        return 0

    def alive(self):
        """True while steps come to an end: what the watchdog is fed for."""
        return self._clock.ticks_diff(self._clock.ticks_ms(), self._progress_at) < _STUCK_MS

    def tell_again(self):
        """The sink is to be told everything anew: somebody has forgotten it."""
        self._told.clear()
        self._slow = self._everything()

    def _everything(self):
        kinds = [(PACKS, None)]
        for kind in (IDENTITY, LIMITS):
            kinds += [(kind, pack) for pack in self.packs]
        return kinds + [(PARAMETERS, None)]

    def _search(self):
        if not self._seeker:
            from .search import Search

            self._seeker = Search(self._link, self._log, self._baud)
        found = self._seeker.step()
        now = self._clock.ticks_ms()
        if found:
            self._log.info("battery answers at %d baud", self._link.baud)
            self.searching = self._explained = False
            self._seeker = None
            drop("firmware.battery.search")
            self._pause_ms = _PAUSE_MIN_MS
            self._slow = self._everything()
            self._due = now
        elif found is False:
            if not self._explained:
                self._explained = True
                self._log.warning(
                    "no battery at 1200 to 19200 baud. Check: cable in the port named Console, TX and RX not swapped, "
                    "GND connected, MAX3232 has 3.3 V, battery on. Newer firmware speaks text only. Trying on"
                )
            self._due = self._clock.ticks_add(now, self._pause_ms)
            self._pause_ms = min(2 * self._pause_ms, _PAUSE_MAX_MS)

    def _failed(self, what, pack, error):
        """Some requests without a reply in a row, and the search starts anew."""
        self._log.info("%s %s: %s", what, pack or "", error)
        if self._link.failures >= _FAILURES or isinstance(error, ReturnCode) and error.code == ADR_ERROR:
            self._log.warning("battery does not answer any more, looking for it")
            self.searching = True
            self._link.failures = 0
            self._due = self._clock.ticks_ms()
            self._in_cycle = False
            self._todo = []
            self._slow = []

    def _start_cycle(self, now):
        self._began = now
        self._due = self._clock.ticks_add(now, self.publish_rate_ms)
        self._todo = list(self.packs)
        self._missed = []
        self._slow += self._later
        self._later = []
        self._in_cycle = True

    def _read(self, pack):
        """A reading that is refused is asked for again, once a cycle."""
        reading = None
        try:
            for _ in range(2):
                earlier, reading = reading, self._dialect.read(pack)
                why = self._judge.refusal(reading, earlier)
                if why is None:
                    self.sink.reading(reading)
                    return
            self.implausible += 1
            self._log.info("pack %d: reading dropped, %s", pack, why)
        except (NoReply, ReturnCode) as error:
            self._failed("pack", pack, error)
        self._missed.append(pack)

    def _end_cycle(self, now):
        diff = self._clock.ticks_diff
        self._in_cycle = False
        self.cycle_ms = diff(now, self._began)
        self.sink.cycle(self._missed)
        if self._link.failures:
            self._due = now  # do not wait: the next request tells whether the battery is there
        if diff(now, self._limits_at) >= _LIMITS_MS:
            self._limits_at = now
            self._slow += [(LIMITS, pack) for pack in self.packs]
        if (self._missed or diff(now, self._counted_at) >= _COUNT_MS) and (PACKS, None) not in self._slow:
            self._counted_at = now
            self._slow.insert(0, (PACKS, None))
        if self._slow and diff(self._due, now) <= _SLOW_MS:
            self._ask(*self._slow.pop(0))  # one, however late the cycle is

    def _ask(self, kind, pack):
        """One slow question; its answer counts when it came twice in a row, or when it is the one already told."""
        try:
            answer = self._dialect.ask(kind, pack)
        except (NoReply, ReturnCode) as error:
            if self.packs:
                self._later.append((kind, pack))
            else:  # without the count nothing can go on
                self._slow.insert(0, (kind, pack))
                self._due = self._clock.ticks_add(self._clock.ticks_ms(), _PAUSE_MIN_MS)
            self._failed(kind, pack, error)
            return
        said = crc32(repr(answer).encode())
        key = KINDS.index(kind) << 8 | (pack or 0)
        if answer is None or said == self._told.get(key):
            return
        if self._candidate != (key, said):
            self._candidate = key, said
            self._slow.insert(0, (kind, pack))
            return
        self._told[key] = said
        if kind == PACKS:
            self._regroup(answer)
        self.sink.tell(kind, pack, answer)

    def _regroup(self, packs):
        self._log.info("packs: %s", ", ".join([str(pack) for pack in packs]))
        for pack in self.packs:
            if pack not in packs:
                self._judge.forget(pack)
        new = [pack for pack in packs if pack not in self.packs]
        self.packs = packs
        self._slow = [(IDENTITY, pack) for pack in new] + self._slow + [(LIMITS, pack) for pack in new]
