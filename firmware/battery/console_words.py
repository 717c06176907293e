"""States as the text console says them (§7.4). Loaded for the moment."""

from ..reading import ABOVE, BELOW, NORMAL, OTHER

BASE = ("Charge", "Dischg", "Idle", "Balance", "Sleep")
_WORDS = (("Normal", NORMAL), ("-", NORMAL), ("Low", BELOW), ("Under", BELOW), ("High", ABOVE), ("Over", ABOVE))
_MOST_WORDS = 8


def state(word, whose, words):
    """A state in words -> one of reading.NORMAL …; an unknown word is appended to `words` with `whose` it is: "Volt
    Status Odd".
    """
    value = OTHER
    for known, meaning in _WORDS:
        if word == known:
            value = meaning
    if value == OTHER:
        remark(words, whose, word)
    return value


def remark(words, whose, word):
    """One more of the words that nobody knows, with `whose` it is, within a bound."""
    if len(words) < _MOST_WORDS:
        words.append("%s %s" % (whose, word))
