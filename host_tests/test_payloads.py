"""payloads.py: what is published, number by number."""

from plain_checks import checks_of


@checks_of("payload_cases")
def test_payloads(check):
    check()


@checks_of("console_payload_cases")
def test_what_only_the_text_console_says(check):
    check()
