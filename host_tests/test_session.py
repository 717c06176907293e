"""session.Session: connects, lives, ends; what it says and does when something is in the way."""

import pytest
from fake_peer import CONNECT, DISCONNECT, FAULTS, ODDITIES, PINGREQ, PUBLISH, SUBSCRIBE
from fake_socket import DEAD, REFUSES, UMQTT
from mqtt_rig import COMMANDS, CONNECTED, LWT, SECRET, Rig

CONNECT_MS, STEP_MS, BACK_S = 10_000, 5_100, 60
ONLINE, OFFLINE = (LWT, b"Online", True), (LWT, b"Offline", True)


@pytest.fixture(params=UMQTT)
def rig(request):
    return Rig(request.param)


def test_a_good_connection(rig):
    rig.drive(1)
    (connect,) = [packet for _, packet in rig.net.packets() if packet.kind == CONNECT]
    assert (connect.topic, connect.payload, connect.retain) == OFFLINE  # the last will
    assert (connect.id, connect.user, connect.password, connect.keepalive) == (b"id", b"owner", SECRET, 60)
    assert [packet.kind for _, packet in rig.net.packets()] == [CONNECT, PUBLISH, SUBSCRIBE]
    assert rig.heard() == [ONLINE] and rig.heard(SUBSCRIBE)[0][0] == COMMANDS
    assert rig.connects == 1 and rig.lines == [CONNECTED] and rig.session.connected
    assert rig.session.publish(b"t", b"x" * 1000) and rig.heard()[-1] == (b"t", b"x" * 1000, False)
    assert rig.session.subscribe(b"more/#") is True and rig.heard(SUBSCRIBE)[-1][0] == b"more/#"
    rig.net.sockets[-1].peer.closed = True
    assert rig.session.subscribe(b"more/#") is False


def test_it_is_left_in_peace_for_hours(rig):
    rig.drive(7200)
    assert rig.connects == 1 and rig.lines == [CONNECTED] and rig.session.drops == 0
    assert len(rig.heard(PINGREQ)) == 7200 // 15 - 1


# -- trouble ----------------------------------------------------------------------------------------------------------

HINT = " (is it an MQTT port, with TLS or without?)"
CLOSED = "the broker closed the connection"
LATE = "no answer in time"
SILENT = "silent for a minute"
NO_MQTT = "not an MQTT broker's answer"
DOOR = "the broker does not let us in: are mqtt_user and mqtt_pass right?"
CANNOT = {  # a connection that wants to subscribe never stands
    "closes at once": CLOSED + HINT,
    "another server, which speaks first": NO_MQTT,
    "answers nothing to CONNECT": LATE + HINT,
    "closes after CONNECT": CLOSED + HINT,
    "half a CONNACK": LATE + HINT,
    "half a CONNACK, then closes": CLOSED + HINT,
    "wrong protocol": "the broker does not speak MQTT 3.1.1",
    "wrong client id": "the broker refuses the client id",
    "not available": "the broker says that it is not available",
    "wrong user": DOOR,
    "wrong password": DOOR,
    "a web server": NO_MQTT,
    "garbage instead of CONNACK": NO_MQTT,
    "closes after CONNACK": CLOSED,
    "silent after CONNACK": LATE + HINT,
    "answers nothing to SUBSCRIBE": LATE,
    "garbage": (NO_MQTT, LATE),
    "half a packet": LATE,
    "half a packet, then closes": CLOSED,
    "a length without end": NO_MQTT,
    "a length that is too small": NO_MQTT,
    "QoS 2": NO_MQTT,
    "a PINGRESP of three bytes": NO_MQTT,
    "a quarter of a gigabyte": LATE,
    "a huge PUBLISH, then silence": LATE,
}
BREAKS = {  # it stands for a while where nothing is subscribed
    "silent after CONNACK": SILENT,
    "garbage": NO_MQTT,
    "half a packet": LATE,
    "half a packet, then closes": CLOSED,
    "a length without end": NO_MQTT,
    "a length that is too small": NO_MQTT,
    "a packet that nobody wants": NO_MQTT,
    "QoS 2": NO_MQTT,
    "a huge PUBLISH, then silence": SILENT,
    "answers no PINGREQ": SILENT,
    "closes at PINGREQ": CLOSED,
}
BREAKS_LATER = {"closes after SUBACK": CLOSED}
DEAF = "refuses SUBSCRIBE"
WAYS = {
    REFUSES: "nothing listens there: is the broker running, is mqtt_port right?",
    DEAD: LATE,
}


