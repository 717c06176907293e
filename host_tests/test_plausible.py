"""plausible.py: what the battery can have said, by protocol.md §6."""

from plain_checks import checks_of


@checks_of("plausible_cases")
def test_plausible(check):
    check()
