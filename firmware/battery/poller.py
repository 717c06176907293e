"""Which pack is due: reads pack after pack, and asks the seldom questions in between; one bounded step a call."""

import gc

from micropython import const

from .. import plausible
from ..modules import Temporary
from . import ADR_ERROR, NoReply, Refusal
from .questions import Questions

_QUESTION_MS = const(500)  # what a seldom question may take of the time until the next cycle
_PAUSED_MS = const(500)
_FAILURES_MAX = const(3)  # requests in a row without a reply, then the battery is looked for again
_SEARCH_PAUSE_MIN_MS, _SEARCH_PAUSE_MAX_MS = const(1_000), const(60_000)  # between two rounds
_ALARMS_PATIENCE = const(7)  # readings without alarms, from a pack that had them, until there is a warning
_STUCK_MS = const(60_000)  # longer than any step
_IS_ANYBODY_THERE = const(0)  # in place of a pack that is to be read


class Poller:
    """Drives one dialect. `sink` gets reading(Reading), publish_detail(kind, pack, answer) and, behind each cycle,
    cycle(packs that were missed, how long a cycle takes in ms), None: it was cut short; nothing implausible or
    unconfirmed. `baud` is the rate that a framed battery is brought to, `group` that of an RS485 port. With
    `other_dialects` the search tries those, too; `on_found(dialect)` gets the name of the one that answers.
    """

    def __init__(self, dialect, clock, log, publish_rate_ms, baud, other_dialects=False, group=0):
        self.dialect = dialect
        self.link = dialect.link
        self.sink = self.on_found = None
        self.publish_rate_ms = publish_rate_ms
        self.searching, self.paused = True, False
        self.in_cycle = False  # True while packs are being read
        self.packs = ()
        self.implausible = 0
        self.cycle_ms = None  # how long the last cycle took
        self._clock, self._log = clock, log
        self._search_options = baud, other_dialects, group
        self._questions = Questions(dialect, clock)
        self._judge = plausible.Judge(dialect.exact)
        self._search = None
        self._search_pause_ms = 0  # behind the last round of the search; 0: there was none yet
        self._hint_given = False
        self._alarms_patience = bytearray(17)  # of each pack: readings without alarms until there is a warning
        self._max_packs_seen = 0
        self._to_read = []  # packs still to read in this cycle
        self._missed, self._missed_before = [], ()  # packs without a reading, in this cycle and in the one before
        self._hurries = False
        self._due = self._began = self._progress_at = clock.ticks_ms()

    def step(self, is_short_of_memory=False):
        """Does what is due: one pack, one seldom question, or one probe -> ms until the next is due, 0: at once.
        `is_short_of_memory`: what is asked seldom waits, since its modules are loaded for it (not: is anybody there?).
        """
        now = self._progress_at = self._clock.ticks_ms()
        wait_ms = self._clock.ticks_diff(self._due, now)
        waits = is_short_of_memory and self.packs
        pending = not waits and self._questions.due
        if self.paused:
            return _PAUSED_MS
        if self._to_read:
            self._read(self._to_read.pop(0))
        elif self.in_cycle:
            self._end_cycle(now, waits)
        elif pending and self.packs and wait_ms > _QUESTION_MS and not self.searching:
            self._ask()
        elif wait_ms > 0:
            return wait_ms
        elif self.searching:
            self._search_step()
        elif pending and (not self.packs or (self.cycle_ms is None and self._questions.identity_is_next())):
            self._ask()
        else:
            self._start_cycle(now)
        return 0

    def alive(self):
        """True while steps come to an end: what the watchdog is fed for."""
        return self._clock.ticks_diff(self._clock.ticks_ms(), self._progress_at) < _STUCK_MS

    def ask_everything(self):
        """All seldom questions are asked, and every answer told: the broker may have lost what it retained."""
        self._questions.ask_everything(self.packs)

    def set_publish_rate(self, ms):
        """From now on a cycle begins every `ms`, the first one at once."""
        self.publish_rate_ms = ms
        self.start_cycle()

    def start_cycle(self):
        """The next cycle begins as soon as it can."""
        self._due = self._clock.ticks_ms()

    def pause(self, paused):
        """Stops asking the battery, or goes on."""
        if paused is not self.paused:
            self.paused = paused
            self._stop_cycle()
            self.start_cycle()

    def _start_cycle(self, now):
        self._began = now
        self._due = self._clock.ticks_add(now, self.publish_rate_ms)
        self._to_read = list(self.packs)
        self._missed_before, self._missed = self._missed, []
        self._questions.retry()
        self.in_cycle = True

    def _stop_cycle(self):
        self._to_read, self._missed, self.in_cycle = [], [], False
        self.sink.cycle(None, self.publish_rate_ms)

    def _end_cycle(self, now, waits):
        diff = self._clock.ticks_diff
        self.in_cycle = False
        self.cycle_ms = diff(now, self._began)
        self.sink.cycle(self._missed, max(self.publish_rate_ms, self.cycle_ms))
        self._hurries = self.link.failures > 0 and not self._hurries
        if self._hurries:
            self._due = now  # do not wait: the next request tells whether the battery is there
        returned = [pack for pack in self.packs if pack in self._missed_before and pack not in self._missed]
        is_short = self._missed or len(self.packs) < self._max_packs_seen
        self._questions.schedule(self.packs, returned, is_short)
        if not waits and self._questions.due and diff(self._due, now) <= _QUESTION_MS:
            self._ask()  # one, however late the cycle is

    def _read(self, pack):
        """A reading that is refused is asked for again, once a cycle; for alarms, which may change quickly, twice."""
        if pack == _IS_ANYBODY_THERE:
            return self._check_master()
        try:
            for again in (False, True, True):
                self._progress_at = self._clock.ticks_ms()
                reading = self.dialect.read(pack)
                why = self._judge.refusal(reading, again)
                if why is None:
                    self._warn_if_alarms_stop(reading)
                    return self.sink.reading(reading)
                if again and why != "alarms":
                    break
            self._missed.append(pack)
            self.implausible += 1
            self._log.info("pack %d: reading dropped, not plausible: %s", pack, why)
        except (NoReply, Refusal) as error:
            self._missed.append(pack)
            self._failed("pack", pack, error)

    def _check_master(self):
        """Some slaves did not answer: does anybody?"""
        self._questions.ask_packs()
        self._ask()
        if self.link.failures and not self.searching:
            self._lost()

    def _warn_if_alarms_stop(self, reading):
        """A battery that stops telling its alarms looks like one without problems."""
        left = self._alarms_patience[reading.pack]
        if reading.alarms is not None:
            left = _ALARMS_PATIENCE
        elif left == 1:
            self._log.warning("pack %d does not say its alarms any more: are there problems?", reading.pack)
        self._alarms_patience[reading.pack] = left - (reading.alarms is None and left > 0)

    def _ask(self):
        kind, pack, answer, error = self._questions.ask()
        if error:
            self._unanswered(kind, pack, error)
        elif answer is not None:
            if kind == "packs":
                self._regroup(answer)
            self.sink.publish_detail(kind, pack, answer)

    def _unanswered(self, kind, pack, error):
        """Asked again in the next cycle: some batteries just lack a command. Without the packs nothing goes on."""
        self._questions.ask_again(at_once=not self.packs)
        if self.packs:
            self._log.info("%s %s: %s", kind, pack or "", error)
            return
        if not self._hint_given:
            self._hint_given = True
            self._log.warning("battery does not say which packs there are: %s", error)
        self._failed(kind, pack, error)
        self._pause_search()

    def _regroup(self, packs):
        self._hint_given = False
        self._search_pause_ms = 0
        self._log.info("packs: %s", ", ".join([str(pack) for pack in packs]))
        for pack in self.packs:
            if pack not in packs:
                self._judge.forget(pack)
        self._questions.regroup(packs, [pack for pack in packs if pack not in self.packs])
        self.packs = packs
        self._max_packs_seen = max(self._max_packs_seen, len(packs))

    def _failed(self, what, pack, error):
        """A request brought nothing: some in a row, or a refused address, and the battery is looked for again."""
        self._log.info("%s %s: %s", what, pack or "", error)
        silent = self.link.failures >= _FAILURES_MAX
        if silent and pack and self.packs and pack != self.packs[0]:
            self._to_read.insert(0, _IS_ANYBODY_THERE)
        elif silent or (isinstance(error, Refusal) and error.code == ADR_ERROR):
            self._lost()

    def _lost(self):
        if self.packs:
            self._log.warning("battery does not answer any more, looking for it")
        self.searching = True
        self.link.failures = 0
        self.start_cycle()
        self._questions.due = []
        self._stop_cycle()

    def _search_step(self):
        if self._search is None:
            with Temporary():
                from .search import Search
            self._search = Search(self.link, self._log, self.dialect.name, bool(self.packs), *self._search_options)
        if found := self._search.step(self._search_pause_ms, self._hint_given):
            self._search_options = (self._search.baud,) + self._search_options[1:]
            self._search = None
            gc.collect()  # what stays from here on lies together
            self.on_found(found)
            if found == self.dialect.name:
                self.searching = False
                if self.packs:  # else it has still to say which there are
                    self._search_pause_ms = 0
                self.ask_everything()
        elif found is not None:
            self._hint_given = True
            self._pause_search()

    def _pause_search(self):
        """The next try comes later, and later each time until it is known which packs there are."""
        self._search_pause_ms = min(2 * self._search_pause_ms, _SEARCH_PAUSE_MAX_MS) or _SEARCH_PAUSE_MIN_MS
        self._due = self._clock.ticks_add(self._clock.ticks_ms(), self._search_pause_ms)
