"""publisher.py: what goes out when, told by a poller, a clock and a connection that comes and goes."""

from __future__ import annotations

import pytest
from console_payload_cases import extra_of
from discovery_made import PREFIX, identity
from fakes import PERIOD, Clock, made_reading
from publisher_rig import Rig

STATE = PREFIX + "tele/STATE", '{"Uptime":5,"LastError":"none"}', False


def test_readings_and_rack_are_not_retained():
    rig = Rig()
    rig.cycle(made_reading())
    sent = [(topic.removeprefix(PREFIX), retain) for topic, _, retain in rig.session.sent]
    assert sent == [("stat/readings/Pack1", False), ("stat/readings/Rack", False)]


def test_a_cycle_that_misses_a_pack_publishes_no_rack():
    rig = Rig()
    rig.cycle(made_reading(), missed=[2])
    assert rig.topics() == ["stat/readings/Pack1"]


def test_energy_counts_without_a_broker():
    rig = Rig()
    rig.session.connected = False
    for _ in range(361):
        rig.cycle(made_reading(current=10_000, voltage=50_000))
        rig.clock.advance(10_000)
    rig.session.connected = True
    rig.cycle(made_reading(current=10_000, voltage=50_000))
    assert rig.session.sent[0][0] == PREFIX + "stat/readings/Pack1"
    for _, text, _ in rig.session.sent[::2]:  # and tele/STATE between them
        assert '"ChargedEnergy":0.501,"DischargedEnergy":0.0' in text  # 500 W, 3610 s


def test_state_once_a_minute():
    rig = Rig()
    rig.pass_time(59)
    assert rig.session.sent == []
    rig.pass_time(1)
    rig.pass_time(60)
    assert rig.session.sent == [STATE] * 2


def test_state_at_once_when_the_battery_is_lost_and_found():
    rig = Rig()
    for searching, sent in ((True, [STATE]), (True, []), (False, [STATE]), (False, [])):
        rig.session.sent.clear()
        rig.poller.searching = searching
        rig.pass_time(1)
        assert rig.session.sent == sent


def test_what_a_pack_that_is_gone_said_is_taken_back():
    """Also what an earlier start published; once, and not before it is known which packs there are."""
    rig = Rig()
    for pack, said in ((1, b'{"Protocol":"2.0"}'), (3, b'{"Protocol":"2.0"}'), (4, b"{}"), (5, b""), (99, b'{"a":1}')):
        assert rig.publisher.identity_came(b"%sstat/info/Pack%d" % (PREFIX.encode(), pack), said)
    assert not rig.publisher.identity_came(b"PylonToMQTT/Main/cmnd/x", b'{"a":1}')
    rig.pass_time(1)
    assert rig.session.sent == []
    rig.publisher.publish_detail("packs", None, (1, 2))
    rig.pass_time(1)
    taken_back = [(f"{PREFIX}stat/{kind}/Pack3", "{}", True) for kind in ("info", "limits", "counters")]
    assert rig.session.sent == taken_back
    rig.pass_time(1)
    assert rig.session.sent == taken_back


@pytest.mark.parametrize("ticks", [0, PERIOD - 60_000])
def test_what_a_battery_said_is_taken_back_when_it_is_silent_for_five_minutes(ticks):
    rig = Rig(clock=Clock(ticks))
    rig.publisher.publish_detail("packs", None, (1, 2))
    for pack in (1, 2):
        rig.publisher.identity_came(b"%sstat/info/Pack%d" % (PREFIX.encode(), pack), b'{"Protocol":"2.0"}')
    rig.pass_time(1)
    rig.poller.searching = True
    rig.pass_time(299)
    assert "{}" not in [text for _, text, _ in rig.session.sent]
    rig.pass_time(2)
    packs = [topic[-5:] for topic, text, retain in rig.session.sent if text == "{}" and retain]
    assert packs == ["Pack1"] * 3 + ["Pack2"] * 3
    rig.poller.searching = False
    rig.publisher.publish_detail("packs", None, (1, 2))
    rig.identify(1)
    rig.pass_time(1)
    assert rig.session.sent[-2][0] == PREFIX + "stat/info/Pack1"


