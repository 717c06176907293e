"""Goes round the packs: reads pack after pack, spreads the slow questions; a bounded step a call.

How the battery is found is in hunt.py, which slow questions there are in seldom.py.
"""

from micropython import const

from ..overlay import drop
from . import NoReply, ReturnCode

_SLOW_MS = const(500)  # what a slow question may take of the time until the next cycle
_PATIENCE = const(7)  # readings
_STUCK_MS = const(60_000)  # longer than any step

_SELDOM = "firmware.battery.seldom"
# Slow questions, each one number, for their lists get long: the place in KINDS << 5, and the pack, or 0 for the group
KINDS = ("packs", "identity", "limits", "parameters")
_PACKS = const(0)
_IDENTITY = const(1 << 5)
_PACK = const(31)
_BYTES = const(4 * 17 * 4)  # a CRC for each kind and pack


class Poller:
    """Drives one dialect.

    `sink` is told what was found: tell(kind, pack, answer), reading(it, what the dialect has beyond it) and, behind
    each cycle, cycle(packs that were missed, how long a cycle takes in ms); None for the packs: it was cut short.
    Nothing implausible or unconfirmed reaches it. `baud` is the rate that the battery is brought to, where it can be;
    from one cycle to the next are `publish_rate_ms`.
    """

    def __init__(self, link, dialect, clock, log, publish_rate_ms, baud):
        self.link = link
        self.dialect = dialect
        self.clock = clock
        self.log = log
        self.sink = None
        self.publish_rate_ms = publish_rate_ms
        self.baud = baud
        self.sought = []  # what search.Search or console_wake.Waker remembers
        self.searching = True
        self.retained = None  # a retained.Retained: the other dialect is tried, too, and the one that works kept there
        self.turn = 0  # 1: a round of the search is in its second half, with the other dialect
        self.aside = 0  # step towards the other dialect, where only a step a round is made
        self.explained = False  # it was said what to check
        self.pause_ms = 0  # behind the next round of the search, 0: not any yet
        self.paused = False
        self.implausible = 0
        self.cycle_ms = None  # how long the last cycle took
        self.packs = ()
        self.most = 0  # packs that there ever were
        self.judged = []  # what plausible.Judge remembers
        self.slow = []  # slow questions still to ask
        self.later = []  # those that failed, for the next cycle
        self._patience = bytearray(17)  # of each pack: readings without alarms until that is told
        self.told = bytearray(_BYTES)  # the CRC of each answer that the sink has
        self.candidate = None  # slow question, CRC: an answer that came once
        self.todo = []  # packs still to read in this cycle
        self.missed, self.lost = [], ()  # packs without a reading in this cycle, and in the one before
        self._in_cycle = self._hurries = False
        self.due = self._began = self.limits_at = self.counted_at = self._progress_at = clock.ticks_ms()

    def step(self):
        """Does the next thing that is due: one pack, one slow question, or one rate of the search.

        -> ms until the next is due, 0: at once.
        """
        now = self._progress_at = self.clock.ticks_ms()
        wait_ms = self.clock.ticks_diff(self.due, now)
        if self.paused:
            return _SLOW_MS
        if self.todo:
            self._read(self.todo.pop(0))
        elif self._in_cycle:
            self._end_cycle(now)
        elif self.packs and self.slow and wait_ms > _SLOW_MS and not self.searching:
            self._ask(self.slow.pop(0))
        elif wait_ms > 0:
            return wait_ms
        elif self.searching:
            self._hunt("search")
        elif self.slow and (not self.packs or (self.cycle_ms is None and self.slow[0] & ~_PACK == _IDENTITY)):
            self._ask(self.slow.pop(0))
        else:
            self._start_cycle(now)
        return 0

    def alive(self):
        """True while steps come to an end: what the watchdog is fed for."""
        return self.clock.ticks_diff(self.clock.ticks_ms(), self._progress_at) < _STUCK_MS

    def tell_again(self):
        """The sink is to be told everything anew: somebody has forgotten it."""
        from .seldom import ask_everything

        drop(_SELDOM)
        ask_everything(self)

    def stop_cycle(self):
        """The battery does not answer, or is not to be asked: what is left of the cycle does not come."""
        self.todo = []
        self.missed = []
        self._in_cycle = False
        self.sink.cycle(None, self.publish_rate_ms)

    def _hunt(self, what, *arguments):
        from . import hunt

        drop("firmware.battery.hunt")
        getattr(hunt, what)(self, *arguments)

    def _ask(self, question):
        """One slow question. One after the other is loaded what asks, what judges and what publishes."""
        kind, pack = KINDS[question >> 5], question & _PACK or None
        try:
            answer = self.dialect.ask(kind, pack)
        except (NoReply, ReturnCode) as error:
            self._hunt("unanswered", question, kind, pack, error)
            return
        from .seldom import is_news

        drop(_SELDOM)
        news = is_news(self, question, answer)
        del is_news
        if news:
            self.sink.tell(kind, pack, answer)

    def _start_cycle(self, now):
        self._began = now
        self.due = self.clock.ticks_add(now, self.publish_rate_ms)
        self.todo = list(self.packs)
        self.lost, self.missed = self.missed, []
        self.slow += self.later
        self.later = []
        self._in_cycle = True

    def _read(self, pack):
        """A reading that is refused is asked for again, once a cycle; for alarms, which may change quickly, twice.
        `pack` 0: does anybody answer at all?
        """
        try:
            if not pack:
                self._ask(_PACKS)
                if self.link.failures:
                    raise NoReply("nobody answers")
                return
            for again in (False, True, True):
                self._progress_at = self.clock.ticks_ms()
                reading = self.dialect.read(pack)
                why = self._refusal(reading, again)
                if why is None:
                    self._heed(reading)
                    self.sink.reading(reading, self.dialect.extra)
                    return
                if again and why != "alarms":
                    break
            self.missed.append(pack)
            self.implausible += 1
            self.log.info("pack %d: reading dropped, not plausible: %s", pack, why)
        except (NoReply, ReturnCode) as error:
            if pack:
                self.missed.append(pack)
            self._hunt("failed", "pack", pack, error)

    def _heed(self, reading):
        """Alarms that were said and are not any more look like a battery without problems: that is told."""
        left = self._patience[reading.pack]
        if reading.alarms is not None:
            left = _PATIENCE
        elif left == 1:
            self.log.warning("pack %d does not say its alarms any more: are there problems?", reading.pack)
        self._patience[reading.pack] = left - (reading.alarms is None and left > 0)

    def _refusal(self, reading, again):
        from ..plausible import Judge

        drop("firmware.plausible")
        return Judge(self.judged, self.dialect.exact).refusal(reading, again, self.dialect.extra)

    def _end_cycle(self, now):
        diff = self.clock.ticks_diff
        self._in_cycle = False
        self.cycle_ms = diff(now, self._began)
        self.sink.cycle(self.missed, max(self.publish_rate_ms, self.cycle_ms))
        self._hurries = self.link.failures > 0 and not self._hurries
        if self._hurries:
            self.due = now  # do not wait: the next request tells whether the battery is there
        from .seldom import schedule

        drop(_SELDOM)
        schedule(self, now)
        del schedule
        if self.slow and diff(self.due, now) <= _SLOW_MS:
            self._ask(self.slow.pop(0))  # one, however late the cycle is
