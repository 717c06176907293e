"""session.Session: connects, lives, ends; what it says and does when something is in the way."""

import random

import pytest
from fake_net import (
    ACCEPTED,
    ANSWERS,
    CONNACK,
    CONNECT,
    DEAD,
    DISCONNECT,
    FLOOD,
    GO_ON,
    HANG_UP,
    PINGREQ,
    PUBLISH,
    REFUSES,
    SILENT,
    SUBSCRIBE,
    UMQTT,
    publish,
)  # fmt: skip
from mqtt_rig import COMMANDS, CONNECTED, LWT, SECRET, Rig

from firmware.mqtt.connect_errors import explain

CONNECT_MS, STEP_MS, BACK_S = 10_000, 5_100, 60
ONLINE, OFFLINE = (LWT, b"Online", True), (LWT, b"Offline", True)


@pytest.fixture(params=UMQTT)
def rig(request):
    return Rig(request.param)


def test_a_good_connection_is_left_in_peace_for_hours(rig):
    rig.drive(7200)
    connect, online, subscribe, *pings = rig.packets()
    texts = b"id", LWT, b"Offline", b"owner", SECRET  # a retained last will; keepalive 60 s
    texts = b"".join(bytes((0, len(text))) + text for text in texts)
    assert connect[:2] == (CONNECT, b"\0\x04MQTT\x04\xe6\0\x3c" + texts)
    assert [online[:4], subscribe[:2]] == [(PUBLISH, *ONLINE), (SUBSCRIBE, COMMANDS)]
    assert [packet.kind for packet in pings] == [PINGREQ] * (7200 // 15 - 1)
    assert rig.connects == 1 and rig.lines == [CONNECTED] and rig.session.drops == 0 and rig.session.host == "host"
    assert rig.session.publish(b"t", b"x" * 1000) and rig.heard()[-1] == (b"t", b"x" * 1000, False)
    assert rig.session.subscribe(b"more/#") is True and rig.heard(SUBSCRIBE)[-1][0] == b"more/#"
    rig.line.hung_up = True
    assert rig.session.subscribe(b"more/#") is False


# -- trouble ----------------------------------------------------------------------------------------------------------

HINT = " (is it an MQTT port, with TLS or without?)"
CLOSED = "the broker closed the connection"
LATE = "no answer in time"
MUTE = "silent for a minute"
NO_MQTT = "not an MQTT broker's answer"
DOOR = "the broker does not let us in: are mqtt_user and mqtt_pass right?"
GARBAGE = random.Random(1).randbytes(400)
SUBACK = b"\x90\x03\0\1"
HALF = publish(b"a/b", b"x" * 90)[:40]
MEGABYTE = publish(b"a/b", bytes(1_000_000))
FAULTS = {
    # at which packet, sent instead of the answer, and then; what is said when it wants to subscribe, and so has no
    # connection before; and when it subscribes to nothing, so that the connection stands for a while (None: not tried)
    "closes at once": (ACCEPTED, b"", HANG_UP, CLOSED + HINT, None),
    "another server, which speaks first": (ACCEPTED, b"SSH-2.0-OpenSSH_9.2\r\n", SILENT, NO_MQTT, None),
    "answers nothing to CONNECT": (CONNECT, b"", SILENT, LATE + HINT, None),
    "half a CONNACK, then closes": (CONNECT, CONNACK[:3], HANG_UP, CLOSED + HINT, None),
    "wrong protocol": (CONNECT, b"\x20\x02\0\1", HANG_UP, "the broker does not speak MQTT 3.1.1", None),
    "wrong client id": (CONNECT, b"\x20\x02\0\2", HANG_UP, "the broker refuses the client id", None),
    "not available": (CONNECT, b"\x20\x02\0\3", HANG_UP, "the broker says that it is not available", None),
    "wrong user": (CONNECT, b"\x20\x02\0\4", HANG_UP, DOOR, None),
    "wrong password": (CONNECT, b"\x20\x02\0\5", HANG_UP, DOOR, None),
    "a code of MQTT 5": (CONNECT, b"\x20\x02\0\x87", HANG_UP, "the broker refuses us (return code 135)", None),
    "a web server": (CONNECT, b"HTTP/1.1 400 Bad Request\r\n\r\n", HANG_UP, NO_MQTT, None),
    "garbage instead of CONNACK": (CONNECT, GARBAGE, GO_ON, NO_MQTT, None),
    "closes after CONNACK": (CONNECT, CONNACK, HANG_UP, CLOSED, None),
    "silent after CONNACK": (CONNECT, CONNACK, SILENT, LATE + HINT, MUTE),
    "answers nothing to SUBSCRIBE": (SUBSCRIBE, b"", SILENT, LATE, None),
    "garbage": (PUBLISH, GARBAGE, GO_ON, (NO_MQTT, LATE), NO_MQTT),
    "half a packet": (PUBLISH, HALF, SILENT, LATE, LATE),
    "half a packet, then closes": (PUBLISH, HALF, HANG_UP, CLOSED, CLOSED),
    "a length without end": (PUBLISH, b"\x30" + b"\xff" * 5000, GO_ON, NO_MQTT, NO_MQTT),
    "a length that is too small": (PUBLISH, b"\x30\x05\0\x09a/b/c/d/exxxx" + bytes(300), GO_ON, NO_MQTT, NO_MQTT),
    "a packet that nobody wants": (PUBLISH, b"\x50\x02\0\1", GO_ON, None, NO_MQTT),
    "QoS 2": (PUBLISH, publish(b"a/b", b"x", qos=2), GO_ON, NO_MQTT, NO_MQTT),
    "a PINGRESP of three bytes": (PUBLISH, b"\xd0\x01\0", GO_ON, NO_MQTT, None),
    "a quarter of a gigabyte": (PUBLISH, b"\x30\xff\xff\xff\x7f\0\1t" + bytes(100), GO_ON, LATE, None),
    "a huge PUBLISH, then silence": (PUBLISH, MEGABYTE, SILENT, LATE, MUTE),
    "answers no PINGREQ": (PINGREQ, b"", SILENT, None, MUTE),
    "closes at PINGREQ": (PINGREQ, b"", HANG_UP, None, CLOSED),
}


def check_trouble(rig, words, where="broker host port 1883: ", told=1):
    """Ten minutes of trouble: bounded, told and not told again, tried again and again; over when it is over."""
    rig.drive(600)
    rig.drive(60, until=lambda: not rig.session.connected)
    assert rig.net.open_count() == 0
    line = rig.warnings()[0]
    assert rig.warnings() == [line] * told
    assert line.startswith(f"warning: {where}") and line.endswith(" (trying on, with pauses of up to a minute)")
    assert line.removeprefix(f"warning: {where}").startswith(words)
    assert rig.longest_ms["connect"] <= CONNECT_MS + 5 and rig.longest_ms["tend"] <= STEP_MS
    rig.net.fault, rig.net.way, rig.net.name_known = None, ANSWERS, True
    assert rig.drive(BACK_S, until=lambda: rig.session.connected and ONLINE in rig.heard(last=True)) < BACK_S
    rig.drive(120)
    assert rig.session.connected and len(rig.warnings()) == told and CONNECTED in rig.lines[-1]
    assert not [line for line in rig.lines if SECRET.decode() in line]


@pytest.mark.parametrize("fault", [name for name, row in FAULTS.items() if row[3]])
def test_no_connection(rig, fault):
    *rig.net.fault, words, _ = FAULTS[fault]
    check_trouble(rig, words)
    assert 12 <= len(rig.net.attempts) <= 20 and rig.connects == 1 and rig.session.drops == 0


@pytest.mark.parametrize("which", UMQTT)
@pytest.mark.parametrize("fault", [name for name, row in FAULTS.items() if row[4]])
def test_a_connection_that_breaks(which, fault):
    rig = Rig(which, subscriptions=())
    *rig.net.fault, _, words = FAULTS[fault]
    check_trouble(rig, words, "broker lost: ", told=2)  # the second: not for once
    assert 5 <= rig.session.drops == rig.connects - 1


@pytest.mark.parametrize(("what", "words"), [
    ({"way": REFUSES}, "nothing listens there: is the broker running, is mqtt_port right?"), ({"way": DEAD}, LATE),
    ({"name_known": False}, "the DNS does not know that name, or does not answer: is mqtt_host right?"),
])  # fmt: skip
def test_no_way(rig, what, words):
    vars(rig.net).update(what)
    check_trouble(rig, words)
    assert rig.net.asked >= 4


@pytest.mark.parametrize("subscriptions", [(COMMANDS,), ()])
def test_who_may_not_hear_may_speak(subscriptions):
    rig = Rig(subscriptions=subscriptions)
    assert not rig.session.subscribe(COMMANDS)  # not connected yet
    rig.net.fault = SUBSCRIBE, SUBACK + b"\x80", GO_ON
    rig.drive(300)
    assert subscriptions or rig.session.subscribe(COMMANDS) is False
    refused = "warning: the broker does not let us hear root/rack/cmnd/#: is mqtt_user allowed to subscribe?"
    assert rig.connects == 1 and sorted(rig.lines) == [CONNECTED, refused] and rig.session.publish(b"a", b"b")


@pytest.mark.parametrize(("instead", "then"), [
    (MEGABYTE, GO_ON), (publish(b"a/b", b"x" * 100) * 20, FLOOD), (publish(b"a/b", b"x", qos=1), GO_ON),
    (publish(b"a", b""), GO_ON),
], ids=["huge", "flood", "QoS 1", "empty"])  # fmt: skip
def test_what_a_broker_may_do(rig, instead, then):
    rig.net.fault = PUBLISH, instead, then
    rig.drive(300)
    assert rig.connects == 1 and rig.lines == [CONNECTED] and rig.longest_ms["tend"] <= STEP_MS


NO_MEMORY = "not enough memory for TLS"
EXPLAINED = (
    # where it stopped, the error, what is said
    ("tls", OSError(12), NO_MEMORY),
    ("tls", OSError(-17040, "MBEDTLS_ERR_RSA_PUBLIC_FAILED+MBEDTLS_ERR_MPI_ALLOC_FAILED"), NO_MEMORY),
    ("tls", ValueError("\nThe certificate is not correctly signed by the trusted CA\n"),
     "TLS: The certificate is not correctly signed by the trusted CA (trying on"),
    ("tls", OSError(-30592, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"), "does it allow TLS 1.2"),
    ("tls", OSError(), "TLS:  (trying on"),
    ("clock", OSError(12), "no time from ntp_host"),
    ("socket", OSError(12), "too many connections are open"),
)  # fmt: skip


@pytest.mark.parametrize(("stage", "error", "words"), EXPLAINED)
def test_what_tls_says_in_the_owners_words(stage, error, words):
    assert words in explain(error, stage, (b"id", "broker.lan", 8883))


# -- the end: Offline and a goodbye where there is somebody to hear them, and never within a packet --------------------


@pytest.fixture
def standing(rig):
    """A rig with a connection that stands."""
    rig.drive(1)
    assert rig.session.connected
    return rig


class Breaks:
    """A payload that ends in the middle."""

    def __init__(self, error):
        self._error = error

    def __len__(self):
        return 1000

    def __iter__(self):
        yield b"{" + b"x" * 700
        raise self._error


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, OSError])
def test_after_half_a_packet_nothing_more_is_said(standing, error):
    """Offline would be taken for the rest of the payload; so the last will has to say it."""
    try:
        standing.session.publish(b"t", Breaks(error))
    except (KeyboardInterrupt, MemoryError):
        standing.session.close()
    sent = b"".join(standing.line.sent)
    assert standing.line.closed and b"Offline" not in sent.partition(b"Online")[2] and not sent.endswith(b"\xe0\0")
    assert standing.heard() == [ONLINE]


def test_offline_and_goodbye_once(standing):
    for _ in range(2):
        standing.session.close()
    assert standing.heard() == [ONLINE, OFFLINE] and len(standing.heard(DISCONNECT)) == 1
    assert standing.packets()[-1].kind == DISCONNECT and standing.net.open_count() == 0
    assert not standing.session.publish(b"t", b"x") and not standing.warnings()


def test_close_without_a_connection():
    rig = Rig()
    rig.session.close()
    rig.net.way = REFUSES
    rig.drive(5)
    rig.session.close()
    assert rig.net.open_count() == 0 and not rig.packets()


@pytest.mark.parametrize("gone", ["hung_up", "silent"])
def test_close_when_the_broker_has_gone(standing, gone):
    setattr(standing.line, gone, True)
    _, ms = standing.took_ms(standing.session.close)
    assert ms <= 10_000 and standing.net.open_count() == 0
