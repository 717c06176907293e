"""The text console of newer firmware, as a dialect."""

from array import array

from micropython import const

from ..modules import Temporary
from ..reading import Identity
from . import NoReply, Refusal, console_pack

_COUNTERS_MS = const(3_600_000)  # cycles and SOH hardly change
_COUNTERS_RETRY_MS = const(60_000)  # after they could not be asked
_READINGS = const(3)  # of one pack, until two contradict themselves in the same way or one does not
_WHOLE_MS = const(15_000)  # after which nothing more is asked for one reading, or one question
_JUMP = const(30)  # 0.1 °C, of a MOSFET temperature
_MASTER = const(1)  # pack that answers commands without a number
_PACKS = const(17)  # from 1 to 16, and 0 for the whole group
_COUNTERS = const(6)  # of a pack


class Console:
    """The master pack and its slaves, asked over a console_line.Line. NoReply or Refusal from every method."""

    name = "console"
    exact = False  # the cells do not sum to the pack's voltage to the millivolt: they were not read at one moment

    def __init__(self, line):
        self.link = line
        self._began = None  # ms, this reading
        self._mos = {}  # pack -> 0.1 °C
        self._odd = {}  # pack -> states of the table that are not Normal
        self._counters = array("i", bytes(4 * _COUNTERS * _PACKS))
        self._counters_at = [None] * _PACKS  # ms; an array would give integers that ticks_diff() cannot take
        for pack in range(_PACKS):
            self._keep(pack, 0)

    def packs(self, pack=None):
        """Numbers of the packs: (1, 2, …). What only this table says is kept when it is as before or came twice."""
        known, known_odd = self._mos, self._odd
        self._mos, self._odd = {}, {}
        there, mos, odd = self._ask_detail("pwr", None)
        if odd != known_odd or len(_steady(mos, known)) < len(mos):
            _, again, odd_again = self._ask_detail("pwr", None)
            mos = _steady(mos, again)
            odd = {pack: said for pack, said in odd.items() if odd_again.get(pack) == said}
        self._mos, self._odd = mos, odd
        return there

    def identity(self, pack):
        """-> (reading.Identity, None), or (one with nothing but dialect and baud, the NoReply or Refusal)."""
        said, refused = (None,) * 6, None
        try:
            said = self._ask_detail("info", pack)
        except (NoReply, Refusal) as error:
            refused = error
        return Identity(*said[:5], self.name, self.link.baud, said[5]), refused

    def limits(self, pack=0):
        """None: this dialect cannot tell."""
        return None

    parameters = limits

    def counters(self, pack):
        """(cycles, soh %, discharged mAh, protections, resets, shutdowns), each or all None; an hour old at most."""
        said = self._counters[_COUNTERS * pack : _COUNTERS * (pack + 1)]
        return tuple([None if count < 0 else count for count in said]) if max(said) >= 0 else None

    def read(self, pack):
        """One pack's values and states -> reading.Reading. Its parts were not said at the same moment."""
        self._began = self.link.clock.ticks_ms()
        doubt = 0
        try:
            for _ in range(_READINGS):
                values = self._ask("pwr", pack, lambda lines: console_pack.values(lines, pack))
                self._count(pack)
                cells = self._ask("bat", pack, lambda lines, current=values[1]: console_pack.cells(lines, current))
                mos, odd = self._mos.get(pack), self._odd.get(pack, ())
                reading, why = console_pack.reading(pack, self.counters(pack), values, cells, mos, odd)
                if why in (0, doubt):  # two equal contradictions are taken as this model's behaviour
                    return reading
                doubt = why
        except (NoReply, Refusal):
            self._keep(pack, 0)  # when it answers again it may be another pack
            raise
        raise NoReply("pack %d contradicts itself" % pack)

    def _count(self, pack):
        """Asks for the counters of a pack that is there, now and then; all are unknown when that was in vain."""
        if not self._is_past(self._counters_at[pack], _COUNTERS_MS):
            return
        counters, wait_ms = (), _COUNTERS_MS
        try:
            counters = self._ask_detail("stat", pack)
        except Refusal:
            pass  # this model has none
        except NoReply:
            wait_ms = _COUNTERS_RETRY_MS
            self.link.failures = 0  # the pack has just answered another question
        self._keep(pack, wait_ms, counters)

    def _keep(self, pack, wait_ms, counters=()):
        clock = self.link.clock
        self._counters_at[pack] = clock.ticks_add(clock.ticks_ms(), wait_ms - _COUNTERS_MS)
        for at in range(_COUNTERS):
            self._counters[_COUNTERS * pack + at] = counters[at] if counters else -1

    def _is_past(self, since, after_ms):
        """Are the ticks `since` longer ago? A negative difference means more than six days."""
        return not 0 <= self.link.clock.ticks_diff(self.link.clock.ticks_ms(), since) < after_ms

    def _ask_detail(self, command, pack):
        """What console_details makes of an answer. The master may say it only without its number."""
        with Temporary():
            from . import console_details as details
        codec = {"pwr": details.table, "info": details.info, "stat": details.stat}[command]
        try:
            return self.link.request(command, pack, lambda lines: codec(lines, pack))
        except Refusal:
            if pack != _MASTER:
                raise
        return self.link.request(command, None, lambda lines: codec(lines, pack))

    def _ask(self, command, pack, parse):
        if self._is_past(self._began, _WHOLE_MS):
            raise NoReply("the battery takes too long")
        return self.link.request(command, pack, parse)


def _steady(mos, known):
    return {pack: value for pack, value in mos.items() if pack in known and abs(value - known[pack]) <= _JUMP}
