"""session.Session in the course of time: pings, silence, pauses between tries, Wi-Fi, messages."""

import itertools

import pytest
from fake_net import ANSWERS, CONNECT, DEAD, HANG_UP, PINGREQ, REFUSES, SILENT, SUBSCRIBE, UMQTT, publish
from mqtt_rig import CONNECTED, LWT, SLACK_MS, WAIT_MS, Rig

ONLINE = (LWT, b"Online", True)


@pytest.fixture(params=UMQTT)
def rig(request):
    """With a connection that stands."""
    rig = Rig(request.param)
    rig.drive(1)
    assert rig.session.connected
    return rig


# -- signs of life ----------------------------------------------------------------------------------------------------


def test_it_pings_whatever_else_is_on_the_line(rig):
    for _ in range(600):
        rig.drive(0.1)
        assert rig.session.publish(b"t", b"x")
        rig.arrives(publish(b"t", b"x"))
    assert 3 <= len(rig.heard(PINGREQ)) <= 4


def test_a_minute_without_a_byte_and_no_sooner(rig):
    rig.line.silent = True
    rig.drive(58)
    for silent_ms, lives in ((59_999, True), (60_000, False)):
        rig.clock.advance(silent_ms - rig.session.silence_ms())
        rig.session.tend()
        assert rig.session.connected is lives
    assert len(rig.warnings()) == 1 and rig.session.drops == 1


def test_one_byte_in_time_is_enough(rig):
    rig.line.silent = True
    rig.drive(40)
    rig.line.silent = False
    rig.drive(60)
    assert rig.session.connected and rig.session.drops == 0


def test_publishing_into_a_dead_connection_ends_in_time(rig):
    rig.clock.advance(8_000)  # what else the board did does not shorten it
    rig.net.room = 0
    rig.clock.on_sleep = lambda: setattr(rig.net, "room", 1 << 30)
    assert rig.session.publish(b"t", b"x")
    rig.net.room, rig.clock.on_sleep = 0, None
    result, ms = rig.took_ms(rig.session.publish, b"t", b"x" * 5000)
    assert result is False and ms <= WAIT_MS + SLACK_MS and not rig.session.connected
    rig.session.tend()
    assert rig.warnings()[0].startswith("warning: broker lost: no answer in time")


def test_silence_is_counted_from_the_last_byte_also_without_a_connection():
    rig = Rig()
    rig.net.way = DEAD
    rig.drive(300)
    assert 300_000 <= rig.session.silence_ms() <= 305_000
    rig.net.way, rig.net.fault = ANSWERS, (CONNECT, b"\x20\x02\0\5", HANG_UP)
    rig.drive(120)
    assert rig.session.silence_ms() <= 60_000  # a refusal is a sign of life: to start anew would not help
    rig.net.fault = None
    rig.drive(120)
    assert rig.session.silence_ms() <= 15_100


# -- tries and pauses -------------------------------------------------------------------------------------------------


def pauses_s(rig, seconds):
    """Without a way to the broker for so long -> the pauses between tries, in s."""
    rig.net.way = REFUSES
    rig.net.attempts.clear()
    rig.drive(seconds)
    return [(after - before) / 1000 for before, after in itertools.pairwise(rig.net.attempts)]


@pytest.mark.parametrize(("jitter", "share"), [(0, 0.75), (1, 0.95)])
def test_pauses_double_from_1_to_60_s_with_jitter(jitter, share):
    rig = Rig()
    rig.jitter = jitter
    expected = [share * min(2**n, 60) for n in range(10)]
    assert pauses_s(rig, 400)[:10] == pytest.approx(expected, abs=0.1, rel=0.02)


def test_pauses_begin_anew_once_a_connection_has_lived(rig):
    pauses_s(rig, 200)
    rig.net.way = ANSWERS
    rig.drive(60, until=lambda: rig.session.connected)
    rig.drive(30)
    rig.line.hung_up = True
    assert pauses_s(rig, 10)[0] < 2


