"""messages.py: every layout of INFO, to the last byte."""

from plain_checks import checks_of


@checks_of("messages_cases")
def test_messages(check):
    check()
