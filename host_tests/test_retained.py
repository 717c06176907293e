"""retained.py: what outlives a reset, and what of it is believed."""

from plain_checks import checks_of


@checks_of("retained_cases")
def test_retained(check):
    check()
