"""rack.py: sums over the packs of one cycle, and what a missing pack means."""

from plain_checks import checks_of


@checks_of("rack_cases")
def test_rack(check):
    check()
