"""payloads.py, rack.py and announce.py with what only the text console says."""

from plain_checks import checks_of


@checks_of("console_payload_cases")
def test_console_payloads(check):
    check()
