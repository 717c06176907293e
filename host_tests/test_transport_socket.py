"""transport.Transport as a module and as a socket, under umqtt.simple: names, connections, packets, closing, TLS."""

import pytest
from fake_peer import CONNACK, PINGRESP, publish
from fake_socket import DEAD, REFUSES, UMQTT
from mqtt_rig import ADDRESS, HUGE, SLACK_MS, WAIT_MS
from mqtt_rig import TransportRig as Rig


@pytest.fixture
def rig():
    return Rig()


def test_what_umqtt_does_to_timeouts_does_not_reach_the_socket(rig):
    rig.connected()
    for change in (rig.transport.settimeout, rig.transport.setblocking):
        for value in (None, True, False, 9):
            change(value)
            assert rig.line.timeout == 0


def test_connecting_is_bounded(rig):
    rig.net.way = DEAD
    rig.transport.socket()
    error, ms = rig.took_ms(rig.transport.connect, ADDRESS)
    assert error.args == (116,) and ms <= WAIT_MS and rig.transport.stage == "connect"
    rig.net.way = REFUSES
    rig.transport.socket()
    assert rig.took_ms(rig.transport.connect, ADDRESS)[0].args == (111,)


def test_the_name_is_resolved_once_until_it_is_stale(rig):
    for _ in range(3):
        assert rig.transport.getaddrinfo("host", 1883)[0][-1] == ADDRESS
    assert rig.net.asked == 1
    rig.transport.resolve_again()
    rig.net.name_known = False
    assert rig.transport.getaddrinfo("host", 1883)[0][-1] == ADDRESS  # an old answer is better than none
    assert rig.net.asked == 2


def test_a_name_that_is_unknown_is_asked_for_each_time(rig):
    rig.net.name_known = False
    for _ in range(2):
        with pytest.raises(OSError, match="-202"):
            rig.transport.getaddrinfo("host", 1883)
    rig.net.name_known = True
    assert rig.transport.getaddrinfo("host", 1883) and rig.net.asked == 3 and rig.transport.stage == "resolve"


def test_a_new_socket_closes_the_old_one(rig):
    for _ in range(50):
        rig.connected().transport.write(b"\x30half a packet")
        assert rig.net.open_count() == 1
    rig.transport.close()
    assert rig.net.open_count() == 0 and not any(one.sent for one in rig.net.sockets)


def test_close_whatever_the_state(rig):
    assert rig.transport.close() is None
    rig.connected().transport.write(b"\x30half a packet")
    for _ in range(2):
        assert rig.took_ms(rig.transport.close) == (None, 0)
    assert rig.line.closed and not rig.line.sent
    for step, argument in ((rig.transport.read, 1), (rig.transport.write, bytes(257))):
        assert isinstance(rig.took_ms(step, argument)[0], OSError)


# -- TLS --------------------------------------------------------------------------------------------------------------


class Wrapped:
    """A TLS stream: read, write, close, and nothing else."""

    def __init__(self, raw):
        self._raw = raw
        self.closed = False

    def read(self, count):
        return self._raw.read(count)

    def write(self, view):
        return self._raw.write(view)

    def close(self):
        self.closed = True
        raise OSError(-0x6900)  # it cannot say goodbye


class Tls:
    def __init__(self):
        self.wrapped = []
        self.clock_error = self.error = None

    def set_clock(self):
        if self.clock_error:
            raise self.clock_error

    def wrap(self, raw):
        assert raw.timeout, "the handshake would wait for ever, or not at all"
        if self.error:
            raise self.error
        self.wrapped.append(Wrapped(raw))
        return self.wrapped[-1]


def test_tls():
    tls = Tls()
    rig = Rig(tls)
    raw = rig.connected().line
    assert raw.timeout == 0 and rig.transport.stage == "mqtt"
    rig.arrives(b"ab", b"cd", every_ms=50)
    rig.transport.write(b"ask")
    assert rig.transport.read(4) == b"abcd" and raw.sent == [b"ask"]
    rig.transport.close()
    assert tls.wrapped[0].closed and raw.closed


@pytest.mark.parametrize(("what", "stage"), [("clock_error", "clock"), ("error", "tls")])
def test_tls_that_fails_leaves_no_socket(what, stage):
    tls = Tls()
    rig = Rig(tls)
    setattr(tls, what, OSError(1))
    with pytest.raises(OSError):
        rig.transport.socket()
        rig.transport.connect(ADDRESS)
    assert rig.transport.stage == stage
    rig.transport.close()
    assert rig.net.open_count() == 0


# -- umqtt.simple 1.3.4 and later: packets, and the goodbye; what breaks is in test_session.py -------------------------


@pytest.fixture(params=UMQTT)
def client(request, rig):
    """A client that is connected to a good broker."""
    made = rig.client(request.param)
    made.connect()
    return made


PACKETS = (
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


def test_a_suback_comes_behind_old_messages_or_never(rig, client):
    rig.arrives(publish(b"t/a", b"old", retain=True))
    client.subscribe(b"t/#")
    assert client.told == [(b"t/a", b"old", 1)]
    rig.line.peer = None
    rig.arrives(*[publish(b"t", b"x")] * 10_000, every_ms=20)
    rig.transport.start()
    error, ms = rig.took_ms(client.subscribe, b"t/#")
    assert error.args == (110,) and ms <= WAIT_MS + SLACK_MS


def unread(rig):
    rig.arrives(PINGRESP * 2)  # closing now would throw away what goes out


def deaf(rig):
    rig.line.peer = None


def gone(rig):
    rig.line.peer.closed = True


@pytest.mark.parametrize(("state", "least_ms", "most_ms", "said"), [
    (unread, 0, 20, True), (deaf, 1_000, WAIT_MS + SLACK_MS, True), (gone, 0, 0, False),
])  # fmt: skip
def test_goodbye_is_said_where_somebody_hears_it(rig, client, state, least_ms, most_ms, said):
    state(rig)
    result, ms = rig.took_ms(client.disconnect)
    assert result is None and least_ms <= ms <= most_ms and rig.line.closed
    assert (rig.line.sent[-1:] == [b"\xe0\0"]) is said


def test_connack_in_pieces(rig):
    rig.net.fault = "answers nothing to CONNECT"
    made = rig.client("later")
    rig.clock.on_sleep = lambda: rig.arrives(*CONNACK.partition(b"\0")) if rig.clock.sleeps == 2 else None
    assert made.connect() == 0
