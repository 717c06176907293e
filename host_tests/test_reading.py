"""reading.py: what one pack said, and what follows from it."""

from plain_checks import checks_of


@checks_of("reading_cases")
def test_reading(check):
    check()
