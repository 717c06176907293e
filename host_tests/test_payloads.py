"""payloads.py: what is published, number by number."""

import json

from plain_checks import checks_of


@checks_of("payload_cases")
def test_payloads(check):
    check()


@checks_of("console_payload_cases")
def test_what_only_the_text_console_says(check):
    check()


def test_readings_are_json():
    """What JSON makes of the numbers is what the pack said."""
    from payload_cases import GOLDEN, pack_text

    for reading, charged, discharged, _ in GOLDEN:
        said = json.loads(pack_text(reading, charged, discharged))
        assert [round(cell["Reading"] * 1000) for cell in said["Cells"].values()] == list(reading.cells)
        assert [round(one["Reading"] * 10) for one in said["Temps"].values()] == list(reading.temperatures)
        assert list(said["Cells"]) == [f"Cell_{number}" for number in range(1, len(reading.cells) + 1)]
        assert round(said["RemainingCapacity"] * 1000) == reading.remaining
        assert ("Problem" in said) == ("Alarm_Status" in said) == ("State" in said["PackVoltage"]) \
            == bool(reading.alarms)
