"""The poller in simulated time, at a simulated battery on a paced line; and what it asks seldom, by itself."""

import itertools
from functools import partial
from types import SimpleNamespace

import pytest
from battery_line import ALARM, ANALOG, COUNT, LIMITS, SERIAL, TICK_MS, House
from fakes import PERIOD, Clock

from firmware.battery import NoReply, Refusal
from firmware.battery.questions import Questions

WEEK_S = 7 * 24 * 3600  # longer than ticks can tell
WHOLE = ("SERIAL", "2.0"), None
UNKNOWN, SILENT = Refusal(4, "RTN 04H CID2 invalid"), NoReply("no reply")
PARTIAL_LATER = 250  # partial answers of a pack that gave a whole one
USUAL = {"packs": (1, 2), "identity": WHOLE, "limits": (1, 2), "parameters": (3, 4), "counters": (7, 8)}
FIRST = [("packs", 0), ("identity", 1), ("identity", 2), ("limits", 1), ("limits", 2), ("counters", 1), ("counters", 2),
         ("parameters", 0)]  # fmt: skip


def test_first_all_is_asked_and_then_pack_after_pack():
    it = House(packs=2, baud=1200).settled()
    assert it.kinds()[:3] == [("packs", 0), ("identity", 1), ("identity", 2)]
    assert set(it.kinds()[3:]) == {("limits", 1), ("limits", 2), ("parameters", 0)} and len(it.kinds()) == 6
    begun = it.clock.passed_ms
    it.run(30)
    assert [one[1:] for one in it.questions(begun)] == [(ANALOG, 1), (ALARM, 1), (ANALOG, 2), (ALARM, 2)] * 3
    assert it.packs_read(begun) == [1, 2] * 3
    assert not it.battery.forbidden and not it.log.texts("warning")
    it.uart.readinto = lambda view: it.clock.advance(70_000)  # a step that does not come to its end
    it.poller.start_cycle()
    while it.clock.passed_ms < 10_000_000 and it.poller.alive():
        it.poller.step()
    assert not it.poller.alive()


@pytest.mark.parametrize(("rate_s", "ticks"), [(2, 0), (5, PERIOD - 60_000)])
def test_a_cycle_begins_publish_rate_after_the_last_began(rate_s, ticks):
    it = House(rate_s=rate_s, ticks=ticks).settled()
    begun = it.clock.passed_ms
    it.run(20 * rate_s)
    starts = it.starts(begun)
    steps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert len(steps) == 19 and all(1000 * rate_s <= step <= 1000 * rate_s + TICK_MS for step in steps)
    it.poller.set_publish_rate(300_000)
    it.run(10)
    begun = it.clock.passed_ms
    it.poller.start_cycle()
    it.run(10)
    assert it.packs_read(begun) == [1, 2]
    it.poller.set_publish_rate(5_000)
    it.run(50)
    assert len(it.starts(begun)) == 1 + 10


