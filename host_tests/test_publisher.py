"""publisher.py: what goes out when, told by a poller, a clock and a connection that comes and goes."""

from __future__ import annotations

import pytest
from discovery_made import PREFIX, identity
from fakes import PERIOD, Clock, made_reading
from payload_cases import extra_of
from publisher_rig import Rig

STATE = PREFIX + "tele/STATE", '{"Uptime":5,"LastError":"none"}', False
INFO = f"{PREFIX}stat/info/Pack".encode()
KNOWN = b'{"Protocol":"2.0"}'


@pytest.mark.parametrize(("missed", "topics"), [
    ([], ["stat/readings/Pack1", "stat/readings/Rack"]), ([2], ["stat/readings/Pack1"]),
])  # fmt: skip
def test_readings_and_the_rack_of_a_whole_cycle_are_not_retained(missed, topics):
    rig = Rig()
    rig.cycle(made_reading(), missed=missed)
    assert [(topic.removeprefix(PREFIX), retain) for topic, _, retain in rig.session.sent] == [
        (topic, False) for topic in topics]  # fmt: skip


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


def test_state_once_a_minute_and_at_once_when_the_battery_is_lost_and_found():
    rig = Rig()
    for seconds, searching, sent in (
        (59, False, []), (1, False, [STATE]), (60, False, [STATE]), (1, True, [STATE]), (1, True, []),
        (1, False, [STATE]), (1, False, []),
    ):  # fmt: skip
        rig.session.sent.clear()
        rig.poller.searching = searching
        rig.pass_time(seconds)
        assert rig.session.sent == sent


def test_what_a_pack_that_is_gone_said_is_taken_back():
    """Also what an earlier start published; once, and not before it is known which packs there are."""
    rig = Rig()
    for pack, said in ((1, KNOWN), (3, KNOWN), (4, b"{}"), (5, b""), (17, KNOWN)):
        assert rig.publisher.identity_came(INFO + b"%d" % pack, said)
    for topic in (b"PylonToMQTT/Main/cmnd/x", b"x" * len(INFO) + b"6", INFO + b"x"):
        assert not rig.publisher.identity_came(topic, KNOWN)
    rig.pass_time(1)
    assert rig.session.sent == []
    rig.publisher.publish_detail("packs", None, (1, 2))
    taken_back = [(f"{PREFIX}stat/{kind}/Pack3", "{}", True) for kind in ("info", "limits", "counters")]
    for _ in range(2):
        rig.pass_time(1)
        assert rig.session.sent == taken_back


@pytest.mark.parametrize("ticks", [0, PERIOD - 60_000])
def test_what_a_battery_said_is_taken_back_when_it_is_silent_for_five_minutes(ticks):
    rig = Rig(clock=Clock(ticks))
    rig.publisher.publish_detail("packs", None, (1, 2))
    for pack in (b"1", b"2"):
        rig.publisher.identity_came(INFO + pack, KNOWN)
    rig.pass_time(1)
    rig.poller.searching = True
    for ms, packs in ((299_999, []), (1, ["Pack1"] * 3 + ["Pack2"] * 3)):
        rig.clock.advance(ms)
        rig.publisher.tend()
        assert [topic[-5:] for topic, text, retain in rig.session.sent if text == "{}" and retain] == packs
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
    for ms, sent in ((2_000, ["tele/LOG"]), (1_999, []), (1, ["tele/LOG"])):
        for number in range(20):
            rig.publisher.line(f"trouble {number}")
        rig.clock.advance(ms)
        rig.publisher.tend()
        assert rig.topics() == sent
    rig.pass_time(30)
    lines = [text for topic, text, retain in rig.session.sent if topic.endswith("tele/LOG") and not retain]
    assert lines == [f"trouble {number}" for number in range(13, 20)]


DETAILS = (
    # kind, pack, answer, topic, payload
    ("identity", 2, identity("PPTBP02311711100", version="2.3", maker="Pylon", device="US2KBPL"), "stat/info/Pack2",
     '{"BarCode":"PPTBP02311711100","Protocol":"2.0","Version":"2.3","Manufacturer":"Pylon","Device":"US2KBPL",'
     '"Dialect":"framed","Baud":4800}'),
    ("identity", 1, identity(None), "stat/info/Pack1", '{"Protocol":"2.0","Dialect":"framed","Baud":4800}'),
    ("identity", 2, identity('a"b\\c', "console", 115200, maker="", device=""), "stat/info/Pack2",
     '{"BarCode":"a\\"b\\\\c","Protocol":"2.0","Dialect":"console","Baud":115200}'),
    ("limits", 2, (53250, 47000, 25000, -25000, True, False, False, True), "stat/limits/Pack2",
     '{"ChargeVoltageLimit":53.25,"DischargeVoltageLimit":47.0,"ChargeCurrentLimit":25.0,'
     '"DischargeCurrentLimit":-25.0,"ChargeEnable":true,"DischargeEnable":false,"ChargeImmediately":false,'
     '"FullChargeRequest":true}'),
    ("counters", 3, (None, None, 1234500, 2, 3, 4), "stat/counters/Pack3",
     '{"DischargedCapacity":1234.5,"Protections":2,"Resets":3,"Shutdowns":4}'),
    ("parameters", None, (3650, 3050, 2800, 600, -100, 25000, 52500, 45500, 42000, 600, -325, -25000),
     "stat/parameters",
     '{"CellHighVoltageLimit":3.65,"CellLowVoltageLimit":3.05,"CellUnderVoltageLimit":2.8,'
     '"ChargeHighTemperatureLimit":60.0,"ChargeLowTemperatureLimit":-10.0,"ChargeCurrentLimit":25.0,'
     '"PackHighVoltageLimit":52.5,"PackLowVoltageLimit":45.5,"PackUnderVoltageLimit":42.0,'
     '"DischargeHighTemperatureLimit":60.0,"DischargeLowTemperatureLimit":-32.5,"DischargeCurrentLimit":-25.0}'),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "pack", "answer", "topic", "text"), DETAILS)
def test_details_are_retained(kind, pack, answer, topic, text):
    rig = Rig()
    rig.publisher.publish_detail(kind, pack, answer)
    assert rig.session.sent == [(PREFIX + topic, text, True)]


@pytest.mark.parametrize("announces", [False, True])
def test_what_a_battery_said_before_it_spoke_text_is_taken_away(announces):
    """At once, or when Home Assistant knows: there an empty one without a config would be an error."""
    rig = Rig(announces)
    for pack in (1, 2):
        rig.publisher.publish_detail("identity", pack, identity(dialect="console"))
        rig.publisher.reading(made_reading(pack=pack, extra=extra_of()))
    topics = [PREFIX + "stat/limits/Pack1", PREFIX + "stat/parameters", PREFIX + "stat/limits/Pack2"]
    rig.publisher.cycle([], 10_000)
    for seconds, sent in ((1, not announces), (2, True)):
        rig.pass_time(seconds)
        emptied = [topic for topic, text, retain in rig.session.sent if not text and retain]
        assert emptied[-3:] == (topics if sent else [])
