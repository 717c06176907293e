"""questions.py: what is asked seldom, when it is asked again, and when its answer is news."""

from __future__ import annotations

import pytest
from fakes import PERIOD, Clock

from firmware.battery import NoReply, Refusal
from firmware.battery.questions import Questions

WHOLE = ("SERIAL", "2.0"), None
UNKNOWN, SILENT = Refusal(4, "RTN 04H CID2 invalid"), NoReply("no reply")
PARTIAL_LATER = 250  # partial answers of a pack that gave a whole one
USUAL = {"packs": (1, 2), "identity": WHOLE, "limits": (1, 2), "parameters": (3, 4), "counters": (7, 8)}
FIRST = [("packs", 0), ("identity", 1), ("identity", 2), ("limits", 1), ("limits", 2), ("counters", 1), ("counters", 2),
         ("parameters", 0)]  # fmt: skip
OF_4 = [("identity", 4), ("limits", 4), ("counters", 4)]


class Rig:
    """Questions over a dialect that answers with the next of `script[kind, pack]`, the last for ever, else as usual."""

    def __init__(self, ticks=0):
        self.clock, self.asked, self.script = Clock(ticks), [], {}
        for kind in USUAL:
            setattr(self, kind, lambda pack, kind=kind: self._answer(kind, pack))
        self.questions = Questions(self, self.clock)

    def _answer(self, kind, pack):
        self.asked.append((kind, pack))
        answers = self.script.get((kind, pack), [USUAL[kind]])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def news(self):
        """Asks all that is queued -> [(kind, pack, answer or error)] of what is news or failed."""
        found = []
        while self.questions.pending():
            kind, pack, answer, error = self.questions.ask()
            if error or answer is not None:
                found.append((kind, pack, error or answer))
        return found


def test_everything_is_asked_twice_and_told_once():
    it = Rig()
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
    it = Rig()
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
    it = Rig()
    it.script["identity", 1] = [WHOLE] * first + [((None, "2.0"), then)]
    errors = []
    for _ in range(first + refusals + 2):  # each time as a new pack
        it.questions.forget()
        it.questions.regroup((1,), [1])
        *_, answer, error = it.questions.ask()
        errors.append(error)
    assert errors[first:] == [then] * refusals + [None] * 2 and answer == (None, "2.0")


@pytest.mark.parametrize("at_once", [False, True])
def test_what_failed_is_asked_again(at_once):
    it = Rig()
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
    it = Rig(ticks)
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
    assert it.questions.pending() and not it.questions.identity_is_next()
    it.news()
    assert it.asked == [("packs", 0), ("identity", 1), ("identity", 1), ("limits", 1), ("counters", 1)]


def test_packs_that_left_are_not_asked_any_more():
    it = Rig()
    it.questions.ask_everything((1, 2, 3))
    it.questions.regroup((1, 2, 4), [4])
    assert it.questions.identity_is_next()
    it.news()
    assert {pack for _, pack in it.asked} == {0, 1, 2, 4}
    it.questions.regroup((1, 2), [])
    it.questions.regroup((1, 2, 4), [4])  # back again: what was published of it is gone
    assert [(kind, pack) for kind, pack, _ in it.news()] == OF_4