def test_behind_a_connect_come_status_and_state():
    rig = Rig()
    rig.publisher.connected()
    assert rig.session.sent == [(PREFIX + "stat/status", '{"name":"Main","uptime":5}', True), STATE]


def test_after_a_quiet_week_the_log_speaks_at_once():
    """Ticks cannot tell six days from minus six."""
    rig = Rig()
    for days in (7, 9, 12):
        rig.session.connected = False
        rig.clock.advance(days * 24 * 3600 * 1000)
        rig.session.connected = True
        rig.publisher.line("trouble")
        rig.topics()
        rig.pass_time(3)
        assert sorted(rig.topics()) == ["tele/LOG", "tele/STATE"], days


def test_lines_of_the_log_are_spread_and_bounded():
    rig = Rig()
    for number in range(20):
        rig.publisher.line(f"trouble {number}")
    rig.pass_time(2)
    assert rig.topics() == ["tele/LOG"]
    for number in range(20):
        rig.publisher.line(f"trouble {number}")
    rig.pass_time(30)
    lines = [text for topic, text, retain in rig.session.sent if topic.endswith("tele/LOG") and not retain]
    assert lines == [f"trouble {number}" for number in range(12, 20)]


IDENTITIES = (
    (identity("PPTBP02311711100", version="2.3", maker="Pylon", device="US2KBPL"),
     '{"BarCode":"PPTBP02311711100","Protocol":"2.0","Version":"2.3","Manufacturer":"Pylon","Device":"US2KBPL",'
     '"Dialect":"framed","Baud":4800}'),
    (identity(None), '{"Protocol":"2.0","Dialect":"framed","Baud":4800}'),
    (identity('a"b\\c', maker="", device=""),
     '{"BarCode":"a\\"b\\\\c","Protocol":"2.0","Dialect":"framed","Baud":4800}'),
    (identity("L" * 20, "console", 115200, version="1.3", maker="PYTES"),
     '{"BarCode":"%s","Protocol":"2.0","Version":"1.3","Manufacturer":"PYTES","Dialect":"console","Baud":115200}'
     % ("L" * 20)),
)  # fmt: skip


@pytest.mark.parametrize(("who", "text"), IDENTITIES)
def test_identity(who, text):
    rig = Rig()
    rig.publisher.publish_detail("identity", 2, who)
    assert rig.session.sent == [(PREFIX + "stat/info/Pack2", text, True)]


def test_limits_and_parameters_are_retained():
    rig = Rig()
    rig.publisher.publish_detail("limits", 2, (1, 2, 3, -4, True, False, False, False))
    rig.publisher.publish_detail("parameters", None, tuple(range(12)))
    (limits, first, _), (parameters, second, _) = rig.session.sent
    assert (limits, parameters) == (PREFIX + "stat/limits/Pack2", PREFIX + "stat/parameters")
    assert first.startswith('{"ChargeVoltageLimit":0.001,') and second.startswith('{"CellHighVoltageLimit":0.0,')
    assert [retain for _, _, retain in rig.session.sent] == [True, True]


@pytest.mark.parametrize("announces", [False, True])
def test_what_a_battery_said_before_it_spoke_text_is_taken_away(announces):
    """At once, or when Home Assistant knows: there an empty one without a config would be an error."""
    rig = Rig(announces)
    for pack in (1, 2):
        rig.publisher.publish_detail("identity", pack, identity(dialect="console"))
        rig.publisher.reading(made_reading(pack=pack, extra=extra_of()))
    topics = {PREFIX + "stat/limits/Pack1", PREFIX + "stat/parameters", PREFIX + "stat/limits/Pack2"}

    def emptied():
        return {topic for topic, text, retain in rig.session.sent if not text and retain}

    assert emptied() == (set() if announces else topics)
    rig.publisher.cycle([], 10_000)
    rig.pass_time(1)
    assert emptied() == (set() if announces else topics)
    rig.pass_time(2)
    assert emptied() == topics