def test_every_fault_is_here():
    assert {*CANNOT, *BREAKS, *BREAKS_LATER, DEAF} == FAULTS.keys()


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
    rig.net.fault, rig.net.way, rig.net.name_known = None, "answers", True
    assert rig.drive(BACK_S, until=lambda: ONLINE in rig.heard(connection=-1) and rig.session.connected) < BACK_S
    rig.drive(120)
    assert rig.session.connected and len(rig.warnings()) == told and CONNECTED in rig.lines[-1]
    assert not [line for line in rig.lines if SECRET.decode() in line]


@pytest.mark.parametrize("fault", CANNOT)
def test_no_connection(rig, fault):
    rig.net.fault = fault
    check_trouble(rig, CANNOT[fault])
    assert 12 <= len(rig.net.attempts) <= 20 and rig.connects == 1 and rig.session.drops == 0


@pytest.mark.parametrize("way", WAYS)
def test_no_way(rig, way):
    rig.net.way = way
    check_trouble(rig, WAYS[way])
    assert rig.net.asked >= 4


def test_no_such_name(rig):
    rig.net.name_known = False
    check_trouble(rig, "the DNS does not know that name, or does not answer: is mqtt_host right?")


@pytest.mark.parametrize("which", UMQTT)
@pytest.mark.parametrize("fault", [*BREAKS, *BREAKS_LATER])
def test_a_connection_that_breaks(which, fault):
    rig = Rig(which, subscriptions=() if fault in BREAKS else (COMMANDS,))
    rig.net.fault = fault
    check_trouble(rig, (BREAKS | BREAKS_LATER)[fault], "broker lost: ", told=2)  # the second: not for once
    assert 5 <= rig.session.drops == rig.connects - 1


def test_who_may_not_hear_may_speak(rig):
    assert not rig.session.subscribe(b"more/#")  # not connected yet
    rig.net.fault = DEAF
    rig.drive(300)
    refused = "warning: the broker does not let us hear root/rack/cmnd/#: is mqtt_user allowed to subscribe?"
    assert rig.connects == 1 and rig.lines == [refused, CONNECTED] and rig.session.publish(b"a", b"b")


@pytest.mark.parametrize("name", ODDITIES)
def test_what_a_broker_may_do(rig, name):
    rig.net.fault = name
    rig.drive(300)
    assert rig.connects == 1 and rig.lines == [CONNECTED] and rig.longest_ms["tend"] <= STEP_MS


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
    line = standing.net.sockets[0]
    sent = b"".join(line.sent)
    assert line.closed and b"Offline" not in sent.partition(b"Online")[2] and not sent.endswith(b"\xe0\0")
    assert standing.heard() == [ONLINE]


def test_offline_and_goodbye_once(standing):
    for _ in range(2):
        standing.session.close()
    assert standing.heard() == [ONLINE, OFFLINE] and len(standing.heard(DISCONNECT)) == 1
    assert standing.net.packets()[-1][1].kind == DISCONNECT and standing.net.open_count() == 0
    assert not standing.session.publish(b"t", b"x") and not standing.warnings()


def test_close_without_a_connection():
    rig = Rig()
    rig.session.close()
    rig.net.way = REFUSES
    rig.drive(5)
    rig.session.close()
    assert rig.net.open_count() == 0 and not rig.heard(CONNECT)


@pytest.mark.parametrize("gone", ["closed", "silent"])
def test_close_when_the_broker_has_gone(standing, gone):
    setattr(standing.net.sockets[0].peer, gone, True)
    began = standing.clock.passed_ms
    standing.session.close()
    assert standing.clock.passed_ms - began <= 10_000 and standing.net.open_count() == 0
