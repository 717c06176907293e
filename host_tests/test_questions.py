"""questions.py: what is asked seldom, when it is asked again, and when its answer is news."""

from __future__ import annotations

import pytest
from fakes import PERIOD, Clock

from firmware.battery import NoReply, Refusal
from firmware.battery.questions import Questions

WHOLE = ("SERIAL", "2.0"), None
UNKNOWN, SILENT = Refusal(4, "RTN 04H CID2 invalid"), NoReply("no reply")
PARTIAL_LATER = 250  # partial answers of a pack that gave a whole one


class Dialect:
    """Answers each question with the next of `script[kind, pack]`, the last of it for ever, else as usual."""

    def __init__(self):
        self.asked = []
        self.script = {}
        for kind, usual in (
            ("packs", (1, 2)), ("identity", WHOLE), ("limits", (1, 2)), ("parameters", (3, 4)), ("counters", (7, 8)),
        ):  # fmt: skip
            setattr(self, kind, lambda pack, kind=kind, usual=usual: self._answer(kind, pack, usual))

    def _answer(self, kind, pack, usual):
        self.asked.append((kind, pack))
        answers = self.script.get((kind, pack), [usual])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Rig:
    def __init__(self, ticks=0):
        self.clock, self.dialect = Clock(ticks), Dialect()
        self.questions = Questions(self.dialect, self.clock)

    def news(self):
        """Asks all that is queued -> [(kind, pack, answer or error)] of what is news or failed."""
        found = []
        while self.questions.pending():
            kind, pack, answer, error = self.questions.ask()
            if error or answer is not None:
                found.append((kind, pack, error or answer))
        return found

    def identities(self, count):
        """What comes of asking pack 1 so many times who it is, each time as a new pack."""
        found = []
        for _ in range(count):
            self.questions.forget()
            self.questions.regroup((1,), [1])
            found.append(self.questions.ask()[2:])
        return found


def test_everything_is_asked_twice_and_told_once():
    it = Rig()
    for _ in range(2):
        it.dialect.asked.clear()
        it.questions.ask_everything((1, 2))
        expected = [("packs", 0), ("identity", 1), ("identity", 2), ("limits", 1), ("limits", 2),
                    ("counters", 1), ("counters", 2), ("parameters", 0)]  # fmt: skip
        told = it.news()
        assert [(kind, pack) for kind, pack, _ in told] == expected
        assert it.dialect.asked == [question for question in expected for _ in range(2)]
        assert told[1] == ("identity", 1, WHOLE[0]) and told[7] == ("parameters", 0, (3, 4))
    it.questions.ask_packs()
    assert it.news() == []  # as before


@pytest.mark.parametrize(("answers", "told"), [
    ([5, 5], [5]),
    ([5, 6, 5, 5], [5]),  # 6 came once
    ([5, 6, 6], [6]),
    ([5, None, 5, 5], []),  # not twice in a row, since the battery did not say it in between
    ([None], []),
    ([0, 0], [0]),
])  # fmt: skip
def test_news_came_twice_in_a_row(answers, told):
    it = Rig()
    it.dialect.script["packs", 0] = list(answers)
    it.questions.ask_packs()
    assert [answer for _, _, answer in it.news()] == told


def test_an_answer_that_came_once_is_forgotten_when_the_usual_one_follows():
    it = Rig()
    it.questions.ask_everything((1,))
    it.news()
    for _ in range(2):
        it.dialect.script["limits", 1] = [(9, 9), (1, 2)]
        it.clock.advance(300_000)
        it.questions.schedule((1,), [], False)
        assert it.news() == []
    it.dialect.script["limits", 1] = [(9, 9)]
    it.clock.advance(300_000)
    it.questions.schedule((1,), [], False)
    assert it.news() == [("limits", 1, (9, 9))]


@pytest.mark.parametrize(("first", "then", "refusals"), [
    (None, SILENT, 2), (None, UNKNOWN, 0),  # never a whole one
    (WHOLE, SILENT, PARTIAL_LATER), (WHOLE, UNKNOWN, PARTIAL_LATER),
])  # fmt: skip
def test_partial_answers_that_are_refused_before_one_is_taken(first, then, refusals):
    it = Rig()
    if first:
        it.identities(2)
    it.dialect.script["identity", 1] = [((None, "2.0"), then)]
    found = it.identities(refusals + 2)
    assert [error for _, error in found] == [then] * refusals + [None] * 2
    assert [answer for answer, _ in found][-1] == (None, "2.0")


@pytest.mark.parametrize("at_once", [False, True])
def test_what_failed_is_asked_again(at_once):
    it = Rig()
    it.dialect.script["limits", 1] = [SILENT, (1, 2)]
    it.questions.ask_everything((1,))
    while it.questions.ask()[3] is None:
        pass
    it.questions.ask_again(at_once)
    rest = it.news()
    assert ("limits", 1, (1, 2)) in rest if at_once else ("limits", 1, (1, 2)) not in rest
    it.questions.retry()
    assert it.news() == ([] if at_once else [("limits", 1, (1, 2))])


@pytest.mark.parametrize("ticks", [0, PERIOD - 200_000])
def test_schedule(ticks):
    it = Rig(ticks)
    counts = {}
    for is_short, passes_s in ((False, 3600), (True, 600)):
        it.dialect.asked.clear()
        for _ in range(passes_s // 10):
            it.clock.advance(10_000)
            it.questions.schedule((1, 2), [], is_short)
            it.news()
        counts[is_short] = [it.dialect.asked.count(question) for question in (("packs", 0), ("limits", 2))]
    assert counts[False] == [20 + 1, 12 + 1]  # one more: what is news is asked twice
    assert counts[True] == [30, 2]
    it.clock.advance(PERIOD * 2 // 3)  # a negative difference
    it.questions.schedule((1,), [1], False)
    assert it.questions.pending() and not it.questions.identity_is_next()
    it.dialect.asked.clear()
    it.news()
    assert it.dialect.asked == [("packs", 0), ("identity", 1), ("identity", 1), ("limits", 1), ("counters", 1)]


def test_what_waits_to_be_asked_does_not_grow():
    it = Rig()
    for _ in range(1000):
        it.clock.advance(100_000)
        it.questions.schedule((1, 2), [1, 2], True)
    it.questions.retry()
    it.news()
    assert len(it.dialect.asked) <= 2 * (1 + 2 + 2 + 2)


def test_packs_that_left_are_not_asked_any_more():
    it = Rig()
    it.questions.ask_everything((1, 2, 3))
    it.questions.regroup((1, 2, 4), [4])
    assert it.questions.identity_is_next()
    it.news()
    assert {pack for _, pack in it.dialect.asked} == {0, 1, 2, 4}
    assert [question for question in it.dialect.asked if question[1] == 4][::2] == [
        ("identity", 4), ("limits", 4), ("counters", 4)]  # fmt: skip
    it.questions.regroup((1, 2), [])
    it.questions.regroup((1, 2, 4), [4])  # back again: what was published of it is gone
    assert it.news() == [("identity", 4, WHOLE[0]), ("limits", 4, (1, 2)), ("counters", 4, (7, 8))]
    it.questions.ask_everything((1, 2))
    it.questions.forget()
    assert not it.questions.pending()
