"""problems.py: alarms in words."""

from plain_checks import checks_of


@checks_of("problems_cases")
def test_problems(check):
    check()