def test_pauses_go_on_growing_while_connections_are_short(rig):
    rig.net.fault = SUBSCRIBE, b"\x90\x03\0\1\0", HANG_UP
    rig.line.hung_up = True
    rig.drive(300)
    tries = rig.net.attempts
    assert tries[-1] - tries[-2] > 40_000
    assert len(rig.warnings()) == 2 and rig.lines.count(CONNECTED) == 2
    rig.net.fault = None
    rig.drive(120)
    assert rig.lines[-1] == CONNECTED + ", and it lasts"
    rig.arrives(b"")
    rig.drive(60)
    assert len(rig.warnings()) == 3  # and a new trouble is a new one


def test_a_new_trouble_is_told_again_and_no_socket_is_left_behind(rig):
    for number in range(1, 21):
        rig.arrives(b"")
        rig.drive(40)
        assert len(rig.warnings()) == number == rig.session.drops and rig.lines.count(CONNECTED) == number + 1
    assert rig.net.open_count() == 1


def test_another_trouble_in_the_same_outage_is_told_too():
    rig = Rig()
    for way in (REFUSES, DEAD, REFUSES):
        rig.net.way = way
        rig.drive(150)
    assert len(rig.warnings()) == 3


def test_the_name_is_resolved_again_after_three_failures():
    rig = Rig()
    rig.net.way = REFUSES
    asked = []
    while len(rig.net.attempts) < 9:
        rig.drive(60, until=lambda: len(rig.net.attempts) > len(asked))
        asked.append(rig.net.asked)
    assert asked == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_a_dead_dns_does_not_keep_it_from_a_broker_that_it_knows(rig):
    rig.net.name_known = False
    pauses_s(rig, 60)
    rig.arrives(b"")
    rig.drive(60)
    rig.net.way = ANSWERS
    rig.drive(60)
    assert rig.session.connected


def test_without_wifi_nothing_is_tried_and_with_it_at_once():
    rig = Rig()
    rig.drive(600, network_up=False)
    assert not rig.net.sockets and not rig.lines
    rig.drive(1)
    assert rig.lines == [CONNECTED]
    rig.drive(600, network_up=False)
    assert len(rig.net.attempts) == 1 and not rig.session.publish(b"t", b"x")
    assert rig.warnings()[0].startswith("warning: broker lost: there is no Wi-Fi") and rig.session.drops == 1
    assert rig.drive(10, until=lambda: rig.session.connected) < 1
    assert rig.heard(last=True) == [ONLINE]


# -- messages ---------------------------------------------------------------------------------------------------------


def test_messages_come_whole_and_in_order(rig):
    data = publish(b"a", b"1") + publish(b"b", b"x" * 256, retain=True) + publish(b"c", bytes(10_000))
    rig.arrives(data)
    rig.drive(1)
    assert rig.messages == [(b"a", b"1", False), (b"b", b"x" * 256, True), (b"c", bytes(257), False)]


def test_a_message_in_two_pieces_long_after_the_connection_was_made(rig):
    rig.drive(60)
    data = publish(b"t", b"x" * 50)
    rig.arrives(data[:9], data[9:], every_ms=700)
    rig.drive(2)
    assert rig.messages == [(b"t", b"x" * 50, False)] and rig.session.drops == 0


def test_no_more_than_some_are_kept_while_it_connects():
    rig = Rig()
    rig.net.fault = SUBSCRIBE, b"", SILENT
    rig.clock.on_sleep = lambda: rig.arrives(publish(b"t", b"x"))
    rig.session.tend()
    assert len(rig.messages) == 20


def test_some_at_a_time_and_none_is_lost(rig):
    rig.arrives(b"".join(publish(b"t", b"%d" % n) for n in range(30)))
    rig.session.tend()
    assert len(rig.messages) == 8
    rig.drive(1)
    assert [payload for _, payload, _ in rig.messages] == [b"%d" % n for n in range(30)]


def test_a_message_may_be_answered(rig):
    rig.session.on_message = lambda topic, payload, retained: rig.session.publish(b"answer", payload)
    rig.arrives(publish(b"t", b"x"))
    rig.drive(1)
    assert rig.heard()[-1] == (b"answer", b"x", False)
