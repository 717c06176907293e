"""publisher.py: what goes out when, told by a poller, a clock and a connection that comes and goes."""

from __future__ import annotations

from fakes import made_reading
from house import READINGS, House


def test_readings_and_rack_are_not_retained():
    house = House()
    house.cycle(made_reading())
    sent = [(topic.removeprefix(READINGS), retain) for topic, _, retain in house.session.sent]
    assert sent == [("Pack1", False), ("Rack", False)]


def test_a_cycle_that_misses_a_pack_publishes_no_rack():
    house = House()
    house.cycle(made_reading(), missed=[2])
    assert [topic for topic, _, _ in house.session.sent] == [READINGS + "Pack1"]


def test_health_once_a_minute():
    house = House()
    house.pass_time(59)
    assert house.session.sent == []
    house.pass_time(1)
    house.pass_time(60)
    assert house.session.sent == [("PylonToMQTT/Main/tele/STATE", '{"Uptime":5,"LastError":"none"}', False)] * 2


def test_status_is_retained():
    house = House()
    house.publisher.state("status")
    assert house.session.sent == [("PylonToMQTT/Main/stat/status", '{"name":"Main","uptime":5}', True)]


def test_after_a_quiet_week_the_log_speaks_at_once():
    """Ticks cannot tell six days from minus six."""
    house = House()
    for days in (7, 9, 12):
        house.session.connected = False
        house.clock.advance(days * 24 * 3600 * 1000)
        house.session.connected = True
        house.publisher.line("trouble")
        house.session.sent.clear()
        house.pass_time(3)
        topics = [topic.removeprefix("PylonToMQTT/Main/") for topic, _, _ in house.session.sent]
        assert sorted(topics) == ["tele/LOG", "tele/STATE"], days


def test_lines_of_the_log_are_spread_and_bounded():
    house = House()
    for number in range(20):
        house.publisher.line(f"trouble {number}")
    house.pass_time(30)
    lines = [text for topic, text, retain in house.session.sent if topic.endswith("tele/LOG") and not retain]
    assert lines == [f"trouble {number}" for number in range(12, 20)]