@pytest.mark.parametrize(("packs", "rate_s", "baud"), [(2, 1, 4800), (2, 10, 1200), (16, 1, 4800)])
def test_seldom_questions_are_spread_and_stretch_no_cycle_by_more_than_one(packs, rate_s, baud):
    it = House(packs=packs, rate_s=rate_s, baud=baud, wanted=baud, wide=True)
    it.run(60 + 3 * packs * 4800 // baud)
    it.poller.ask_everything()
    begun, told = it.clock.passed_ms, len(it.sink.told)
    it.run(300 if baud == 4800 else 3000)
    starts = it.starts(begun)
    usual_ms = max(1000 * rate_s, it.wire_ms())
    for start, after in itertools.pairwise(starts):
        assert after - start <= usual_ms + it.slow_ms() + 2 * TICK_MS
    assert len(starts) > 5 and len(it.sink.told) > told + 2
    if usual_ms > 1000 * rate_s:
        for end in [ms for ms, _, _ in it.sink.cycles if begun < ms < starts[-1]]:
            assert 0 <= min(start - end for start in starts if start >= end) <= it.slow_ms()
    assert all(cycle_ms >= 1000 * rate_s for _, _, cycle_ms in it.sink.cycles)


def test_packs_are_added_and_removed_and_come_back():
    it = House().settled()
    third = it.battery.group.add()
    begun, told = it.clock.passed_ms, len(it.sink.told)
    it.run(240)
    assert ("packs", 0, (1, 2, 3)) in it.sink.told[told:]
    assert {("identity", 3), ("limits", 3)} <= set(it.kinds(told)) and it.packs_read(begun).count(3) > 2
    assert not [missed for _, missed, _ in it.sink.cycles if missed]
    third = it.battery.group.packs.pop()
    told = len(it.sink.told)
    it.run(25)  # noticed at once
    assert ("packs", 0, (1, 2)) in it.sink.told[told:]
    begun = it.clock.passed_ms
    it.run(600)
    assert not [pack for _, _, pack in it.questions(begun) if pack == 3] and it.packs_read(begun) == [1, 2] * 60
    third.override(temperatures=[220] * 4)  # it is another one, with a history of its own
    it.battery.group.packs.append(third)
    begun = it.clock.passed_ms
    it.run(60, lambda: 3 in it.packs_read(begun))  # it is looked for
    assert it.clock.passed_ms - begun <= 45_000 and it.poller.implausible == 0


def test_a_pack_that_answers_again_is_asked_who_it_is():
    it = House(packs=2).settled()
    pack = it.battery.group.pack(2)
    pack.missing = "rtn"
    it.run(60)
    pack.missing = None
    pack.override(serial="EXCHANGED0000001")
    begun = it.clock.passed_ms
    it.run(60)
    kind, pack, answer = it.sink.told[-1]
    assert (kind, pack, answer.serial) == ("identity", 2, "EXCHANGED0000001")
    assert [pack for _, cid2, pack in it.questions(begun) if cid2 == SERIAL] == [2, 2]


@pytest.mark.parametrize("pause_s", [100, WEEK_S])
def test_paused(pause_s):
    it = House().settled()
    it.poller.pause(True)
    begun = it.clock.passed_ms
    it.run(100)
    assert it.questions(begun) == [] and it.poller.alive() and it.sink.cycles[-1][1] is None
    it.clock.advance(1000 * (pause_s - 100))
    it.poller.pause(False)
    begun = it.clock.passed_ms
    it.run(600)
    asked = [cid2 for _, cid2, _ in it.questions(begun)]
    assert it.packs_read(begun)[:2] == [1, 2] and asked.count(COUNT) >= 3 and asked.count(LIMITS) >= 2 * 2


@pytest.mark.parametrize(("packs", "rate_s"), [(2, 10), (16, 1)])
def test_during_an_update_what_is_asked_seldom_waits_and_the_readings_go_on(packs, rate_s):
    it = House(packs=packs, rate_s=rate_s).run(600, updates=True)  # which packs there are must be known
    assert it.kinds() == [("packs", 0)] and len(it.packs_read()) > 100
    it.run(200)
    assert len(it.kinds()) >= 6


class Asking:
    """Questions over a dialect that answers with the next of `script[kind, pack]`, the last for ever, else as usual."""

    def __init__(self, ticks=0):
        self.clock, self.asked, self.script = Clock(ticks), [], {}
        dialect = SimpleNamespace(**{kind: partial(self._answer, kind) for kind in USUAL})
        self.questions = Questions(dialect, self.clock)

    def _answer(self, kind, pack):
        self.asked.append((kind, pack))
        answers = self.script.get((kind, pack), [USUAL[kind]])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def news(self):
        """-> [(kind, pack, answer or error)] of what is queued, and is news or failed."""
        found = []
        while self.questions.due:
            kind, pack, answer, error = self.questions.ask()
            if error or answer is not None:
                found.append((kind, pack, error or answer))
        return found


def test_everything_is_asked_twice_and_told_once():
    it = Asking()
    for _ in range(2):
        it.asked.clear()
        it.questions.ask_everything((1, 2))
        assert it.news() == [(kind, pack, WHOLE[0] if kind == "identity" else USUAL[kind]) for kind, pack in FIRST]
        assert it.asked == [question for question in FIRST for _ in range(2)]
    it.questions.ask_packs()
    assert it.news() == []  # as before


@pytest.mark.parametrize(("answers", "times", "told"), [
    ([5, 5], 1, [5]), ([5, 6, 5, 5], 1, [5]), ([5, 6, 6], 1, [6]), ([None], 1, []), ([0, 0], 1, [0]),
    ([5, None, 5, 6, 6], 2, [6]),  # the battery did not say it in between
    ([5, 5, 6, 5, 6, 5, 6], 3, [5]), ([5, 5, 6, 5, 6, 5, 6], 4, [5, 6]),  # forgotten when the usual one follows
])  # fmt: skip
def test_news_came_twice_in_a_row(answers, times, told):
    it = Asking()
    it.script["packs", 0] = answers
    found = []
    for _ in range(times):
        it.questions.ask_packs()
        found += [answer for _, _, answer in it.news()]
    assert found == told


@pytest.mark.parametrize(("first", "then", "refusals"), [
    (0, SILENT, 2), (0, UNKNOWN, 0),  # never a whole one
    (2, SILENT, PARTIAL_LATER), (2, UNKNOWN, PARTIAL_LATER),
])  # fmt: skip
def test_partial_answers_that_are_refused_before_one_is_taken(first, then, refusals):
    it = Asking()
    it.script["identity", 1] = [WHOLE] * first + [((None, "2.0"), then)]
    errors = []
    for _ in range(first + refusals + 2):  # each time as a new pack
        it.questions.due = []
        it.questions.regroup((1,), [1])
        *_, answer, error = it.questions.ask()
        errors.append(error)
    assert errors[first:] == [then] * refusals + [None] * 2 and answer == (None, "2.0")


@pytest.mark.parametrize("at_once", [False, True])
def test_what_failed_is_asked_again(at_once):
    it = Asking()
    it.script["packs", 0] = [SILENT, (1, 2)]
    it.questions.ask_everything((1,))
    assert it.questions.ask() == ("packs", 0, None, SILENT)
    it.questions.ask_again(at_once)
    rest, again = it.news(), ("packs", 0, (1, 2))
    assert (rest[0] == again) if at_once else (again not in rest)
    it.questions.retry()
    assert it.news() == ([] if at_once else [again])


@pytest.mark.parametrize("ticks", [0, PERIOD - 200_000])
def test_schedule(ticks):
    it = Asking(ticks)
    for is_short, passes, packs, limits in ((False, 360, 20 + 1, 12 + 1), (True, 60, 30, 2)):  # news are asked twice
        it.asked.clear()
        for _ in range(passes):
            it.clock.advance(10_000)
            it.questions.schedule((1, 2), (), is_short)
            it.news()
        assert (it.asked.count(("packs", 0)), it.asked.count(("limits", 2))) == (packs, limits)
    it.asked.clear()
    it.clock.advance(PERIOD * 2 // 3)  # a negative difference
    for _ in range(1000):  # what waits to be asked does not grow
        it.questions.schedule((1,), [1], False)
        it.clock.advance(100_000)
    assert it.questions.due and not it.questions.identity_is_next()
    it.news()
    assert it.asked == [("packs", 0), ("identity", 1), ("identity", 1), ("limits", 1), ("counters", 1)]


def test_packs_that_left_are_not_asked_any_more():
    it = Asking()
    it.questions.ask_everything((1, 2, 3))
    it.questions.regroup((1, 2, 4), [4])
    assert it.questions.identity_is_next()
    it.news()
    assert {pack for _, pack in it.asked} == {0, 1, 2, 4}
    it.questions.regroup((1, 2), [])
    it.questions.regroup((1, 2, 4), [4])  # back again: what was published of it is gone
    assert [(kind, pack) for kind, pack, _ in it.news()] == [("identity", 4), ("limits", 4), ("counters", 4)]
