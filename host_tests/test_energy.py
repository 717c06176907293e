"""energy.py: watts over time into watt-hours."""

from plain_checks import checks_of


@checks_of("energy_cases")
def test_energy(check):
    check()
