"""transport.Transport under umqtt.simple, 1.3.4 and later: packets, whole and broken; the goodbye."""

import pytest
from fake_peer import CONNACK, PINGRESP, publish
from fake_socket import UMQTT
from transport_rig import HUGE, SLACK_MS, WAIT_MS, Rig


@pytest.fixture
def rig():
    return Rig()


@pytest.fixture(params=UMQTT)
def client(request, rig):
    """A client that is connected to a good broker."""
    made = rig.client(request.param)
    made.connect()
    return made


def test_the_real_packets(rig, client):
    client.publish(b"t", b"x" * 300, True)
    client.subscribe(b"t/#")
    client.ping()
    rig.transport.flush()
    client.disconnect()
    kinds = [(packet.kind, packet.topic, packet.payload) for _, packet in rig.net.packets()]
    assert kinds == [(0x10, None, None), (0x30, b"t", b"x" * 300), (0x80, b"t/#", None), (0xC0, None, None),
                     (0xE0, None, None)]  # fmt: skip
    assert rig.net.open_count() == 0


PACKETS = (
    ("a message", publish(b"t/a", b"x"), [(b"t/a", b"x", 0)]),
    ("a retained one", publish(b"t/a", b"x", retain=True), [(b"t/a", b"x", 1)]),
    ("an empty one", publish(b"t", b""), [(b"t", b"", 0)]),
    ("QoS 1", publish(b"t", b"x", qos=1), [(b"t", b"x", 0)]),
    ("one after PINGRESP", PINGRESP + publish(b"t", b"x", retain=True), [(b"t", b"x", 1)]),
    ("256 bytes", publish(b"t", HUGE[:256]), [(b"t", HUGE[:256], 0)]),
    ("a megabyte and another", publish(b"t", HUGE) + publish(b"t", b"x"), [(b"t", HUGE[:257], 0), (b"t", b"x", 0)]),
)


@pytest.mark.parametrize(("name", "data", "told"), PACKETS, ids=[row[0] for row in PACKETS])
def test_packets(rig, client, name, data, told):
    rig.arrives(data)
    for _ in range(3):
        rig.transport.start()
        client.check_msg()
    assert client.told == told


def test_retained_ones_that_come_before_the_suback(rig, client):
    rig.arrives(publish(b"t/a", b"old", retain=True))
    client.subscribe(b"t/#")
    assert client.told == [(b"t/a", b"old", 1)]


BROKEN = (
    ("half a packet", publish(b"t", b"x" * 90)[:40]),
    ("half a packet, then the end", publish(b"t", b"x" * 90)[:40], b""),
    ("the end", b""),
    ("no length", b"\x30"),
    ("a length without end", b"\x30" + b"\xff" * 100_000),
    ("a length that is too small", b"\x30\x05\0\x09a/b/c/d/exxxx"),
    ("QoS 2", publish(b"t", b"x", qos=2)),
    ("a PINGRESP of three bytes", b"\xd0\x01\0"),
    ("a quarter of a gigabyte", b"\x30\xff\xff\xff\x7f\0\1t" + bytes(100)),
)


@pytest.mark.parametrize("row", BROKEN, ids=[row[0] for row in BROKEN])
def test_broken_packets_end_in_time(rig, client, row):
    rig.arrives(*row[1:])
    rig.transport.start()
    error, ms = rig.took_ms(client.check_msg)
    assert isinstance(error, Exception) and ms <= WAIT_MS + SLACK_MS
    assert all(len(payload) <= 257 for _, payload, _ in client.told)


def test_a_suback_that_never_comes_between_messages_that_never_end(rig, client):
    rig.line.peer = None
    rig.arrives(*[publish(b"t", b"x")] * 10_000, every_ms=20)
    rig.transport.start()
    error, ms = rig.took_ms(client.subscribe, b"t/#")
    assert error.args == (110,) and ms <= WAIT_MS + SLACK_MS


def test_goodbye_goes_out_and_the_broker_hangs_up(rig, client):
    rig.arrives(PINGRESP * 2)  # still unread: closing now would throw away what goes out
    assert rig.took_ms(client.disconnect)[1] <= 20
    assert rig.line.sent[-1] == b"\xe0\0" and rig.line.closed


def test_goodbye_to_a_broker_that_does_not_hang_up(rig, client):
    rig.line.peer = None
    result, ms = rig.took_ms(client.disconnect)
    assert result is None and 1_000 < ms <= WAIT_MS + SLACK_MS and rig.line.closed


def test_goodbye_to_a_broker_that_has_gone(rig, client):
    rig.line.peer.closed = True
    assert rig.took_ms(client.disconnect) == (None, 0) and rig.line.closed


def test_connack_in_pieces(rig):
    rig.net.fault = "answers nothing to CONNECT"
    made = rig.client("later")
    rig.clock.on_sleep = lambda: rig.arrives(*CONNACK.partition(b"\0")) if rig.clock.sleeps == 2 else None
    assert made.connect() == 0
