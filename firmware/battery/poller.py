"""Goes round the packs: finds the battery, reads pack after pack, spreads the slow questions; a bounded step a call."""

from ..plausible import Confirmed, Judge
from .link import NoReply, ReturnCode

_FAILURES = 3  # requests in a row without a reply, then the battery is looked for again
_PAUSE_MIN_MS, _PAUSE_MAX_MS = 1_000, 60_000  # between two rounds of the search
_LIMITS_MS = 300_000
_COUNT_MS = 180_000
_SLOW_MS = 500  # what a slow question may take of the time until the next cycle
_STUCK_MS = 60_000  # longer than any step

PACKS, IDENTITY, LIMITS, PARAMETERS = "packs", "identity", "limits", "parameters"
_SLOW = (  # what is asked now and then, and how
    (PACKS, lambda dialect, pack: dialect.find_packs()),
    (IDENTITY, lambda dialect, pack: dialect.identify(pack)),
    (LIMITS, lambda dialect, pack: dialect.limits(pack)),
    (PARAMETERS, lambda dialect, pack: dialect.parameters()),
)


class Poller:
    """Drives one dialect.

    `sink` is told what was found: packs(numbers), identity(pack, it), limits(pack, it), parameters(it), reading(it)
    and, behind each cycle, cycle(packs that were missed). Nothing implausible or unconfirmed reaches it.
    """

    def __init__(self, link, dialect, clock, log, sink, publish_rate_ms):
        self._link = link
        self._dialect = dialect
        self._clock = clock
        self._log = log
        self._sink = sink
        self.publish_rate_ms = publish_rate_ms
        self.paused = False
        self.searching = True
        self.implausible = 0
        self.cycle_ms = None  # how long the last cycle took
        self.packs = []
        self._judges = {}
        self._slow = []  # (kind, pack) still to ask
        self._later = []  # those that failed, for the next cycle
        self._said = {}  # (kind, pack) -> Confirmed
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
        now = self._clock.ticks_ms()
        self._progress_at = now
        wait_ms = self._clock.ticks_diff(self._due, now)
        if self.paused:
            return _PAUSE_MIN_MS
        if self.searching:
            if wait_ms > 0:
                return wait_ms
            self._search()
        elif self._todo:
            self._read(self._todo.pop(0))
        elif self._in_cycle:
            self._end_cycle(now)
        elif self._slow and (self._unknown() and wait_ms <= 0 or self.packs and wait_ms > _SLOW_MS):
            self._ask(*self._slow.pop(0))
        elif wait_ms > 0:
            return wait_ms
        else:
            self._start_cycle(now)
        return 0

    def alive(self):
        """True while steps come to an end: what the watchdog is fed for."""
        return self._clock.ticks_diff(self._clock.ticks_ms(), self._progress_at) < _STUCK_MS

    def read_now(self):
        """Starts the next cycle at once."""
        if not self.searching:
            self._due = self._clock.ticks_ms()

    def _unknown(self):
        """True before the first cycle: while it is asked how many packs there are, and who they are."""
        return not self.packs or self._slow[0][0] == IDENTITY

    def _search(self):
        found = self._link.search()
        if found:
            self._log.info("battery answers at %d baud", self._link.baud)
            self.searching = self._explained = False
            self._pause_ms = _PAUSE_MIN_MS
            self._slow = [(PACKS, None)] + [(IDENTITY, pack) for pack in self.packs] + self._refreshed()
            self._due = self._clock.ticks_ms()
        elif found is False:
            if not self._explained:
                self._explained = True
                self._log.warning(
                    "no battery at any rate from 1200 to 19200 baud. Check: the cable is in the port named Console; "
                    "TX and RX not swapped; GND connected; MAX3232 powered with 3.3 V; battery switched on. "
                    "Newer firmware may speak the text console only. Trying on"
                )
            self._due = self._clock.ticks_add(self._clock.ticks_ms(), self._pause_ms)
            self._pause_ms = min(2 * self._pause_ms, _PAUSE_MAX_MS)

    def _failed(self, what, error):
        """Counts on the link's count: some in a row, and the search starts anew."""
        self._log.info("%s: %s", what, error)
        if self._link.failures >= _FAILURES:
            self._log.warning("battery does not answer any more, looking for it")
            self.searching = True
            self._link.failures = 0
            self._due = self._clock.ticks_ms()
            self._in_cycle = False
            self._todo = []

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
        judge = self._judges.setdefault(pack, Judge())
        try:
            for second in (False, True):
                reading = self._dialect.read(pack)
                why = judge.refusal(reading)
                if why is None:
                    self._sink.reading(reading)
                    return
                if second or not judge.waiting:
                    self.implausible += 1
                    self._log.info("pack %d: reading dropped, %s", pack, why)
        except (NoReply, ReturnCode) as error:
            self._failed("pack %d" % pack, error)
        self._missed.append(pack)

    def _end_cycle(self, now):
        clock = self._clock
        self._in_cycle = False
        self.cycle_ms = clock.ticks_diff(now, self._began)
        self._sink.cycle(self._missed)
        if self._link.failures:
            self._due = now  # do not wait: the next request tells whether the battery is there
        if clock.ticks_diff(now, self._limits_at) >= _LIMITS_MS:
            self._limits_at = now
            self._slow += [(LIMITS, pack) for pack in self.packs]
        if self._missed or clock.ticks_diff(now, self._counted_at) >= _COUNT_MS:
            self._counted_at = now
            if (PACKS, None) not in self._slow:
                self._slow.insert(0, (PACKS, None))
        if self._slow and clock.ticks_diff(self._due, now) <= _SLOW_MS:
            self._ask(*self._slow.pop(0))  # one, however late the cycle is

    def _refreshed(self):
        return [(PARAMETERS, None)] + [(LIMITS, pack) for pack in self.packs]

    def _ask(self, kind, pack):
        """One slow question; its answer counts when it came twice in a row."""
        try:
            value = dict(_SLOW)[kind](self._dialect, pack)
        except (NoReply, ReturnCode) as error:
            if self.packs:
                self._later.append((kind, pack))
            else:  # without the count nothing can go on
                self._slow.insert(0, (kind, pack))
                self._due = self._clock.ticks_add(self._clock.ticks_ms(), _PAUSE_MIN_MS)
            self._failed(kind, error)
            return
        said = self._said.setdefault((kind, pack), Confirmed())
        before = said.value
        if not said.see(value):
            self._slow.insert(0, (kind, pack))
        elif value is not None and (value != before or kind == PACKS and value != self.packs):
            self._tell(kind, pack, value)

    def _tell(self, kind, pack, value):
        if kind == PACKS:
            self._regroup(value)
        elif kind == PARAMETERS:
            self._sink.parameters(value)
        else:
            getattr(self._sink, kind)(pack, value)

    def _regroup(self, packs):
        self._log.info("packs: %s", ", ".join([str(pack) for pack in packs]))
        new = [pack for pack in packs if pack not in self.packs]
        for pack in self.packs:
            if pack not in packs:
                self._judges.pop(pack, None)
        self.packs = packs
        self._slow = [(IDENTITY, pack) for pack in new] + self._slow + [(LIMITS, pack) for pack in new]
        self._sink.packs(packs)
