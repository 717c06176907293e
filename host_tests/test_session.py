"""session.Session: connects, lives, ends; what it says and does when something is in the way."""

import itertools
import random
from unittest import mock

import pytest
from mqtt_rig import COMMANDS, CONNACK, CONNECTED, LWT, PINGRESP, SECRET, SLACK_MS, UMQTT, WAIT_MS, Rig, publish

ONLINE, OFFLINE = (LWT, b"Online", True), (LWT, b"Offline", True)


@pytest.fixture(params=UMQTT)
def rig(request):
    """With a connection that stands."""
    rig = Rig(request.param)
    rig.drive(1)
    return rig


def test_a_good_connection_is_left_in_peace_for_hours(rig):
    rig.drive(7200)
    connect, _, _, *pings = rig.line.packets
    texts = b"id", LWT, b"Offline", b"owner", SECRET  # a retained last will; keepalive 60 s
    assert connect[1] == b"\0\x04MQTT\x04\xe6\0\x3c" + b"".join(bytes((0, len(text))) + text for text in texts)
    assert rig.heard() == [ONLINE] and rig.heard("SUBSCRIBE")[0][0] == COMMANDS
    assert [packet[0] for packet in pings] == ["PINGREQ"] * (7200 // 15)
    assert len(rig.connects) == 1 and rig.lines == [CONNECTED] and rig.session.drops == 0 and rig.session.host == "host"
    assert rig.session.publish(b"t", b"x" * 1000) and rig.heard()[-1] == (b"t", b"x" * 1000, False)
    assert rig.session.subscribe(b"more/#") is True and rig.heard("SUBSCRIBE")[-1][0] == b"more/#"
    rig.line.hung_up = True
    assert rig.session.subscribe(b"more/#") is False


HINT = " (is it an MQTT port, with TLS or without?)"
LATE, SILENT = "no answer in time", "silent for a minute"
CLOSED, NO_MQTT = "the broker closed the connection", "not an MQTT broker's answer"
DOOR = "the broker does not let us in: are mqtt_user and mqtt_pass right?"
MEGABYTE = publish(b"a/b", bytes(1_000_000))
FAULTS = {
    # at which packet, sent instead of the answer, and then; what is said when it wants to subscribe, and so has no
    # connection before; and when it subscribes to nothing, so that the connection stands for a while (None: not tried)
    "nothing listens": ("refuses", b"", "", "nothing listens there: is the broker running, is mqtt_port right?", None),
    "a dead address": ("dead", b"", "", LATE, None),
    "no such name": ("no name", b"", "", "the DNS does not know that name, or does not answer", None),
    "another server, which speaks first": ("accepted", b"SSH-2.0-OpenSSH_9.2\r\n", "silent", NO_MQTT, None),
    "answers nothing to CONNECT": ("CONNECT", b"", "silent", LATE + HINT, None),
    "half a CONNACK, then closes": ("CONNECT", CONNACK[:3], "hang up", CLOSED + HINT, None),
    "wrong protocol": ("CONNECT", b"\x20\x02\0\1", "hang up", "the broker does not speak MQTT 3.1.1", None),
    "wrong client id": ("CONNECT", b"\x20\x02\0\2", "hang up", "the broker refuses the client id", None),
    "not available": ("CONNECT", b"\x20\x02\0\3", "hang up", "the broker says that it is not available", None),
    "wrong user": ("CONNECT", b"\x20\x02\0\4", "hang up", DOOR, None),
    "wrong password": ("CONNECT", b"\x20\x02\0\5", "hang up", DOOR, None),
    "a code of MQTT 5": ("CONNECT", b"\x20\x02\0\x87", "hang up", "the broker refuses us (return code 135)", None),
    "closes after CONNACK": ("CONNECT", CONNACK, "hang up", CLOSED, None),
    "answers nothing to SUBSCRIBE": ("SUBSCRIBE", b"", "silent", LATE, None),
    "garbage": ("PUBLISH", random.Random(1).randbytes(400), "go on", (NO_MQTT, LATE), NO_MQTT),
    "half a packet": ("PUBLISH", publish(b"a/b", b"x" * 90)[:40], "silent", LATE, LATE),
    "a length without end": ("PUBLISH", b"\x30" + b"\xff" * 5000, "go on", NO_MQTT, NO_MQTT),
    "a length that is too small": ("PUBLISH", b"\x30\x05\0\x09a/b/c/d/exxxx" + bytes(300), "go on", NO_MQTT, NO_MQTT),
    "a packet that nobody wants": ("PUBLISH", b"\x50\x02\0\1", "go on", None, NO_MQTT),
    "QoS 2": ("PUBLISH", publish(b"a/b", b"x", qos=2), "go on", NO_MQTT, NO_MQTT),
    "a PINGRESP of three bytes": ("PUBLISH", b"\xd0\x01\0", "go on", NO_MQTT, None),
    "a huge PUBLISH, then silence": ("PUBLISH", MEGABYTE, "silent", LATE, SILENT),
    "answers no PINGREQ": ("PINGREQ", b"", "silent", None, SILENT),
    "closes at PINGREQ": ("PINGREQ", b"", "hang up", None, CLOSED),
}


@pytest.mark.parametrize("which", UMQTT)
@pytest.mark.parametrize(("name", "stands"), [
    (name, stands) for name, row in FAULTS.items() for stands in (0, 1) if row[3 + stands]])  # fmt: skip
def test_ten_minutes_of_trouble(which, name, stands):
    """It is told, and not told again until a connection was good; tried again and again; over when it is over."""
    rig = Rig(which, subscriptions=() if stands else (COMMANDS,))
    *rig.net.fault, _, _ = FAULTS[name]
    rig.drive(660, until=lambda: rig.clock.passed_ms > 600_000 and not rig.session.connected)
    assert rig.net.open_count() == 0 and rig.session.drops == len(rig.connects) and bool(rig.connects) == stands
    assert 5 + 7 * (not stands) <= (len(rig.net.attempts) or rig.net.asked) <= 20
    line, where = rig.warnings()[0], "warning: broker lost: " if stands else "warning: broker host port 1883: "
    assert line.endswith(" (trying on, with pauses of up to a minute)")
    assert line.startswith(where) and line.removeprefix(where).startswith(FAULTS[name][3 + stands])
    assert rig.warnings() == (told := [line] * (1 + stands))  # the second: not for once
    rig.net.fault = None
    assert rig.drive(60, until=lambda: rig.session.connected and ONLINE in rig.heard(last=True)) < 60
    rig.drive(120)
    assert rig.session.connected and rig.warnings() == told and CONNECTED in rig.lines[-1]
    assert not [line for line in rig.lines if SECRET.decode() in line]


def test_who_may_not_hear_may_speak():
    rig = Rig(subscriptions=())
    assert not rig.session.subscribe(COMMANDS)  # not connected yet
    rig.net.fault = "SUBSCRIBE", b"\x90\x03\0\1\x80", "go on"
    rig.drive(300)
    assert rig.session.subscribe(COMMANDS) is False
    refused = "warning: the broker does not let us hear root/rack/cmnd/#: is mqtt_user allowed to subscribe?"
    assert len(rig.connects) == 1 and sorted(rig.lines) == [CONNECTED, refused] and rig.session.publish(b"a", b"b")


def test_it_pings_whatever_else_is_on_the_line(rig):
    for _ in range(600):
        rig.drive(0.1)
        assert rig.session.publish(b"t", b"x")
        rig.arrives(publish(b"t", b"x"))
    assert 3 <= len(rig.heard("PINGREQ")) <= 4


def test_a_minute_without_a_byte_and_no_sooner(rig):
    rig.line.silent = True
    rig.drive(58)
    for silent_ms, lives in ((59_999, True), (60_000, False)):
        rig.clock.advance(silent_ms - rig.session.silence_ms())
        rig.session.tend()
        assert rig.session.connected is lives
    assert len(rig.warnings()) == 1 and rig.session.drops == 1


def test_publishing_into_a_dead_connection_ends_in_time(rig):
    rig.clock.advance(8_000)  # what else the board did does not shorten it
    rig.net.room = 0
    sent, ms = rig.took_ms(rig.session.publish, b"t", b"x" * 5000)
    assert sent is False and WAIT_MS <= ms <= WAIT_MS + SLACK_MS
    rig.session.tend()
    assert rig.warnings()[0].startswith("warning: broker lost: no answer in time")


def test_silence_is_counted_from_the_last_byte_also_without_a_connection():
    rig = Rig()
    rig.net.fault = "dead", b"", ""
    rig.drive(300)
    assert 300_000 <= rig.session.silence_ms() <= 305_000
    rig.net.fault = ("CONNECT", b"\x20\x02\0\5", "hang up")
    rig.drive(120)
    assert rig.session.silence_ms() <= 60_000  # a refusal is a sign of life: to start anew would not help


def pauses_s(rig, seconds):
    """Without a way to the broker for so long -> the pauses between tries, in s."""
    rig.net.fault = "refuses", b"", ""
    rig.net.attempts.clear()
    rig.drive(seconds)
    return [(after - before) / 1000 for before, after in itertools.pairwise(rig.net.attempts)]


@pytest.mark.parametrize(("jitter", "share"), [(0, 0.75), (1, 0.95)])
def test_pauses_double_from_1_to_60_s_with_jitter_and_begin_anew_behind_a_connection(jitter, share):
    rig = Rig()
    rig.jitter = jitter
    expected = [share * min(2**n, 60) for n in range(10)]
    assert pauses_s(rig, 400)[:10] == pytest.approx(expected, abs=0.1, rel=0.02)
    rig.net.fault = None
    rig.drive(60, until=lambda: rig.session.connected)
    rig.drive(30)
    rig.line.hung_up = True
    assert pauses_s(rig, 10)[0] < 2


def test_pauses_go_on_growing_while_connections_are_short(rig):
    rig.net.fault = "SUBSCRIBE", b"\x90\x03\0\1\0", "hang up"
    rig.line.hung_up = True
    rig.drive(300)
    assert rig.net.attempts[-1] - rig.net.attempts[-2] > 40_000
    assert len(rig.warnings()) == 2 and rig.lines.count(CONNECTED) == 2
    rig.net.fault = None
    rig.drive(120)
    assert rig.lines[-1] == CONNECTED + ", and it lasts"
    rig.arrives(b"")
    rig.drive(60)
    assert len(rig.warnings()) == 3  # and a new trouble is a new one


def test_another_trouble_in_the_same_outage_is_told_and_the_name_resolved_after_three_failures():
    rig = Rig()
    asked = []
    for way in ("refuses", "dead", "refuses"):
        rig.net.fault = way, b"", ""
        for _ in range(3):
            rig.drive(60, until=lambda: len(rig.net.attempts) > len(asked))
            asked.append(rig.net.asked)
    assert asked == [1, 1, 1, 2, 2, 2, 3, 3, 3] and len(rig.warnings()) == 3


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


def test_messages_come_whole_in_order_and_some_at_a_time_and_may_be_answered(rig):
    expected = [(b"b", b"x" * 256, True), (b"huge", bytes(257), False), (b"e", b"", False),
                *[(b"t", b"%d" % n, False) for n in range(30)]]  # fmt: skip
    data = publish(b"b", b"x" * 256, True) + publish(b"huge", bytes(1_000_000)) + b"".join(
        publish(topic, payload, qos=topic == b"t") for topic, payload, _ in expected[2:])  # fmt: skip
    rig.drive(60)
    rig.arrives(data[:9], data[9:], every_ms=700)  # long after the connection was made
    rig.session.tend()
    assert rig.messages == expected[:8]
    rig.session.on_message = lambda topic, payload, _: rig.session.publish(b"answer", payload)
    rig.drive(1)
    assert rig.heard()[1:] == [(b"answer", payload, False) for _, payload, _ in expected[8:]]


def test_no_more_than_some_are_kept_while_it_connects():
    rig = Rig()
    rig.net.fault = "SUBSCRIBE", b"", "silent"
    rig.clock.on_sleep = lambda: rig.arrives(publish(b"t", b"x"))
    rig.session.tend()
    assert len(rig.messages) == 20


def broken(error):
    yield b"{" + b"x" * 700
    raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_after_half_a_packet_nothing_more_is_said(rig, error):
    """Offline would be taken for the rest of the payload; so the last will has to say it."""
    payload = mock.MagicMock()
    payload.__len__.return_value, payload.__iter__.return_value = 1000, broken(error)
    try:
        rig.session.publish(b"t", payload)
    except KeyboardInterrupt:
        rig.session.close()
    sent = b"".join(rig.line.sent)
    assert rig.line.closed and b"x" * 500 in sent and not sent.endswith(b"\xe0\0")
    assert b"Offline" not in sent.partition(b"Online")[2] and rig.heard() == [ONLINE]


@pytest.mark.parametrize(("state", "least_ms", "most_ms"), [
    ({"incoming": [(0, PINGRESP * 2)]}, 0, 20),  # closing at once would throw away what goes out
    ({"silent": True}, 1_000, WAIT_MS + SLACK_MS), ({"hung_up": True}, 0, 0),
])  # fmt: skip
def test_offline_and_goodbye_once_where_somebody_hears_them(rig, state, least_ms, most_ms):
    vars(rig.line).update(state)
    _, ms = rig.took_ms(rig.session.close)
    rig.session.close()
    assert least_ms <= ms <= most_ms and rig.net.open_count() == 0 and not rig.session.publish(b"t", b"x")
    told = [OFFLINE] if "incoming" in state else []
    assert rig.heard() == [ONLINE, *told] and len(rig.heard("DISCONNECT")) == len(told) and not rig.warnings()
    assert (rig.line.sent[-1][-2:] == b"\xe0\0") is ("hung_up" not in state)
